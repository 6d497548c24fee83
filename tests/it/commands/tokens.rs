//! `fazt token …`, `fazt server create-key`, and what a token is good for.

use crate::commands::rows;
use crate::process::{Machine, Ran, Server, files, until};

/// Runs a command with a token of the environment's, as a machine that knows none.
#[track_caller]
fn run_with(machine: &Machine, token: &str, words: &[&str]) -> Ran {
    let mut command = machine.fazt(words);
    command.env("XDG_CONFIG_HOME", machine.path("elsewhere")).env("FAZT_TOKEN", token);
    machine.finish(&mut command)
}

#[test]
fn a_token_is_shown_once() {
    let machine = Machine::new();
    let server = machine.start();
    let ran = machine.run(&[
        "token",
        "create",
        "--name",
        "ci",
        "--scopes",
        "deploy:blog,read",
        "--expires",
        "90d",
    ]);
    assert!(ran.stderr.contains("not shown again"), "{}", ran.stderr);
    assert!(ran.stderr.contains("deploy:blog"), "{}", ran.stderr);
    let token = ran.ok();
    assert!(token.starts_with("fazt_") && token.lines().count() == 1, "alone: {token}");
    let secret = token.trim().rsplit('_').next().unwrap();
    let id = token.split('_').nth(1).unwrap();

    let said = machine.run(&["token", "list"]).ok();
    assert!(!said.contains(secret), "{said}");
    let list = rows(&said);
    let row = list.iter().find(|row| row[1] == "ci").unwrap();
    assert_eq!(row[0], id);
    assert!(row[2] == "deploy:blog,read" || row[2] == "read,deploy:blog", "{row:?}");
    assert!(row[4].ends_with('Z') && row[5].is_empty(), "expires, never used: {row:?}");
    let json = machine.run(&["token", "list", "--json"]).json();
    assert_eq!(json, server.api("/api/tokens"));
    assert!(!json.to_string().contains(secret));

    let created = machine.run(&["token", "create", "--name", "two", "--json"]).json();
    assert_eq!(created["scopes"], serde_json::json!(["deploy"]));
    assert!(created["token"].as_str().unwrap().starts_with("fazt_"));
    assert_eq!(created["expires_at"], serde_json::Value::Null);
    server.stop();
}

#[test]
fn a_revoked_token_is_useless_at_once() {
    let machine = Machine::new();
    let server = machine.start();
    let created = machine.run(&["token", "create", "--name", "ci", "--json"]).json();
    let (id, token) = (created["id"].as_str().unwrap(), created["token"].as_str().unwrap());
    let folder = machine.folder("site", &files(&[("index.html", "x")]));
    let deploy = ["deploy", folder.as_str(), "--to", &server.url()];
    run_with(&machine, token, &deploy).ok();
    let said = machine.run(&["token", "revoke", id]).ok();
    assert_eq!(said, format!("Revoked {id}.\n"));
    let complaint = run_with(&machine, token, &deploy).fails(1);
    assert!(complaint.contains("FAZT_TOKEN"), "{complaint}");
    let complaint = machine.run(&["token", "revoke", id]).fails(1);
    assert!(complaint.contains(id), "{complaint}");
    server.stop();
}

#[track_caller]
fn check_refusal(machine: &Machine, server: &Server, token: &str, words: &[&str], parts: &[&str]) {
    let url = server.url();
    let words = [words, &["--to", &url]].concat();
    let complaint = run_with(machine, token, &words).fails(1);
    for part in parts {
        assert!(complaint.contains(part), "{words:?}: {part} is not in {complaint}");
    }
    assert!(!complaint.contains(token), "a complaint is not a place for secrets: {complaint}");
}

#[test]
fn a_token_that_does_not_suffice_says_what_to_do() {
    let machine = Machine::new();
    let server = machine.start();
    server.deploy("blog", &files(&[("index.html", "x")]));
    server.deploy("shop", &files(&[("index.html", "x")]));
    let folder = machine.folder("shop", &files(&[("index.html", "y")]));
    let create = |scopes: &str| {
        let words = ["token", "create", "--name", "some", "--scopes", scopes];
        machine.run(&words).ok().trim().to_owned()
    };

    let one_app = create("deploy:blog");
    check_refusal(&machine, &server, &one_app, &["deploy", &folder], &["deploy", "FORBIDDEN"]);
    check_refusal(&machine, &server, &one_app, &["token", "list"], &["admin", "FORBIDDEN"]);
    let read = create("read");
    check_refusal(&machine, &server, &read, &["app", "delete", "blog", "-y"], &["admin"]);
    assert_eq!(server.get("shop.localhost", "/").text(), "x");

    let unknown = "fazt_AAAAAAAAAAAA_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
    check_refusal(&machine, &server, unknown, &["app", "list"], &["FAZT_TOKEN"]);
    check_refusal(&machine, &server, "rubbish", &["app", "list"], &["FAZT_TOKEN"]);
    // Nobody has forged the last character of a good one either.
    let admin = create("admin");
    let last = if admin.ends_with('A') { 'B' } else { 'A' };
    let forged = format!("{}{last}", &admin[..admin.len() - 1]);
    check_refusal(&machine, &server, &forged, &["app", "list"], &["FAZT_TOKEN"]);
    run_with(&machine, &admin, &["app", "list", "--to", &server.url()]).ok();
    server.stop();
}

#[test]
fn an_expired_token_says_that_it_has_expired() {
    let machine = Machine::new();
    let server = machine.start();
    let words = ["token", "create", "--name", "short", "--scopes", "read", "--expires", "1s"];
    let token = machine.run(&words).ok().trim().to_owned();
    let words = ["app", "list", "--to", &server.url()];
    let complaint = until("the end of a second", || {
        let ran = run_with(&machine, &token, &words);
        (!ran.status.success()).then(|| ran.fails(1))
    });
    assert!(complaint.contains("expired"), "{complaint}");
    server.stop();
}

#[test]
fn without_a_token_the_way_to_one_is_named() {
    let machine = Machine::new();
    let server = machine.start();
    let complaint = run_with(&machine, "", &["app", "list", "--to", &server.url()]).fails(1);
    for part in [server.url().as_str(), "create-key", "FAZT_TOKEN"] {
        assert!(complaint.contains(part), "{part} is not in {complaint}");
    }
    let complaint = run_with(&machine, "", &["app", "list"]).fails(1);
    for part in ["server start", "--to", "--db"] {
        assert!(complaint.contains(part), "{part} is not in {complaint}");
    }
    server.stop();
}

#[test]
fn a_key_is_made_with_and_without_a_node() {
    let machine = Machine::new();
    let db = machine.db();
    machine.run(&["server", "init", "--db", &db]).ok();
    let alone = machine.run(&["server", "create-key", "--name", "alone", "--db", &db]).ok();
    let server = machine.start();
    let words = ["server", "create-key", "--name", "beside", "--scopes", "read", "--db", &db];
    let beside = machine.run(&words).ok();
    let list = ["app", "list", "--to", &server.url()];
    run_with(&machine, alone.trim(), &list).ok();
    run_with(&machine, beside.trim(), &list).ok();
    // The first may do all that there is, the second only what was said.
    let tokens = ["token", "list", "--to", &server.url()];
    run_with(&machine, alone.trim(), &tokens).ok();
    run_with(&machine, beside.trim(), &tokens).fails(1);
    let words = ["server", "create-key", "--name", "x", "--scopes", "everything", "--db", &db];
    let complaint = machine.run(&words).fails(1);
    assert!(complaint.contains("everything"), "{complaint}");
    server.stop();
}
