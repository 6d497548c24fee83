//! Differential uploads: what travels, what is checked, and what nobody learns.

use std::time::Duration;

use fazt_actors::contents::SweepContents;
use fazt_actors::limits::Limits;
use fazt_actors::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::node::client::{Request, Response};
use crate::node::{ADMIN, TestNode, eventually, frame, sha256};

const HOST: &str = "blog.localhost";
const NO_FILES: &[(&str, &str)] = &[];

/// The id of a new upload, and what the node lacks for it.
#[track_caller]
fn begun(response: &Response) -> (String, Vec<String>) {
    assert_eq!(response.status, 201, "{}", response.text());
    let data = response.json()["data"].clone();
    let missing = data["missing"].as_array().unwrap().iter();
    let missing = missing.map(|hash| hash.as_str().unwrap().to_owned()).collect();
    (data["upload"].as_str().unwrap().to_owned(), missing)
}

#[test]
fn only_what_the_node_lacks_travels() {
    let node = TestNode::start();
    let files = [("index.html", "one"), ("a.txt", "a"), ("copy.txt", "a")];
    let (upload, missing) = begun(&node.begin("blog", None, &files, &[]));
    // The same content is asked for once.
    let mut expect = vec![sha256(b"one"), sha256(b"a")];
    expect.sort();
    let mut sorted = missing.clone();
    sorted.sort();
    assert_eq!(sorted, expect);
    assert_eq!(node.commit("blog", &upload, false).failure(), "409 UPLOAD_INCOMPLETE");
    assert_eq!(node.put_frames("blog", &upload, &frame(b"one")).status, 200);
    assert_eq!(node.commit("blog", &upload, false).failure(), "409 UPLOAD_INCOMPLETE");
    assert_eq!(node.get(HOST, "/").status, 404);
    assert_eq!(node.put_frames("blog", &upload, &frame(b"a")).status, 200);
    let committed = node.commit("blog", &upload, false);
    assert_eq!(committed.json()["data"]["file_count"], 3, "{}", committed.text());
    assert_eq!(node.get(HOST, "/").summary(), "200 one");
    assert_eq!(node.commit("blog", &upload, false).failure(), "404 UPLOAD_NOT_FOUND");

    // Of the next release only one content is new; a moved file is none.
    let changed = [("index.html", "two"), ("moved.txt", "a")];
    let (upload, missing) = begun(&node.begin("blog", Some(1), &changed, &["copy.txt", "a.txt"]));
    assert_eq!(missing, [sha256(b"two")]);
    node.put_frames("blog", &upload, &frame(b"two"));
    assert_eq!(node.commit("blog", &upload, false).status, 200);
    let files = node.data("/api/apps/blog/releases/live/files");
    let paths: Vec<_> = files.as_array().unwrap().iter().map(|file| &file["path"]).collect();
    assert_eq!(paths, ["index.html", "moved.txt"]);
    // Going back to what an earlier release had takes nothing at all.
    let (upload, missing) = begun(&node.begin("blog", Some(2), &[("index.html", "one")], &[]));
    assert_eq!(missing, Vec::<String>::new());
    assert_eq!(node.commit("blog", &upload, false).status, 200);
    assert_eq!(node.get(HOST, "/").summary(), "200 one");
    assert_eq!(node.releases("blog"), "[3] 2 1");
}

#[test]
fn large_contents_arrive_whole() {
    let node = TestNode::start();
    let bytes: Vec<u8> =
        (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
    let files = [("big.bin", &bytes[..]), ("empty.txt", b"")];
    assert_eq!(node.upload("blog", None, &files, &[]).status, 200);
    assert!(node.get(HOST, "/big.bin").body == bytes);
    assert_eq!(node.get(HOST, "/empty.txt").summary(), "200");
}

#[test]
fn an_upload_is_based_on_the_live_release() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "one")]);
    for base in [None, Some(2)] {
        let response = node.begin("blog", base, &[("index.html", "two")], &[]);
        assert_eq!(response.failure(), "409 RELEASE_MOVED", "{base:?}");
        assert!(response.message().contains("v1"), "{}", response.message());
    }
    assert_eq!(node.begin("none", Some(1), &[("a", "a")], &[]).failure(), "409 RELEASE_MOVED");
    let (upload, _) = begun(&node.begin("blog", Some(1), &[("index.html", "mine")], &[]));
    node.put_frames("blog", &upload, &frame(b"mine"));
    // Somebody else was faster.
    node.deploy("blog", &[("index.html", "theirs")]);
    assert_eq!(node.commit("blog", &upload, false).failure(), "409 RELEASE_MOVED");
    assert_eq!(node.get(HOST, "/").summary(), "200 theirs");
    assert_eq!(node.releases("blog"), "[2] 1");
    // So it is when the app went away, and when another took its name.
    let (upload, _) = begun(&node.begin("blog", Some(2), &[("index.html", "mine")], &[]));
    node.put_frames("blog", &upload, &frame(b"mine"));
    node.api("DELETE", "/api/apps/blog", &Value::Null);
    assert_eq!(node.commit("blog", &upload, false).failure(), "409 RELEASE_MOVED");
    assert_eq!(node.get(HOST, "/").status, 404);
}

