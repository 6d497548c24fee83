//! Who may do what: every endpoint with every kind of credential.

use fazt::http::{ENDPOINTS, Endpoint, Permission};
use serde_json::Value;

use crate::node::client::{Request, Response};
use crate::node::{ADMIN, TestNode, deploy_request};
use crate::zips;

/// The scopes that are tried, one token each. The app in all paths is `blog`.
const SCOPES: [&str; 5] = ["read", "deploy", "deploy:blog", "deploy:other", "admin"];

/// What each endpoint must allow, written down a second time and by hand: the scopes
/// above that are let through; `*` for everybody.
const ALLOWED: [(&str, &str); 56] = [
    ("POST /api/login", "*"),
    ("POST /api/logout", "*"),
    ("GET /api/auth/status", "*"),
    ("GET /api/user/me", "read deploy deploy:blog deploy:other admin"),
    ("PUT /api/user/credentials", ""),
    ("GET /api/sessions", "admin"),
    ("DELETE /api/sessions/{session}", "admin"),
    ("GET /api/audit", "admin"),
    ("GET /api/openapi.json", "*"),
    ("GET /api/stream", "read admin"),
    ("GET /api/system/health", "read admin"),
    ("POST /api/system/stop", ""),
    ("POST /api/system/backup", ""),
    ("GET /api/system/metrics", "read admin"),
    ("GET /api/system/config", "read admin"),
    ("GET /api/system/limits", "read admin"),
    ("GET /api/system/cache", "read admin"),
    ("GET /api/system/db", "read admin"),
    ("GET /api/config", "read admin"),
    ("GET /api/settings", "read admin"),
    ("PUT /api/settings/{key}", "admin"),
    ("DELETE /api/settings/{key}", "admin"),
    ("GET /api/apps", "read admin"),
    ("GET /api/apps/{app}", "read deploy deploy:blog admin"),
    ("DELETE /api/apps/{app}", "admin"),
    ("GET /api/apps/{app}/files", "read deploy deploy:blog admin"),
    ("POST /api/apps/{app}/restore", "admin"),
    ("POST /api/apps/{app}/rollback", "deploy deploy:blog admin"),
    ("GET /api/apps/{app}/releases", "read deploy deploy:blog admin"),
    ("GET /api/apps/{app}/releases/{release}/files", "read deploy deploy:blog admin"),
    ("GET /api/apps/{app}/releases/{release}/files/{path:.+}", "read deploy deploy:blog admin"),
    ("POST /api/deploy", "deploy deploy:blog admin"),
    ("POST /api/apps/{app}/uploads", "deploy deploy:blog admin"),
    ("PUT /api/apps/{app}/uploads/{upload}/blobs", "deploy deploy:blog admin"),
    ("POST /api/apps/{app}/uploads/{upload}/commit", "deploy deploy:blog admin"),
    ("DELETE /api/apps/{app}/uploads/{upload}", "deploy deploy:blog admin"),
    ("GET /api/sites", "read admin"),
    ("DELETE /api/sites", "admin"),
    ("GET /api/sites/{app}", "read deploy deploy:blog admin"),
    ("GET /api/sites/{app}/files", "read deploy deploy:blog admin"),
    ("GET /api/sites/{app}/files/{path:.+}", "read deploy deploy:blog admin"),
    ("GET /api/deployments", "read admin"),
    ("GET /api/envvars", "read admin"),
    ("POST /api/envvars", "admin"),
    ("DELETE /api/envvars", "admin"),
    ("GET /api/logs", "read admin"),
    ("GET /api/logs/stream", "read admin"),
    ("GET /api/mapped-domains", "read admin"),
    ("POST /api/mapped-domains", "admin"),
    ("DELETE /api/mapped-domains/{domain}", "admin"),
    ("GET /api/tokens", "admin"),
    ("POST /api/tokens", "admin"),
    ("DELETE /api/tokens/{token}", "admin"),
    ("GET /api/keys", "admin"),
    ("POST /api/keys", "admin"),
    ("DELETE /api/keys", "admin"),
];

