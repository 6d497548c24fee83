//! Every archive that is refused: what the client reads, and that nothing has changed.

use std::io::{Read, Write};
use std::net::Shutdown;

use fazt_actors::limits::{DeployLimits, Limits};

use crate::node::client::{Request, Response, connect};
use crate::node::{ADMIN, TestNode, deploy_request};
use crate::zips::{Item, archive, deflated, folder, stored};

const HOST: &str = "blog.localhost";

/// What the app served before anybody tried to replace it.
const BEFORE: [(&str, &str); 3] =
    [("index.html", "<h1>before</h1>"), ("a/b.css", "b{}"), ("_headers", "/*\n  X-Was: here\n")];

/// A node with limits that small archives reach, and a release to lose.
fn site() -> TestNode {
    let deploy = DeployLimits {
        archive_bytes_max: 64 * 1024,
        unpacked_bytes_max: 40_000,
        file_bytes_max: 30_000,
        files_max: 5,
        path_bytes_max: 64,
        ratio_max: 10,
        ratio_exempt_bytes: 1_000,
        header_rules_max: 2,
        redirect_rules_max: 2,
        config_file_bytes_max: 400,
    };
    let node = TestNode::with(Limits { deploy, ..Limits::default() }, None);
    node.deploy("blog", &BEFORE);
    node
}

/// Checks that the release from before still answers, byte for byte, and is the only one.
#[track_caller]
fn check_unchanged(node: &TestNode) {
    let page = node.get(HOST, "/");
    assert_eq!((page.status, page.text().as_str()), (200, BEFORE[0].1));
    assert_eq!(page.header("x-was"), Some("here"));
    assert_eq!(node.get(HOST, "/a/b.css").summary(), "200 b{}");
    assert_eq!(node.releases("blog"), "[1]");
    assert_eq!(node.data("/api/apps/blog")["live_release"], 1);
    assert_eq!(node.get("v2--blog.localhost", "/").status, 404);
}

#[track_caller]
fn check_refusal(node: &TestNode, response: &Response, failure: &str, message: &str) {
    assert_eq!(response.failure(), failure, "{message}: {}", response.text());
    assert!(response.message().contains(message), "{message}: {}", response.message());
    check_unchanged(node);
}

/// Sends an archive with a good page and these entries.
#[track_caller]
fn check(node: &TestNode, items: &[Item], failure: &str, message: &str) {
    let mut all = vec![stored("index.html", b"<h1>after</h1>")];
    all.extend_from_slice(items);
    let response = node.deploy_archive("blog", &archive(&all));
    check_refusal(node, &response, failure, message);
}

#[test]
fn paths_that_leave_the_site() {
    let node = site();
    let long = "a".repeat(65);
    for (name, shown, why) in [
        ("../x", "../x", "segment `..`"),
        ("a/../../x", "a/../../x", "segment `..`"),
        ("a/..", "a/..", "segment `..`"),
        ("/etc/passwd", "/etc/passwd", "is absolute"),
        ("C:/x", "C:/x", "is absolute"),
        ("a\\b", "a\\b", "has a backslash"),
        ("..\\x", "..\\x", "has a backslash"),
        ("a\0b", "a\\u{0}b", "control character"),
        ("a\nb", "a\\nb", "control character"),
        ("./a", "./a", "segment `.`"),
        ("a//b", "a//b", "empty segment"),
        (&*long, &*long, "has 65 bytes, allowed are 64"),
        // What would not be deployed must be sound all the same.
        (".git/../../x", ".git/../../x", "segment `..`"),
        ("node_modules/../../x", "node_modules/../../x", "segment `..`"),
    ] {
        let message = format!("archive entry `{shown}` is refused: its path");
        check(&node, &[stored(name, b"x")], "400 ENTRY_REFUSED", &message);
        check(&node, &[stored(name, b"x")], "400 ENTRY_REFUSED", why);
    }
    let latin = stored(b"caf\xe9", b"x");
    check(&node, &[latin], "400 ENTRY_REFUSED", "`caf\u{fffd}` is refused: its name is not UTF-8");
}