#[test]
fn a_new_app_of_the_same_name_is_another_base() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "old"), ("secret.txt", "old secret")]);
    let (upload, missing) = begun(&node.begin("blog", Some(1), &[("a.txt", "a")], &[]));
    assert_eq!(missing, [sha256(b"a")]);
    node.put_frames("blog", &upload, &frame(b"a"));
    node.api("DELETE", "/api/apps/blog", &Value::Null);
    // Its first release has the number that the upload was based on.
    node.deploy("blog", &[("index.html", "new")]);
    assert_eq!(node.commit("blog", &upload, false).failure(), "409 RELEASE_MOVED");
    assert_eq!(node.get(HOST, "/secret.txt").status, 404);
    assert_eq!(node.get(HOST, "/").summary(), "200 new");
}

#[test]
fn nobody_learns_what_other_apps_hold() {
    let node = TestNode::start();
    let secret = "a text that only one app has";
    node.deploy("other", &[("index.html", secret)]);
    node.deploy("blog", &[("index.html", "home")]);
    let deploy_blog = node.token(&["deploy:blog"], None);
    let hash = sha256(secret.as_bytes());
    let body = json!({
        "base": 1, "removed": [],
        "changed": [{ "path": "stolen.txt", "sha256": hash, "size": secret.len() }],
    });
    let begin = node.api_as(&deploy_blog, "POST", "/api/apps/blog/uploads", &body);
    let (upload, missing) = begun(&begin);
    // Stored, and still asked for: who has the hash must have the bytes as well.
    assert_eq!(missing, std::slice::from_ref(&hash));
    let commit = node.commit("blog", &upload, false);
    assert_eq!(commit.failure(), "409 UPLOAD_INCOMPLETE");
    // A content that another upload of another app sent does not count either.
    let (others, _) = begun(&node.begin("other", Some(1), &[("b.txt", "bytes")], &[]));
    node.put_frames("other", &others, &frame(b"bytes"));
    let (_, missing) = begun(&node.begin("blog", Some(1), &[("b.txt", "bytes")], &[]));
    assert_eq!(missing, [sha256(b"bytes")]);
    // With the bytes it is shared without a second copy.
    assert_eq!(node.put_frames("blog", &upload, &frame(secret.as_bytes())).status, 200);
    assert_eq!(node.commit("blog", &upload, false).status, 200);
    assert_eq!(node.get(HOST, "/stolen.txt").text(), secret);
    // Nor does a deleted app's successor get its predecessor's contents for a hash.
    node.api("DELETE", "/api/apps/other", &Value::Null);
    let (_, missing) = begun(&node.begin("other", None, &[("index.html", secret)], &[]));
    assert_eq!(missing, [hash]);
    // An upload belongs to its app.
    let (upload, _) = begun(&node.begin("blog", Some(2), &[("c.txt", "c")], &[]));
    for app in ["other", "third"] {
        assert_eq!(node.put_frames(app, &upload, &frame(b"c")).failure(), "404 UPLOAD_NOT_FOUND");
        assert_eq!(node.commit(app, &upload, false).failure(), "404 UPLOAD_NOT_FOUND");
    }
}

