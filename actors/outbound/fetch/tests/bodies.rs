//! What comes back.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn serving(head: &str, body: &[u8], is_closed: bool) -> Server {
    let answer = [head.as_bytes(), b"\r\n\r\n", body].concat();
    Server::start(move |_| (answer.clone(), if is_closed { Then::Close } else { Then::Keep })).await
}

#[test]
fn a_body_ends_where_http_says() {
    run(async {
        for (answer, expect, connections) in [
            (ok("hello"), "hello", 1),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
                    .into(),
                "hello",
                1,
            ),
            // RFC 9112 section 6.3, the last rule: until the connection closes.
            ("HTTP/1.1 200 OK\r\n\r\nhello".into(), "hello", 2),
            ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello".into(), "hello", 2),
            ("HTTP/1.0 200 OK\r\n\r\nhello".into(), "hello", 2),
            ("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello".into(), "hello", 1),
            ("HTTP/1.1 204 No Content\r\n\r\n".into(), "", 1),
        ] {
            let is_closed = connections > 1;
            let server = if is_closed {
                Server::closing(&answer).await
            } else {
                Server::fixed(&answer).await
            };
            let (session, url) = (session("a.test"), server.url("a.test", "/"));
            for _ in 0..2 {
                assert_eq!(got(&session, &url).await.unwrap().1, expect, "{answer}");
            }
            assert_eq!(server.connections.get(), connections, "{answer}");
        }
    });
}

#[test]
fn answers_without_a_body_do_not_wait_for_one() {
    run(async {
        for (method, answer) in [
            ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
            ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            ("HEAD", "HTTP/1.1 200 OK\r\n\r\n"),
            ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"),
            ("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 500\r\n\r\n"),
            ("GET", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"),
        ] {
            let server = Server::fixed(answer).await;
            let url = server.url("a.test", "/");
            let (_, body) = fetched(&session("a.test"), request(method, &url)).await.unwrap();
            assert_eq!(body, "", "{method} {answer}");
        }
    });
}

#[test]
fn interim_answers_are_not_the_answer() {
    run(async {
        let interim =
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
        let server = Server::fixed(&format!("{interim}{}", ok("hello"))).await;
        let (session, url) = (session("a.test"), server.url("a.test", "/"));
        for _ in 0..3 {
            let (head, body) = got(&session, &url).await.unwrap();
            assert_eq!((head.status, &*body, header_of(&head, "link")), (200, "hello", None));
        }
        assert_eq!(server.connections.get(), 1, "and the connection is in step");
        let server = Server::fixed(&interim.repeat(9)).await;
        let error = got(&session, &server.url("a.test", "/")).await.unwrap_err();
        assert!(error.to_string().ends_with("it never answers"), "{error}");
        let switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
        let server = Server::fixed(switching).await;
        let error = got(&session, &server.url("a.test", "/")).await.unwrap_err();
        assert!(error.to_string().contains("another protocol"), "{error}");
    });
}

#[test]
fn a_body_that_breaks_off_is_a_failure() {
    run(async {
        for (answer, part) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", "broke off"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "broke off"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "broke off"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", "broke off"),
            ("HTTP/1.1 200 OK\r\nContent-Le", "broke off"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "HTTP"),
            ("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "HTTP"),
            ("SSH-2.0-OpenSSH_9.9\r\n\r\n", "does not answer in HTTP"),
            ("", "broke off"),
        ] {
            let server = Server::closing(answer).await;
            let error = got(&session("a.test"), &server.url("a.test", "/")).await.unwrap_err();
            let said = error.to_string();
            assert!(said.contains(part) && said.contains("a.test"), "{answer}: {said}");
        }
    });
}

#[test]
fn gzip_is_unpacked_and_no_longer_announced() {
    run(async {
        let text = "all work and no play ".repeat(20_000);
        let packed = gzip(text.as_bytes());
        let (front, back) = packed.split_at(packed.len() / 2);
        let members = [gzip(b"one "), gzip(b""), gzip(b"two")].concat();
        let trailing = [gzip(b"one"), vec![0; 20]].concat();
        for (name, head, body, expect) in [
            ("gzip", format!("Content-Length: {}", packed.len()), packed.clone(), &*text),
            ("X-GZip", format!("Content-Length: {}", packed.len()), packed.clone(), &text),
            (
                "gzip",
                "Transfer-Encoding: chunked".to_owned(),
                [
                    format!("{:x}\r\n", front.len()).as_bytes(),
                    front,
                    format!("\r\n{:x}\r\n", back.len()).as_bytes(),
                    back,
                    b"\r\n0\r\n\r\n",
                ]
                .concat(),
                &text,
            ),
            ("gzip", format!("Content-Length: {}", members.len()), members, "one two"),
            ("gzip", format!("Content-Length: {}", trailing.len()), trailing, "one"),
            ("gzip", "Content-Length: 0".to_owned(), Vec::new(), ""),
        ] {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {name}\r\nX-A: b\r\n{head}");
            let server = serving(&head, &body, false).await;
            let (head, body) = got(&session("a.test"), &server.url("a.test", "/")).await.unwrap();
            assert!(body == expect, "{} bytes", body.len());
            assert_eq!(header_of(&head, "content-encoding"), None);
            assert_eq!(header_of(&head, "content-length"), None);
            assert_eq!(header_of(&head, "x-a"), Some("b"));
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3";
        let server = serving(head, b"abc", false).await;
        let (head, body) = got(&session("a.test"), &server.url("a.test", "/")).await.unwrap();
        assert_eq!((&*body, header_of(&head, "content-encoding")), ("abc", Some("br")));
    });
}

#[test]
fn gzip_that_is_none_is_a_failure() {
    run(async {
        let whole = gzip(b"hello hello hello");
        let mut wrong_sum = whole.clone();
        let last = wrong_sum.len() - 5;
        wrong_sum[last] ^= 1;
        for body in [b"plain".to_vec(), whole[..whole.len() - 3].to_vec(), wrong_sum] {
            let length = body.len();
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}");
            let server = serving(&head, &body, false).await;
            let error = got(&session("a.test"), &server.url("a.test", "/")).await.unwrap_err();
            assert!(matches!(error, FetchError::Encoding { .. }), "{error}");
        }
    });
}

