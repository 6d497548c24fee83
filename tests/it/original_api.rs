//! The endpoints of the original, with the exact spelling of every field.

use serde_json::{Value, json};

use crate::node::client::Request;
use crate::node::{ADMIN, TestNode};

/// Names of the fields of an object, sorted.
fn fields(value: &Value) -> String {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names.join(" ")
}

#[test]
fn lists_are_never_null_and_spelled_as_before() {
    let node = TestNode::start();
    for (target, expected) in [
        ("/api/apps", json!([])),
        ("/api/sites", json!([])),
        ("/api/deployments", json!({ "deployments": [] })),
        ("/api/mapped-domains", json!([])),
        ("/api/sessions", json!([])),
        ("/api/audit", json!([])),
    ] {
        assert_eq!(node.data(target), expected, "{target}");
    }
    node.deploy("blog", &[("index.html", "home"), ("css/a.css", "b{}")]);
    assert_eq!(node.data("/api/envvars?site_id=blog"), json!({ "vars": [] }));
    let sites = node.data("/api/sites");
    assert_eq!(fields(&sites[0]), "FileCount ModTime Name Path SizeBytes");
    assert_eq!(sites[0]["Name"], "blog");
    assert_eq!(sites[0]["Path"], "vfs://blog");
    assert_eq!((&sites[0]["FileCount"], &sites[0]["SizeBytes"]), (&json!(2), &json!(7)));
    let time = sites[0]["ModTime"].as_str().unwrap();
    assert!(time.len() == 19 && time.as_bytes()[10] == b' ', "{time}");
    assert_eq!(node.data("/api/sites/blog"), sites[0]);
    for target in ["/api/sites/blog/files", "/api/apps/blog/files"] {
        let files = node.data(target);
        assert_eq!(fields(&files[0]), "mod_time path size");
        assert_eq!((&files[0]["path"], &files[0]["size"]), (&json!("css/a.css"), &json!(3)));
    }
    let deployed = node.data("/api/deployments")["deployments"][0].clone();
    assert_eq!(fields(&deployed), "created_at deployed_by file_count id site_id size_bytes");
    assert_eq!(
        (&deployed["site_id"], &deployed["deployed_by"]),
        (&json!("blog"), &json!("harness"))
    );
    let line = node.data("/api/logs?site_id=blog")["logs"][0].clone();
    assert_eq!(fields(&line), "created_at id level message");
}

#[test]
fn a_sites_file_is_a_download_with_its_type() {
    let node = TestNode::start();
    node.deploy("blog", &[("a/x.html", "<script>1</script>"), ("index.html", "")]);
    let request = Request::new("GET", ADMIN, "/api/sites/blog/files/a/x.html").bearer(&node.admin);
    let file = node.send(&request);
    assert_eq!(file.text(), "<script>1</script>");
    assert_eq!(file.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(file.header("content-disposition"), Some("attachment"));
    assert_eq!(file.header("content-security-policy"), Some("sandbox"));
    assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    let missing = node.api("GET", "/api/sites/blog/files/none", &Value::Null);
    assert_eq!(missing.failure(), "404 FILE_NOT_FOUND");
}

#[test]
fn keys_are_tokens() {
    let node = TestNode::start();
    let made =
        node.api("POST", "/api/keys", &json!({ "name": "ci", "scopes": "deploy:blog, read" }));
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(fields(&made.json()["data"]), "message token");
    let token = made.json()["data"]["token"].as_str().unwrap().to_owned();
    assert_eq!(node.api_as(&token, "GET", "/api/apps", &Value::Null).status, 200);
    let keys = node.data("/api/keys")["keys"].clone();
    let key = keys.as_array().unwrap().iter().find(|key| key["name"] == "ci").unwrap();
    assert_eq!(fields(key), "created_at id last_used_at name scopes");
    assert_eq!(key["scopes"], "deploy:blog,read");
    let target = format!("/api/keys?id={}", key["id"].as_str().unwrap());
    assert_eq!(node.api("DELETE", &target, &Value::Null).status, 200);
    assert_eq!(node.api("DELETE", &target, &Value::Null).failure(), "404 TOKEN_NOT_FOUND");
    assert_eq!(
        node.api_as(&token, "GET", "/api/apps", &Value::Null).failure(),
        "401 INVALID_API_KEY"
    );
    for body in [json!({ "name": "x", "scopes": "root" }), json!({ "name": "" }), json!({})] {
        assert_eq!(
            node.api("POST", "/api/keys", &body).failure(),
            "400 VALIDATION_FAILED",
            "{body}"
        );
    }
    assert_eq!(node.api("DELETE", "/api/keys", &Value::Null).failure(), "400 VALIDATION_FAILED");
}

#[test]
fn variables_are_set_listed_and_never_read_back() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "home")]);
    let set = |name: &str, value: &str| {
        let body = json!({ "site_id": "blog", "name": name, "value": value });
        node.api("POST", "/api/envvars", &body)
    };
    assert_eq!(set("GREETING", "salut").json(), json!({ "data": {} }));
    assert_eq!(set("GREETING", "hello").status, 200);
    assert_eq!(set("API_KEY", &"x".repeat(65_536)).status, 200);
    let vars = node.data("/api/envvars?site_id=blog");
    assert!(!vars.to_string().contains("hello"));
    let names: Vec<&Value> =
        vars["vars"].as_array().unwrap().iter().map(|var| &var["name"]).collect();
    assert_eq!(names, ["API_KEY", "GREETING"]);
    for (name, value) in
        [("greeting", "x"), ("PATH", "x"), ("", "x"), ("A B", "x"), ("LONG", &"x".repeat(65_537))]
    {
        assert_eq!(set(name, value).failure(), "400 VALIDATION_FAILED", "{name}");
    }
    let id = vars["vars"][0]["id"].as_i64().unwrap();
    let target = format!("/api/envvars?id={id}");
    assert_eq!(node.api("DELETE", &target, &Value::Null).json(), json!({ "data": {} }));
    assert_eq!(node.api("DELETE", &target, &Value::Null).failure(), "404 VARIABLE_NOT_FOUND");
    assert_eq!(node.data("/api/envvars?site_id=blog")["vars"].as_array().unwrap().len(), 1);
    assert_eq!(node.api("GET", "/api/envvars", &Value::Null).failure(), "400 VALIDATION_FAILED");
    let none = node.api("GET", "/api/envvars?site_id=none", &Value::Null);
    assert_eq!(none.failure(), "404 SITE_NOT_FOUND");
    // A new app of the same name sees nothing of the old.
    node.api("DELETE", "/api/apps/blog", &Value::Null);
    node.deploy("blog", &[("index.html", "new")]);
    assert_eq!(node.data("/api/envvars?site_id=blog"), json!({ "vars": [] }));
    assert_eq!(node.data("/api/logs?site_id=blog")["logs"].as_array().unwrap().len(), 1);
}