#[test]
fn contents_are_looked_for_again_at_the_commit() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "one")]);
    let changed = [("index.html", "two"), ("a.txt", "a")];
    let (upload, missing) = begun(&node.begin("blog", Some(1), &changed, &[]));
    assert_eq!(missing.len(), 2);
    node.put_frames("blog", &upload, &[frame(b"two"), frame(b"a")].concat());
    // They stay for an hour, and then they go.
    node.clean_after(Duration::from_secs(59 * 60));
    node.clean_after(Duration::from_secs(61 * 60));
    let refused = node.commit("blog", &upload, false);
    assert_eq!(refused.failure(), "409 CONTENT_GONE");
    assert!(refused.message().contains("`a.txt`"), "{}", refused.message());
    assert_eq!(node.get(HOST, "/").summary(), "200 one");
    assert_eq!(node.releases("blog"), "[1]");
    assert_eq!(node.upload("blog", Some(1), &changed, &[]).status, 200);
    assert_eq!(node.get(HOST, "/").summary(), "200 two");
}

#[test]
fn what_was_half_swept_and_is_sent_again_has_its_variants_again() {
    let node = TestNode::start();
    let page = "the same line again and again\n".repeat(2_000);
    // Thirteen chunks that the sweep meets first, then one and its three variants.
    let bulk: Vec<u8> =
        (0..13_u32 << 18).map(|n| (n.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
    node.deploy("blog", &[("a.bin", &bulk[..]), ("page.html", page.as_bytes())]);
    let ask = |coding: &str| {
        let request = Request::new("GET", HOST, "/page.html").header("Accept-Encoding", coding);
        let response = node.send(&request);
        assert_eq!(response.status, 200, "{}", response.text());
        (response.header("content-encoding") == Some(coding)).then_some(response.body)
    };
    eventually("variants", || ask("br"));
    assert_eq!(node.api("DELETE", "/api/apps/blog?purge=true", &Value::Null).status, 200);
    node.clean_after(Duration::ZERO);
    // One step of sixteen chunks: of the page one variant is left.
    let unused_before = Timestamp::now().after(Duration::from_secs(60));
    let swept = node.wait(node.node.store.writer.commit(SweepContents { unused_before })).unwrap();
    assert_eq!(swept.chunks, 16);
    node.deploy("blog", &[("page.html", &*page)]);
    // This variant was never asked for, so no cache has it.
    let encoded = eventually("variants", || ask("zstd"));
    assert!(zstd::stream::decode_all(&encoded[..]).unwrap() == page.as_bytes());
}

#[test]
fn frames_must_be_what_was_announced() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "one")]);
    let (upload, _) = begun(&node.begin("blog", Some(1), &[("index.html", "two")], &[]));
    let good = frame(b"two");
    let mut wrong_length = good.clone();
    wrong_length[39] = 4;
    wrong_length.push(b'x');
    let mut huge = good.clone();
    huge[32] = 0xff;
    let mut wrong_bytes = good.clone();
    wrong_bytes[40] ^= 1;
    for (frames, failure, message) in [
        (frame(b"other"), "400 UNEXPECTED_CONTENT", sha256(b"other")),
        (frame(b"one"), "400 UNEXPECTED_CONTENT", sha256(b"one")),
        (wrong_length, "400 WRONG_LENGTH", "3 bytes and came with 4".to_owned()),
        (huge, "400 WRONG_LENGTH", sha256(b"two")),
        (wrong_bytes, "400 WRONG_HASH", sha256(b"two")),
        (good[..42].to_vec(), "400 TRUNCATED_UPLOAD", "in the middle".to_owned()),
        (good[..39].to_vec(), "400 TRUNCATED_UPLOAD", "in the middle".to_owned()),
        (vec![0], "400 TRUNCATED_UPLOAD", "in the middle".to_owned()),
        ([&good[..], b"x"].concat(), "400 TRUNCATED_UPLOAD", "in the middle".to_owned()),
    ] {
        let response = node.put_frames("blog", &upload, &frames);
        assert_eq!(response.failure(), failure, "{}", response.text());
        assert!(response.message().contains(&message), "{}", response.message());
        assert_eq!(node.commit("blog", &upload, false).failure(), "409 UPLOAD_INCOMPLETE");
    }
    assert_eq!(node.get(HOST, "/").summary(), "200 one");
    assert_eq!(node.put_frames("blog", &upload, b"").json()["data"]["received"], 0);
    assert_eq!(node.put_frames("blog", &upload, &good).json()["data"]["received"], 1);
    assert_eq!(node.commit("blog", &upload, false).status, 200);
    assert_eq!(node.get(HOST, "/").summary(), "200 two");
}

