//! What an owner may change: what counts, from when on, and what is refused.

mod full;

use std::time::Duration;

use fazt_actors::limits::Limits;
use fazt_actors::settings::rows::{SetSettings, read_all};
use fazt_actors::settings::table::SETTINGS;
use serde_json::{Value, json};

use crate::node::TestNode;
use crate::node::client::Response;

const MIB: u64 = 1024 * 1024;

/// The setting of this name, as the API shows it.
#[track_caller]
fn setting(node: &TestNode, key: &str) -> Value {
    let list = node.data("/api/settings");
    let found = list.as_array().unwrap().iter().find(|setting| setting["key"] == key);
    found.unwrap_or_else(|| panic!("{key} is not in {list}")).clone()
}

fn put(node: &TestNode, key: &str, value: &Value) -> Response {
    node.api("PUT", &format!("/api/settings/{key}"), &json!({ "value": value }))
}

/// Sets a setting, and answers how it is shown then.
#[track_caller]
fn set(node: &TestNode, key: &str, value: impl Into<Value>) -> Value {
    let response = put(node, key, &value.into());
    assert_eq!(response.status, 200, "{key}: {}", response.text());
    let shown = response.json()["data"].clone();
    assert_eq!(shown, setting(node, key), "{key}: the answer and the list are the same");
    shown
}

#[track_caller]
fn reset(node: &TestNode, key: &str) -> String {
    let response = node.api("DELETE", &format!("/api/settings/{key}"), &Value::Null);
    assert_eq!(response.status, 200, "{key}: {}", response.text());
    response.json()["data"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn the_list_says_all_that_a_form_needs() {
    let node = TestNode::start();
    let list = node.data("/api/settings");
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), SETTINGS.len());
    for (shown, row) in list.iter().zip(SETTINGS) {
        let key = shown["key"].as_str().unwrap();
        assert_eq!(key, row.key, "in the order of the table");
        assert_eq!(shown["help"], row.help, "{key}");
        assert_eq!(shown["min"], json!(row.bounds.map(|bounds| bounds.min)), "{key}");
        assert_eq!(shown["max"], json!(row.bounds.map(|bounds| bounds.max)), "{key}");
        let given = matches!(key, "server.port" | "server.listen");
        assert_eq!(shown["source"], if given { "flag" } else { "default" }, "{key}");
        assert_eq!(shown["value"] == shown["default"], key != "server.port", "{key}: {shown}");
        assert_eq!(shown["pending_restart"], false, "{key}");
        let is_owners = given || key == "functions.fetch_allowed_hosts";
        assert_eq!(shown["changed_by"], if is_owners { "owner" } else { "admin" }, "{key}");
        for absent in ["stored", "problem"] {
            assert_eq!(shown.get(absent), Some(&Value::Null), "{key}: null, not missing");
        }
    }
    assert_eq!(setting(&node, "server.port")["value"], node.address.port());
    assert_eq!(setting(&node, "server.domain")["value"], Value::Null);
    assert_eq!(setting(&node, "apps.deleted_kept_for")["value"], 30 * 24 * 3600);
}

#[test]
fn a_limit_counts_from_the_next_request_on() {
    let node = TestNode::start();
    let site = [("index.html", "home"), ("a.txt", "a")];
    node.deploy("blog", &site);

    set(&node, "deploy.files_max", 1);
    let refused = node.deploy_archive(
        "blog",
        &crate::zips::archive(&[
            crate::zips::stored("index.html", b"new"),
            crate::zips::stored("a.txt", b"b"),
        ]),
    );
    assert_eq!(refused.failure(), "413 TOO_MANY_FILES");
    assert_eq!(node.get("blog.localhost", "/a.txt").summary(), "200 a", "the release stays");
    assert_eq!(reset(&node, "deploy.files_max"), "deploy.files_max is 10000 again");
    node.deploy("blog", &site);

    set(&node, "deploy.archive_bytes_max", "1MB");
    let large = node.deploy_archive("blog", &vec![b'x'; 1_200_000]);
    assert_eq!(large.status, 413, "{}", large.text());

    set(&node, "api.json_body_bytes_max", 64 * 1024);
    let body = json!({ "name": "x".repeat(70_000), "scopes": ["read"] });
    assert_eq!(node.api("POST", "/api/tokens", &body).failure(), "413 PAYLOAD_TOO_LARGE");
    reset(&node, "api.json_body_bytes_max");
    assert_eq!(node.api("POST", "/api/tokens", &body).failure(), "400 VALIDATION_FAILED");

    set(&node, "deploy.uploads_per_app", 1);
    assert_eq!(node.begin("blog", Some(2), &[("b.txt", "b")], &[]).status, 201);
    let second = node.begin("blog", Some(2), &[("c.txt", "c")], &[]);
    assert!(second.status >= 400, "{}", second.text());
    reset(&node, "deploy.uploads_per_app");
    assert_eq!(node.begin("blog", Some(2), &[("c.txt", "c")], &[]).status, 201);
}

