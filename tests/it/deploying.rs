//! Archives become releases, releases are kept, and apps come and go.

use serde_json::{Value, json};

use crate::node::client::{Request, Response};
use crate::node::{ADMIN, TestNode, deploy_request};
use crate::zips;

const HOST: &str = "blog.localhost";

/// What the original's client sends, byte by byte.
const HEALTH_OF_0_9_4: &[u8] = include_bytes!("../fixtures/00_health.http");
const DEPLOY_OF_0_9_4: &[u8] = include_bytes!("../fixtures/04_api_deploy.http");

/// The token in that request.
const TOKEN_OF_0_9_4: &[u8] = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn roll_back(node: &TestNode, release: Value) -> Response {
    let body = if release.is_null() { json!({}) } else { json!({ "release": release }) };
    node.api("POST", "/api/apps/blog/rollback", &body)
}

fn delete(node: &TestNode, app: &str, purge: bool) -> Response {
    node.api("DELETE", &format!("/api/apps/{app}?purge={purge}"), &Value::Null)
}

fn restore(node: &TestNode, app: &str) -> Response {
    node.api("POST", &format!("/api/apps/{app}/restore"), &Value::Null)
}

/// Deploys with `purge`, which takes earlier files out of reach.
#[track_caller]
fn deploy_purging(node: &TestNode, files: &[(&str, &str)]) {
    let items: Vec<_> =
        files.iter().map(|(path, content)| zips::stored(path, content.as_bytes())).collect();
    let fields = [("name", "blog"), ("purge", "true")];
    let response = node.send(&deploy_request(&node.admin, &fields, &zips::archive(&items)));
    assert_eq!(response.status, 200, "{}", response.text());
}

#[test]
fn the_originals_client_deploys_unchanged() {
    let node = TestNode::start();
    // The original keeps connections open; the answer is what it reads.
    let close = |request: &[u8]| {
        let end = request.windows(2).position(|window| window == b"\r\n").unwrap() + 2;
        [&request[..end], b"Connection: close\r\n", &request[end..]].concat()
    };
    let health = node.raw(&close(HEALTH_OF_0_9_4));
    assert_eq!((health.status, health.text().as_str()), (200, "OK"));
    let at = DEPLOY_OF_0_9_4.windows(64).position(|window| window == TOKEN_OF_0_9_4).unwrap();
    let token = node.token(&["deploy"], None);
    let request = [&DEPLOY_OF_0_9_4[..at], token.as_bytes(), &DEPLOY_OF_0_9_4[at + 64..]].concat();
    let response = node.raw(&close(&request));
    assert_eq!(response.status, 200, "{}", response.text());
    let data = &response.json()["data"];
    assert_eq!((&data["site"], &data["file_count"]), (&json!("blog"), &json!(4)));
    assert_eq!(data["size_bytes"], 59 + 243 + 15 + 54);
    assert!(node.get(HOST, "/").text().contains("<"));
    assert_eq!(node.get(HOST, "/posts/first").body.len(), 54);
    assert_eq!(
        node.get(HOST, "/css/site.css").header("content-type"),
        Some("text/css; charset=utf-8")
    );
    // Its manifest says no more than its name, and is not served.
    assert_eq!(node.get(HOST, "/manifest.json").status, 404);
    // The very same bytes, with the token of the original, open nothing here.
    assert_eq!(node.raw(&close(DEPLOY_OF_0_9_4)).failure(), "401 INVALID_API_KEY");
}

#[test]
fn a_deploy_answers_what_it_made() {
    let node = TestNode::start();
    let first = node.deploy("blog", &[("index.html", "hello"), ("a.txt", "a")]);
    let url = format!("http://blog.localhost:{}/", node.address.port());
    let id = first["app_id"].as_str().unwrap().to_owned();
    assert!(id.len() == 16 && id.starts_with("app_"), "{id}");
    assert_eq!(
        first,
        json!({
            "site": "blog", "app_id": id, "release": 1, "previous_release": null,
            "file_count": 2, "size_bytes": 6, "url": url, "message": "Deployment successful",
        })
    );
    let second = node.deploy("blog", &[("index.html", "hello again")]);
    assert_eq!((&second["release"], &second["previous_release"]), (&json!(2), &json!(1)));
    assert_eq!(second["app_id"], *id);
    let app = node.data("/api/apps/blog");
    assert_eq!(app, node.data(&format!("/api/apps/{id}")));
    assert_eq!((&app["live_release"], &app["file_count"]), (&json!(2), &json!(1)));
    assert_eq!((&app["size_bytes"], &app["url"]), (&json!(11), &json!(url)));
    let list = node.data("/api/apps");
    assert_eq!(list, json!([app]));
    let files = node.data("/api/apps/blog/releases/1/files");
    let paths: Vec<_> = files.as_array().unwrap().iter().map(|file| &file["path"]).collect();
    assert_eq!(paths, ["a.txt", "index.html"]);
    let pulled = node.api("GET", "/api/apps/blog/releases/v1/files/index.html", &Value::Null);
    assert_eq!((pulled.status, pulled.text().as_str()), (200, "hello"));
    assert_eq!(pulled.header("content-type"), Some("application/octet-stream"));
    assert_eq!(pulled.header("content-disposition"), Some("attachment"));
    for (path, failure) in [
        ("/api/apps/none", "404 APP_NOT_FOUND"),
        ("/api/apps/app_000000000000", "404 APP_NOT_FOUND"),
        ("/api/apps/blog/releases/3/files", "404 RELEASE_NOT_FOUND"),
        ("/api/apps/blog/releases/newest/files", "400 VALIDATION_FAILED"),
        ("/api/apps/blog/releases/live/files/a.txt", "404 FILE_NOT_FOUND"),
    ] {
        assert_eq!(node.api("GET", path, &Value::Null).failure(), failure, "{path}");
    }
}

