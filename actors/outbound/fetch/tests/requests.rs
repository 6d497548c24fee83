//! What is sent.

use super::*;

fn with(headers: &[(&str, &str)], url: &str) -> FetchRequest {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    FetchRequest { headers: headers.collect(), ..request("GET", url) }
}

#[test]
fn a_request_says_who_asks_and_what_it_understands() {
    run(async {
        let server = Server::fixed(&ok("hello")).await;
        let url = server.url("a.test", "/p%20a?q={1}|[2]#fragment");
        let (head, body) = got(&session("a.test"), &url).await.unwrap();
        assert_eq!((head.status, head.status_text, &*body), (200, "OK", "hello"));
        assert_eq!(head.url, server.url("a.test", "/p%20a?q={1}|[2]"));
        assert!(!head.is_redirected);
        let seen = server.seen().pop().unwrap();
        assert!(seen.starts_with("get /p%20a?q={1}|[2] http/1.1\r\n"), "{seen}");
        for line in [
            &format!("host: a.test:{}", server.port),
            "accept: */*",
            "accept-encoding: gzip",
            concat!("user-agent: fazt/", env!("CARGO_PKG_VERSION")),
            "cdn-loop: fazt",
        ] {
            assert!(seen.contains(&format!("\r\n{line}\r\n")), "{line}: {seen}");
        }
        for name in ["content-length", "transfer-encoding", "connection"] {
            assert!(!seen.contains(name), "{name}: {seen}");
        }
    });
}

#[test]
fn what_a_function_sets_wins_and_what_it_must_not_set_is_left_out() {
    run(async {
        let server = Server::fixed(&ok("hello")).await;
        let url = server.url("a.test", "/");
        let headers = [
            ("User-Agent", "mine/1"),
            ("Accept", "text/plain"),
            ("Accept-Encoding", "br"),
            ("X-Twice", "one"),
            ("x-twice", "two"),
            ("X-Latin", "caf\u{e9}"),
            ("X-Trim", " \t in between \r\n"),
            ("Host", "evil.test"),
            ("Content-Length", "999"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "close, x-own"),
            ("Keep-Alive", "timeout=99"),
            ("TE", "trailers"),
            ("Trailer", "x"),
            ("Upgrade", "websocket"),
            ("Expect", "100-continue"),
            ("Proxy-Authorization", "x"),
            ("Proxy-Connection", "x"),
            ("HTTP2-Settings", "x"),
            ("CDN-Loop", " other.example; x=\u{e9}"),
        ];
        fetched(&session("a.test"), with(&headers, &url)).await.unwrap();
        let seen = server.seen().pop().unwrap();
        for line in [
            "user-agent: mine/1",
            "accept: text/plain",
            "accept-encoding: br",
            "x-twice: one",
            "x-twice: two",
            "x-latin: caf\u{fffd}",
            "x-trim: in between",
            "cdn-loop: other.example; x=\u{fffd}, fazt",
            &format!("host: a.test:{}", server.port),
        ] {
            assert!(seen.contains(&format!("\r\n{line}\r\n")), "{line}: {seen}");
        }
        for part in [
            "evil",
            "999",
            "chunked",
            "close",
            "keep-alive",
            "\nte:",
            "trailer",
            "upgrade",
            "expect",
            "proxy",
            "http2",
        ] {
            assert!(!seen.contains(part), "{part}: {seen}");
        }
    });
}

#[test]
fn a_part_is_asked_for_as_it_is_kept() {
    run(async {
        let server = Server::fixed(&ok("hello")).await;
        let url = server.url("a.test", "/");
        fetched(&session("a.test"), with(&[("Range", "bytes=0-1")], &url)).await.unwrap();
        assert!(server.seen()[0].contains("accept-encoding: identity"));
    });
}

