//! `fazt server config` and `set-config`, and which of several values counts.

use crate::commands::rows;
use crate::process::{Machine, until};
use serde_json::{Value, json};

/// The setting of this name, as `fazt server config --json` shows it.
#[track_caller]
fn setting(machine: &Machine, key: &str) -> Value {
    let list = machine.run(&["server", "config", "--json", "--db", &machine.db()]).json();
    let found = list.as_array().unwrap().iter().find(|setting| setting["key"] == key);
    found.unwrap_or_else(|| panic!("{key} is not in {list}")).clone()
}

#[track_caller]
fn set(machine: &Machine, words: &[&str]) -> String {
    let db = machine.db();
    let words: Vec<&str> = ["server", "set-config"].iter().chain(words).copied().collect();
    machine.run(&[&words[..], &["--db", &db]].concat()).ok()
}

#[test]
fn settings_are_changed_without_a_node() {
    let machine = Machine::new();
    let db = machine.db();
    machine.run(&["server", "init", "--db", &db]).ok();
    let said = set(&machine, &["server.domain=Example.org", "deploy.files_max=20"]);
    assert_eq!(
        said,
        "server.domain = example.org, from the node's next start on\ndeploy.files_max = 20\n"
    );
    machine.assert_closed();
    let said = machine.run(&["server", "config", "--db", &db]).ok();
    let list = rows(&said);
    let row = |key: &str| list.iter().find(|row| row[0] == key).unwrap().clone();
    assert_eq!(row("server.domain")[1..5], ["example.org", "database", "none", "restart"]);
    assert_eq!(row("deploy.files_max")[1..5], ["20", "database", "10000", "live"]);
    assert_eq!(row("cache.content_bytes")[1..4], ["67108864", "default", "67108864"]);
    assert!(list.iter().all(|row| row.len() == 6 && row[5].len() > 10), "{said}");

    let server = machine.start();
    let found = server.get("anything.example.org", "/.well-known/fazt").json();
    assert_eq!(found["admin_url"], "https://admin.example.org");
    assert_eq!(server.api("/api/config")["domain"], "example.org");
    server.stop();
    assert_eq!(
        set(&machine, &["--reset", "deploy.files_max"]),
        "deploy.files_max is 10000 again\n"
    );
    assert_eq!(setting(&machine, "deploy.files_max")["source"], "default");
}

#[test]
fn as_json_every_setting_that_was_touched_is_told() {
    let machine = Machine::new();
    machine.run(&["server", "init", "--port", "81", "--db", &machine.db()]).ok();
    let said = set(&machine, &["deploy.files_max=20", "--reset", "server.port", "--json"]);
    let list: Value = serde_json::from_str(&said).unwrap();
    let told = |index: usize| (list[index]["key"].clone(), list[index]["stored"].clone());
    assert_eq!(told(0), (json!("deploy.files_max"), json!("20")), "{list}");
    assert_eq!(told(1), (json!("server.port"), Value::Null), "{list}");
    assert_eq!(list.as_array().unwrap().len(), 2, "{list}");
}