#[test]
fn a_wrapping_folder_and_what_no_site_needs_are_left_out() {
    let node = TestNode::start();
    node.deploy(
        "blog",
        &[
            ("site/index.html", "home"),
            ("site/.env", "secret"),
            ("site/node_modules/x/y.js", "module"),
            ("__MACOSX/site/._index.html", "mac"),
        ],
    );
    assert_eq!(node.data("/api/apps/blog")["file_count"], 1);
    assert_eq!(node.get(HOST, "/").summary(), "200 home");
}

#[test]
fn rollback_and_previews() {
    let node = TestNode::start();
    for text in ["one", "two", "three"] {
        node.deploy("blog", &[("index.html", text)]);
    }
    assert_eq!(node.releases("blog"), "[3] 2 1");
    let data = roll_back(&node, Value::Null).json()["data"].clone();
    assert_eq!((&data["release"], &data["previous_release"]), (&json!(2), &json!(3)));
    assert_eq!(node.get(HOST, "/").summary(), "200 two");
    assert_eq!(node.releases("blog"), "3 [2] 1");
    roll_back(&node, Value::Null);
    assert_eq!(node.get(HOST, "/").summary(), "200 one");
    assert_eq!(roll_back(&node, Value::Null).failure(), "404 RELEASE_NOT_FOUND");
    assert_eq!(roll_back(&node, json!(3)).status, 200);
    assert_eq!(node.get(HOST, "/").summary(), "200 three");
    for wrong in [json!(0), json!(4), json!(4_000_000_000_u64)] {
        assert_eq!(roll_back(&node, wrong).failure(), "404 RELEASE_NOT_FOUND");
    }
    assert_eq!(roll_back(&node, json!(1_u64 << 40)).failure(), "400 VALIDATION_FAILED");
    assert_eq!(roll_back(&node, json!("3")).failure(), "400 VALIDATION_FAILED");
    // Numbers go on from the highest there ever was.
    roll_back(&node, json!(1));
    assert_eq!(node.deploy("blog", &[("index.html", "four")])["release"], 4);
    for (number, text) in [(1, "200 one"), (2, "200 two"), (3, "200 three"), (4, "200 four")] {
        let preview = node.get(&format!("v{number}--blog.localhost"), "/");
        assert_eq!(preview.summary(), text);
        assert_eq!(preview.header("x-robots-tag"), Some("noindex"));
    }
    assert_eq!(node.get("v5--blog.localhost", "/").summary(), "404 [No such release]");
}

#[test]
fn ten_releases_are_kept_and_the_live_one_always() {
    let node = TestNode::start();
    for n in 1..=12 {
        node.deploy("blog", &[("index.html", format!("{n}"))]);
    }
    assert_eq!(node.releases("blog"), "[12] 11 10 9 8 7 6 5 4 3");
    assert_eq!(node.get("v2--blog.localhost", "/").status, 404);
    assert_eq!(node.get("v3--blog.localhost", "/").summary(), "200 3");
    assert_eq!(roll_back(&node, json!(3)).status, 200);
    node.deploy("blog", &[("index.html", "13")]);
    assert_eq!(node.releases("blog"), "[13] 12 11 10 9 8 7 6 5 4");
}

