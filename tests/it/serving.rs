//! Which file, page, redirect or refusal answers which path.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::node::TestNode;
use crate::node::client::{Request, Response};

const HOST: &str = "site.localhost";

/// Checks what each target answers, as `status text`.
#[track_caller]
fn check(node: &TestNode, expectations: &[(&str, &str)]) {
    for (target, expect) in expectations {
        assert_eq!(node.get(HOST, target).summary(), *expect, "{target}");
    }
}

fn ask(node: &TestNode, target: &str, headers: &[(&str, &str)]) -> Response {
    node.send(&Request::new("GET", HOST, target).headers(headers))
}

/// What a response says of itself, without what differs from run to run.
fn described(response: &Response, names: &[&str]) -> String {
    let mut text = format!("{}\n", response.status);
    for name in names {
        for value in response.all(name) {
            writeln!(text, "{name}: {value}").unwrap();
        }
    }
    text
}

#[test]
fn pages_have_clean_urls() {
    let node = TestNode::start();
    node.deploy(
        "site",
        &[
            ("index.html", "home"),
            ("about.html", "about"),
            ("docs/index.html", "docs"),
            ("docs/guide.html", "guide"),
            ("both.html", "page"),
            ("both/index.html", "folder"),
            ("files/a b.txt", "spaces"),
            ("files/ünï.txt", "unicode"),
            ("files/100%.txt", "percent"),
            ("empty.txt", ""),
        ],
    );
    check(
        &node,
        &[
            ("/", "200 home"),
            ("/?a=b", "200 home"),
            ("/index.html", "200 home"),
            ("/about", "200 about"),
            ("/about.html", "200 about"),
            ("/about/", "301 -> /about"),
            ("/about/?x=1&y=%20", "301 -> /about?x=1&y=%20"),
            ("/docs", "301 -> /docs/"),
            ("/docs?x=1", "301 -> /docs/?x=1"),
            ("/docs/", "200 docs"),
            ("/docs/guide", "200 guide"),
            ("/both", "200 page"),
            ("/both/", "200 folder"),
            ("/files/a%20b.txt", "200 spaces"),
            ("/files/%c3%bcn%C3%AF.txt", "200 unicode"),
            ("/files/100%25.txt", "200 percent"),
            ("/empty.txt", "200"),
            ("//docs//guide", "200 guide"),
            ("/docs/./guide", "200 guide"),
            ("/x/../docs/", "200 docs"),
            ("/../../about", "200 about"),
            ("/files", "404 [Not found]"),
            ("/files/", "404 [Not found]"),
            ("/About", "404 [Not found]"),
            ("/docs/index", "404 [Not found]"),
        ],
    );
    // A redirect to another host cannot be smuggled in by slashes.
    check(&node, &[("//docs", "301 -> /docs/"), ("/%2Fdocs", "301 -> /docs/")]);
}

#[test]
fn the_nearest_page_explains_what_is_missing() {
    let node = TestNode::start();
    node.deploy("site", &[("404.html", "top"), ("docs/404.html", "docs"), ("docs/a/b.txt", "b")]);
    check(
        &node,
        &[
            ("/", "404 top"),
            ("/x/y/z", "404 top"),
            ("/docs/x", "404 docs"),
            ("/docs/a/x/y", "404 docs"),
            ("/docs/a/b.txt", "200 b"),
            ("/docsx/", "404 top"),
            ("/404.html", "200 top"),
            ("/404", "200 top"),
        ],
    );
    let missing = ask(&node, "/x", &[("Range", "bytes=0-0"), ("If-None-Match", "*")]);
    assert_eq!(missing.summary(), "404 top");
    assert_eq!(missing.header("cache-control"), Some("no-cache"));
}