#[test]
fn nothing_can_be_smuggled_into_the_head() {
    run(async {
        let server = Server::fixed(&ok("hello")).await;
        let url = server.url("a.test", "/");
        let session = session("a.test");
        for (name, value) in [
            ("X-A", "a\r\nX-B: b"),
            ("X-A", "a\nb"),
            ("X-A", "a\rb"),
            ("X-A", "a\0b"),
            ("X-A", "snow\u{2603}"),
            ("X-A\r\nX-B", "b"),
            ("X A", "b"),
            ("X-A:", "b"),
            ("", "b"),
            ("x\u{e9}", "b"),
        ] {
            let error = fetched(&session, with(&[(name, value)], &url)).await.unwrap_err();
            assert!(matches!(error, FetchError::Header(_)), "{name:?} {value:?}: {error}");
        }
        for method in ["GET / HTTP/1.1\r\nX: y\r\n\r\n", "G T", "", "GET\r\n"] {
            let error = fetched(&session, request(method, &url)).await.unwrap_err();
            assert!(matches!(error, FetchError::Method(_)), "{method:?}: {error}");
        }
        // Line ends within an address are left out by the URL standard.
        let split = server.url("a.test", "/a\r\nX-B: b");
        got(&session, &split).await.unwrap();
        let seen = server.seen().pop().unwrap();
        assert!(seen.starts_with("get /ax-b:%20b http/1.1\r\n"), "{seen}");
    });
}

#[test]
fn methods_are_those_of_the_standard() {
    run(async {
        let server = Server::fixed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        let (session, url) = (session("a.test"), server.url("a.test", "/"));
        for (method, line, length) in [
            ("get", "GET /", None),
            ("PoSt", "POST /", Some("0")),
            ("put", "PUT /", Some("0")),
            ("delete", "DELETE /", None),
            ("options", "OPTIONS /", None),
            ("head", "HEAD /", None),
            ("PATCH", "PATCH /", None),
            ("patch", "patch /", None),
            ("PROPFIND", "PROPFIND /", None),
        ] {
            fetched(&session, request(method, &url)).await.unwrap();
            let seen = server.seen.borrow().last().unwrap().clone();
            assert!(seen.starts_with(&format!("{line} HTTP/1.1\r\n")), "{method}: {seen}");
            let own = seen.lines().find_map(|line| line.strip_prefix("content-length: "));
            assert_eq!(own, length, "{method}");
        }
        for method in ["CONNECT", "trace", "TRACK"] {
            let error = fetched(&session, request(method, &url)).await.unwrap_err();
            assert!(matches!(error, FetchError::Method(_)), "{method}: {error}");
        }
        for method in ["GET", "head"] {
            let body = FetchBody::Bytes(Bytes::from_static(b"x"));
            let error = fetched(&session, FetchRequest { body, ..request(method, &url) })
                .await
                .unwrap_err();
            assert!(error.to_string().contains("cannot have a body"), "{method}: {error}");
        }
    });
}

#[test]
fn only_addresses_of_the_web_are_fetched() {
    run(async {
        for (url, part) in [
            ("", "not an absolute URL"),
            ("/relative", "not an absolute URL"),
            ("http://", "not an absolute URL"),
            ("http://a b/", "not an absolute URL"),
            ("file:///etc/hosts", "neither http nor https"),
            ("ftp://a.test/", "neither http nor https"),
            ("data:text/plain,x", "neither http nor https"),
            ("ws://a.test/", "neither http nor https"),
            ("http://user@a.test/", "user name"),
            ("http://:secret@a.test/", "user name"),
        ] {
            let error = got(&session("a.test"), url).await.unwrap_err();
            assert!(error.to_string().contains(part), "{url}: {error}");
        }
        let long = format!("http://a.test/{}", "x".repeat(70_000));
        let error = got(&session("a.test"), &long).await.unwrap_err();
        assert!(error.to_string().contains("longer than a request may be"), "{error}");
        assert!(error.to_string().len() < 400);
    });
}

#[test]
fn a_head_has_bounds() {
    run(async {
        let (session, url) = (session("a.test"), "http://a.test/");
        let many: Vec<(&str, &str)> = std::iter::repeat_n(("x-a", "b"), 129).collect();
        let large = "x".repeat(65 * 1024);
        for headers in [&many[..], &[("x-a", &large)]] {
            let error = fetched(&session, with(headers, url)).await.unwrap_err();
            assert!(matches!(error, FetchError::TooManyHeaders { .. }), "{error}");
        }
    });
}
