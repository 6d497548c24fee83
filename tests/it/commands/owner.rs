//! `fazt server set-credentials`, `reset-admin`, `audit`, and `fazt domain …`.

use std::io::{Read, Write};

use serde_json::json;

use crate::process::{Machine, Server, files};
use crate::wire::{self, Request};

/// The status of an attempt to sign in.
fn sign_in(server: &Server, username: &str, password: &str) -> u16 {
    let request = Request {
        method: "POST",
        body: json!({ "username": username, "password": password }).to_string().into_bytes(),
        ..Request::get("localhost", "/api/login")
    };
    server.ask(request).unwrap().status
}

/// The name and the password that a first start prints.
fn printed_credentials(text: &str) -> (String, String) {
    let after = |label: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(label));
        line.unwrap_or_else(|| panic!("no {label} in {text}")).trim().to_owned()
    };
    (after("Sign in as"), after("password"))
}

#[test]
fn the_first_start_prints_a_password_once() {
    let machine = Machine::new();
    let made = machine.run(&["server", "init", "--username", "ann", "--db", &machine.db()]).ok();
    let (username, password) = printed_credentials(&made);
    assert_eq!((username.as_str(), password.len()), ("ann", 20), "{made}");
    let server = machine.start();
    assert!(!server.log().contains(&password), "never in a log");
    assert_eq!(sign_in(&server, "ann", &password), 200);
    assert_eq!(sign_in(&server, "admin", &password), 401);
    server.stop();
}

#[test]
fn an_init_that_failed_can_be_done_again() {
    let machine = Machine::new();
    let db = machine.db();
    for wrong in [&["--username", " "][..], &["--domain", "no domain"]] {
        let words = [&["server", "init", "--db", &db][..], wrong].concat();
        assert!(!machine.run(&words).status.success(), "{wrong:?}");
        assert!(!machine.database().exists(), "{wrong:?}");
    }
    machine.run(&["server", "init", "--username", "ann", "--db", &db]).ok();
}

#[test]
fn the_owner_is_changed_while_the_node_runs_and_while_it_does_not() {
    let machine = Machine::new();
    let db = machine.db();
    let set = |words: &[&str], stdin: &str| {
        let mut all = vec!["server", "set-credentials", "--db", &db];
        all.extend_from_slice(words);
        machine.finish(machine.fazt(&all).env("FAZT_PASSWORD", stdin))
    };
    machine.run(&["server", "init", "--db", &db]).ok();
    set(&["--username", "ann"], "first password").ok();
    let server = machine.start();
    assert_eq!(sign_in(&server, "ann", "first password"), 200);
    let said = set(&[], "second password").ok();
    assert!(said.contains("sign in again"), "{said}");
    assert_eq!(sign_in(&server, "ann", "first password"), 401);
    assert_eq!(sign_in(&server, "ann", "second password"), 200);
    set(&["--username", "eve"], "").ok();
    assert_eq!(sign_in(&server, "eve", "second password"), 200);
    let refused = set(&[], "short").fails(1);
    assert!(refused.contains("at least 8"), "{refused}");

    let reset = machine.run(&["server", "reset-admin", "--db", &db]);
    let password = reset.ok();
    assert_eq!(sign_in(&server, "eve", password.trim()), 200);
    assert_eq!(sign_in(&server, "eve", "second password"), 401);

    let log = machine.run(&["server", "audit", "--db", &db, "--action", "owner.change"]).ok();
    // The refused one is written down as well.
    assert_eq!(log.matches("owner.change").count(), 5, "{log}");
    assert_eq!(log.matches("VALIDATION_FAILED").count(), 1, "{log}");
    let entries = machine.run(&["server", "audit", "--db", &db, "--json", "-n", "1"]).json();
    assert_eq!(entries[0]["action"], "login", "{entries}");
    assert_eq!(entries[0]["result"], "INVALID_CREDENTIALS");
    assert!(!log.contains("second password") && !log.contains(password.trim()), "{log}");
    server.stop();
}

#[test]
fn a_domain_is_added_listed_checked_and_removed() {
    let machine = Machine::new();
    let server = machine.start();
    server.deploy("blog", &files(&[("index.html", "home")]));
    let added = machine.run(&["domain", "add", "www.blog.test", "blog"]).ok();
    assert_eq!(added, "www.blog.test leads to blog.\n");
    assert_eq!(server.get("www.blog.test", "/").text(), "home");
    let list = machine.run(&["domain", "list", "--json"]).json();
    assert_eq!((&list[0]["domain"], &list[0]["app"]), (&json!("www.blog.test"), &json!("blog")));
    let taken = machine.run(&["domain", "add", "localhost", "blog"]).fails(1);
    assert!(taken.contains("own host names"), "{taken}");
    // One that leads to an app would be looked up outside of this machine.
    let unknown = machine.run(&["domain", "check", "other.test"]).fails(1);
    assert!(unknown.contains("leads to no app"), "{unknown}");
    machine.run(&["domain", "remove", "www.blog.test"]).ok();
    assert_eq!(server.get("www.blog.test", "/").status, 404);
    server.stop();
}

#[test]
fn a_stream_does_not_delay_a_stop() {
    let machine = Machine::new();
    let server = machine.start();
    let token = machine.run(&["token", "create", "--name", "x", "--scopes", "admin"]).ok();
    let request = Request::get("localhost", "/api/stream")
        .with(&format!("Authorization: Bearer {}", token.trim()));
    let mut connection = wire::tcp(server.port).unwrap();
    connection.write_all(&request.head()).unwrap();
    let mut start = [0; 15];
    connection.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    let started = std::time::Instant::now();
    server.stop();
    assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
}
