//! Encodings, entity tags, dates and ranges of one file.

use std::io::Read;

use crate::node::client::{Request, Response};
use crate::node::{TestNode, eventually};

const HOST: &str = "site.localhost";
const PATH: &str = "/page.html";

/// A text that compresses well, of 3,000 lines.
fn page() -> String {
    (0..3_000).map(|n| format!("line {n} of a page that says the same again\n")).collect()
}

/// A site whose variants are all there.
fn site() -> TestNode {
    let node = TestNode::start();
    node.deploy("site", &[("page.html", page()), ("small.txt", "0123456789".to_owned())]);
    eventually("variants", || {
        (ask(&node, "GET", &[("Accept-Encoding", "br")]).header("content-encoding") == Some("br"))
            .then_some(())
    });
    node
}

fn ask(node: &TestNode, method: &str, headers: &[(&str, &str)]) -> Response {
    node.send(&Request::new(method, HOST, PATH).headers(headers))
}

fn decoded(response: &Response) -> String {
    let mut bytes = Vec::new();
    let body = &response.body[..];
    match response.header("content-encoding") {
        None => bytes.extend(body),
        Some("br") => _ = brotli::Decompressor::new(body, 4096).read_to_end(&mut bytes).unwrap(),
        Some("zstd") => bytes = zstd::stream::decode_all(body).unwrap(),
        Some("gzip") => _ = flate2::read::GzDecoder::new(body).read_to_end(&mut bytes).unwrap(),
        Some(other) => panic!("unknown encoding {other}"),
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_client_chooses_the_encoding() {
    let node = site();
    let text = page();
    let mut tags = Vec::new();
    for (accepted, expect) in [
        (None, None),
        (Some(""), None),
        (Some("identity"), None),
        (Some("deflate"), None),
        (Some("gzip"), Some("gzip")),
        (Some("x-gzip"), Some("gzip")),
        (Some("GZIP"), Some("gzip")),
        (Some("zstd"), Some("zstd")),
        (Some("br"), Some("br")),
        (Some("gzip, deflate, br, zstd"), Some("br")),
        (Some("gzip;q=1, br;q=0.5"), Some("gzip")),
        (Some("gzip;q=0.5, zstd;q=0.9, br;q=0.4"), Some("zstd")),
        (Some("gzip;q=0, br;q=0, *"), Some("zstd")),
        (Some("*"), Some("br")),
        (Some("*;q=0"), None),
        (Some("br;q=0"), None),
        (Some("identity;q=1, gzip;q=0.5"), None),
        (Some("gzip;q=2, nonsense;;, ,"), None),
    ] {
        let headers: Vec<_> =
            accepted.map(|value| ("Accept-Encoding", value)).into_iter().collect();
        let got = ask(&node, "GET", &headers);
        assert_eq!((got.status, got.header("content-encoding")), (200, expect), "{accepted:?}");
        assert_eq!(decoded(&got), text, "{accepted:?}");
        assert_eq!(got.header("vary"), Some("Accept-Encoding"));
        let length = got.body.len().to_string();
        assert_eq!(got.header("content-length"), Some(&*length), "{accepted:?}");
        let head = ask(&node, "HEAD", &headers);
        for name in ["content-length", "content-encoding", "etag", "last-modified", "vary"] {
            assert_eq!(head.header(name), got.header(name), "{name} {accepted:?}");
        }
        tags.push((expect, got.header("etag").unwrap().to_owned()));
    }
    // One tag for each form: strong, and never shared.
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4, "{tags:?}");
    let mut distinct: Vec<_> = tags.iter().map(|(_, tag)| tag).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 4, "{tags:?}");
    assert!(tags.iter().all(|(_, tag)| tag.starts_with('"') && tag.ends_with('"')), "{tags:?}");
}

#[test]
fn small_and_packed_files_have_one_form() {
    let node = site();
    let request = Request::new("GET", HOST, "/small.txt").header("Accept-Encoding", "br, gzip");
    let small = node.send(&request);
    assert_eq!(small.header("content-encoding"), None);
    // It may get variants later: caches are told so from the beginning.
    assert_eq!(small.header("vary"), Some("Accept-Encoding"));
    node.deploy("site", &[("pic.png", vec![7_u8; 5_000])]);
    let picture = node.get(HOST, "/pic.png");
    assert_eq!((picture.header("vary"), picture.header("accept-ranges")), (None, Some("bytes")));
}

