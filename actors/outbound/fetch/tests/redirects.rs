//! WHATWG Fetch 4.4.

use super::*;

/// A server that answers `/` with this status and place, and everything else with "there".
async fn redirecting(status: u16, location: String) -> Server {
    Server::start(move |request| {
        let is_first = request.split(' ').nth(1) == Some("/");
        let answer = if is_first {
            format!(
                "HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 4\r\n\r\nbody"
            )
        } else {
            ok("there")
        };
        (answer.into_bytes(), Then::Keep)
    })
    .await
}

fn with_body(method: &str, url: &str) -> FetchRequest {
    FetchRequest {
        body: FetchBody::Bytes(Bytes::from_static(b"data")),
        headers: vec![("Content-Type".to_owned(), "text/x".to_owned())],
        ..request(method, url)
    }
}

#[test]
fn method_and_body_survive_where_the_standard_says_so() {
    run(async {
        for (status, method, expect, keeps_body) in [
            (301, "POST", "GET", false),
            (302, "POST", "GET", false),
            (303, "POST", "GET", false),
            (303, "PUT", "GET", false),
            (303, "DELETE", "GET", false),
            (301, "PUT", "PUT", true),
            (302, "DELETE", "DELETE", true),
            (307, "POST", "POST", true),
            (308, "POST", "POST", true),
            (308, "PATCH", "PATCH", true),
        ] {
            let server = redirecting(status, "/there?x=1#ignored".to_owned()).await;
            let (head, body) =
                fetched(&session("a.test"), with_body(method, &server.url("a.test", "/")))
                    .await
                    .unwrap();
            assert_eq!((head.status, &*body, head.is_redirected), (200, "there", true));
            assert_eq!(head.url, server.url("a.test", "/there?x=1"));
            let second = server.seen()[1].clone();
            let line = format!("{} /there?x=1 http/1.1\r\n", expect.to_lowercase());
            assert!(second.starts_with(&line), "{status} {method}: {second}");
            let has_body = second.ends_with("\r\n\r\ndata") && second.contains("text/x");
            assert_eq!(has_body, keeps_body, "{status} {method}: {second}");
            assert_eq!(second.contains("content-length"), keeps_body, "{second}");
        }
        for method in ["GET", "HEAD"] {
            let server = redirecting(303, "/there".to_owned()).await;
            let url = server.url("a.test", "/");
            fetched(&session("a.test"), request(method, &url)).await.unwrap();
            assert!(server.seen()[1].starts_with(&method.to_lowercase()), "{method}");
        }
    });
}

#[test]
fn a_streamed_body_is_not_sent_twice() {
    run(async {
        for (status, expect) in
            [(307, false), (308, false), (301, false), (302, false), (303, true)]
        {
            let server = redirecting(status, "/there".to_owned()).await;
            let url = server.url("a.test", "/");
            let session = session("a.test");
            let stream = FetchRequest { body: FetchBody::Stream, ..request("POST", &url) };
            let (mut fetch, writer) = session.start(stream).unwrap();
            let mut writer = writer.unwrap();
            writer.write(Bytes::from_static(b"data")).await.unwrap();
            writer.end();
            let head = fetch.head().await;
            assert_eq!(head.is_ok(), expect, "{status}: {head:?}");
            if let Err(error) = head {
                assert!(error.to_string().contains("stream cannot be sent again"), "{error}");
            }
        }
    });
}

#[test]
fn what_is_secret_stays_with_its_origin() {
    run(async {
        let other = Server::fixed(&ok("there")).await;
        for (host, crosses) in [("a.test", true), ("b.test", true)] {
            let server = redirecting(307, other.url(host, "/there")).await;
            let mut post = with_body("POST", &server.url("a.test", "/"));
            for name in ["Authorization", "Cookie", "X-Own"] {
                post.headers.push((name.to_owned(), "secret".to_owned()));
            }
            fetched(&session("*.test"), post).await.unwrap();
            let first = server.seen().pop().unwrap();
            let second = other.seen().pop().unwrap();
            for name in ["authorization", "cookie"] {
                assert!(first.contains(&format!("{name}: secret")), "{first}");
                assert_eq!(!second.contains(name), crosses, "{second}");
            }
            assert!(second.contains("x-own: secret"), "{second}");
            assert!(second.contains(&format!("host: {host}:{}\r\n", other.port)), "{second}");
        }
        let server = redirecting(307, "/there".to_owned()).await;
        let mut get = request("GET", &server.url("a.test", "/"));
        get.headers.push(("Authorization".to_owned(), "secret".to_owned()));
        fetched(&session("*.test"), get).await.unwrap();
        assert!(server.seen()[1].contains("authorization: secret"), "the same origin");
    });
}

