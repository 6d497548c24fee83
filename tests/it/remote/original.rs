//! A node of fazt 0.9.4 as a peer.

use std::io::{Cursor, Read};

use super::with_token;
use crate::commands::rows;
use crate::fake_peer::{FakePeer, ORIGINAL_TOKEN};
use crate::process::{Machine, files};
use crate::wire::Request;

#[track_caller]
fn add(machine: &Machine, peer: &FakePeer) {
    let words = ["remote", "add", "old", "--url", &peer.url()];
    let added = machine.finish(&mut with_token(machine, ORIGINAL_TOKEN, &words)).ok();
    assert!(added.contains(", fazt 0.9.4. It is the default."), "{added}");
}

#[test]
fn a_node_of_the_original_is_read() {
    let (machine, peer) = (Machine::new(), FakePeer::original());
    add(&machine, &peer);
    let status = machine.run(&["remote", "status", "old"]).ok();
    for line in [
        "Status\thealthy\n",
        "Version\t0.9.4\n",
        "Mode\tproduction\n",
        "Uptime\t11047\n",
        "Memory\t2.9\n",
        "DB connections\t1\n",
    ] {
        assert!(status.contains(line), "{line} is not in {status}");
    }
    let said = machine.run(&["remote", "apps", "old"]).ok();
    assert_eq!(rows(&said)[0][..5], ["old", "3", "1200", "2026-01-14 22:20:33", "deploy"]);
    assert_eq!(machine.run(&["client", "logs", "--site", "old"]).ok(), "");
    for words in [&["servers", "ping", "old"][..], &["servers", "ping"]] {
        assert!(machine.run(words).ok().contains("is healthy"), "{words:?}");
    }

    // What it cannot do is no mistake in its address.
    let complaint = machine.run(&["@old", "app", "list"]).fails(1);
    assert!(complaint.contains("old (http") && complaint.contains("runs fazt 0.9.4"));
    // Its 401 is outside of the envelope.
    let words = ["remote", "status", "old"];
    let complaint = machine.finish(&mut with_token(&machine, "abcd", &words)).fails(1);
    assert!(complaint.contains("Authentication required"), "{complaint}");
    assert!(complaint.contains("does not take the token"), "{complaint}");
}

#[test]
fn a_folder_goes_to_a_node_of_the_original_as_a_zip() {
    let (machine, peer) = (Machine::new(), FakePeer::original());
    add(&machine, &peer);
    let folder = machine.folder(
        "blog",
        &files(&[
            ("index.html", "<h1>"),
            ("css/site.css", "body{}"),
            (".env", "SECRET"),
            ("node_modules/x.js", "x"),
            (".gitignore", "*.log"),
            ("debug.log", "x"),
        ]),
    );
    let ran = machine.run(&["remote", "deploy", &folder, "old"]);
    assert!(ran.stderr.contains("runs fazt 0.9.4"), "{ran:?}");
    let said = ran.ok();
    let url = peer.url().replace("localhost", "blog.localhost");
    assert!(said.starts_with(&format!("{url}/\nDeployed blog: 2 files, 9 B; sent")), "{said}");

    let deploys: Vec<_> =
        peer.received().into_iter().filter(|got| got.line == "POST /api/deploy").collect();
    let [deploy] = &deploys[..] else { panic!("{} deploys", deploys.len()) };
    assert_eq!(deploy.token(), Some(ORIGINAL_TOKEN));
    let text = String::from_utf8_lossy(&deploy.body);
    assert!(text.contains("name=\"site_name\"\r\n\r\nblog\r\n"), "{text}");
    assert!(text.contains("name=\"file\"; filename=\"site.zip\"\r\n"), "{text}");
    // The reader finds the archive behind the form's head by itself.
    let mut archive = zip::ZipArchive::new(Cursor::new(deploy.body.clone())).unwrap();
    let mut names: Vec<String> =
        archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    names.sort();
    assert_eq!(names, ["css/site.css", "index.html"]);
    let mut page = String::new();
    archive.by_name("index.html").unwrap().read_to_string(&mut page).unwrap();
    assert_eq!(page, "<h1>");

    // A node of today understands the same bytes.
    let server = machine.start();
    let content_type =
        deploy.head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-type: "));
    let replayed =
        Request { body: deploy.body.clone(), ..Request::get("localhost", "/api/deploy") };
    let replayed = Request { method: "POST", ..replayed }.with(content_type.unwrap());
    let reply = server.ask(replayed).unwrap();
    assert_eq!((reply.status, &reply.json()["data"]["file_count"]), (200, &2.into()));
    assert_eq!(server.get("blog.localhost", "/css/site.css").text(), "body{}");
    server.stop();

    let json = machine.run(&["deploy", &folder, "--json"]).json();
    assert_eq!((&json["site"], &json["file_count"]), (&"blog".into(), &2.into()));

    let folder = machine.folder("bare", &files(&[("about.html", "x")]));
    let ran = machine.run(&["deploy", &folder]);
    assert!(ran.stderr.contains("index.html at its top"), "{ran:?}");
    ran.ok();
}