#[test]
fn entries_that_are_no_files() {
    let node = site();
    let odd = |mode| Item { mode, ..stored("odd", b"/etc/passwd") };
    for (item, why) in [
        (odd(0o120_777), "symbolic link"),
        (odd(0o020_644), "neither a file nor a folder"),
        (odd(0o060_644), "neither a file nor a folder"),
        (odd(0o010_644), "neither a file nor a folder"),
        (odd(0o140_644), "neither a file nor a folder"),
        (Item { flags: 1, ..stored("odd", b"x") }, "encrypted"),
        (Item { method: 12, ..stored("odd", b"x") }, "Bzip2"),
    ] {
        check(&node, std::slice::from_ref(&item), "400 ENTRY_REFUSED", "archive entry `odd` is");
        check(&node, &[item], "400 ENTRY_REFUSED", why);
    }
}

#[test]
fn entries_that_are_there_twice_or_share_bytes() {
    let node = site();
    let text = b"hello hello hello hello";
    let refused = "400 ENTRY_REFUSED";
    check(
        &node,
        &[stored("index.html", b"x")],
        refused,
        "`index.html` is refused: it is there twice",
    );
    check(&node, &[stored("a", b"x"), folder("a/")], refused, "`a/` is refused: it is there twice");
    let overlap = Item { offset: Some(0), ..stored("b", text) };
    check(&node, &[overlap], refused, "`b` is refused: its bytes overlap");
    let reaching = Item { size: 900, compressed_size: 900, ..stored("b", text) };
    check(&node, &[reaching], refused, "`b` is refused: its bytes overlap");
    let both = [stored("a", b"x"), stored("a/b", b"y")];
    check(&node, &both, "400 FILE_AND_FOLDER", "`a` is a file and also the folder of `a/b`");
}

#[test]
fn entries_that_lie() {
    let node = site();
    let text = b"hello hello hello hello";
    let size = text.len() as u32;
    let base = deflated("b", text);
    let nonsense = vec![0xff; base.data.len()];
    for item in [
        Item { crc: 1, ..stored("b", text) },
        Item { crc: 1, ..base.clone() },
        Item { size: size - 1, ..base.clone() },
        Item { size: size + 1, ..base.clone() },
        Item { data: nonsense, ..base.clone() },
        Item { compressed_size: 3, ..base },
        Item { offset: Some(3), ..stored("b", text) },
        Item { offset: Some(u32::MAX - 1), ..stored("b", text) },
    ] {
        check(&node, &[item], "400 ENTRY_REFUSED", "archive entry `b` is refused: it");
    }
}

#[test]
fn archives_that_are_too_much() {
    let node = site();
    let noise: Vec<u8> = (0..30_001_u64).map(|i| (i.wrapping_mul(i * 7_919) >> 7) as u8).collect();
    let half = &noise[..20_000];
    for (items, failure, message) in [
        (
            vec![stored("b", &noise)],
            "413 FILE_TOO_LARGE",
            "`b` has 30001 bytes, a file may have 30000",
        ),
        (
            vec![stored("b", half), stored("c", half)],
            "413 RELEASE_TOO_LARGE",
            "with `c` the files have more than 40000 bytes together",
        ),
        (
            (0..5).map(|n| stored(format!("{n}"), b"")).collect(),
            "413 TOO_MANY_FILES",
            "`4` is one file too many: a release has at most 5 files",
        ),
        (
            vec![deflated("bomb", &[0; 20_000])],
            "400 ENTRY_REFUSED",
            "archive entry `bomb` is refused: it unpacks to more than 10 times",
        ),
    ] {
        check(&node, &items, failure, message);
    }
    // An entry that hides its size is cut off where it said that it ends.
    let hiding = Item { size: 10, ..deflated("bomb", &[0; 30_000]) };
    check(&node, &[hiding], "400 ENTRY_REFUSED", "`bomb`");
    for bytes in [64 * 1024 + 1, 200 * 1024] {
        let response = node.deploy_archive("blog", &vec![b'x'; bytes]);
        check_refusal(&node, &response, "413 PAYLOAD_TOO_LARGE", "larger than");
    }
}

