//! `fazt app …`, for people's programs: tab-separated, and as JSON.

use std::fs;

use crate::commands::rows;
use crate::process::{Files, Machine, Server, files};

/// An app with three releases, of which the last is live.
fn with_blog() -> (Machine, Server) {
    let machine = Machine::new();
    let server = machine.start();
    for text in ["one", "two", "three"] {
        server.deploy("blog", &blog(text));
    }
    (machine, server)
}

fn blog(text: &str) -> Files {
    files(&[("index.html", text), ("css/site.css", "body {}"), ("app.js", "let a\tb")])
}

#[test]
fn lists_are_tab_separated_values() {
    let (machine, server) = with_blog();
    server.deploy("another", &files(&[("index.html", "x")]));
    let said = machine.run(&["app", "list"]).ok();
    let list = rows(&said);
    let url = format!("http://blog.localhost:{}/", server.port);
    assert_eq!(list.len(), 2, "{said}");
    assert_eq!(list[0][0], "another");
    assert_eq!(list[1][..5], ["blog", &url, "v3", "3", "19"]);
    assert!(list[1][5].ends_with('Z'), "a time in UTC: {said}");

    let said = machine.run(&["app", "releases", "blog"]).ok();
    let releases = rows(&said);
    let numbers: Vec<&str> = releases.iter().map(|row| row[0]).collect();
    assert_eq!(numbers, ["v3", "v2", "v1"]);
    let live: Vec<&str> = releases.iter().map(|row| row[1]).collect();
    assert_eq!(live, ["true", "false", "false"]);
    assert_eq!(releases[2][5], "owner");
    assert_eq!(releases[2][6], format!("http://v1--blog.localhost:{}/", server.port));

    let said = machine.run(&["app", "files", "blog", "--release", "v1"]).ok();
    let listed = rows(&said);
    let paths: Vec<&str> = listed.iter().map(|row| row[0]).collect();
    assert_eq!(paths, ["app.js", "css/site.css", "index.html"]);
    assert_eq!(listed[2][1], "3");
    assert_eq!(listed[2][2].len(), 64, "a whole hash: {said}");

    let said = machine.run(&["app", "info", "blog"]).ok();
    let facts = rows(&said);
    assert_eq!(facts[0], ["Name", "blog"]);
    assert_eq!(facts[3], ["Live", "v3"]);
    server.stop();
}

#[test]
fn json_is_the_apis_data() {
    let (machine, server) = with_blog();
    let apps = machine.run(&["app", "list", "--json"]).json();
    assert_eq!(apps, server.api("/api/apps"));
    assert_eq!(apps[0]["live_release"], 3);
    for (words, path) in [
        (&["app", "info", "blog", "--json"][..], "/api/apps/blog"),
        (&["app", "releases", "blog", "--json"], "/api/apps/blog/releases"),
        (&["app", "files", "blog", "--json"], "/api/apps/blog/releases/live/files"),
    ] {
        assert_eq!(machine.run(words).json(), server.api(path), "{words:?}");
    }
    // By its id as well.
    let id = apps[0]["id"].as_str().unwrap();
    assert_eq!(machine.run(&["app", "info", id, "--json"]).json(), apps[0]);
    server.stop();
}

#[test]
fn an_empty_list_is_no_line_and_an_empty_array() {
    let machine = Machine::new();
    let server = machine.start();
    assert_eq!(machine.run(&["app", "list"]).ok(), "");
    assert_eq!(machine.run(&["app", "list", "--json"]).json(), serde_json::json!([]));
    assert_eq!(machine.run(&["app", "list", "--deleted"]).ok(), "");
    server.stop();
}

#[test]
fn an_unknown_app_is_named() {
    let (machine, server) = with_blog();
    let out = machine.path("out").to_str().unwrap().to_owned();
    for words in [
        &["app", "info", "blgo"][..],
        &["app", "files", "blgo"],
        &["app", "releases", "blgo"],
        &["app", "rollback", "blgo"],
        &["app", "pull", "blgo", &out],
        &["app", "delete", "blgo", "--yes"],
        &["app", "restore", "blgo"],
        &["app", "open", "blgo"],
    ] {
        let complaint = machine.run(words).fails(1);
        assert!(complaint.contains("blgo"), "{words:?}: {complaint}");
        assert!(complaint.contains("_NOT_FOUND"), "{words:?}: {complaint}");
    }
    let complaint = machine.run(&["app", "rollback", "blog", "v9"]).fails(1);
    assert!(complaint.contains("v9") || complaint.contains("release 9"), "{complaint}");
    server.stop();
}

