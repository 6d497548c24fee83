//! Functions: what handlers may be, what they see, and what no script can do to others.
//!
//! V8 wants the thread that starts it to be the ancestor of all that use it, so everything here
//! drives the real binary. A new hostile case is a folder under `functions/hostile` and needs
//! no Rust: `api/run.js`, and in `expect` what becomes of its callers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::process::{Files, Machine, Server, SetAtEnd, files, until};
use crate::wire::{self, Reply, Request};

mod conformance;
mod forms;
mod isolation;
mod sharing;

/// Running time of a call in these tests.
const RUNNING_TIME_MS: u64 = 300;

/// How long a call may take to answer in these tests.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// How long the caller of a hostile function waits at most. The running time is processor time,
/// and the clock may take three times that on a busy machine; then comes the grace of an
/// interrupt, and the way back.
const CALLER_WAITS: Duration = Duration::from_millis(3 * RUNNING_TIME_MS + 200 + 1_500);

/// A node whose calls have little time.
fn start(machine: &Machine) -> Server {
    let running_time = RUNNING_TIME_MS.to_string();
    let answer_time = ANSWER_TIME.as_secs().to_string();
    machine.run(&["server", "init", "--db", &machine.db()]).ok();
    for (key, value) in [
        ("functions.running_time_ms", &*running_time),
        ("functions.answer_time", &*answer_time),
        ("functions.fetch_allowed_hosts", "127.0.0.1"),
    ] {
        let setting = format!("{key}={value}");
        machine.run(&["server", "set-config", &setting, "--db", &machine.db()]).ok();
    }
    machine.start()
}

/// The host of an app.
fn host(app: &str) -> String {
    format!("{app}.localhost")
}

/// Asks a function; a caller that waits for JSON.
#[track_caller]
fn call(server: &Server, app: &str, path: &str) -> Reply {
    let host = host(app);
    let request = Request::get(&host, path).with("accept: application/json").closing();
    request.exchange(wire::tcp(server.port).unwrap()).unwrap()
}

fn cases(group: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/functions").join(group)
}

/// The files of a folder, by their paths in it.
fn read_folder(folder: &Path) -> Files {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// What `expect` says of a case, and the statuses that it allows.
fn statuses(expect: &str) -> &'static [u16] {
    match expect.trim() {
        // The running time was up, or the clock's three times of it; or the thread was lost.
        "stopped" => &[504],
        // No answer came in time.
        "late" => &[504],
        // Memory ran out, or time did while it ran out.
        "broken" => &[500, 504],
        // The script gets an exception, and its caller an error.
        "failed" => &[500],
        "any" => &[200, 500, 504],
        other => panic!("`{other}` is no expectation"),
    }
}

/// One hostile case: its caller is answered in time, and the app's next call works.
fn check_hostile(server: &Server, folder: &Path) {
    let name = folder.file_name().unwrap().to_str().unwrap();
    let mut app = read_folder(folder);
    let expect = String::from_utf8(app.remove("expect").unwrap()).unwrap();
    app.insert("api/fine.js".to_owned(), b"function handler() { return 'fine'; }".to_vec());
    server.deploy(name, &app);
    assert_eq!(call(server, name, "/api/fine").text(), "fine", "{name} before");
    let began = Instant::now();
    let reply = call(server, name, "/api/run");
    let took = began.elapsed();
    let allowed = statuses(&expect);
    assert!(allowed.contains(&reply.status), "{name}: {} {}", reply.status, reply.text());
    let patience = CALLER_WAITS.max(ANSWER_TIME + Duration::from_secs(1));
    assert!(took < patience, "{name} took {took:?}");
    // An app that cost a thread is suspended for a moment, and says so.
    until("the app's next answer", || {
        let reply = call(server, name, "/api/fine");
        match reply.status {
            200 => {
                assert_eq!(reply.text(), "fine", "{name} after");
                Some(())
            }
            503 => {
                assert!(reply.header("retry-after").is_some(), "{name}: {}", reply.text());
                None
            }
            other => panic!("{name} after: {other} {}", reply.text()),
        }
    });
}

#[test]
fn hostile_scripts_hurt_nobody_else() {
    let machine = Machine::new();
    let server = start(&machine);
    server.deploy("bystander", &files(&[("api/x.js", "function handler() { return 'here'; }")]));
    assert_eq!(call(&server, "bystander", "/api/x").text(), "here");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(cases("hostile")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() > 50, "{} cases", folders.len());
    let is_over = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let bystander = scope.spawn(|| {
            let mut seen = 0;
            while !is_over.load(Ordering::Relaxed) {
                let reply = call(&server, "bystander", "/api/x");
                assert_eq!((reply.status, &*reply.text()), (200, "here"));
                seen += 1;
            }
            seen
        });
        let end = SetAtEnd(&is_over);
        for folder in &folders {
            check_hostile(&server, folder);
        }
        drop(end);
        bystander.join().unwrap()
    });
    assert!(seen > folders.len(), "the bystander was asked {seen} times");
    server.stop();
}

/// Memory of a process in MiB.
fn resident_mib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().split(' ').next().unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
fn memory_that_a_script_took_comes_back() {
    let machine = Machine::new();
    let server = start(&machine);
    let eaters = ["arrays-until-memory-ends", "typed-arrays-until-memory-ends"];
    for eater in eaters {
        server.deploy(eater, &read_folder(&cases("hostile").join(eater)));
    }
    let calm = files(&[("api/x.js", "function handler() { return 'here'; }")]);
    server.deploy("calm", &calm);
    assert_eq!(call(&server, "calm", "/api/x").status, 200);
    let before = resident_mib(server.pid());
    for _ in 0..5 {
        for eater in eaters {
            let status = call(&server, eater, "/api/run").status;
            assert!([500, 504].contains(&status), "{eater}: {status}");
        }
    }
    until("the memory's return", || {
        let now = resident_mib(server.pid());
        (now < before + 100).then_some(now)
    });
    server.stop();
}