#[test]
fn a_deleted_site_is_gone_and_can_be_restored() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "home")]);
    let gone = node.api("DELETE", "/api/sites?site_id=BLOG", &Value::Null);
    assert_eq!(gone.json(), json!({ "data": { "message": "Site deleted" } }));
    assert_eq!(node.get("blog.localhost", "/").status, 404);
    let again = node.api("DELETE", "/api/sites?site_id=blog", &Value::Null);
    assert_eq!(again.failure(), "404 SITE_NOT_FOUND");
    assert_eq!(node.api("POST", "/api/apps/blog/restore", &Value::Null).status, 200);
    assert_eq!(node.get("blog.localhost", "/").summary(), "200 home");
}

/// The bytes of `remote status` and `remote apps`, as the original's client sends them.
const STATUS_OF_0_9_4: &[u8] = include_bytes!("../fixtures/01_api_system_health.http");
const APPS_OF_0_9_4: &[u8] = include_bytes!("../fixtures/02_api_apps.http");

/// What an old client gets for its bytes, with a token of this node in them.
fn answer_to(node: &TestNode, bytes: &[u8]) -> Value {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let old = text.split("Bearer ").nth(1).unwrap().split("\r\n").next().unwrap();
    assert_eq!(old.len(), 64);
    let asked = text.replace(old, &node.admin).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let response = node.raw(asked.as_bytes());
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["data"].clone()
}

#[test]
fn an_old_client_reads_what_it_expects() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "home")]);
    let health = answer_to(&node, STATUS_OF_0_9_4);
    for (pointer, is_right) in [
        ("/status", Value::is_string as fn(&Value) -> bool),
        ("/version", Value::is_string),
        ("/mode", Value::is_string),
        ("/uptime_seconds", Value::is_u64),
        ("/memory/used_mb", Value::is_number),
        ("/memory/limit_mb", Value::is_number),
        ("/runtime/goroutines", Value::is_u64),
        ("/runtime/queued_events", Value::is_u64),
        ("/database/path", Value::is_string),
        ("/database/open_connections", Value::is_u64),
        ("/database/in_use", Value::is_u64),
    ] {
        assert!(health.pointer(pointer).is_some_and(is_right), "{pointer}: {health}");
    }
    let apps = answer_to(&node, APPS_OF_0_9_4);
    assert_eq!(apps[0]["name"], "blog");
    assert_eq!((&apps[0]["file_count"], &apps[0]["size_bytes"]), (&json!(1), &json!(4)));
    assert_eq!(apps[0]["source"], "deploy");
    // The old client shows the first ten characters.
    assert_eq!(apps[0]["updated_at"].as_str().unwrap().as_bytes()[4], b'-');
}