/// A path that fits a pattern, for this app.
fn path(endpoint: &Endpoint, app: &str) -> String {
    endpoint
        .path
        .replace("{app}", app)
        .replace("{release}", "live")
        .replace("{path:.+}", "index.html")
        .replace("{upload}", "upl_0")
        .replace("{token}", "none")
        .replace("{key}", "apps.releases_kept")
        .replace("{session}", "none")
        .replace("{domain}", "none.example")
}

/// Asks an endpoint for this app. What it then says is not of interest here.
fn ask(node: &TestNode, endpoint: &Endpoint, app: &str, authorization: Option<&str>) -> Response {
    let target = path(endpoint, app);
    let mut request = if endpoint.path == "/api/deploy" {
        let archive = zips::archive(&[zips::stored("index.html", b"x")]);
        // Its own token is the first; a second header would be a question of its own.
        return match authorization {
            Some(value) => {
                let token = value.strip_prefix("Bearer ").unwrap_or(value);
                node.send(&deploy_request(token, &[("site_name", app)], &archive))
            }
            None => node.send(&Request::new("POST", ADMIN, "/api/deploy").body("text/plain", "x")),
        };
    } else {
        Request::new(endpoint.method.as_str(), ADMIN, &target)
    };
    if let Some(value) = authorization {
        request = request.header("Authorization", value);
    }
    if endpoint.path.ends_with("/stream") {
        return node.head(&request);
    }
    node.send(&request)
}

fn name(endpoint: &Endpoint) -> String {
    format!("{} {}", endpoint.method, endpoint.path)
}

/// Checks what every answer of the API has.
#[track_caller]
fn check_form(response: &Response, what: &str) {
    let id = response.header("x-request-id").unwrap_or_default();
    assert!(id.len() == 16 && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{what}: {id:?}");
    // The description of the API is the same for everybody, and has no envelope.
    if response.header("etag").is_some() {
        assert!(response.json()["openapi"].is_string(), "{what}");
        return;
    }
    assert_eq!(response.header("cache-control"), Some("no-store"), "{what}");
    let is_json = response.header("content-type") == Some("application/json");
    assert!(is_json || response.status < 400, "{what}: {}", response.text());
    if is_json {
        let body = response.json();
        let key = if response.status < 400 { "data" } else { "error" };
        assert!(!body[key].is_null(), "{what}: {body}");
        assert_eq!(body["error"].is_null(), response.status < 400, "{what}: {body}");
    }
}

#[test]
fn the_table_is_complete() {
    let mut known: Vec<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    let mut found: Vec<String> = ENDPOINTS.iter().map(name).collect();
    known.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, known);
}

#[test]
fn without_a_good_token_nobody_gets_anywhere() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "home")]);
    let expired = node.token(&["admin"], Some(-1));
    let revoked = node.token(&["admin"], None);
    let id = revoked.split('_').nth(1).unwrap();
    let gone = node.api("DELETE", &format!("/api/tokens/{id}"), &Value::Null);
    assert_eq!(gone.status, 200, "{}", gone.text());
    let (start, end) = node.admin.split_at(node.admin.len() - 1);
    let wrong_secret = format!("{start}{}", if end == "x" { "y" } else { "x" });
    let credentials = [
        (None, "401 UNAUTHORIZED"),
        (Some(format!("Bearer {expired}")), "401 TOKEN_EXPIRED"),
        (Some(format!("Bearer {revoked}")), "401 INVALID_API_KEY"),
        (Some(format!("Bearer {wrong_secret}")), "401 INVALID_API_KEY"),
        (Some(format!("Bearer {}", &node.admin[..40])), "401 INVALID_API_KEY"),
        (Some("Bearer 0123456789abcdef".to_owned()), "401 INVALID_API_KEY"),
        (Some("Bearer".to_owned()), "401 UNAUTHORIZED"),
        (Some("Bearer ".to_owned()), "401 UNAUTHORIZED"),
        (Some(format!("Basic {}", node.admin)), "401 UNAUTHORIZED"),
        (Some(node.admin.clone()), "401 UNAUTHORIZED"),
    ];
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.permission != Permission::Public) {
        for (credential, failure) in &credentials {
            if endpoint.path == "/api/deploy"
                && *failure == "401 UNAUTHORIZED"
                && credential.is_some()
            {
                continue;
            }
            let response = ask(&node, endpoint, "blog", credential.as_deref());
            let what = format!("{} {credential:?}", name(endpoint));
            assert_eq!(response.failure(), *failure, "{what}");
            assert_eq!(response.header("www-authenticate"), Some("Bearer"), "{what}");
            check_form(&response, &what);
        }
    }
    assert_eq!(node.get("blog.localhost", "/").summary(), "200 home");
}

