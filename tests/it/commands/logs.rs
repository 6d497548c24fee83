//! `fazt app logs` and `fazt app env`.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};

use fazt_actors::timestamp::Timestamp;
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::commands::rows;
use crate::process::{Machine, Server, files, until};

fn with_blog() -> (Machine, Server) {
    let machine = Machine::new();
    let server = machine.start();
    for text in ["one", "two", "three"] {
        server.deploy("blog", &files(&[("index.html", text)]));
    }
    (machine, server)
}

/// Puts what code says into the log of a node that does not run.
fn insert(machine: &Machine, level: &str, message: &str, source: &str) {
    let connection = open(machine);
    let columns = "app_id, at, level, message, source, request_id";
    connection
        .execute(
            &format!("INSERT INTO app_logs ({columns}) VALUES (1, ?1, ?2, ?3, ?4, 'req1')"),
            (Timestamp::now(), level, message, source),
        )
        .unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the node of the file does not run")]
fn open(machine: &Machine) -> Connection {
    Connection::open(machine.database()).unwrap()
}

/// A command that goes on until it is told to stop.
struct Following {
    child: Child,
    out: PathBuf,
}

impl Following {
    fn start(machine: &Machine, words: &[&str]) -> Following {
        let out = machine.path("logs/following.out");
        let mut command = machine.fazt(words);
        let err = File::create(machine.path("logs/following.err")).unwrap();
        command.stdout(File::create(&out).unwrap()).stderr(err);
        Following { child: command.spawn().unwrap(), out }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.out).unwrap()
    }

    #[track_caller]
    fn until(&mut self, part: &str) {
        until(part, || {
            assert_eq!(self.child.try_wait().unwrap(), None, "it has ended: {}", self.said());
            self.said().contains(part).then_some(())
        });
    }

    #[track_caller]
    fn interrupt(&mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        until("the end of the command", || self.child.try_wait().unwrap())
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

#[test]
fn the_last_lines_are_shown_the_oldest_first() {
    let (machine, server) = with_blog();
    server.stop();
    insert(&machine, "error", "boom\nat x", "api/x.js:12");
    insert(&machine, "debug", "quiet", "api/x.js:13");
    let server = machine.start();
    let said = machine.run(&["app", "logs", "blog"]).ok();
    let lines = rows(&said);
    let messages: Vec<&str> = lines.iter().map(|row| row[2]).collect();
    assert_eq!(messages[0], "deployed v1: 1 files, 3 bytes");
    assert_eq!(messages[3..], ["boom at x", "quiet"]);
    assert_eq!(lines[3][1..], ["error", "boom at x", "api/x.js:12", "req1"]);
    assert!(lines[3][0].ends_with('Z'), "a time in UTC: {said}");
    assert_eq!(lines[0].len(), 5, "columns that are always there: {said}");
    let count = |words: &[&str]| {
        let words = [&["app", "logs", "blog"], words].concat();
        machine.run(&words).ok().lines().count()
    };
    assert_eq!(count(&["-n", "2"]), 2);
    assert_eq!(count(&["-n", "0"]), 0);
    assert_eq!(count(&["--level", "info"]), 4);
    assert_eq!(count(&["--level", "ERROR"]), 1);
    assert_eq!(count(&["--request", "req1"]), 2);
    let json = machine.run(&["app", "logs", "blog", "--json", "--level", "error"]).json();
    assert_eq!(json[0]["message"], "boom\nat x");
    let api = server.api("/api/logs?site_id=blog&level=error");
    assert_eq!(json, api["logs"]);
    let complaint = machine.run(&["app", "logs", "blgo", "-f"]).fails(1);
    assert!(complaint.contains("blgo") && complaint.contains("SITE_NOT_FOUND"), "{complaint}");
    let complaint = machine.run(&["app", "logs", "blog", "--level", "loud"]).fails(2);
    assert!(complaint.contains("warn"), "{complaint}");
    server.stop();
}

#[test]
fn lines_are_followed_until_somebody_stops_it() {
    let (machine, server) = with_blog();
    let db = machine.db();
    let mut command =
        Following::start(&machine, &["app", "logs", "blog", "-f", "-n1", "--db", &db]);
    command.until("deployed v3");
    server.deploy("blog", &files(&[("index.html", "four")]));
    command.until("deployed v4");
    // A node that is started again: what was said meanwhile is not lost.
    server.stop();
    insert(&machine, "warn", "meanwhile", "api/x.js:14");
    let server = machine.start();
    command.until("meanwhile");
    server.deploy("blog", &files(&[("index.html", "five")]));
    command.until("deployed v5");
    let status = command.interrupt();
    assert!(status.success(), "{status}");
    let said = command.said();
    let messages: Vec<&str> = rows(&said).iter().map(|row| &row[2][..9]).collect();
    assert_eq!(messages, ["deployed ", "deployed ", "meanwhile", "deployed "]);
    server.stop();
}

#[test]
fn followed_lines_are_json_of_a_line_each() {
    let (machine, server) = with_blog();
    let words = ["app", "logs", "blog", "--follow", "-n", "0", "--json"];
    let mut command = Following::start(&machine, &words);
    // It may not have begun to follow yet; so there is one deploy after the other.
    let mut edition = 0;
    until("a line", || {
        edition += 1;
        server.deploy("blog", &files(&[("index.html", &format!("edition {edition}"))]));
        command.said().contains('\n').then_some(())
    });
    assert!(command.interrupt().success());
    for line in command.said().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["message"].as_str().unwrap().starts_with("deployed v"), "{line}");
    }
    server.stop();
}