#[test]
fn a_rollback_goes_back_and_forth() {
    let (machine, server) = with_blog();
    let said = machine.run(&["app", "rollback", "blog"]).ok();
    assert!(said.contains("blog is at v2 (was v3)."), "{said}");
    assert_eq!(server.get("blog.localhost", "/").text(), "two");
    let said = machine.run(&["app", "rollback", "blog", "v1", "--json"]).json();
    assert_eq!((&said["release"], &said["previous_release"]), (&1.into(), &2.into()));
    assert_eq!(server.get("blog.localhost", "/").text(), "one");
    let complaint = machine.run(&["app", "rollback", "blog"]).fails(1);
    assert!(complaint.contains("blog") || complaint.contains("release"), "{complaint}");
    machine.run(&["app", "rollback", "blog", "3"]).ok();
    assert_eq!(server.get("blog.localhost", "/").text(), "three");
    server.stop();
}

#[test]
fn a_pulled_release_is_what_was_deployed() {
    let (machine, server) = with_blog();
    let folder = machine.path("pulled/here");
    let out = folder.to_str().unwrap().to_owned();
    let said = machine.run(&["app", "pull", "blog", &out]).ok();
    assert!(said.contains("Pulled 3 files of blog, 19 B,"), "{said}");
    for (path, content) in blog("three") {
        assert_eq!(fs::read(folder.join(&path)).unwrap(), content, "{path}");
    }
    fs::write(folder.join("mine.txt"), "kept").unwrap();
    let complaint = machine.run(&["app", "pull", "blog", &out, "--release", "v1"]).fails(1);
    assert!(complaint.contains("not empty") && complaint.contains("--force"), "{complaint}");
    assert_eq!(fs::read(folder.join("index.html")).unwrap(), b"three");
    machine.run(&["app", "pull", "blog", &out, "--release", "v1", "--force"]).ok();
    assert_eq!(fs::read(folder.join("index.html")).unwrap(), b"one");
    assert_eq!(fs::read(folder.join("mine.txt")).unwrap(), b"kept");
    // What was pulled deploys as the release that it was: nothing has to be sent.
    fs::remove_file(folder.join("mine.txt")).unwrap();
    let said = machine.run(&["deploy", &out, "--name", "blog"]).ok();
    assert!(said.contains("Deployed blog v4: 3 files"), "{said}");
    server.stop();
}

#[test]
fn a_deletion_is_asked_for_and_can_be_undone() {
    let (machine, server) = with_blog();
    let complaint = machine.run(&["app", "delete", "blog"]).fails(1);
    assert!(complaint.contains("--yes"), "{complaint}");
    assert_eq!(server.get("blog.localhost", "/").status, 200, "nobody said yes");

    let said = machine.run(&["app", "delete", "blog", "--yes"]).ok();
    assert!(said.starts_with("Deleted blog."), "{said}");
    let id = said.split("app restore ").nth(1).unwrap().split('`').next().unwrap();
    assert_eq!(server.get("blog.localhost", "/").status, 404);
    let said = machine.run(&["app", "list", "--deleted"]).ok();
    assert_eq!(rows(&said)[0][..2], ["blog", id]);
    assert_eq!(machine.run(&["app", "list", "--deleted", "--json"]).json()[0]["id"], id);

    let said = machine.run(&["app", "restore", id]).ok();
    assert!(said.contains("Restored blog."), "{said}");
    assert_eq!(server.get("blog.localhost", "/").text(), "three");

    let deleted = machine.run(&["app", "delete", "blog", "--yes", "--json"]).json();
    assert_eq!(deleted["name"], "blog");
    server.deploy("blog", &blog("other"));
    let complaint = machine.run(&["app", "restore", id]).fails(1);
    assert!(complaint.contains("NAME_TAKEN"), "{complaint}");

    let said = machine.run(&["app", "delete", id, "--purge", "--yes"]).ok();
    assert_eq!(said, "Deleted blog for good.\n");
    assert_eq!(machine.run(&["app", "list", "--deleted"]).ok(), "");
    assert_eq!(server.get("blog.localhost", "/").text(), "other", "the new one stays");
    server.stop();
}

#[test]
fn opening_prints_the_address() {
    let (machine, server) = with_blog();
    let said = machine.run(&["app", "open", "blog"]).ok();
    assert_eq!(said, format!("http://blog.localhost:{}/\n", server.port));
    server.stop();
}