#[test]
fn what_is_no_archive() {
    let node = site();
    let whole = archive(&[stored("index.html", b"after")]);
    for (bytes, failure, message) in [
        (&b""[..], "400 INVALID_ARCHIVE", "not a readable zip archive"),
        (b"hello", "400 INVALID_ARCHIVE", "not a readable zip archive"),
        (&whole[..whole.len() - 1], "400 INVALID_ARCHIVE", "not a readable zip archive"),
        (&archive(&[]), "400 EMPTY_ARCHIVE", "holds no files"),
        (&archive(&[folder("a/")]), "400 EMPTY_ARCHIVE", "holds no files"),
        (&archive(&[stored(".env", b"x")]), "400 EMPTY_ARCHIVE", "its 1 files are dot-files"),
    ] {
        check_refusal(&node, &node.deploy_archive("blog", bytes), failure, message);
    }
    // Nor does a refused archive make an app.
    assert_eq!(node.deploy_archive("new", b"hello").failure(), "400 INVALID_ARCHIVE");
    assert_eq!(node.data("/api/apps").as_array().unwrap().len(), 1);
}

#[test]
fn rules_and_manifests_that_cannot_work() {
    let node = site();
    let large = format!("# {}\n", "x".repeat(400));
    for (path, text, failure, message) in [
        (
            "_headers",
            "X-A: 1\n",
            "400 RULE_INVALID",
            "`_headers`, line 1: this header belongs to no path",
        ),
        (
            "_headers",
            "# a\n/*\n  X A: 1\n",
            "400 RULE_INVALID",
            "`_headers`, line 3: `X A: 1` is no header",
        ),
        (
            "_headers",
            "/*\n  Content-Length: 1\n",
            "400 RULE_INVALID",
            "line 2: `Content-Length` is set by",
        ),
        (
            "_headers",
            "/*\n  transfer-encoding: x\n",
            "400 RULE_INVALID",
            "line 2: `transfer-encoding` is",
        ),
        (
            "_headers",
            "/*\n  Connection: close\n",
            "400 RULE_INVALID",
            "line 2: `Connection` is set by",
        ),
        (
            "_headers",
            "/*\n  Set-Cookie: a=b; DOMAIN = x\n",
            "400 RULE_INVALID",
            "line 2: a cookie with",
        ),
        ("_headers", "/a\n/b\n/c\n", "413 TOO_MANY_RULES", "`_headers`, line 3: more than 2 rules"),
        ("_headers", &large, "413 RULE_FILE_TOO_LARGE", "_headers is larger than 400 bytes"),
        ("_redirects", "/a\n", "400 RULE_INVALID", "`_redirects`, line 1: "),
        ("_redirects", "/a /b 300\n", "400 RULE_INVALID", "line 1: unknown status `300`"),
        (
            "_redirects",
            "/a /b\n/api/* https://evil.test/:splat 200\n",
            "400 RULE_INVALID",
            "`_redirects`, line 2: status 200 cannot show `https://evil.test/:splat` of another",
        ),
        ("_redirects", "/a //evil.test 200\n", "400 RULE_INVALID", "`_redirects`, line 1: "),
        ("_redirects", "/a b\n/b c\n/c /d\n", "400 RULE_INVALID", "`_redirects`, line 1: "),
        ("_redirects", "/a /1\n/b /2\n/c /3\n", "413 TOO_MANY_RULES", "line 3: more than 2 rules"),
        ("fazt.json", "{", "400 INVALID_MANIFEST", "fazt.json: EOF while parsing"),
        ("fazt.json", "[]", "400 INVALID_MANIFEST", "fazt.json: must be an object"),
        (
            "fazt.json",
            r#"{"spa": 1}"#,
            "400 INVALID_MANIFEST",
            "fazt.json: key `spa` must be true or",
        ),
        ("fazt.json", r#"{"name": "A B"}"#, "400 INVALID_MANIFEST", "fazt.json: key `name`"),
        ("fazt.json", r#"{"env": ["A B"]}"#, "400 INVALID_MANIFEST", "fazt.json: key `env[0]`"),
        ("fazt.json", r#"{"engine": "v9"}"#, "400 INVALID_MANIFEST", "fazt.json: key `engine`"),
        ("fazt.json", r#"{"crons": [{}]}"#, "400 INVALID_MANIFEST", "fazt.json: key `crons[0]`"),
        ("fazt.json", &large, "413 RULE_FILE_TOO_LARGE", "fazt.json is larger than 400 bytes"),
        ("manifest.json", r#"{"spa": 1}"#, "400 INVALID_MANIFEST", "manifest.json: key `spa`"),
    ] {
        check(&node, &[stored(path, text.as_bytes())], failure, message);
    }
    let binary = stored("_redirects", b"/a /\xff\n");
    check(&node, &[binary], "400 INVALID_RULE_FILE", "_redirects is not UTF-8 text");
}

#[test]
fn a_differential_upload_is_checked_like_an_archive() {
    let node = site();
    for (path, text, failure) in [
        ("_redirects", "/a https://evil.test/ 200\n", "400 RULE_INVALID"),
        ("fazt.json", "{", "400 INVALID_MANIFEST"),
    ] {
        let response = node.upload("blog", Some(1), &[(path, text)], &[]);
        check_refusal(&node, &response, failure, path);
    }
}

/// Sends these bytes and nothing after them; what comes back, however much.
fn answered(node: &TestNode, request: &[u8]) -> String {
    let mut stream = connect(node.address);
    stream.write_all(request).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _closed = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn bodies_whose_length_is_a_lie() {
    let node = site();
    let archive = archive(&[stored("index.html", b"after")]);
    let honest = deploy_request(&node.admin, &[("name", "blog")], &archive).bytes();
    let text = String::from_utf8_lossy(&honest).into_owned();
    let length = text.split("Content-Length: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let with_length = |value: &str| -> Vec<u8> {
        let at = text.find("Content-Length: ").unwrap() + "Content-Length: ".len();
        [&honest[..at], value.as_bytes(), &honest[at + length.len()..]].concat()
    };
    let real: u64 = length.parse().unwrap();
    // Far too much is refused before anything of it is read.
    let refused = node.raw(&with_length("999999999999"));
    check_refusal(&node, &refused, "413 PAYLOAD_TOO_LARGE", "larger than");
    // Fewer bytes than there are: the form ends before its end.
    let cut = answered(&node, &with_length(&(real - 10).to_string()));
    assert!(cut.starts_with("HTTP/1.1 400"), "{cut}");
    check_unchanged(&node);
    for value in ["-1", "12abc", "0x10", "1, 2", "99999999999999999999999"] {
        let response = node.raw(&with_length(value));
        assert!(matches!(response.status, 400 | 413), "{value}: {}", response.status);
        check_unchanged(&node);
    }
    // More bytes than there are: the client goes away in the middle.
    let answer = answered(&node, &with_length(&(real + 10).to_string()));
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    check_unchanged(&node);
}

#[test]
fn forms_that_are_none() {
    let node = site();
    let form = "multipart/form-data; boundary=x";
    for (content_type, body) in [
        ("application/json", "{}"),
        ("multipart/form-data", "--x\r\n"),
        (form, ""),
        (form, "no boundary at all"),
        (form, "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx"),
        (form, "--x\r\n\r\n\r\n--x--\r\n"),
        (form, "--x--\r\n"),
    ] {
        let request = Request::new("POST", ADMIN, "/api/deploy").bearer(&node.admin);
        let response = node.send(&request.body(content_type, body));
        assert_eq!(response.status, 400, "{body:?}: {}", response.text());
        assert!(response.json()["error"]["code"].is_string(), "{body:?}");
        check_unchanged(&node);
    }
    let named = "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nblog\r\n\
                 --x\r\nContent-Disposition: form-data; name=\"file\"; \
                 filename=\"site.tar\"\r\n\r\nx\r\n--x--\r\n";
    let request = Request::new("POST", ADMIN, "/api/deploy").bearer(&node.admin);
    let response = node.send(&request.body(form, named));
    check_refusal(&node, &response, "400 VALIDATION_FAILED", "*.zip");
}