#[test]
fn apps_that_route_in_the_browser_get_their_page() {
    let page = [("Accept", "text/html,*/*;q=0.8")];
    let any = [("Accept", "*/*")];
    let manifest = ("fazt.json", r#"{"spa": true}"#);
    for files in [
        vec![("index.html", "app"), ("a.js", "script"), manifest],
        vec![("index.html", "home"), ("a.js", "script"), ("200.html", "app")],
        vec![("index.html", "home"), ("a.js", "script"), ("200.html", "app"), manifest],
    ] {
        let node = TestNode::start();
        node.deploy("site", &files);
        for (target, headers, expect) in [
            ("/users/7", any, "200 app"),
            ("/users/7/", any, "200 app"),
            ("/users/ann.lee", page, "200 app"),
            ("/a.js", any, "200 script"),
            ("/b.js", any, "404 [Not found]"),
            ("/assets/b.css", any, "404 [Not found]"),
            ("/users/ann.lee", any, "404 [Not found]"),
            ("/private/x", any, "200 app"),
        ] {
            assert_eq!(ask(&node, target, &headers).summary(), expect, "{target} {files:?}");
        }
    }
    let node = TestNode::start();
    node.deploy("site", &[("index.html", "home"), ("fazt.json", r#"{"spa": false}"#)]);
    check(&node, &[("/users/7", "404 [Not found]")]);
    // The original's name for the manifest, and a web app's own file of that name.
    node.deploy("site", &[("index.html", "app"), ("manifest.json", r#"{"spa": true}"#)]);
    check(&node, &[("/users/7", "200 app"), ("/manifest.json", "404 [Not found]")]);
    let web_app = r#"{"spa": true, "icons": []}"#;
    node.deploy("site", &[("index.html", "home"), ("manifest.json", web_app)]);
    check(&node, &[("/users/7", "404 [Not found]")]);
    assert_eq!(ask(&node, "/manifest.json", &[]).text(), web_app);
}

#[test]
fn header_rules_change_answers() {
    let rules = "/*\n  X-Frame-Options: DENY\n  Set-Cookie: a=1\n  Set-Cookie: b=2\n\
                 /static/*\n  Cache-Control: max-age=60\n  ! X-Frame-Options\n\
                 /static/:file\n  X-File: :file\n  ETag: \"mine\"\n  Content-Type: text/x-mine\n";
    let node = TestNode::start();
    let files =
        [("_headers", rules), ("index.html", "home"), ("static/a.css", "a"), ("404.html", "no")];
    node.deploy("site", &files);
    let names = ["cache-control", "content-type", "set-cookie", "x-file", "x-frame-options"];
    assert_snapshot!(described(&node.get(HOST, "/"), &names), @r"
    200
    cache-control: no-cache
    content-type: text/html; charset=utf-8
    set-cookie: a=1
    set-cookie: b=2
    x-frame-options: DENY
    ");
    let styled = node.get(HOST, "/static/a.css");
    assert_snapshot!(described(&styled, &names), @r"
    200
    cache-control: max-age=60
    content-type: text/x-mine
    set-cookie: a=1
    set-cookie: b=2
    x-file: a.css
    ");
    assert_ne!(styled.header("etag"), Some("\"mine\""));
    assert_snapshot!(described(&node.get(HOST, "/static/none"), &names), @r"
    404
    cache-control: max-age=60
    content-type: text/x-mine
    set-cookie: a=1
    set-cookie: b=2
    x-file: none
    ");
    check(&node, &[("/_headers", "404 no")]);
}

#[test]
fn redirect_rules_come_after_files_unless_they_insist() {
    let rules = "/ /start 302\n/forced /elsewhere 307!\n/old/* /new/:splat\n\
                 /feed https://feeds.example.com/all 308\n/app/* /app.html 200\n\
                 /pretend /about 200\n/removed /gone.html 410\n/shop/* /closed.html 404\n\
                 /secret/* /private/:splat 200\n/up/* /../private/x 200\n\
                 /nowhere /none.html 200\n/hidden /about.html 200!\n";
    let node = TestNode::start();
    node.deploy(
        "site",
        &[
            ("_redirects", rules),
            ("index.html", "home"),
            ("forced.html", "not seen"),
            ("hidden.html", "not seen"),
            ("old/kept.txt", "kept"),
            ("app.html", "app"),
            ("about.html", "about"),
            ("gone.html", "gone"),
            ("closed.html", "closed"),
            ("private/x", "secret"),
        ],
    );
    check(
        &node,
        &[
            ("/", "200 home"),
            ("/forced", "307 -> /elsewhere"),
            ("/hidden", "200 about"),
            ("/old/kept.txt", "200 kept"),
            ("/old/a/b?q=1", "301 -> /new/a/b?q=1"),
            ("/feed", "308 -> https://feeds.example.com/all"),
            ("/app/users/7", "200 app"),
            ("/pretend", "200 about"),
            ("/removed", "410 gone"),
            ("/shop/x", "404 closed"),
            ("/secret/x", "404 [Not found]"),
            ("/up/x", "404 [Not found]"),
            ("/nowhere", "404 [Not found]"),
            ("/_redirects", "404 [Not found]"),
        ],
    );
    let all = "/* /app.html 200\n";
    node.deploy("site", &[("_redirects", all), ("app.html", "app"), ("a.js", "script")]);
    check(&node, &[("/a.js", "200 script"), ("/x/y", "200 app"), ("/_redirects", "200 app")]);
}

#[test]
fn methods() {
    let node = TestNode::start();
    node.deploy("site", &[("index.html", "home"), ("_redirects", "/away /x 302!\n")]);
    let allow = Some("GET, HEAD, OPTIONS");
    for target in ["/", "/none", "/away"] {
        for (method, status) in [
            ("OPTIONS", 204),
            ("POST", 405),
            ("PUT", 405),
            ("DELETE", 405),
            ("PATCH", 405),
            ("TRACE", 405),
            ("BREW", 405),
        ] {
            let response = node.send(&Request::new(method, HOST, target));
            let found = (response.status, response.header("allow"), response.text());
            assert_eq!(found, (status, allow, String::new()), "{method} {target}");
        }
    }
    for target in ["/", "/none", "/away"] {
        let get = node.get(HOST, target);
        let head = node.send(&Request::new("HEAD", HOST, target));
        let names = ["content-length", "content-type", "etag", "location", "cache-control"];
        assert_eq!(described(&head, &names), described(&get, &names), "{target}");
    }
}

#[test]
fn types_and_lifetimes() {
    let node = TestNode::start();
    let paths = [
        "index.html",
        "page.HTML",
        "style.css",
        "app.js",
        "mod.mjs",
        "data.json",
        "feed.xml",
        "site.webmanifest",
        "pic.svg",
        "pic.png",
        "pic.avif",
        "font.woff2",
        "app.wasm",
        "read.me",
        "LICENSE",
        "notes.txt",
        "film.mp4",
        "assets/app.3f9ac2b1.js",
        "assets/index-BmK2q9Xz.css",
        "assets/photo-2024-summer.jpg",
        ".well-known/apple-app-site-association",
    ];
    node.deploy("site", &paths.map(|path| (path, "x")));
    let mut table = String::new();
    for path in paths {
        let response = node.get(HOST, &format!("/{path}"));
        assert_eq!(response.status, 200, "{path}");
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        let header = |name| response.header(name).unwrap_or("-").to_owned();
        let kept = match &*header("cache-control") {
            "no-cache" => "asked for each time",
            "max-age=300, must-revalidate" => "five minutes",
            "public, max-age=31536000, immutable" => "a year",
            other => panic!("{path}: {other}"),
        };
        writeln!(table, "{path}: {}: {kept}", header("content-type")).unwrap();
    }
    assert_snapshot!(table, @r"
    index.html: text/html; charset=utf-8: asked for each time
    page.HTML: text/html; charset=utf-8: asked for each time
    style.css: text/css; charset=utf-8: five minutes
    app.js: text/javascript; charset=utf-8: five minutes
    mod.mjs: text/javascript; charset=utf-8: five minutes
    data.json: application/json; charset=utf-8: five minutes
    feed.xml: application/xml; charset=utf-8: five minutes
    site.webmanifest: application/manifest+json; charset=utf-8: five minutes
    pic.svg: image/svg+xml; charset=utf-8: five minutes
    pic.png: image/png: five minutes
    pic.avif: image/avif: five minutes
    font.woff2: font/woff2: five minutes
    app.wasm: application/wasm: five minutes
    read.me: application/octet-stream: five minutes
    LICENSE: application/octet-stream: five minutes
    notes.txt: text/plain; charset=utf-8: five minutes
    film.mp4: video/mp4: five minutes
    assets/app.3f9ac2b1.js: text/javascript; charset=utf-8: a year
    assets/index-BmK2q9Xz.css: text/css; charset=utf-8: a year
    assets/photo-2024-summer.jpg: image/jpeg: five minutes
    .well-known/apple-app-site-association: application/json; charset=utf-8: five minutes
    ");
}

#[test]
fn a_root_main_js_without_a_page_is_the_servers_code() {
    let node = TestNode::start();
    node.deploy("site", &[("main.js", "code"), ("lib/main.js", "script")]);
    // This process started no engine, and says so for every path: the script answers them all.
    let refused = "501 [No functions here]";
    check(&node, &[("/main.js", refused), ("/lib/main.js", refused), ("/", refused)]);
    node.deploy("site", &[("main.js", "script"), ("index.html", "home")]);
    check(&node, &[("/main.js", "200 script")]);
}