#[test]
fn a_running_node_follows_at_once_or_says_that_it_does_not() {
    let machine = Machine::new();
    let server = machine.start();
    server.get("nobody.localhost", "/before");
    assert_eq!(set(&machine, &["server.access_log=on"]), "server.access_log = true\n");
    server.get("nobody.localhost", "/while");
    until("the request in the log", || server.log().contains("/while").then_some(()));
    assert_eq!(set(&machine, &["server.access_log=off"]), "server.access_log = false\n");
    server.get("nobody.localhost", "/after");
    // Only the owner may, and whoever uses the socket is the owner.
    let said = set(&machine, &["server.listen=127.0.0.2"]);
    assert_eq!(said, "server.listen = 127.0.0.2, from the node's next start on\n");
    let shown = setting(&machine, "server.listen");
    assert_eq!((&shown["value"], &shown["pending_restart"]), (&json!("127.0.0.1"), &json!(true)));
    let log = server.log();
    assert!(!log.contains("/before") && !log.contains("/after"), "{log}");
    server.stop();
    assert_eq!(setting(&machine, "server.listen")["value"], "127.0.0.2");
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_database() {
    let machine = Machine::new();
    machine.run(&["server", "init", "--port", "9", "--db", &machine.db()]).ok();
    set(&machine, &["--domain", "stored.example"]);
    for (flag, variable, domain, source) in [
        (Some("flag.example"), Some("variable.example"), "flag.example", "flag"),
        (None, Some("variable.example"), "variable.example", "environment"),
        (None, None, "stored.example", "database"),
        (None, Some(""), "stored.example", "database"),
        // Taking a domain away is a decision as well.
        (Some("localhost"), None, "localhost", "flag"),
    ] {
        let mut command = machine.server_command();
        command.args(flag.iter().flat_map(|flag| ["--domain", flag]));
        command.envs(variable.map(|variable| ("FAZT_DOMAIN", variable)));
        let mut server = machine.spawn(command);
        server.wait_until_ready();
        assert_eq!(server.api("/api/config")["domain"], domain);
        assert_eq!(setting(&machine, "server.domain")["source"], source, "{domain}");
        // The port is a flag of the harness: any that is free.
        let port = setting(&machine, "server.port");
        assert_eq!((&port["value"], &port["stored"]), (&json!(server.port), &json!("9")));
        assert_eq!((&port["source"], &port["pending_restart"]), (&json!("flag"), &json!(false)));
        server.stop();
    }
    let server = machine.start();
    let said = set(&machine, &["--port", "8081"]);
    assert!(said.starts_with("server.port = 8081 is kept; an option"), "{said}");
    server.stop();
    assert_eq!(setting(&machine, "server.port")["value"], 8081);
}

#[test]
fn the_originals_words_are_understood() {
    let machine = Machine::new();
    let db = machine.db();
    machine.run(&["server", "init", "--db", &db]).ok();
    let words = ["server", "set-config", "--domain", "a.example", "--port", "81", "--db", &db];
    let ran = machine.run(&[&words[..], &["--env", "production"]].concat());
    assert!(ran.stderr.contains("changes nothing"), "{}", ran.stderr);
    assert!(ran.ok().contains("server.port = 81"));
    assert_eq!(setting(&machine, "server.domain")["value"], "a.example");
    let ran = machine.run(&["server", "set-config", "--env", "development", "--db", &db]);
    assert_eq!(ran.ok(), "");
    machine.run(&["server", "set-config", "--env", "staging", "--db", &db]).fails(2);
}

#[test]
fn wrong_words_change_nothing() {
    let machine = Machine::new();
    let db = machine.db();
    machine.run(&["server", "init", "--db", &db]).ok();
    let before = machine.run(&["server", "config", "--db", &db]).ok();
    for (words, code, part) in [
        (&["deploy.files_max=2", "server.port=0"][..], 1, "whole number from 1 to 65535"),
        (&["deploy.files_max=2", "server.prot=80"], 1, "fazt server config"),
        (&["server.domain=https://a.example"], 1, "without scheme"),
        (&["--domain", "a b"], 1, "host name"),
        (&["--port", "http"], 1, "whole number"),
        (&["--reset", "server.prot"], 1, "server.prot"),
        (&["deploy.files_max=2", "--reset", "server.prot"], 1, "server.prot"),
        (&["server.port"], 2, "KEY=VALUE"),
        (&["=80"], 2, "KEY=VALUE"),
        (&[], 2, "KEY=VALUE"),
    ] {
        let all: Vec<&str> =
            ["server", "set-config"].iter().chain(words).chain(&["--db", &db]).copied().collect();
        let complaint = machine.run(&all).fails(code);
        assert!(complaint.contains(part), "{words:?}: {part} is not in {complaint}");
    }
    assert_eq!(machine.run(&["server", "config", "--db", &db]).ok(), before);
    let complaint =
        machine.run(&["server", "start", "--domain", "a/b", "--port", "0", "--db", &db]).fails(1);
    assert!(complaint.contains("host name"), "{complaint}");
    let new = machine.path("node/new.db").to_str().unwrap().to_owned();
    let complaint = machine.run(&["server", "init", "--domain", "a/b", "--db", &new]).fails(1);
    assert!(complaint.contains("host name"), "{complaint}");
    assert!(!machine.path("node/new.db").exists(), "nothing is made");
}

#[test]
fn a_row_that_breaks_its_rule_is_named_when_the_node_starts() {
    let machine = Machine::new();
    machine.run(&["server", "init", "--db", &machine.db()]).ok();
    #[expect(clippy::disallowed_methods, reason = "plays another version of fazt")]
    let file = rusqlite::Connection::open(machine.database()).unwrap();
    file.execute_batch(
        "INSERT INTO settings VALUES ('server.port', '99999'), ('apps.releases_kept', '0'),
                                     ('theme.colour', 'blue');",
    )
    .unwrap();
    drop(file);
    let server = machine.start();
    let log = server.log();
    for part in ["server.port", "99999", "from 1 to 65535", "apps.releases_kept", "theme.colour"] {
        assert!(log.contains(part), "{part} is not in {log}");
    }
    let ran = machine.run(&["server", "config", "--db", &machine.db()]);
    assert!(ran.stderr.contains("server.port: `99999` in the database"), "{}", ran.stderr);
    let said = ran.ok();
    assert!(said.contains("theme.colour\tblue\tdatabase\t"), "{said}");
    server.stop();
}
