//! Which host leads where.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::node::TestNode;
use crate::node::client::Request;

/// Where a host leads, by what its front page says.
fn shown(node: &TestNode, host: &str) -> String {
    let response = node.get(host, "/");
    let mark = response.header("x-robots-tag").map(|value| format!(" ({value})"));
    format!("{}{}", response.summary(), mark.unwrap_or_default())
}

fn table(node: &TestNode, hosts: &[&str]) -> String {
    let mut table = String::new();
    for host in hosts {
        writeln!(table, "{host}: {}", shown(node, host)).unwrap();
    }
    table
}

fn blog(domain: Option<&str>) -> TestNode {
    let node = TestNode::with(fazt_actors::limits::Limits::default(), domain);
    node.deploy("blog", &[("index.html", "one")]);
    node.deploy("blog", &[("index.html", "two")]);
    node
}

#[test]
fn without_a_main_domain() {
    let node = blog(None);
    let port = node.address.port();
    let hosts = [
        "localhost",
        "LOCALHOST",
        "localhost.",
        &format!("localhost:{port}"),
        "localhost:1",
        "127.0.0.1",
        "[::1]",
        "[::1]:4698",
        "admin.localhost",
        "blog.localhost",
        "BLOG.LocalHost.",
        "blog.localhost.:80",
        "v1--blog.localhost",
        "V2--Blog.localhost:8080",
        "v3--blog.localhost",
        "v01--blog.localhost",
        "v1--none.localhost",
        "none.localhost",
        "a.blog.localhost",
        "www.localhost",
        "root.localhost",
        "404.localhost",
        "example.test",
        "blog.example.test",
        "127.0.0.2",
        "192.0.2.1",
    ];
    let table = table(&node, &hosts).replace(&port.to_string(), "PORT");
    assert_snapshot!(table, @r"
    localhost: 200 [fazt]
    LOCALHOST: 200 [fazt]
    localhost.: 200 [fazt]
    localhost:PORT: 200 [fazt]
    localhost:1: 200 [fazt]
    127.0.0.1: 200 [fazt]
    [::1]: 200 [fazt]
    [::1]:4698: 200 [fazt]
    admin.localhost: 200 [fazt]
    blog.localhost: 200 two
    BLOG.LocalHost.: 200 two
    blog.localhost.:80: 200 two
    v1--blog.localhost: 200 one (noindex)
    V2--Blog.localhost:8080: 200 two (noindex)
    v3--blog.localhost: 404 [No such release]
    v01--blog.localhost: 404 [No app here]
    v1--none.localhost: 404 [No app here]
    none.localhost: 404 [No app here]
    a.blog.localhost: 404 [No app here]
    www.localhost: 404 [No app here]
    root.localhost: 404 [No app here]
    404.localhost: 404 [No app here]
    example.test: 404 [No app here]
    blog.example.test: 404 [No app here]
    127.0.0.2: 404 [No app here]
    192.0.2.1: 404 [No app here]
    ");
}

#[test]
fn with_a_main_domain() {
    let node = blog(Some("example.test"));
    let hosts = [
        "example.test",
        "Example.Test.",
        "www.example.test",
        "root.example.test",
        "admin.example.test",
        "admin.localhost",
        "localhost",
        "127.0.0.1",
        "blog.example.test",
        "blog.example.test:443",
        "blog.localhost",
        "v1--blog.example.test",
        "none.example.test",
        "a.blog.example.test",
        "notexample.test",
        "example.test.evil.test",
        "blog.example.test.evil.test",
        "evil.test",
    ];
    assert_snapshot!(table(&node, &hosts), @r"
    example.test: 200 [This is fazt]
    Example.Test.: 200 [This is fazt]
    www.example.test: 200 [This is fazt]
    root.example.test: 200 [This is fazt]
    admin.example.test: 200 [fazt]
    admin.localhost: 200 [fazt]
    localhost: 200 [fazt]
    127.0.0.1: 200 [fazt]
    blog.example.test: 200 two
    blog.example.test:443: 200 two
    blog.localhost: 200 two
    v1--blog.example.test: 200 one (noindex)
    none.example.test: 404 [No app here]
    a.blog.example.test: 404 [No app here]
    notexample.test: 404 [No app here]
    example.test.evil.test: 404 [No app here]
    blog.example.test.evil.test: 404 [No app here]
    evil.test: 404 [No app here]
    ");
}

#[test]
fn what_is_no_host_name_leads_nowhere() {
    let node = blog(None);
    for host in [
        "blog .localhost",
        "blog.localhost evil",
        " ",
        "",
        "blög.localhost",
        "xn--blg-sna.localhost",
        "blog..localhost",
        ".localhost",
        "-blog.localhost",
        "blog@localhost",
        "blog.localhost:port",
        "blog.localhost:80:80",
        "[::1",
        "[blog.localhost]",
        "blog.localhost/",
        "blog_.localhost",
        &format!("{}.localhost", "a".repeat(64)),
        &"a".repeat(300),
        &format!("{}blog.localhost", "a.".repeat(143)),
    ] {
        let response = node.get(host, "/");
        assert!(matches!(response.status, 400 | 404), "{host:?}: {}", response.summary());
        assert!(!response.text().contains("two"), "{host:?}");
    }
    let none = node.raw(b"GET / HTTP/1.0\r\n\r\n");
    assert_eq!(none.summary(), "404 [No app here]");
    let bytes = b"GET / HTTP/1.1\r\nHost: \xff\xfe.localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(node.raw(bytes).status, 404);
    // RFC 9112 section 3.2: one host, no more and no less.
    let two = "blog.localhost\r\nHost: none.localhost";
    assert_eq!(node.get(two, "/").status, 400);
    assert_eq!(node.raw(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").status, 400);
    // The host of an absolute target wins over the header (RFC 9112 section 3.2.2).
    assert_eq!(node.get("none.localhost", "http://blog.localhost/").summary(), "200 two");
    assert_eq!(node.get("blog.localhost", "http://none.localhost/").status, 404);
}

#[test]
fn the_owner_may_replace_the_built_in_pages() {
    let node = blog(Some("example.test"));
    assert_eq!(shown(&node, "evil.test"), "404 [No app here]");
    node.deploy("404", &[("index.html", "nobody"), ("a.css", "style"), ("404.html", "lost")]);
    node.deploy("root", &[("index.html", "root"), ("404.html", "none here")]);
    assert_snapshot!(
        table(&node, &["example.test", "www.example.test", "root.example.test", "evil.test",
                       "none.localhost", "v9--none.localhost", "404.example.test"]),
        @r"
        example.test: 200 root
        www.example.test: 200 root
        root.example.test: 200 root
        evil.test: 404 nobody
        none.localhost: 404 nobody
        v9--none.localhost: 404 nobody
        404.example.test: 200 nobody
        "
    );
    assert_eq!(node.get("evil.test", "/a.css").summary(), "404 style");
    assert_eq!(node.get("evil.test", "/deep/x").summary(), "404 lost");
    let deploy = node.token(&["deploy"], None);
    for name in ["root", "404"] {
        let archive = crate::zips::archive(&[crate::zips::stored("index.html", b"mine")]);
        let request = crate::node::deploy_request(&deploy, &[("site_name", name)], &archive);
        assert_eq!(node.send(&request).failure(), "403 FORBIDDEN", "{name}");
    }
}

#[test]
fn every_host_names_the_node() {
    let mut ids = std::collections::HashMap::new();
    for (domain, expect) in
        [(None, None), (Some("example.test"), Some("https://admin.example.test"))]
    {
        let node = blog(domain);
        let local = format!("http://localhost:{}", node.address.port());
        for host in ["localhost", "blog.localhost", "none.localhost", "evil.test", "example.test"] {
            let discovery = node.get(host, "/.well-known/fazt").json();
            assert_eq!(discovery["name"], "fazt", "{host}");
            assert_eq!(discovery["version"], env!("CARGO_PKG_VERSION"), "{host}");
            assert_eq!(discovery["admin_url"], expect.unwrap_or(&local), "{host}");
            let id = discovery["node_id"].as_str().unwrap();
            assert_eq!(id.len(), 22, "{host}: {id}");
            assert_eq!(*ids.entry(domain).or_insert_with(|| id.to_owned()), id, "{host}");
        }
    }
    assert_ne!(ids[&None], ids[&Some("example.test")]);
}

#[test]
fn every_host_tells_whether_the_node_lives() {
    let node = blog(None);
    for host in ["localhost", "127.0.0.1", "blog.localhost", "none.localhost", "evil.test"] {
        let response = node.get(host, "/health");
        assert_eq!(response.summary(), "200 OK", "{host}");
        assert_eq!(response.header("cache-control"), Some("no-store"), "{host}");
        let head = node.send(&Request::new("HEAD", host, "/health"));
        assert_eq!((head.status, head.text().as_str()), (200, ""), "{host}");
    }
    node.deploy("blog", &[("health.html", "I am fine")]);
    assert_eq!(node.get("blog.localhost", "/health").summary(), "200 I am fine");
    assert_eq!(node.get("localhost", "/health").summary(), "200 OK");
}

#[test]
fn no_app_has_files_where_the_node_has_its_paths() {
    let node = blog(None);
    node.deploy("blog", &[("_fazt/x.txt", "mine"), ("fazt/x.txt", "mine"), ("index.html", "home")]);
    for target in
        ["/_fazt/x.txt", "/_fazt/", "//_fazt/x.txt", "/%5ffazt/x.txt", "/a/../_fazt/x.txt"]
    {
        assert_eq!(node.get("blog.localhost", target).summary(), "404 [Not found]", "{target}");
    }
    assert_eq!(node.get("blog.localhost", "/fazt/x.txt").summary(), "200 mine");
}