#[test]
fn tags_and_dates_answer_304() {
    let node = site();
    let first = ask(&node, "GET", &[]);
    let (tag, date) = (first.header("etag").unwrap(), first.header("last-modified").unwrap());
    let at = httpdate::parse_http_date(date).unwrap();
    let day = std::time::Duration::from_secs(86_400);
    let (older, newer) = (httpdate::fmt_http_date(at - day), httpdate::fmt_http_date(at + day));
    let (older, newer) = (older.as_str(), newer.as_str());
    let (weak, list) = (format!("W/{tag}"), format!("\"x\", {tag}, \"y\""));
    for (headers, status) in [
        (vec![("If-None-Match", tag)], 304),
        (vec![("If-None-Match", &*weak)], 304),
        (vec![("If-None-Match", &*list)], 304),
        (vec![("If-None-Match", "*")], 304),
        (vec![("If-None-Match", "\"x\"")], 200),
        (vec![("If-None-Match", "nonsense")], 200),
        (vec![("If-Modified-Since", date)], 304),
        (vec![("If-Modified-Since", older)], 200),
        (vec![("If-Modified-Since", newer)], 200),
        (vec![("If-Modified-Since", "yesterday")], 200),
        // The tag decides where there is one.
        (vec![("If-None-Match", "\"x\""), ("If-Modified-Since", date)], 200),
        (vec![("If-None-Match", tag), ("If-Modified-Since", older)], 304),
        // The tag of one form is not that of another.
        (vec![("If-None-Match", tag), ("Accept-Encoding", "br")], 200),
        (vec![("If-Match", tag)], 200),
        (vec![("If-Match", "*")], 200),
        (vec![("If-Match", "\"x\"")], 412),
        (vec![("If-Match", &*weak)], 412),
    ] {
        for method in ["GET", "HEAD"] {
            let response = ask(&node, method, &headers);
            assert_eq!(response.status, status, "{method} {headers:?}");
            if status == 304 {
                assert_eq!(response.header("etag"), Some(tag));
                assert_eq!(response.header("cache-control"), Some("no-cache"));
                assert_eq!(response.header("vary"), Some("Accept-Encoding"));
                // What the client knows already is not said again.
                assert_eq!(response.header("content-type"), None);
                assert_eq!(response.header("last-modified"), None);
            }
        }
    }
}

#[test]
fn a_rollback_goes_back_in_time_and_is_noticed() {
    let node = TestNode::start();
    node.deploy("site", &[("page.html", "one")]);
    let first = ask(&node, "GET", &[]);
    node.deploy("site", &[("page.html", "two")]);
    let second = ask(&node, "GET", &[]);
    let tag = second.header("etag").unwrap();
    let rolled_back = node.api("POST", "/api/apps/site/rollback", &serde_json::json!({}));
    assert_eq!(rolled_back.status, 200, "{}", rolled_back.text());
    let again = ask(&node, "GET", &[("If-None-Match", tag)]);
    assert_eq!((again.status, again.text().as_str()), (200, "one"));
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(again.header("last-modified"), first.header("last-modified"));
    let known = [("If-None-Match", first.header("etag").unwrap())];
    assert_eq!(ask(&node, "GET", &known).status, 304);
}

#[test]
fn files_that_a_deploy_leaves_alone_keep_tag_and_date() {
    let node = TestNode::start();
    node.deploy("site", &[("page.html", "same"), ("b.txt", "1")]);
    let before = ask(&node, "GET", &[]);
    node.deploy("site", &[("page.html", "same"), ("b.txt", "2")]);
    let known = [("If-None-Match", before.header("etag").unwrap())];
    assert_eq!(ask(&node, "GET", &known).status, 304);
    let after = ask(&node, "GET", &[]);
    assert_eq!(after.header("last-modified"), before.header("last-modified"));
}