#[test]
fn how_long_things_are_kept_counts_at_the_next_clean_up() {
    let node = TestNode::start();
    for text in ["1", "2", "3", "4"] {
        node.deploy("blog", &[("index.html", text), (&*format!("{text}.txt"), "old")]);
    }
    assert_eq!(node.releases("blog"), "[4] 3 2 1");
    // Files that only earlier releases have.
    assert_eq!(node.get("blog.localhost", "/1.txt").status, 200);
    set(&node, "apps.earlier_release_reachable_for", 0);
    set(&node, "apps.earlier_releases_reachable", 1);
    assert_eq!(node.get("blog.localhost", "/1.txt").status, 404);
    assert_eq!(node.get("blog.localhost", "/3.txt").status, 200);

    set(&node, "apps.releases_kept", 2);
    node.deploy("blog", &[("index.html", "5")]);
    assert_eq!(node.releases("blog"), "[5] 4");

    assert_eq!(node.api("DELETE", "/api/apps/blog", &Value::Null).status, 200);
    let restore = || node.api("POST", "/api/apps/blog/restore", &json!({})).status;
    set(&node, "apps.deleted_kept_for", "1d");
    node.clean_after(Duration::from_secs(23 * 3600));
    assert_eq!(restore(), 200);
    assert_eq!(node.api("DELETE", "/api/apps/blog", &Value::Null).status, 200);
    node.clean_after(Duration::from_secs(25 * 3600));
    assert_eq!(restore(), 404);
}

#[test]
fn a_lower_limit_takes_nothing_from_what_is_live() {
    let node = TestNode::start();
    let rules = "/a /target\n/b /target\n/c /target\n";
    node.deploy("blog", &[("index.html", "home"), ("_redirects", rules)]);
    set(&node, "deploy.redirect_rules_max", 1);
    // A restarted node reads the rules anew.
    let node = node.restart(Limits::default());
    assert_eq!(node.get("blog.localhost", "/c").summary(), "301 -> /target");
    let refused = node.deploy_archive(
        "blog",
        &crate::zips::archive(&[crate::zips::stored("_redirects", rules.as_bytes())]),
    );
    assert_eq!(refused.failure(), "413 TOO_MANY_RULES");
    assert_eq!(node.get("blog.localhost", "/b").summary(), "301 -> /target");
}

#[test]
fn what_needs_a_restart_says_so_and_waits() {
    let node = TestNode::start();
    let cache_bytes = |node: &TestNode| node.data("/api/system/limits")["MaxVFSBytes"].clone();
    assert_eq!(cache_bytes(&node), 64 * MIB);
    let shown = set(&node, "cache.content_bytes", "16MB");
    assert_eq!(shown["needs_restart"], true);
    assert_eq!(shown["pending_restart"], true);
    assert_eq!((&shown["value"], &shown["stored"]), (&json!(64 * MIB), &json!("16777216")));
    assert_eq!(shown["source"], "default", "where the value in force comes from");
    assert_eq!(cache_bytes(&node), 64 * MIB);

    let node = node.restart(Limits::default());
    let shown = setting(&node, "cache.content_bytes");
    assert_eq!((&shown["value"], &shown["source"]), (&json!(16 * MIB), &json!("database")));
    assert_eq!(shown["pending_restart"], false);
    assert_eq!(cache_bytes(&node), 16 * MIB);
    assert_eq!(
        reset(&node, "cache.content_bytes"),
        "cache.content_bytes is 64MB again after a restart"
    );
    let shown = setting(&node, "cache.content_bytes");
    assert_eq!((&shown["value"], &shown["pending_restart"]), (&json!(16 * MIB), &json!(true)));
    // Back to what it was started with: nothing waits.
    assert_eq!(set(&node, "cache.content_bytes", 16 * MIB)["pending_restart"], false);
}

#[test]
fn a_domain_is_folded_and_can_be_taken_away() {
    let node = TestNode::start();
    let shown = set(&node, "server.domain", "Example.ORG.");
    assert_eq!((&shown["stored"], &shown["value"]), (&json!("example.org"), &Value::Null));
    assert_eq!(shown["pending_restart"], true);
    for none in [json!(null), json!("none"), json!("localhost")] {
        let shown = set(&node, "server.domain", none.clone());
        assert_eq!(shown["pending_restart"], false, "{none}");
    }
}