#[test]
fn lists_that_cannot_be_a_release_are_refused() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "one"), ("a", "a")]);
    let zeros = "0".repeat(64);
    let file = |path: &str| json!([{ "path": path, "sha256": zeros, "size": 1 }]);
    for (changed, removed, failure, message) in [
        (file("../x"), json!([]), "400 ENTRY_REFUSED", "`../x` is refused"),
        (file("/etc/passwd"), json!([]), "400 ENTRY_REFUSED", "absolute"),
        (file("a\\b"), json!([]), "400 ENTRY_REFUSED", "backslash"),
        (file("a\0b"), json!([]), "400 ENTRY_REFUSED", "control character"),
        (file(""), json!([]), "400 ENTRY_REFUSED", "empty"),
        (file(&"a".repeat(513)), json!([]), "400 ENTRY_REFUSED", "513 bytes"),
        (file("a/b"), json!([]), "400 FILE_AND_FOLDER", "`a` is a file and also"),
        (json!([]), json!(["index.html", "a"]), "400 NO_FILES", "no files"),
        (
            json!([{ "path": "x", "sha256": "00", "size": 1 }]),
            json!([]),
            "400 VALIDATION_FAILED",
            "64",
        ),
        (
            json!([{ "path": "x", "sha256": zeros, "size": 1_u64 << 40 }]),
            json!([]),
            "413 FILE_TOO_LARGE",
            "`x`",
        ),
        (
            json!([{ "path": "x", "sha256": zeros, "size": -1 }]),
            json!([]),
            "400 VALIDATION_FAILED",
            "expected u64",
        ),
        (json!("x"), json!([]), "400 VALIDATION_FAILED", "expected a sequence"),
    ] {
        let body = json!({ "base": 1, "changed": changed, "removed": removed });
        let response = node.api("POST", "/api/apps/blog/uploads", &body);
        assert_eq!(response.failure(), failure, "{body}: {}", response.text());
        assert!(response.message().contains(message), "{}", response.message());
    }
    // A path announced twice with two contents: one of them would be lost in silence.
    let twice = node.begin("blog", Some(1), &[("x", "1"), ("x", "2")], &[]);
    assert_eq!(twice.failure(), "400 DUPLICATE_PATH", "{}", twice.text());
    assert_eq!(node.releases("blog"), "[1]");
}

#[test]
fn open_uploads_are_bounded_and_can_be_abandoned() {
    let node = TestNode::with(Limits { uploads_per_app: 2, ..Limits::default() }, None);
    let begin = |app: &str| node.begin(app, None, &[("a", "a")], &[]);
    let (first, _) = begun(&begin("blog"));
    begun(&begin("blog"));
    let refused = begin("blog");
    assert_eq!(refused.failure(), "503 TOO_MANY_UPLOADS");
    assert_eq!(refused.header("retry-after"), Some("1"));
    begun(&begin("other"));
    let path = format!("/api/apps/blog/uploads/{first}");
    assert_eq!(node.api("DELETE", &path, &Value::Null).status, 200);
    assert_eq!(node.api("DELETE", &path, &Value::Null).failure(), "404 UPLOAD_NOT_FOUND");
    assert_eq!(node.put_frames("blog", &first, &frame(b"a")).failure(), "404 UPLOAD_NOT_FOUND");
    begun(&begin("blog"));
    assert_eq!(node.begin("blog", None, NO_FILES, &[]).failure(), "400 NO_FILES");
}

#[test]
fn a_body_larger_than_its_endpoint_takes_is_refused_unread() {
    let node = TestNode::start();
    let (upload, _) = begun(&node.begin("blog", None, &[("a", "a")], &[]));
    for (method, path, length) in [
        ("PUT", format!("/api/apps/blog/uploads/{upload}/blobs"), 1_u64 << 40),
        ("POST", "/api/apps/blog/uploads".to_owned(), 9 << 20),
        ("POST", "/api/tokens".to_owned(), u64::MAX),
    ] {
        let request = Request::new(method, ADMIN, &path).bearer(&node.admin);
        let response = node.send(&request.header("Content-Length", &length.to_string()));
        assert_eq!(response.failure(), "413 PAYLOAD_TOO_LARGE", "{path}");
    }
}
