//! Signing in: cookies, other sites' pages, guesses, and changes of the account.

use serde_json::{Value, json};

use crate::node::client::{Request, Response};
use crate::node::{ADMIN, TestNode};

const PASSWORD: &str = "correct horse battery";

fn node() -> TestNode {
    let node = TestNode::start();
    node.set_owner("ann", PASSWORD);
    node
}

fn login(username: &str, password: &str) -> Request {
    let body = json!({ "username": username, "password": password });
    Request::new("POST", ADMIN, "/api/login").body("application/json", body.to_string())
}

/// `name=value` of the session's cookie in an answer.
#[track_caller]
fn cookie(response: &Response) -> String {
    assert_eq!(response.status, 200, "{}", response.text());
    response.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

fn with_cookie(method: &str, target: &str, cookie: &str) -> Request {
    Request::new(method, ADMIN, target).header("Cookie", cookie)
}

#[test]
fn a_session_does_what_its_owner_may_until_it_ends() {
    let node = node();
    let response = node.send(&login("ann", PASSWORD));
    assert_eq!(response.json(), json!({ "data": { "message": "Login successful" } }));
    let set = response.header("set-cookie").unwrap().to_owned();
    assert!(set.ends_with("; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict"), "{set}");
    assert!(set.starts_with("fazt=") && !set.contains("Domain"), "{set}");
    let cookie = cookie(&response);

    let status = node.send(&with_cookie("GET", "/api/auth/status", &cookie)).json();
    assert_eq!(status["data"]["authenticated"], true);
    assert_eq!(status["data"]["username"], "ann");
    assert!(status["data"]["expiresAt"].as_str().unwrap().ends_with('Z'));
    let me = node.send(&with_cookie("GET", "/api/user/me", &cookie)).json();
    assert_eq!(me["data"]["username"], "ann");
    assert_eq!(me["data"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(node.send(&with_cookie("GET", "/api/tokens", &cookie)).status, 200);
    assert_eq!(
        node.send(&with_cookie("POST", "/api/system/stop", &cookie)).failure(),
        "403 CROSS_SITE"
    );

    let out = with_cookie("POST", "/api/logout", &cookie).header("Sec-Fetch-Site", "same-origin");
    let out = node.send(&out);
    assert_eq!(out.json(), json!({ "data": { "message": "Logged out successfully" } }));
    let cleared = out.all("set-cookie");
    assert!(
        cleared.len() == 2 && cleared.iter().all(|set| set.contains("Max-Age=0")),
        "{cleared:?}"
    );
    let after = node.send(&with_cookie("GET", "/api/tokens", &cookie));
    assert_eq!(after.failure(), "401 SESSION_EXPIRED");
    let status = node.send(&with_cookie("GET", "/api/auth/status", &cookie)).json();
    assert_eq!(status, json!({ "data": { "authenticated": false } }));
}

#[test]
fn the_cookie_over_tls_is_bound_to_its_host() {
    let node = TestNode::with(fazt_actors::limits::Limits::default(), Some("example.org"));
    node.set_owner("ann", PASSWORD);
    let sign_in = |host: &str, origin: Option<&str>| {
        let body = json!({ "username": "ann", "password": PASSWORD, "remember_me": true });
        let mut request =
            Request::new("POST", host, "/api/login").body("application/json", body.to_string());
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        node.send(&request)
    };
    let secure = "; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure";
    for (host, origin, is_secure) in [
        ("admin.example.org", Some("https://admin.example.org"), true),
        ("admin.example.org", None, true),
        ("admin.example.org", Some("http://admin.example.org"), false),
        ("localhost", Some("http://localhost"), false),
        ("localhost", None, false),
    ] {
        let response = sign_in(host, origin);
        let set = response.header("set-cookie").unwrap_or_default().to_owned();
        assert_eq!(set.starts_with("__Host-fazt="), is_secure, "{host} {origin:?}: {set}");
        assert_eq!(set.ends_with(secure), is_secure, "{host} {origin:?}: {set}");
        let named = cookie(&response);
        let asked = Request::new("GET", host, "/api/user/me").header("Cookie", &named);
        assert_eq!(node.send(&asked).status, 200, "{host} {origin:?}");
    }
    // A sibling can set a cookie of the plain name for the whole domain, and gains nothing.
    let good = cookie(&sign_in("admin.example.org", None));
    let both = format!("fazt={}; {good}", "x".repeat(43));
    let asked = Request::new("GET", "admin.example.org", "/api/user/me").header("Cookie", &both);
    assert_eq!(node.send(&asked).status, 200);
}

#[test]
fn another_sites_page_changes_nothing() {
    let node = node();
    let app = node.deploy("blog", &[("index.html", "home")]);
    let cookie = cookie(&node.send(&login("ann", PASSWORD)));
    let own = format!("http://{ADMIN}");
    for (name, value, is_own) in [
        ("Sec-Fetch-Site", "same-site", false),
        ("Sec-Fetch-Site", "cross-site", false),
        ("Sec-Fetch-Site", "", false),
        ("Origin", "http://blog.localhost", false),
        ("Origin", "null", false),
        ("X-Nothing", "", false),
        ("Sec-Fetch-Site", "same-origin", true),
        ("Sec-Fetch-Site", "none", true),
        ("Origin", own.as_str(), true),
    ] {
        let request = with_cookie("POST", "/api/apps/blog/rollback", &cookie).header(name, value);
        let failure = node.send(&request).failure();
        // There is no earlier release: what is let through fails for that reason.
        let expected = if is_own { "404 RELEASE_NOT_FOUND" } else { "403 CROSS_SITE" };
        assert_eq!(failure, expected, "{name}: {value}");
    }
    for value in ["same-site", "cross-site"] {
        let response = node.send(&login("ann", PASSWORD).header("Sec-Fetch-Site", value));
        assert_eq!(response.failure(), "403 CROSS_SITE", "{value}");
        let out = with_cookie("POST", "/api/logout", &cookie).header("Sec-Fetch-Site", value);
        let out = node.send(&out);
        assert_eq!((out.failure().as_str(), out.all("set-cookie").len()), ("403 CROSS_SITE", 0));
    }
    assert_eq!(node.send(&with_cookie("GET", "/api/user/me", &cookie)).status, 200);
    let refused = node.data("/api/audit?action=app.rollback");
    assert!(refused.to_string().contains("CROSS_SITE"), "the owner learns of it: {refused}");
    // Reading is harmless: no header lets another site's page see the answer.
    let read = with_cookie("GET", "/api/apps", &cookie).header("Sec-Fetch-Site", "same-site");
    let read = node.send(&read);
    assert_eq!(read.status, 200);
    assert!(read.header("access-control-allow-origin").is_none());
    // A token is no cookie: whoever has one may be anywhere.
    let target = format!("/api/apps/{}", app["app_id"].as_str().unwrap());
    let token = Request::new("DELETE", ADMIN, &target).bearer(&node.admin);
    assert_eq!(node.send(&token.header("Sec-Fetch-Site", "cross-site")).status, 200);
}

#[test]
fn five_failures_slow_an_address_down_and_nobody_who_is_in() {
    let node = node();
    let inside = cookie(&node.send(&login("ann", PASSWORD)));
    for (username, password) in
        [("ann", "wrong"), ("bob", PASSWORD), ("", ""), ("ann", ""), ("Ann", PASSWORD)]
    {
        let response = node.send(&login(username, password));
        assert_eq!(response.failure(), "401 INVALID_CREDENTIALS", "{username}");
        assert!(response.header("set-cookie").is_none());
    }
    for (number, forwarded) in ["192.0.2.1", "192.0.2.2"].iter().enumerate() {
        let request = login("ann", PASSWORD)
            .header("X-Forwarded-For", forwarded)
            .header("X-Real-IP", forwarded)
            .header("Forwarded", &format!("for={forwarded}"));
        let response = node.send(&request);
        assert_eq!(response.failure(), "429 RATE_LIMIT_EXCEEDED", "{number}");
        let wait: u64 = response.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
    }
    assert_eq!(node.send(&with_cookie("GET", "/api/apps", &inside)).status, 200);
    assert_eq!(node.api("GET", "/api/apps", &Value::Null).status, 200);
    let audit = node.data("/api/audit?action=login");
    let said: Vec<String> = audit
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| format!("{} {} {}", entry["actor"], entry["result"], entry["details"]))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    "-" "INVALID_CREDENTIALS" "another name"
    "-" "INVALID_CREDENTIALS" "the owner's name"
    "-" "INVALID_CREDENTIALS" "another name"
    "-" "INVALID_CREDENTIALS" "another name"
    "-" "INVALID_CREDENTIALS" "the owner's name"
    "ann" "ok" null
    "#);
}

#[test]
fn sign_in_explains_what_it_cannot_read() {
    let node = node();
    for (body, failure, field) in [
        ("", "400 VALIDATION_FAILED", "username"),
        ("{", "400 INVALID_JSON", ""),
        ("[]", "400 VALIDATION_FAILED", ""),
        (r#"{"username":"ann"}"#, "400 VALIDATION_FAILED", "password"),
        (r#"{"username":1,"password":"x"}"#, "400 VALIDATION_FAILED", "username"),
        (r#"{"username":"ann","password":"x"} x"#, "400 INVALID_JSON", ""),
    ] {
        let request = Request::new("POST", ADMIN, "/api/login").body("application/json", body);
        let response = node.send(&request);
        assert_eq!(response.failure(), failure, "{body}: {}", response.text());
        if !field.is_empty() {
            assert_eq!(response.json()["error"]["details"]["field"], field, "{body}");
        }
    }
    let long = login("ann", &"x".repeat(20_000));
    assert_eq!(node.send(&long).failure(), "413 PAYLOAD_TOO_LARGE");
    let unknown = json!({ "username": "ann", "password": PASSWORD, "new_field": [1] });
    let request = Request::new("POST", ADMIN, "/api/login").body("text/plain", unknown.to_string());
    assert_eq!(node.send(&request).status, 200, "unknown fields are ignored");
}

#[test]
fn a_new_password_ends_all_other_sessions() {
    let node = node();
    let own = cookie(&node.send(&login("ann", PASSWORD)));
    let other = cookie(&node.send(&login("ann", PASSWORD)));
    let change = |cookie: &str, body: Value| {
        let request = with_cookie("PUT", "/api/user/credentials", cookie);
        let request = request.header("Sec-Fetch-Site", "same-origin");
        node.send(&request.body("application/json", body.to_string()))
    };
    let cases = [
        (json!({}), "400 VALIDATION_FAILED"),
        (json!({ "password": "new password" }), "400 VALIDATION_FAILED"),
        (
            json!({ "password": "new password", "current_password": "wrong" }),
            "400 VALIDATION_FAILED",
        ),
        (json!({ "password": "short", "current_password": PASSWORD }), "400 VALIDATION_FAILED"),
        (json!({ "username": " ", "current_password": PASSWORD }), "400 VALIDATION_FAILED"),
    ];
    for (body, failure) in cases {
        assert_eq!(change(&own, body.clone()).failure(), failure, "{body}");
    }
    assert_eq!(node.send(&with_cookie("GET", "/api/user/me", &other)).status, 200);
    let token = node.api("PUT", "/api/user/credentials", &json!({ "password": "new password" }));
    assert_eq!(token.failure(), "403 FORBIDDEN", "no token changes the owner");

    let body =
        json!({ "username": "eve", "password": "new password", "current_password": PASSWORD });
    let changed = change(&own, body);
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(
        node.send(&with_cookie("GET", "/api/user/me", &own)).json()["data"]["username"],
        "eve"
    );
    assert_eq!(
        node.send(&with_cookie("GET", "/api/user/me", &other)).failure(),
        "401 SESSION_EXPIRED"
    );
    assert_eq!(node.send(&login("ann", PASSWORD)).failure(), "401 INVALID_CREDENTIALS");
    assert_eq!(node.send(&login("eve", "new password")).status, 200);
}

#[test]
fn sessions_outlive_a_restart_and_can_be_ended_one_by_one() {
    let node = node();
    let first = cookie(&node.send(&login("ann", PASSWORD)));
    let browser = format!("Browser/1 ({}é)", "x".repeat(250));
    let second = cookie(&node.send(&login("ann", PASSWORD).header("User-Agent", &browser)));
    let node = node.restart(fazt_actors::limits::Limits::default());
    let list = node.send(&with_cookie("GET", "/api/sessions", &second)).json()["data"].clone();
    assert_eq!(list.as_array().unwrap().len(), 2);
    let own = list.as_array().unwrap().iter().find(|entry| entry["current"] == true).unwrap();
    assert_eq!(own["user_agent"], browser.as_str(), "as it calls itself, to 300 bytes");
    assert_eq!(own["address"], "127.0.0.1");
    assert!(!list.to_string().contains(second.split('=').nth(1).unwrap()), "no cookie is shown");
    let target = format!("/api/sessions/{}", own["id"].as_str().unwrap());
    assert_eq!(node.api("DELETE", &target, &Value::Null).status, 200);
    assert_eq!(node.api("DELETE", &target, &Value::Null).failure(), "404 SESSION_NOT_FOUND");
    assert_eq!(
        node.send(&with_cookie("GET", "/api/apps", &second)).failure(),
        "401 SESSION_EXPIRED"
    );
    assert_eq!(node.send(&with_cookie("GET", "/api/apps", &first)).status, 200);
}

#[test]
fn wrong_cookies_open_nothing() {
    let node = node();
    let good = cookie(&node.send(&login("ann", PASSWORD)));
    let value = good.split('=').nth(1).unwrap();
    for wrong in [
        format!("fazt={}", &value[..42]),
        format!("fazt={value}x"),
        format!("fazt={}", "0".repeat(43)),
        "fazt=".to_owned(),
        format!("session={value}"),
        format!("FAZT={value}"),
        format!("cc_session={value}"),
        "fazt".to_owned(),
    ] {
        let response = node.send(&with_cookie("GET", "/api/apps", &wrong));
        assert_eq!(response.status, 401, "{wrong}");
    }
    // A credential in the header counts alone, also when it is bad.
    let both = with_cookie("GET", "/api/apps", &good).bearer("fazt_x_y");
    assert_eq!(node.send(&both).failure(), "401 INVALID_API_KEY");
    let node_without_owner = TestNode::start();
    assert_eq!(node_without_owner.send(&login("admin", "x")).failure(), "409 NO_OWNER");
}
