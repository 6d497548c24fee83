//! Host names of their own: mapped to an app, taken back, and never two ways at once.

use serde_json::{Value, json};

use crate::node::TestNode;

#[test]
fn a_mapped_domain_answers_as_its_app() {
    let node = TestNode::with(fazt_actors::limits::Limits::default(), Some("example.org"));
    node.deploy("blog", &[("index.html", "blog"), ("a.txt", "x")]);
    node.deploy("shop", &[("index.html", "shop")]);
    let add = |domain: &str, app: &str| {
        node.api("POST", "/api/mapped-domains", &json!({ "domain": domain, "app": app }))
    };
    assert_eq!(node.get("www.blog.test", "/").status, 404);
    let added = add("WWW.Blog.test.", "blog");
    assert_eq!(added.status, 201, "{}", added.text());
    assert_eq!(added.json()["data"]["domain"], "www.blog.test");
    for host in ["www.blog.test", "WWW.BLOG.TEST", "www.blog.test.", "www.blog.test:8080"] {
        assert_eq!(node.get(host, "/").summary(), "200 blog", "{host}");
    }
    assert_eq!(node.get("blog.test", "/").status, 404);
    let again = add("www.blog.test", "blog");
    assert_eq!(again.json(), added.json(), "the same again");
    assert_eq!(add("www.blog.test", "shop").failure(), "409 CONFLICT");
    assert_eq!(add("other.test", "none").failure(), "404 APP_NOT_FOUND");
    for own in ["example.org", "admin.example.org", "x.y.example.org", "localhost", "a b", "x", ""]
    {
        let refused = add(own, "blog");
        assert_eq!(refused.failure(), "400 VALIDATION_FAILED", "{own}");
        assert_eq!(refused.json()["error"]["details"]["field"], "domain", "{own}");
    }
    let list = node.data("/api/mapped-domains?app=blog");
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["app"], "blog");
    assert_eq!(node.data("/api/mapped-domains?app=shop"), json!([]));

    // The domain follows its app: off the air with it, and back.
    node.api("DELETE", "/api/apps/blog", &Value::Null);
    assert_eq!(node.get("www.blog.test", "/").status, 404);
    assert_eq!(node.data("/api/mapped-domains"), json!([]));
    node.api("POST", "/api/apps/blog/restore", &Value::Null);
    assert_eq!(node.get("www.blog.test", "/").summary(), "200 blog");

    let node = node.restart(fazt_actors::limits::Limits::default());
    assert_eq!(node.get("www.blog.test", "/").summary(), "200 blog");
    let removed = node.api("DELETE", "/api/mapped-domains/WWW.blog.test", &Value::Null);
    assert_eq!(removed.status, 200, "{}", removed.text());
    assert_eq!(node.get("www.blog.test", "/").status, 404);
    let again = node.api("DELETE", "/api/mapped-domains/www.blog.test", &Value::Null);
    assert_eq!(again.failure(), "404 DOMAIN_NOT_FOUND");
}

#[test]
fn a_deleted_app_gives_its_domains_up() {
    let node = TestNode::start();
    node.deploy("old", &[("index.html", "old")]);
    node.deploy("new", &[("index.html", "new")]);
    let add = |app: &str| {
        node.api("POST", "/api/mapped-domains", &json!({ "domain": "a.test", "app": app })).status
    };
    assert_eq!(add("old"), 201);
    node.api("DELETE", "/api/apps/old", &Value::Null);
    assert_eq!(add("new"), 201);
    node.api("POST", "/api/apps/old/restore", &Value::Null);
    assert_eq!(node.get("a.test", "/").summary(), "200 new");
    node.api("DELETE", "/api/apps/new?purge=true", &Value::Null);
    assert_eq!(node.get("a.test", "/").status, 404);
    assert_eq!(node.data("/api/mapped-domains"), json!([]));
}

#[test]
fn many_domains_are_listed_by_pages() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "blog")]);
    for number in 0..5 {
        let body = json!({ "domain": format!("d{number}.test"), "app": "blog" });
        assert_eq!(node.api("POST", "/api/mapped-domains", &body).status, 201);
    }
    let (mut cursor, mut seen) = (String::new(), 0);
    for _ in 0..10 {
        let target = format!("/api/mapped-domains?limit=2&cursor={cursor}");
        let page = node.api("GET", &target, &Value::Null).json();
        seen += page["data"].as_array().unwrap().len();
        match page["meta"]["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, 5);
}
