//! What no spelling of a path may reach.

use crate::node::TestNode;
use crate::node::client::Request;

const HOST: &str = "site.localhost";
const SECRET: &str = "SECRET";

/// Paths that are in the release and that nobody may read.
const HIDDEN: [&str; 10] = [
    "api/hello.js",
    "api/sub/x.js",
    "private/x",
    "private/index.html",
    "fazt.json",
    "_headers",
    "_redirects",
    ".env",
    "docs/.git/config",
    ".well-known/.htpasswd",
];

/// A site with all of them. Dot-files only come by a client that does not leave them out.
fn site() -> TestNode {
    let node = TestNode::start();
    let mut files: Vec<(&str, String)> = HIDDEN
        .iter()
        .map(|path| match *path {
            "fazt.json" => (*path, format!(r#"{{"about": "{SECRET}"}}"#)),
            "_headers" | "_redirects" => (*path, format!("# {SECRET}\n")),
            _ => (*path, SECRET.to_owned()),
        })
        .collect();
    files.push(("index.html", "home".to_owned()));
    files.push((".well-known/security.txt", "contact".to_owned()));
    let response = node.upload("site", None, &files, &[]);
    assert_eq!(response.status, 200, "{}", response.text());
    node
}

/// Ways to write a path that some servers decode twice, or resolve too late.
fn spellings(path: &str) -> Vec<String> {
    let hex = |upper: bool| -> String {
        let digits = path.bytes().map(|byte| match (byte, upper) {
            (b'/', _) => "/".to_owned(),
            (_, true) => format!("%{byte:02X}"),
            (_, false) => format!("%{byte:02x}"),
        });
        digits.collect()
    };
    let (first, rest) = path.split_at(1);
    let first = first.as_bytes()[0];
    vec![
        format!("/{path}"),
        format!("//{path}"),
        format!("///{path}"),
        format!("/./{path}"),
        format!("/%2e/{path}"),
        format!("/a/../{path}"),
        format!("/a/%2e%2e/{path}"),
        format!("/a/%2E%2E/{path}"),
        format!("/a/.%2e/{path}"),
        format!("/%2e%2e/{path}"),
        format!("/../../{path}"),
        format!("/x/y/../../{path}"),
        format!("/{}", path.replace('/', "//")),
        format!("/{}", path.replace('/', "%2f")),
        format!("/{}", path.replace('/', "%2F")),
        format!("/{}", path.replace('/', "/./")),
        format!("/{}", path.replace('.', "%2e")),
        format!("/%{first:02x}{rest}"),
        format!("/%25{first:02x}{rest}"),
        format!("/{}", hex(false)),
        format!("/{}", hex(true)),
        format!("/{path}/"),
        format!("/{path}?x"),
        format!("/{path}%00"),
        format!("/{path}%00.html"),
        format!("/%00/{path}"),
        format!("/{path}%20"),
        format!("/{path}."),
        format!("/{path};x=y"),
        format!("/{}", path.replace('/', "\\")),
        format!("/{}", path.replace('/', "%5c")),
        format!("/{}", path.replace('/', "%c0%af")),
        format!("/%c0%ae%c0%ae/{path}"),
        format!("/a/%e0%80%ae%e0%80%ae/{path}"),
        format!("/{}", path.to_uppercase()),
        format!("http://{HOST}/{path}"),
        format!("http://{HOST}//{path}"),
        format!("http://{HOST}/a/%2e%2e/{path}"),
    ]
}

#[test]
fn no_spelling_reaches_what_is_never_served() {
    let node = site();
    for path in HIDDEN {
        for target in spellings(path) {
            for method in ["GET", "HEAD"] {
                let request = Request::new(method, HOST, &target).header("Range", "bytes=0-99");
                let response = node.send(&request);
                assert!(!response.text().contains(SECRET), "{method} {target}");
                let is_refusal = matches!(response.status, 400 | 404);
                assert!(is_refusal, "{method} {target}: {}", response.summary());
            }
        }
    }
    assert_eq!(node.get(HOST, "/.well-known/security.txt").summary(), "200 contact");
    // The clean addresses of hidden pages are as hidden.
    for target in ["/private", "/private/", "/private/index", "/api", "/api/", "/.well-known/"] {
        assert_eq!(node.get(HOST, target).summary(), "404 [Not found]", "{target}");
    }
}

#[test]
fn no_release_is_a_way_round() {
    let node = site();
    node.deploy("site", &[("index.html", "two")]);
    // Neither on a preview host, nor as an earlier release's file.
    for host in [HOST, "v1--site.localhost"] {
        for path in HIDDEN {
            let response = node.get(host, &format!("/{path}"));
            assert_eq!(response.summary(), "404 [Not found]", "{host} {path}");
        }
    }
}

#[test]
fn targets_that_are_no_paths_are_refused() {
    let node = site();
    for (target, status) in [
        ("/%", 400),
        ("/%zz", 400),
        ("/%0a", 400),
        ("/%00", 400),
        ("/a%7f", 400),
        ("/%c0%af", 400),
        ("/%ff", 400),
        ("/a%5cb", 400),
        ("*", 400),
        ("index.html", 400),
        ("", 400),
    ] {
        assert_eq!(node.get(HOST, target).status, status, "{target:?}");
    }
    assert_eq!(node.get(HOST, &format!("/{}", "a".repeat(2047))).status, 404);
    assert_eq!(node.get(HOST, &format!("/{}", "a".repeat(2048))).status, 400);
    let huge = node.get(HOST, &format!("/{}", "a".repeat(200_000)));
    assert!(matches!(huge.status, 400 | 414 | 431), "{}", huge.status);
    // The node is well after all that.
    assert_eq!(node.get(HOST, "/").summary(), "200 home");
}

#[test]
fn the_dashboard_serves_its_own_files_only() {
    let node = TestNode::start();
    for target in [
        "/../Cargo.toml",
        "/../../Cargo.toml",
        "/%2e%2e/%2e%2e/Cargo.toml",
        "/..%2f..%2fCargo.toml",
        "/%252e%252e/Cargo.toml",
        "//etc/passwd",
        "/dist/../../../Cargo.toml",
    ] {
        let text = node.get("localhost", target).text();
        assert!(!text.contains("[workspace]") && !text.contains("root:"), "{target}");
    }
}