#[test]
fn variables_are_set_listed_and_removed() {
    let (machine, server) = with_blog();
    assert_eq!(machine.run(&["app", "env", "list", "blog"]).ok(), "");
    let set = machine.run(&["app", "env", "set", "blog", "API_URL", "https://x.example"]);
    assert!(set.stderr.contains("command line"), "{set:?}");
    assert_eq!(set.ok(), "Set API_URL of blog.\n");
    let pipe = |words: &[&str], text: &[u8]| {
        let file = machine.path("value.txt");
        File::create(&file).unwrap().write_all(text).unwrap();
        let mut command = machine.fazt(words);
        machine.finish(command.stdin(Stdio::from(File::open(&file).unwrap())))
    };
    pipe(&["app", "env", "set", "blog", "API_KEY"], b"secret\n").ok();
    pipe(&["app", "env", "set", "blog", "PEM", "-"], b"a\nb\n").ok();
    assert_eq!(machine.run(&["app", "env", "list", "blog"]).ok(), "API_KEY\nAPI_URL\nPEM\n");
    let listed = machine.run(&["app", "env", "list", "blog", "--json"]).json();
    assert_eq!(listed, server.api("/api/envvars?site_id=blog")["vars"]);
    assert_eq!(
        machine.run(&["app", "env", "rm", "blog", "API_URL"]).ok(),
        "Removed API_URL of blog.\n"
    );
    for (words, text, code, part) in [
        (&["app", "env", "rm", "blog", "API_URL"][..], &b""[..], 1, "no variable API_URL"),
        (&["app", "env", "set", "blgo", "X"], b"x", 1, "SITE_NOT_FOUND"),
        (&["app", "env", "set", "blog", "lower"], b"x", 2, "A-Z"),
        (&["app", "env", "set", "blog", "PATH"], b"x", 2, "reserved"),
        (&["app", "env", "set", "blog", "X"], b"", 1, "stdin holds no value"),
        (&["app", "env", "set", "blog", "X"], b"\xff\n", 1, "no text"),
        (&["app", "env", "set", "blog", "X"], &[b'x'; 70_000], 1, "65536"),
    ] {
        let complaint = pipe(words, text).fails(code);
        assert!(complaint.contains(part), "{words:?}: {part} is not in {complaint}");
        assert!(!complaint.contains("secret"), "{complaint}");
    }
    server.stop();
    let connection = open(&machine);
    let sql = "SELECT name || '=' || value FROM env_vars ORDER BY name";
    let mut query = connection.prepare(sql).unwrap();
    let stored = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let stored: Vec<String> = stored.map(Result::unwrap).collect();
    assert_eq!(stored, ["API_KEY=secret", "PEM=a\nb"]);
}
