//! Two machines with a home each: a node on one, a command line on the other.

use std::io::Write;
use std::process::Stdio;

use super::{introduce, token_of, with_token};
use crate::commands::rows;
use crate::fake_peer::{FakePeer, ORIGINAL_TOKEN, answer, json};
use crate::process::{Machine, files};

#[test]
fn a_node_elsewhere_is_added_looked_at_and_deployed_to() {
    let (far, near) = (Machine::new(), Machine::new());
    let server = far.start();
    let url = server.url();
    let token = token_of(&far, "laptop", "admin");

    let words = ["remote", "add", "home", "--url", &format!("{url}/"), "--desc", "the box"];
    let added = near.finish(&mut with_token(&near, &token, &words)).ok();
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        added.starts_with(&format!("Added home: {url}, fazt {version}. It is the default.\n")),
        "{added}"
    );

    let status = near.run(&["remote", "status"]).ok();
    for line in ["Server\thome\n", "Status\thealthy\n", "Mode\tdevelopment\n", "Apps\t0\n"] {
        assert!(status.contains(line), "{line} is not in {status}");
    }
    assert!(status.contains(&format!("URL\t{url}\n")), "{status}");
    assert!(status.contains(&format!("Version\t{version}\n")), "{status}");
    let json = near.run(&["remote", "status", "home", "--json"]).json();
    assert_eq!((&json["name"], &json["status"]), (&"home".into(), &"healthy".into()));
    assert_eq!(json["health"]["version"], version);

    // The folder and the peer in every order.
    let folder = near.folder("site", &files(&[("index.html", "<h1>hi</h1>")]));
    for (number, words) in [
        &["remote", "deploy", &folder, "home"][..],
        &["remote", "deploy", &folder],
        &["remote", "deploy", "--name", "site", &folder, "home"],
        &["remote", "deploy", "--to", "home", &folder],
        &["@home", "deploy", &folder],
        &["deploy", "-path", &folder, "-domain", "site", "-to", "home"],
    ]
    .into_iter()
    .enumerate()
    {
        let said = near.run(words).ok();
        assert!(said.contains(&format!("Deployed site v{}:", number + 1)), "{words:?}: {said}");
    }
    assert_eq!(server.get("site.localhost", "/").text(), "<h1>hi</h1>");

    for words in [&["remote", "apps"][..], &["remote", "apps", "home"], &["client", "apps"]] {
        let said = near.run(words).ok();
        let row = &rows(&said)[0];
        assert_eq!(row[..3], ["site", "1", "11"], "{words:?}: {said}");
        assert!(row[3].ends_with('Z') && row[5].contains("site.localhost"), "{said}");
    }
    assert!(near.run(&["@home", "app", "list"]).ok().starts_with("site\t"));
    assert_eq!(near.run(&["remote", "apps", "--json"]).json()[0]["name"], "site");

    // A database of this machine is asked for, not the peer that is the default.
    near.run(&["server", "init", "--db", &near.db()]).ok();
    near.run(&["deploy", &folder, "--name", "nearby", "--db", &near.db()]).ok();
    let said = near.run(&["client", "apps", "--db", &near.db()]).ok();
    assert_eq!(rows(&said)[0][0], "nearby", "{said}");
    server.stop();
}

#[test]
fn the_list_shows_everything_but_tokens() {
    let (far, near) = (Machine::new(), Machine::new());
    let server = far.start();
    let token = token_of(&far, "laptop", "admin");
    let secret = token.rsplit('_').next().unwrap();
    introduce(&near, "home", &server, &token);
    introduce(&near, "again", &server, &token);

    let said = near.run(&["remote"]).ok();
    let list = rows(&said);
    assert_eq!(list.len(), 2, "{said}");
    let url = server.url();
    assert_eq!(list[0][..4], ["again", &*url, "false", "healthy"], "{said}");
    assert_eq!(list[1][..5], ["home", &url, "true", "healthy", env!("CARGO_PKG_VERSION")]);
    assert!(list[1][5].ends_with('Z'), "when it was seen: {said}");
    let json = near.run(&["remote", "list", "--json"]).json();
    assert_eq!((&json[1]["is_default"], &json[1]["has_token"]), (&true.into(), &true.into()));
    let shown = format!("{said}{json}{}", near.run(&["remote", "status", "--json"]).json());
    assert!(!shown.contains(secret), "{shown}");

    assert_eq!(near.run(&["remote", "default", "again"]).ok(), "again is the default now.\n");
    assert!(near.run(&["remote", "status"]).ok().contains("Server\tagain\n"));
    let said = near.run(&["remote", "remove", "again"]).ok();
    assert_eq!(said, "Forgot again; home is the default now.\n");
    for words in [["remote", "remove", "again"], ["remote", "default", "again"]] {
        let complaint = near.run(&words).fails(1);
        assert!(complaint.contains("again") && complaint.contains("known: home"), "{complaint}");
    }

    server.stop();
    let complaint = near.run(&["remote", "status"]).fails(1);
    for part in ["home", &url, "is unreachable", "nothing listens"] {
        assert!(complaint.contains(part), "{part} is not in {complaint}");
    }
    let said = near.run(&["remote", "list"]).ok();
    assert_eq!(rows(&said)[0][3..5], ["unreachable", env!("CARGO_PKG_VERSION")], "{said}");
}

