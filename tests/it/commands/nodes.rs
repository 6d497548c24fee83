//! Which node a command finds, and that a change shows at once, whether a node runs or not.

use std::fs;

use crate::process::{Machine, files};
use crate::wire::{self, Request};

#[test]
fn a_database_is_changed_through_its_node_and_without_one() {
    let machine = Machine::new();
    let db = machine.db();
    machine.run(&["server", "init", "--db", &db]).ok();
    let folder = |text| machine.folder("site", &files(&[("index.html", text)]));

    // Without a node: the command is the owner meanwhile, and leaves nothing open.
    let said = machine.run(&["deploy", &folder("alone"), "--db", &db]).ok();
    assert!(said.contains("Deployed site v1"), "{said}");
    machine.assert_closed();
    assert!(machine.run(&["app", "list", "--db", &db]).ok().starts_with("site\t"));

    let server = machine.start();
    let page = || server.get("site.localhost", "/");
    assert_eq!(page().text(), "alone");

    // With one: each change is seen by the next visitor.
    machine.run(&["deploy", &folder("beside"), "--db", &db]).ok();
    assert_eq!(page().text(), "beside");
    machine.run(&["app", "rollback", "site", "--db", &db]).ok();
    assert_eq!(page().text(), "alone");
    machine.run(&["app", "delete", "site", "--yes", "--db", &db]).ok();
    assert_eq!(page().status, 404);
    machine.run(&["app", "restore", "site", "--db", &db]).ok();
    assert_eq!(page().text(), "alone");
    let released = machine.run(&["app", "releases", "site", "--db", &db]).ok();
    assert!(released.contains("\towner\t"), "{released}");
    assert_eq!(server.log().matches("is running").count(), 1, "one node all the time");
    server.stop();

    machine.run(&["app", "rollback", "site", "v2", "--db", &db]).ok();
    let server = machine.start();
    assert_eq!(server.get("site.localhost", "/").text(), "beside");
    server.stop();
}

#[test]
fn a_slip_in_the_path_makes_no_database() {
    let machine = Machine::new();
    let folder = machine.folder("site", &files(&[("index.html", "x")]));
    let db = machine.path("node/slip.db").to_str().unwrap().to_owned();
    for words in [
        &["app", "list", "--db", &db][..],
        &["deploy", &folder, "--db", &db],
        &["token", "list", "--db", &db],
        &["server", "create-key", "--name", "x", "--db", &db],
        &["server", "status", "--db", &db],
        &["server", "stop", "--db", &db],
    ] {
        let complaint = machine.run(words).fails(1);
        assert!(complaint.contains("slip.db"), "{words:?}: {complaint}");
        assert_eq!(machine.node_folder(), [""; 0], "{words:?}");
    }
}

#[test]
fn the_first_start_makes_this_users_client_know_the_node() {
    let machine = Machine::new();
    let server = machine.start();
    let folder = machine.folder("site", &files(&[("index.html", "x")]));
    // By nothing, by its name, and by its addresses.
    for to in [None, Some("local"), Some(&*server.url())] {
        let mut words = vec!["deploy", &folder];
        words.extend(to.iter().flat_map(|to| ["--to", to]));
        machine.run(&words).ok();
    }
    let releases = machine.run(&["app", "releases", "site"]).ok();
    assert!(releases.contains("\tlocal\t"), "{releases}");
    server.stop();

    // A restart on another port is found as well, and leaves one token.
    let server = machine.start();
    machine.run(&["app", "info", "site"]).ok();
    let tokens = server.api("/api/tokens");
    assert_eq!(tokens.as_array().unwrap().len(), 1, "{tokens}");
    server.stop();
}

#[test]
fn a_node_that_is_not_there_is_named() {
    let machine = Machine::new();
    let server = machine.start();
    let (url, bound) = (server.url(), format!("http://127.0.0.1:{}", server.port));
    server.stop();
    for to in [&[][..], &["--to", "local"], &["--to", &url]] {
        let words = [&["app", "list"], to].concat();
        let complaint = machine.run(&words).fails(1);
        assert!(complaint.contains(&bound), "{words:?}: {complaint}");
    }
    let complaint = machine.run(&["app", "list", "--to", "nobody"]).fails(1);
    assert!(complaint.contains("nobody") && complaint.contains("local"), "{complaint}");
    let complaint = machine.run(&["app", "list", "--to", "ftp://example.org"]).fails(1);
    assert!(complaint.contains("ftp"), "{complaint}");
}

#[test]
fn the_status_is_that_of_the_node() {
    let machine = Machine::new();
    let db = machine.db();
    let complaint = machine.run(&["server", "status", "--db", &db]).fails(1);
    assert!(complaint.contains("no node runs") && complaint.contains("server start"));
    let server = machine.start();
    server.deploy("site", &files(&[("index.html", "x")]));
    let status = machine.run(&["server", "status", "--db", &db]).ok();
    for line in ["Status\thealthy\n", "Mode\tdevelopment\n", "Apps\t1\n"] {
        assert!(status.contains(line), "{line} is not in {status}");
    }
    assert!(status.contains(&format!("Database\t{db}\n")), "{status}");
    let json = machine.run(&["server", "status", "--db", &db, "--json"]).json();
    assert_eq!((&json["status"], &json["apps"]), (&"healthy".into(), &1.into()));
    server.stop();
}

/// Flag before environment before database before default.
#[test]
fn settings_have_an_order() {
    let machine = Machine::new();
    let db = machine.db();
    machine.run(&["server", "init", "--domain", "stored.example", "--db", &db]).ok();
    let admin_url = |change: &dyn Fn(&mut std::process::Command)| {
        let mut command = machine.fazt(&["server", "start", "--db", &db]);
        command.env("PORT", "0");
        change(&mut command);
        let mut server = machine.spawn(command);
        server.wait_until_ready();
        let request = Request::get("localhost", "/.well-known/fazt");
        let found = request.exchange(wire::tcp(server.port).unwrap()).unwrap().json();
        server.stop();
        found["admin_url"].as_str().unwrap().to_owned()
    };
    assert_eq!(admin_url(&|_| ()), "https://admin.stored.example");
    let environment = |command: &mut std::process::Command| {
        command.env("FAZT_DOMAIN", "environment.example");
    };
    assert_eq!(admin_url(&environment), "https://admin.environment.example");
    let both = |command: &mut std::process::Command| {
        environment(command);
        command.args(["--domain", "flag.example"]);
    };
    assert_eq!(admin_url(&both), "https://admin.flag.example");
    // The database by its variable.
    let mut status = machine.fazt(&["server", "status"]);
    status.env("FAZT_DB_PATH", &db);
    let complaint = machine.finish(&mut status).fails(1);
    assert!(complaint.contains(&db), "{complaint}");
    assert!(fs::metadata(machine.path("data.db")).is_err());
}
