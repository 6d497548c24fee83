//! What the client keeps, where, and what it takes over.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::commands::rows;
use crate::fake_peer::{FakePeer, ORIGINAL_TOKEN};
use crate::process::Machine;

fn mode(machine: &Machine, name: &str) -> u32 {
    fs::metadata(machine.path(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_client_file_that_others_could_read_is_closed() {
    let machine = Machine::new();
    let ran = machine.run(&["remote"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let file = "config/fazt/data.db";
    assert_eq!((mode(&machine, file), mode(&machine, "config/fazt")), (0o600, 0o700));
    fs::set_permissions(machine.path(file), fs::Permissions::from_mode(0o644)).unwrap();
    let ran = machine.run(&["remote"]);
    for part in ["warning", "data.db had mode 0644", "only you can now"] {
        assert!(ran.stderr.contains(part), "{part} is not in {ran:?}");
    }
    assert_eq!(ran.ok(), "");
    assert_eq!(mode(&machine, file), 0o600);
    assert_eq!(machine.run(&["remote"]).stderr, "");
}

#[test]
fn the_servers_of_the_original_become_peers_once() {
    let machine = Machine::new();
    let peer = FakePeer::original();
    let registry = serde_json::json!({
        "version": 1,
        "default_server": "prod",
        "servers": {
            "prod": { "url": peer.url(), "token": ORIGINAL_TOKEN },
            "broken": { "url": "no address", "token": "x" },
        },
    });
    fs::create_dir(machine.path("home/.fazt")).unwrap();
    fs::write(machine.path("home/.fazt/config.json"), registry.to_string()).unwrap();

    let ran = machine.run(&["remote", "status"]);
    for part in ["took over", ".fazt/config.json", "prod is the default", "\"broken\" is left out"]
    {
        assert!(ran.stderr.contains(part), "{part} is not in {ran:?}");
    }
    assert!(ran.ok().contains("Server\tprod\n"));
    let ran = machine.run(&["remote", "list"]);
    assert_eq!(ran.stderr, "", "said once");
    let said = ran.ok();
    assert_eq!(rows(&said)[0][..5], ["prod", &*peer.url(), "true", "healthy", "0.9.4"]);

    machine.run(&["remote", "remove", "prod"]).ok();
    let ran = machine.run(&["remote", "list"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""), "it stays away");
}

#[test]
fn the_peers_of_the_original_are_taken_over_from_its_own_file() {
    let machine = Machine::new();
    let peer = FakePeer::original();
    fs::create_dir(machine.path("config/fazt")).unwrap();
    let file = machine.path("config/fazt/data.db");
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fazt-0.9.4.db");
    fs::copy(fixture, &file).unwrap();

    // As a server's database it is nobody's client data.
    let complaint = machine.run(&["remote"]).fails(1);
    assert!(complaint.contains("data.db is not client data of fazt"), "{complaint}");

    #[expect(clippy::disallowed_methods, reason = "the file is the original's, not a node's")]
    let original = rusqlite::Connection::open(&file).unwrap();
    original
        .execute_batch("DELETE FROM files; DELETE FROM api_keys; DELETE FROM configurations;")
        .unwrap();
    let sql = "INSERT INTO peers (name, url, token, is_default) VALUES ('prod', ?1, ?2, 1)";
    original.execute(sql, [&*peer.url(), ORIGINAL_TOKEN]).unwrap();
    drop(original);

    let ran = machine.run(&["remote", "status"]);
    for part in ["note: ", "was of fazt 0.9", "data.db.fazt-0.9", "taken over: prod"] {
        assert!(ran.stderr.contains(part), "{part} is not in {ran:?}");
    }
    assert!(ran.ok().contains("Server\tprod\n"));
    let ran = machine.run(&["remote"]);
    assert_eq!(ran.stderr, "", "said once");
    assert!(ran.ok().starts_with("prod\t"));
}

#[test]
fn the_originals_groups_are_the_peers_of_today() {
    let machine = Machine::new();
    let peer = FakePeer::original();
    // It replaced what it found, and asked nobody.
    for url in ["http://localhost:1", &peer.url()] {
        machine.run(&["servers", "add", "old", "--url", url, "--token", ORIGINAL_TOKEN]).ok();
    }
    assert_eq!(peer.received().len(), 0);
    machine.run(&["servers", "add", "two", "-url", "http://localhost:2", "-token", "x"]).ok();
    machine.run(&["servers", "default", "two"]).ok();
    let said = machine.run(&["servers"]).ok();
    let list = rows(&said);
    assert_eq!((list[0][0], list[0][2], list[1][0], list[1][2]), ("old", "false", "two", "true"));
    assert!(machine.run(&["servers", "ping", "two"]).fails(1).contains("nothing listens"));
    machine.run(&["servers", "remove", "two"]).ok();
    assert!(machine.run(&["client", "sites"]).ok().starts_with("old\t3\t"));

    let said = machine
        .run(&["client", "set-auth-token", "--token", "abcd", "--server", "https://admin.x.org"])
        .ok();
    assert!(said.contains("https://admin.x.org") && said.contains("x-org"), "{said}");
    let said = machine.run(&["remote"]).ok();
    assert!(rows(&said).iter().any(|row| row[0] == "x-org" && row[2] == "true"), "{said}");
    // The same node again keeps its name.
    let words = ["client", "set-auth-token", "--token", ORIGINAL_TOKEN, "--server", &peer.url()];
    assert!(machine.run(&words).ok().contains("the peer old"));

    for words in [["version"], ["-v"]] {
        let said = machine.run(&words).ok();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 3, "{said}");
        assert_eq!(lines[0], format!("fazt {}", env!("CARGO_PKG_VERSION")));
        assert!(lines[2].starts_with("OS/Arch: "), "{said}");
    }
}