#[test]
fn single_ranges() {
    let node = site();
    let text = page();
    let size = text.len();
    let (last, behind) = (size - 1, size + 5);
    for (range, from, to) in [
        ("bytes=0-0".to_owned(), 0, 0),
        ("bytes=10-19".to_owned(), 10, 19),
        (format!("bytes={last}-"), last, last),
        (format!("bytes=0-{behind}"), 0, last),
        ("bytes=-5".to_owned(), size - 5, last),
        (format!("bytes=-{behind}"), 0, last),
        ("BYTES=1-2".to_owned(), 1, 2),
        (format!("bytes=0-0, {behind}-"), 0, 0),
    ] {
        // Ranges are of the identity form, whatever else the client could read.
        let headers = [("Range", &*range), ("Accept-Encoding", "br, gzip")];
        let response = ask(&node, "GET", &headers);
        assert_eq!(response.status, 206, "{range}");
        assert_eq!(response.text(), text[from..=to], "{range}");
        let described = format!("bytes {from}-{to}/{size}");
        assert_eq!(response.header("content-range"), Some(&*described), "{range}");
        assert_eq!(response.header("content-encoding"), None);
    }
    for range in
        [format!("bytes={size}-"), "bytes=-0".to_owned(), format!("bytes={behind}-{behind}")]
    {
        let response = ask(&node, "GET", &[("Range", &range)]);
        let described = format!("bytes */{size}");
        let found = (response.status, response.header("content-range"));
        assert_eq!(found, (416, Some(&*described)), "{range}");
    }
    let many = vec!["0-0"; 17].join(",");
    for range in ["bytes=", "bytes=a-b", "bytes=5-1", "lines=1-2", "bytes=0-9,5-6", "bytes", &many]
    {
        let response = ask(&node, "GET", &[("Range", range)]);
        assert_eq!((response.status, response.body.len()), (200, size), "{range}");
    }
    assert_eq!(ask(&node, "HEAD", &[("Range", "bytes=0-0")]).status, 200);
}

#[test]
fn several_ranges_come_in_parts() {
    let node = site();
    let text = page();
    let response = ask(&node, "GET", &[("Range", "bytes=5-9, -3,0-1")]);
    assert_eq!(response.status, 206);
    let boundary = response
        .header("content-type")
        .and_then(|value| value.strip_prefix("multipart/byteranges; boundary="))
        .unwrap();
    let size = text.len();
    let part = |from: usize, to: usize| {
        format!(
            "--{boundary}\r\nContent-Type: text/html; charset=utf-8\r\n\
             Content-Range: bytes {from}-{to}/{size}\r\n\r\n{}\r\n",
            &text[from..=to]
        )
    };
    let parts = [part(5, 9), part(size - 3, size - 1), part(0, 1)].concat();
    assert_eq!(response.text(), format!("{parts}--{boundary}--\r\n"));
    assert_eq!(response.header("content-range"), None);
}

#[test]
fn a_range_of_another_version_is_the_whole() {
    let node = site();
    let size = page().len();
    let first = ask(&node, "GET", &[]);
    let (tag, date) = (first.header("etag").unwrap(), first.header("last-modified").unwrap());
    let weak = format!("W/{tag}");
    for (held, status) in [
        (tag, 206),
        (date, 206),
        ("\"x\"", 200),
        (&*weak, 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
        ("", 200),
    ] {
        let response = ask(&node, "GET", &[("Range", "bytes=0-3"), ("If-Range", held)]);
        let expect = if status == 206 { 4 } else { size };
        assert_eq!((response.status, response.body.len()), (status, expect), "{held}");
    }
}

#[test]
fn large_files_stream_whole_and_in_ranges() {
    let node = TestNode::start();
    let bytes: Vec<u8> =
        (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    node.deploy("site", &[("big.bin", &bytes)]);
    let whole = node.get(HOST, "/big.bin");
    assert!(whole.body == bytes, "{} bytes", whole.body.len());
    for (from, to) in [(0, 0), (262_143, 262_144), (1_000_000, 2_500_000), (2_999_999, 2_999_999)] {
        let range = format!("bytes={from}-{to}");
        let part = node.send(&Request::new("GET", HOST, "/big.bin").header("Range", &range));
        assert!(part.status == 206 && part.body == bytes[from..=to], "{range}");
    }
    let range = "bytes=262000-263000,0-9,-7";
    let parts = node.send(&Request::new("GET", HOST, "/big.bin").header("Range", range));
    let holds = |wanted: &[u8]| parts.body.windows(wanted.len()).any(|window| window == wanted);
    assert!(holds(&bytes[262_000..=263_000]) && holds(&bytes[..10]));
    let head = node.send(&Request::new("HEAD", HOST, "/big.bin"));
    assert_eq!(head.header("content-length"), Some("3000000"));
}