#[test]
fn wrong_values_are_refused_with_the_rule_and_change_nothing() {
    let node = TestNode::start();
    for (key, value, rule) in [
        ("deploy.files_max", json!(0), "from 1 to 200000"),
        ("deploy.files_max", json!(200_001), "from 1 to 200000"),
        ("deploy.files_max", json!(-1), "from 1 to 200000"),
        ("deploy.files_max", json!(1.5), "from 1 to 200000"),
        ("deploy.files_max", json!("many"), "whole number"),
        ("deploy.files_max", json!(null), "whole number"),
        ("deploy.files_max", json!(true), "whole number"),
        ("deploy.files_max", json!([1]), "one value"),
        ("deploy.files_max", json!({ "value": 1 }), "one value"),
        ("deploy.archive_bytes_max", json!("1KB"), "size from 1MB to 16GB"),
        ("apps.deleted_kept_for", json!("100000d"), "duration from 0s to 3650d"),
        ("server.access_log", json!("perhaps"), "true or false"),
        ("server.domain", json!("https://example.org/"), "host name"),
        ("server.domain", json!("x".repeat(100_000)), "host name"),
        ("store.database_bytes_max", json!(1), "or `none`"),
    ] {
        let response = put(&node, key, &value);
        assert_eq!(response.failure(), "400 VALIDATION_FAILED", "{key} {value}");
        let error = &response.json()["error"];
        assert_eq!(error["details"]["field"], key, "{value}: {error}");
        let constraint = error["details"]["constraint"].as_str().unwrap();
        assert!(constraint.contains(rule), "{key} {value}: {constraint}");
        assert_eq!(setting(&node, key)["stored"], Value::Null, "{key} {value}");
    }
    let bare = node.api("PUT", "/api/settings/deploy.files_max", &json!({ "files_max": 1 }));
    assert_eq!(bare.json()["error"]["details"]["field"], "value");
    let list = node.api("PUT", "/api/settings/deploy.files_max", &json!([1]));
    assert_eq!(list.failure(), "400 VALIDATION_FAILED", "a list is no object");
    for (method, key) in [("PUT", "nothing"), ("PUT", "server.Port"), ("DELETE", "nothing")] {
        let path = format!("/api/settings/{key}");
        let response = node.api(method, &path, &json!({ "value": 1 }));
        assert_eq!(response.failure(), "404 SETTING_NOT_FOUND", "{method} {key}");
    }
}

#[test]
fn what_opens_a_node_or_its_network_is_changed_on_its_machine_only() {
    let node = TestNode::start();
    for key in ["server.listen", "server.port", "functions.fetch_allowed_hosts"] {
        for method in ["PUT", "DELETE"] {
            let body = json!({ "value": "::" });
            let response = node.api(method, &format!("/api/settings/{key}"), &body);
            assert_eq!(response.failure(), "403 FORBIDDEN", "{method} {key}");
            assert!(response.message().contains("fazt server set-config"), "{key}");
        }
        assert_eq!(setting(&node, key)["stored"], Value::Null, "{key}");
    }
}

#[test]
fn who_changed_what_is_written_down() {
    let node = TestNode::start();
    set(&node, "deploy.archive_bytes_max", 16 * MIB);
    put(&node, "deploy.archive_bytes_max", &json!(1));
    put(&node, "server.listen", &json!("::"));
    reset(&node, "deploy.archive_bytes_max");
    let entries = node.data("/api/audit");
    let said: Vec<String> = entries
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|entry| {
            let text = |field: &str| entry[field].as_str().unwrap_or("-").to_owned();
            ["action", "resource", "result", "details"].map(text).join(" ")
        })
        .collect();
    assert_eq!(
        said,
        [
            "setting.set deploy.archive_bytes_max ok 16MB",
            "setting.set deploy.archive_bytes_max VALIDATION_FAILED -",
            "setting.set server.listen FORBIDDEN -",
            "setting.reset deploy.archive_bytes_max ok -",
        ]
    );
}