#[test]
fn a_token_comes_from_where_it_leaves_no_trace() {
    let (far, near) = (Machine::new(), Machine::new());
    let server = far.start();
    let url = server.url();
    let token = token_of(&far, "laptop", "read");

    let complaint = near.run(&["remote", "add", "home", "--url", &url]).fails(1);
    assert!(complaint.contains("FAZT_TOKEN") && complaint.contains("create-key"), "{complaint}");

    let words = ["remote", "add", "piped", "--url", &url, "--token-stdin"];
    let mut command = near.fazt(&words);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{token}\n").as_bytes()).unwrap();
    let added = child.wait_with_output().unwrap();
    assert!(added.status.success());
    assert!(String::from_utf8_lossy(&added.stdout).starts_with("Added piped"));

    let ran = near.run(&["remote", "add", "typed", "--url", &url, "--token", &token]);
    assert!(ran.stderr.contains("history"), "{ran:?}");
    ran.ok();
    for name in ["piped", "typed"] {
        near.run(&["remote", "apps", name]).ok();
    }

    // Nothing is kept of what the node does not take.
    let wrong = format!("{}x", &token[..token.len() - 1]);
    for token in [wrong.as_str(), "nonsense", ORIGINAL_TOKEN] {
        let words = ["remote", "add", "home", "--url", &url];
        let complaint = near.finish(&mut with_token(&near, token, &words)).fails(1);
        assert!(complaint.contains("does not take the token"), "{complaint}");
        assert!(!complaint.contains(token), "{complaint}");
    }
    let said = near.run(&["remote"]).ok();
    assert!(!said.contains("home"), "{said}");

    // Unless it is wanted.
    let words = ["remote", "add", "home", "--url", &url, "--token", &wrong, "--no-check"];
    near.run(&words).ok();
    let complaint = near.run(&["remote", "status", "home"]).fails(1);
    for part in ["home", &url, "does not take the token"] {
        assert!(complaint.contains(part), "{part} is not in {complaint}");
    }
    let said = near.run(&["remote"]).ok();
    assert!(said.contains("\ttoken refused\t"), "{said}");
    // Without a token it is seen that the node is there, and that is all.
    near.run(&["remote", "add", "bare", "--url", &url, "--no-check"]).ok();
    let ran = near.run(&["remote", "status", "bare"]);
    assert!(ran.stderr.contains("without a token"), "{ran:?}");
    assert!(ran.ok().contains("Status\thealthy\n"));
    assert!(near.run(&["remote", "apps", "bare"]).fails(1).contains("no token is known for bare"));
    // The environment's token wins over the stored one.
    near.finish(&mut with_token(&near, &token, &["remote", "status", "home"])).ok();
    server.stop();
}

#[test]
fn a_token_that_may_not_read_is_good_enough_to_deploy() {
    let (far, near) = (Machine::new(), Machine::new());
    let server = far.start();
    let token = token_of(&far, "ci", "deploy:site");
    introduce(&near, "home", &server, &token);
    let ran = near.run(&["remote", "status"]);
    assert!(ran.stderr.contains("may not read"), "{ran:?}");
    assert!(ran.ok().contains("Status\thealthy\n"));
    let folder = near.folder("site", &files(&[("index.html", "x")]));
    near.run(&["remote", "deploy", &folder]).ok();
    let complaint = near.run(&["remote", "deploy", &folder, "--name", "other"]).fails(1);
    for part in ["cannot deploy \"other\" to home", &server.url(), "FORBIDDEN"] {
        assert!(complaint.contains(part), "{part} is not in {complaint}");
    }
    let complaint = near.run(&["remote", "apps"]).fails(1);
    assert!(complaint.contains("refused") && complaint.contains("FORBIDDEN"), "{complaint}");
    server.stop();
}

#[test]
fn what_a_token_may_do_is_told_where_the_node_tells() {
    let machine = Machine::new();
    let peer = FakePeer::start(|request| match request.line.as_str() {
        "GET /health" => answer("200 OK", &[], "OK"),
        "GET /api/auth/status" => json(
            "200 OK",
            r#"{"data":{"authenticated":true,"username":"ci","scopes":["read","deploy:blog"]}}"#,
        ),
        _ => json("200 OK", r#"{"data":{"status":"healthy","version":"9.9.9"}}"#),
    });
    let words = ["remote", "add", "home", "--url", &peer.url()];
    let said = machine.finish(&mut with_token(&machine, "fazt_a_b", &words)).ok();
    let expect = format!(
        "Added home: {}, fazt 9.9.9. It is the default.\n\
         The token \"ci\" may: read, deploy:blog.\n",
        peer.url()
    );
    assert_eq!(said, expect);
    let tokens: Vec<Option<String>> =
        peer.received().iter().map(|got| got.token().map(str::to_owned)).collect();
    assert_eq!(tokens[0], None, "the first request only looks who is there");
}

#[test]
fn a_name_is_taken_until_it_is_forgotten_or_replaced() {
    let (far, near) = (Machine::new(), Machine::new());
    let server = far.start();
    let token = token_of(&far, "laptop", "read");
    introduce(&near, "home", &server, &token);
    let url = server.url();
    let words = ["remote", "add", "home", "--url", &url];
    let complaint = near.finish(&mut with_token(&near, &token, &words)).fails(1);
    for part in ["home", &url, "fazt remote remove home", "--force"] {
        assert!(complaint.contains(part), "{part} is not in {complaint}");
    }
    let forced = [&words[..], &["--force"]].concat();
    near.finish(&mut with_token(&near, &token, &forced)).ok();
    for name in ["Home", "a.b", "--", "a/b"] {
        let words = ["remote", "add", name, "--url", &url];
        let ran = near.finish(&mut with_token(&near, &token, &words));
        assert!(!ran.status.success(), "{ran:?}");
    }
    let complaint = near.run(&["@nobody", "app", "list"]).fails(1);
    assert!(complaint.contains("nobody") && complaint.contains("known: home"), "{complaint}");
    let complaint = near.run(&["@home", "server", "status"]).fails(2);
    assert!(complaint.contains("is about the node on this machine"), "{complaint}");
    server.stop();
}