#[test]
fn scopes_open_what_they_say_and_nothing_else() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "home")]);
    node.deploy("other", &[("index.html", "other")]);
    for scope in SCOPES {
        let token = node.token(&[scope], Some(3_600));
        // Deletions last, so that there is something to ask for before.
        let (last, first): (Vec<_>, Vec<_>) =
            ENDPOINTS.iter().partition(|endpoint| endpoint.method.as_str() == "DELETE");
        for endpoint in first.into_iter().chain(last) {
            let what = format!("{scope}: {}", name(endpoint));
            let row = ALLOWED.iter().find(|(known, _)| *known == name(endpoint)).unwrap().1;
            let is_allowed = row == "*" || row.split(' ').any(|allowed| allowed == scope);
            let response = ask(&node, endpoint, "blog", Some(&format!("Bearer {token}")));
            if endpoint.permission != Permission::Public {
                assert_ne!(response.status, 401, "{what}");
            }
            assert_eq!(response.status != 403, is_allowed, "{what}: {}", response.text());
            check_form(&response, &what);
        }
    }
}

#[test]
fn a_token_for_one_app_learns_nothing_of_others() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "home")]);
    let id = node.deploy("other", &[("index.html", "other")])["app_id"].clone();
    let id = id.as_str().unwrap();
    let token = format!("Bearer {}", node.token(&["deploy:blog"], None));
    // Whether there is such an app or not: the same answer, word for word.
    let is_everybodys = |endpoint: &&Endpoint| {
        matches!(endpoint.permission, Permission::Public | Permission::Signed)
    };
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !is_everybodys(endpoint)) {
        let of = |app: &str| {
            let response = ask(&node, endpoint, app, Some(&token));
            (response.status, response.text().replace(app, "APP"))
        };
        let existing = of("other");
        let what = name(endpoint);
        assert_eq!(existing.0, 403, "{what}");
        assert_eq!(existing, of("nobodys"), "{what}");
        if endpoint.path.contains("{app}") {
            assert_eq!(existing, of(id), "{what}");
            assert_eq!(existing, of("app_000000000000"), "{what}");
        }
    }
    for spelling in ["OTHER", "%6fther", "blog%2f..%2fother", "other%00", "blog/../other"] {
        let request = Request::new("GET", ADMIN, &format!("/api/apps/{spelling}"));
        let response = node.send(&request.header("Authorization", &token));
        assert!(matches!(response.status, 400 | 403 | 404), "{spelling}: {}", response.text());
        assert!(!response.text().contains(id), "{spelling}");
    }
    let own = Request::new("GET", ADMIN, "/api/apps/blog").header("Authorization", &token);
    assert_eq!(node.send(&own).status, 200);
}

#[test]
fn what_is_not_in_the_table_does_not_exist() {
    let node = TestNode::start();
    for (method, target, failure) in [
        ("GET", "/api", "404 NOT_FOUND"),
        ("GET", "/api/", "404 NOT_FOUND"),
        ("GET", "/api/none", "404 NOT_FOUND"),
        ("GET", "/api/apps/", "404 NOT_FOUND"),
        ("POST", "/api/apps/blog/none", "404 NOT_FOUND"),
        ("GET", "/api/openapi.json/x", "404 NOT_FOUND"),
        ("PATCH", "/api/apps/blog", "405 METHOD_NOT_ALLOWED"),
        ("POST", "/api/apps", "405 METHOD_NOT_ALLOWED"),
        ("OPTIONS", "/api/apps", "405 METHOD_NOT_ALLOWED"),
        ("BREW", "/api/apps", "405 METHOD_NOT_ALLOWED"),
    ] {
        for token in [None, Some(&node.admin)] {
            let mut request = Request::new(method, ADMIN, target);
            if let Some(token) = token {
                request = request.bearer(token);
            }
            let response = node.send(&request);
            assert_eq!(response.failure(), failure, "{method} {target}");
            check_form(&response, target);
        }
    }
    let allow = |target: &str| {
        let response = node.send(&Request::new("PATCH", ADMIN, target));
        response.header("allow").map(str::to_owned)
    };
    assert_eq!(allow("/api/apps/blog").as_deref(), Some("GET, DELETE"));
    assert_eq!(allow("/api/tokens").as_deref(), Some("GET, POST"));
    assert_eq!(allow("/api/deploy").as_deref(), Some("POST"));
}