#[test]
fn a_body_has_a_bound_packed_and_unpacked() {
    run(async {
        let bounds = FetchLimits { response_bytes_max: 10_000, ..FetchLimits::default() };
        let bomb = gzip(&vec![0; 1 << 20]);
        assert!(bomb.len() < 10_000);
        for (encoding, body, expect) in [
            ("identity", vec![b'x'; 10_000], true),
            ("identity", vec![b'x'; 10_001], false),
            ("gzip", bomb, false),
            ("gzip", gzip(b"").repeat(1_000), false),
            ("gzip", gzip(&[b'x'; 10_000]), true),
        ] {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {length}"
            );
            let server = serving(&head, &body, false).await;
            let session = session_with("a.test", bounds.clone());
            let result = got(&session, &server.url("a.test", "/")).await;
            assert_eq!(result.is_ok(), expect, "{encoding} {length}");
            if let Err(error) = result {
                assert_eq!(error, FetchError::ResponseTooLarge(10_000));
            }
        }
    });
}

#[test]
fn headers_come_back_one_by_one_as_they_are() {
    run(async {
        let head = "HTTP/1.1 299 Fine\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Odd: caf";
        let answer = [head.as_bytes(), b"\xe9\r\nContent-Length: 0\r\n\r\n"].concat();
        let server = Server::start(move |_| (answer.clone(), Then::Keep)).await;
        let (head, _) = got(&session("a.test"), &server.url("a.test", "/")).await.unwrap();
        assert_eq!((head.status, head.status_text), (299, ""));
        let cookies = head.headers.iter().filter(|(name, _)| name == "set-cookie");
        assert_eq!(cookies.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(header_of(&head, "x-odd"), Some("caf\u{e9}"));
    });
}

#[test]
fn what_nobody_reads_is_not_sent() {
    run(async {
        // The host can write until the sockets and the few chunks between are full.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let written = Rc::new(Cell::new(0));
        let count = Rc::clone(&written);
        tokio::task::spawn_local(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            while stream.write_all(&[b'x'; 64 * 1024]).await.is_ok() {
                count.set(count.get() + 64 * 1024);
            }
        });
        let session = session("127.0.0.1");
        let (mut fetch, _) =
            session.start(request("GET", &format!("http://127.0.0.1:{port}/"))).unwrap();
        fetch.head().await.unwrap();
        let mut before = usize::MAX;
        while before != written.get() {
            before = written.get();
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
        }
        assert!(before < 32 << 20, "{before}");
        for _ in 0..(before / 8192 + 200) {
            assert!(fetch.body().read().await.unwrap().is_some());
        }
        assert!(written.get() > before, "and goes on once somebody reads");
    });
}

#[test]
fn silence_ends_in_a_timeout() {
    let bounds = FetchLimits {
        head_timeout: Duration::from_millis(1_500),
        idle_timeout: Duration::from_millis(1_500),
        total_timeout: Duration::from_secs(4),
        ..FetchLimits::default()
    };
    for (answer, part, drips) in [
        ("", "waited 1 s in vain for the head of the answer", false),
        ("HTTP/1.1 200 OK\r\n\r\nhalf", "waited 1 s in vain for the rest of the answer", false),
        ("HTTP/1.1 200 OK\r\n\r\n", "waited 4 s in vain for the end of the fetch", true),
    ] {
        let bounds = bounds.clone();
        run(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let (sender, answered) = oneshot::channel();
            tokio::task::spawn_local(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                read_request(&mut stream).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
                sender.send(()).unwrap();
                while drips && stream.write_all(b".").await.is_ok() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                std::future::pending::<()>().await;
            });
            let session = session_with("127.0.0.1", bounds);
            let url = format!("http://127.0.0.1:{port}/");
            let (mut fetch, _) = session.start(request("GET", &url)).unwrap();
            answered.await.unwrap();
            // The clock runs ahead while all of this thread waits.
            tokio::time::pause();
            let error = match fetch.head().await {
                Err(error) => error,
                Ok(_) => loop {
                    if let Err(error) = fetch.body().read().await {
                        break error;
                    }
                },
            };
            assert_eq!(error.to_string(), part);
        });
    }
}