#[test]
fn a_secret_that_was_dropped_does_not_come_back() {
    run(async {
        let other = Rc::new(RefCell::new(String::new()));
        let back = Rc::clone(&other);
        let middle = Server::start(move |_| {
            let to = back.borrow();
            let answer = format!("HTTP/1.1 307 X\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
            (answer.into_bytes(), Then::Keep)
        })
        .await;
        let first = redirecting(307, middle.url("b.test", "/")).await;
        *other.borrow_mut() = first.url("a.test", "/back");
        let mut get = request("GET", &first.url("a.test", "/"));
        get.headers.push(("Cookie".to_owned(), "secret".to_owned()));
        assert_eq!(fetched(&session("*.test"), get).await.unwrap().1, "there");
        let seen = first.seen();
        assert!(seen[0].contains("cookie: secret") && !seen[1].contains("cookie"), "{seen:?}");
    });
}

#[test]
fn the_mode_decides() {
    run(async {
        let server = redirecting(302, "/there".to_owned()).await;
        let url = server.url("a.test", "/");
        let manual = FetchRequest { redirect: RedirectMode::Manual, ..request("GET", &url) };
        let (head, body) = fetched(&session("a.test"), manual).await.unwrap();
        assert_eq!((head.status, &*body, head.is_redirected), (302, "body", false));
        assert_eq!(header_of(&head, "location"), Some("/there"));
        let error = FetchRequest { redirect: RedirectMode::Error, ..request("GET", &url) };
        let said = fetched(&session("a.test"), error).await.unwrap_err().to_string();
        assert!(said.ends_with("redirects, and the request's redirect mode is `error`"), "{said}");
    });
}

#[test]
fn twenty_redirects_are_followed_and_no_more() {
    run(async {
        let server = Server::start(|request| {
            let path = request.split(' ').nth(1).unwrap();
            let left: u32 = path[1..].parse().unwrap();
            let answer = match left.checked_sub(1) {
                None => ok("there"),
                Some(left) => {
                    format!("HTTP/1.1 302 X\r\nLocation: /{left}\r\nContent-Length: 0\r\n\r\n")
                }
            };
            (answer.into_bytes(), Then::Keep)
        })
        .await;
        let session = session("a.test");
        assert_eq!(got(&session, &server.url("a.test", "/20")).await.unwrap().1, "there");
        assert_eq!(server.connections.get(), 1);
        let error = got(&session, &server.url("a.test", "/21")).await.unwrap_err();
        assert_eq!(error, FetchError::TooManyRedirects(20));
        assert_eq!(server.seen.borrow().len(), 21 + 21);
    });
}

#[test]
fn a_place_that_is_none_is_a_failure_and_its_lack_an_answer() {
    run(async {
        for location in
            ["file:///etc/hosts", "ftp://a.test/", "http://", "http://a:b@a.test/", "data:,x"]
        {
            let server = redirecting(302, location.to_owned()).await;
            let error = got(&session("a.test"), &server.url("a.test", "/")).await.unwrap_err();
            assert!(matches!(error, FetchError::Redirect { .. }), "{location}: {error}");
        }
        let server = Server::fixed("HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nhi").await;
        let (head, body) = got(&session("a.test"), &server.url("a.test", "/")).await.unwrap();
        assert_eq!((head.status, &*body), (302, "hi"));
        let server = redirecting(304, "/there".to_owned()).await;
        let (head, body) = got(&session("a.test"), &server.url("a.test", "/")).await.unwrap();
        assert_eq!((head.status, &*body), (304, ""), "a 304 has neither target nor body");
    });
}