#[test]
fn wrong_queries_and_bodies_are_explained() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "home")]);
    for target in
        ["/api/apps?limit=x", "/api/apps?limit=-1", "/api/apps?deleted=maybe", "/api/apps?cursor=x"]
    {
        let response = node.api("GET", target, &Value::Null);
        assert_eq!(response.status, 400, "{target}");
        check_form(&response, target);
    }
    let response = node.api("DELETE", "/api/apps/blog?purge=perhaps", &Value::Null);
    assert_eq!(response.status, 400);
    check_form(&response, "purge");
    for body in [
        serde_json::json!({ "name": "", "scopes": ["read"] }),
        serde_json::json!({ "name": "x", "scopes": [] }),
        serde_json::json!({ "name": "x", "scopes": ["write"] }),
        serde_json::json!({ "name": "x", "scopes": ["deploy:A B"] }),
        serde_json::json!({ "name": "x".repeat(101), "scopes": ["read"] }),
        serde_json::json!({ "name": "x", "scopes": vec!["read"; 101] }),
        serde_json::json!({ "name": "x" }),
        serde_json::json!(["x", ["read"]]),
        serde_json::json!([]),
    ] {
        let response = node.api("POST", "/api/tokens", &body);
        assert_eq!(response.status, 400, "{body}: {}", response.text());
        check_form(&response, "token");
    }
    let eternal =
        serde_json::json!({ "name": "x", "scopes": ["read"], "expires_in_seconds": u64::MAX });
    let response = node.api("POST", "/api/tokens", &eternal);
    check_form(&response, "eternal");
    assert_eq!(response.json()["error"]["details"]["field"], "expires_in_seconds");
}

#[test]
fn the_api_answers_on_the_admin_host_only() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "home"), ("api/_apps.js", "code"), ("404.html", "lost")]);
    for host in ["blog.localhost", "v1--blog.localhost", "none.localhost", "evil.test"] {
        for target in ["/api/apps", "//api/apps", "/%61pi/apps", "/x/../api/apps", "/api/tokens"] {
            let request = Request::new("GET", host, target).bearer(&node.admin);
            let response = node.send(&request);
            assert_eq!(response.status, 404, "{host} {target}");
            assert!(response.header("x-request-id").is_none(), "{host} {target}");
        }
    }
    let admins = Request::new("GET", "127.0.0.1", "/api/apps").bearer(&node.admin);
    assert_eq!(node.send(&admins).status, 200);
    // Other spellings of a path of the API are not the API: they name nobody's data.
    for target in ["//api/apps", "/x/../api/apps", "/./api/apps"] {
        let response = node.send(&Request::new("GET", ADMIN, target).bearer(&node.admin));
        assert!(!response.text().contains("\"data\""), "{target}");
    }
}

#[test]
fn the_nodes_own_pages_are_not_for_every_deployer() {
    let node = TestNode::start();
    for edition in ["one", "two"] {
        node.deploy("root", &[("index.html", edition)]);
    }
    for scope in ["deploy", "deploy:root"] {
        let token = node.token(&[scope], None);
        let body = serde_json::json!({});
        let rolled = node.api_as(&token, "POST", "/api/apps/root/rollback", &body);
        assert_eq!(rolled.failure(), "403 FORBIDDEN", "{scope}");
        let begun = node.api_as(&token, "POST", "/api/apps/root/uploads", &body);
        assert_eq!(begun.failure(), "403 FORBIDDEN", "{scope}");
    }
    let rolled = node.api("POST", "/api/apps/root/rollback", &serde_json::json!({}));
    assert_eq!(rolled.status, 200, "{}", rolled.text());
}
