use std::os::unix::fs::symlink;

use actix_web::{App, HttpResponse, HttpServer, web};
use fazt_actors::content::ContentHash;
use serde_json::json;

use super::*;

/// A node whose one release announces this file, and sends these bytes for every file.
fn node_with(path: &str, announced: &'static str, sent: &'static str) -> NodeClient {
    let files = json!({ "data": [{
        "path": path,
        "size": announced.len(),
        "sha256": ContentHash::of(announced.as_bytes()).to_string(),
    }] });
    let server = HttpServer::new(move || {
        let files = files.clone();
        let list = move || {
            let files = files.clone();
            async move { HttpResponse::Ok().json(files) }
        };
        App::new()
            .route("/api/apps/blog/releases/3/files", web::get().to(list))
            .default_service(web::to(move || async move { HttpResponse::Ok().body(sent) }))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    actix::spawn(server.run());
    NodeClient::at(&url.parse().unwrap(), None)
}

#[actix::test]
async fn a_file_appears_only_when_it_is_what_was_announced() {
    for (path, announced, sent, expect) in [
        ("a/b.txt", "hello", "hello", Ok("hello")),
        ("empty", "", "", Ok("")),
        ("a/b.txt", "hello", "jello", Err("hash")),
        ("a/b.txt", "hello", "hell", Err("hash")),
        ("a/b.txt", "hello", "hello!", Err("more bytes")),
        ("../b.txt", "hello", "hello", Err("leads out")),
        ("/srv/b.txt", "hello", "hello", Err("leads out")),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        let node = node_with(path, announced, sent);
        match (run(&node, "blog", Some(3), &target, false).await, expect) {
            (Ok(pulled), Ok(content)) => {
                assert_eq!(pulled, Pulled { files: 1, bytes: content.len() as u64 });
                assert_eq!(fs::read_to_string(target.join(path)).unwrap(), content);
            }
            (Err(error), Err(part)) => {
                let error = format!("{error:#}");
                assert!(error.contains(part) && error.contains(path), "{error}");
                assert!(!target.join(path).exists());
            }
            (got, expect) => panic!("{path} {sent}: {got:?}, expected {expect:?}"),
        }
    }
}

#[test]
fn only_paths_below_the_folder_are_inside() {
    for (path, expect) in [
        ("index.html", true),
        ("css/deep/x.css", true),
        ("ünïcode/a b.txt", true),
        ("..hidden/...", true),
        (".well-known/x", true),
        ("", false),
        ("/etc/passwd", false),
        ("../x", false),
        ("a/../../x", false),
        ("a//b", false),
        ("a/", false),
        ("a/./b", false),
        (".", false),
        ("..", false),
        ("a\\b", false),
        ("a\0b", false),
    ] {
        assert_eq!(is_inside(path), expect, "{path:?}");
    }
}

#[test]
fn nothing_is_written_through_a_link_or_over_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path(), dir.path().join("link")).unwrap();
    fs::create_dir(dir.path().join("folder")).unwrap();
    fs::write(dir.path().join("file"), "x").unwrap();

    let placed = place(dir.path(), "new/deep/a.txt").unwrap();
    assert_eq!(placed, dir.path().join("new/deep/a.txt"));
    assert!(dir.path().join("new/deep").is_dir());

    for (path, part) in [
        ("link/a.txt", "no folder of its own"),
        ("file/a.txt", "no folder of its own"),
        ("folder", "is a folder"),
        ("../a.txt", "leads out"),
    ] {
        let error = place(dir.path(), path).unwrap_err().to_string();
        assert!(error.contains(part), "{path}: {error}");
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_holds_something_is_taken_only_by_force() {
    let dir = tempfile::tempdir().unwrap();
    let fresh = dir.path().join("a/b");
    prepare(&fresh, false).unwrap();
    assert!(fresh.is_dir());
    prepare(&fresh, false).unwrap();
    fs::write(fresh.join("x"), "x").unwrap();
    let error = prepare(&fresh, false).unwrap_err().to_string();
    assert!(error.contains("not empty") && error.contains("--force"), "{error}");
    prepare(&fresh, true).unwrap();
}