#[test]
fn open_tabs_find_the_files_of_earlier_releases() {
    let node = TestNode::start();
    node.deploy(
        "blog",
        &[("index.html", "1"), ("a.1.js", "one"), ("old.html", "old"), ("b.css", "b1")],
    );
    node.deploy("blog", &[("index.html", "2"), ("a.2.js", "two"), ("b.css", "b2")]);
    node.deploy("blog", &[("index.html", "3"), ("b.css", "b3")]);
    for (target, expect) in [
        ("/a.1.js", "200 one"),
        ("/a.2.js", "200 two"),
        ("/b.css", "200 b3"),
        ("/old.html", "404 [Not found]"),
        ("/old", "404 [Not found]"),
    ] {
        assert_eq!(node.get(HOST, target).summary(), expect, "{target}");
    }
    // A preview shows its release and nothing else.
    assert_eq!(node.get("v3--blog.localhost", "/a.1.js").status, 404);
    roll_back(&node, json!(2));
    assert_eq!(node.get(HOST, "/a.1.js").summary(), "200 one");
    deploy_purging(&node, &[("index.html", "4")]);
    for target in ["/a.1.js", "/a.2.js", "/b.css"] {
        assert_eq!(node.get(HOST, target).status, 404, "{target}");
    }
    // What was purged stays so, and what comes later is reachable again.
    node.deploy("blog", &[("index.html", "5"), ("c.js", "c")]);
    node.deploy("blog", &[("index.html", "6")]);
    assert_eq!(node.get(HOST, "/c.js").summary(), "200 c");
    assert_eq!(node.get(HOST, "/a.2.js").status, 404);
}

#[test]
fn a_deleted_app_frees_its_name_and_can_come_back() {
    let node = TestNode::start();
    let first = node.deploy("blog", &[("index.html", "first"), ("first.txt", "mine")]);
    let first_id = first["app_id"].as_str().unwrap();
    assert_eq!(delete(&node, "blog", false).status, 200);
    assert_eq!(node.get(HOST, "/").summary(), "404 [No app here]");
    assert_eq!(node.get("v1--blog.localhost", "/").summary(), "404 [No app here]");
    assert_eq!(delete(&node, "blog", false).failure(), "404 APP_NOT_FOUND");
    assert_eq!(node.data("/api/apps"), json!([]));
    let deleted = node.data("/api/apps?deleted=true");
    assert_eq!(deleted[0]["id"], *first_id);
    assert!(deleted[0]["deleted_at"].is_string());

    let second = node.deploy("blog", &[("index.html", "second")]);
    assert_eq!((&second["release"], &second["previous_release"]), (&json!(1), &Value::Null));
    assert_ne!(second["app_id"], *first_id);
    // The new app sees nothing of the old one.
    assert_eq!(node.get(HOST, "/first.txt").status, 404);
    assert_eq!(node.releases("blog"), "[1]");
    assert_eq!(node.get("v1--blog.localhost", "/").summary(), "200 second");
    assert_eq!(restore(&node, first_id).failure(), "409 NAME_TAKEN");
    assert_eq!(delete(&node, "blog", true).status, 200);
    assert_eq!(restore(&node, second["app_id"].as_str().unwrap()).failure(), "404 APP_NOT_FOUND");
    assert_eq!(restore(&node, "blog").json()["data"]["id"], *first_id);
    assert_eq!(node.get(HOST, "/first.txt").summary(), "200 mine");
    assert_eq!(restore(&node, "blog").failure(), "404 APP_NOT_FOUND");

    delete(&node, "blog", false);
    assert_eq!(delete(&node, first_id, true).status, 200);
    assert_eq!(delete(&node, first_id, true).failure(), "404 APP_NOT_FOUND");
    assert_eq!(node.data("/api/apps?deleted=true"), json!([]));
}

#[test]
fn thirty_days_after_its_deletion_an_app_is_gone() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "home")]);
    delete(&node, "blog", false);
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    node.clean_after(29 * day);
    assert_eq!(restore(&node, "blog").status, 200);
    assert_eq!(node.get(HOST, "/").summary(), "200 home");
    delete(&node, "blog", false);
    node.clean_after(31 * day);
    assert_eq!(restore(&node, "blog").failure(), "404 APP_NOT_FOUND");
}

#[test]
fn everything_is_there_after_a_restart() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "one")]);
    node.deploy("blog", &[("index.html", "two")]);
    node.deploy("gone", &[("index.html", "x")]);
    delete(&node, "gone", false);
    let token = node.token(&["read"], None);
    let node = node.restart(fazt_actors::limits::Limits::default());
    assert_eq!(node.get(HOST, "/").summary(), "200 two");
    assert_eq!(node.get("v1--blog.localhost", "/").summary(), "200 one");
    assert_eq!(node.get("gone.localhost", "/").status, 404);
    let request = Request::new("GET", ADMIN, "/api/apps").bearer(&token);
    assert_eq!(node.send(&request).status, 200);
    assert_eq!(restore(&node, "gone").status, 200);
}