#[test]
fn rows_that_nobody_can_use_are_kept_and_reported() {
    let node = TestNode::start();
    let rows = vec![
        ("deploy.files_max", "0".to_owned()),
        ("cache.content_bytes", "a lot".to_owned()),
        ("theme.colour", "blue".to_owned()),
    ];
    node.wait(node.node.store.writer.commit(SetSettings(rows))).unwrap();
    let node = node.restart(Limits::default());
    for (key, value) in [("deploy.files_max", 10_000), ("cache.content_bytes", 64 * MIB)] {
        let shown = setting(&node, key);
        assert_eq!((&shown["value"], &shown["source"]), (&json!(value), &json!("default")));
        assert!(shown["problem"].as_str().unwrap().starts_with("must be"), "{shown}");
    }
    let unknown = setting(&node, "theme.colour");
    assert_eq!((&unknown["value"], &unknown["kind"]), (&json!("blue"), &json!("unknown")));
    assert_eq!(put(&node, "theme.colour", &json!("red")).failure(), "404 SETTING_NOT_FOUND");
    assert_eq!(reset(&node, "theme.colour"), "theme.colour is forgotten");
    assert_eq!(node.data("/api/settings").as_array().unwrap().len(), SETTINGS.len());
    assert_eq!(set(&node, "deploy.files_max", 7)["problem"], Value::Null);
}

#[test]
fn what_is_shown_is_what_the_last_change_stored() {
    let node = TestNode::start();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let node = &node;
            scope.spawn(move || {
                for step in 1..=10 {
                    let value = json!(100 * writer + step);
                    assert_eq!(put(node, "deploy.files_max", &value).status, 200);
                    assert_eq!(put(node, "apps.releases_kept", &value).status, 200);
                }
            });
        }
    });
    let rows = node.wait(node.node.store.readers.read(read_all)).unwrap();
    for (key, in_force) in [
        ("deploy.files_max", node.node.limits().deploy.files_max),
        ("apps.releases_kept", node.node.limits().releases_kept),
    ] {
        assert_eq!(rows[key], in_force.to_string(), "{key}");
        assert_eq!(setting(&node, key)["value"], in_force, "{key}");
    }
}

#[test]
fn the_originals_endpoints_keep_their_spelling() {
    let node = TestNode::with(Limits::default(), Some("example.test"));
    let fields = |path: &str| -> Vec<String> {
        node.data(path).as_object().unwrap().keys().cloned().collect()
    };
    let sorted = |list: &[&str]| -> Vec<String> {
        let mut list: Vec<String> = list.iter().map(|name| (*name).to_owned()).collect();
        list.sort();
        list
    };
    for path in ["/api/config", "/api/system/config"] {
        let config = node.data(path);
        assert_eq!(config["version"], env!("CARGO_PKG_VERSION"), "{path}");
        assert_eq!(
            (&config["domain"], &config["env"]),
            (&json!("example.test"), &json!("production"))
        );
        assert_eq!((&config["https"], &config["ntfy"]), (&json!(true), &json!(false)));
        assert_eq!(config.as_object().unwrap().len(), 5, "{config}");
    }
    let mut limits = fields("/api/system/limits");
    limits.sort();
    assert_eq!(
        limits,
        sorted(&["TotalRAM", "AvailableRAM", "CPUCount", "MaxVFSBytes", "MaxUploadBytes"])
    );
    let limits = node.data("/api/system/limits");
    assert_eq!(limits["MaxUploadBytes"], 100 * MIB);
    let of = |field: &str| limits[field].as_u64().unwrap();
    assert!(of("TotalRAM") >= of("AvailableRAM") && of("AvailableRAM") > MIB && of("CPUCount") > 0);

    node.deploy("blog", &[("index.html", "x".repeat(5_000))]);
    assert_eq!(node.get("blog.example.test", "/").status, 200);
    let cache = node.data("/api/system/cache");
    assert_eq!(cache["CachedFiles"], 1);
    assert!(cache["CacheSizeBytes"].as_u64().unwrap() >= 5_000, "{cache}");
    assert_eq!(cache.as_object().unwrap().len(), 2);
    let db = node.data("/api/system/db");
    let of = |field: &str| db[field].as_u64().unwrap();
    assert_eq!(of("OpenConnections"), of("InUse") + of("Idle"));
    assert!(of("OpenConnections") > 0 && db.as_object().unwrap().len() == 3, "{db}");
    let health = node.data("/api/system/health");
    for pointer in [
        "/status",
        "/uptime_seconds",
        "/version",
        "/mode",
        "/memory/used_mb",
        "/memory/limit_mb",
        "/memory/vfs_cache_mb",
        "/database/path",
        "/database/open_connections",
        "/database/in_use",
        "/runtime/queued_events",
        "/runtime/goroutines",
    ] {
        assert!(health.pointer(pointer).is_some(), "{pointer} is not in {health}");
    }
}
