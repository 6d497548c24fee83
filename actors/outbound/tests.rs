use std::{
    cell::RefCell,
    io::{Read, Write},
    net::TcpListener,
    os::unix::net::UnixListener,
    thread,
};

use futures_util::stream;

use super::*;
use crate::kind::{ErrorKind, Fault};

mod tls;

/// Reads one request, up to the end of its body, and returns it.
fn read_request(stream: &mut impl Read) -> String {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return text,
            Ok(read) => seen.extend_from_slice(&buffer[..read]),
        }
    }
}

/// A server that answers every request of one connection with `answer`; returns its address
/// and what it was sent.
fn server(answer: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let seen = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = read_request(&mut stream);
        stream.write_all(answer.as_bytes()).unwrap();
        request
    });
    (url, seen)
}

fn request(verb: Verb, url: &str, body: Body) -> Request {
    Request { verb, url: url.to_owned(), bearer: None, body, timeout: HEAD_TIMEOUT }
}

async fn answered(client: &Client, request: Request) -> Result<(u16, Bytes), OutboundError> {
    let response = client.send(request).await?;
    let status = response.status();
    Ok((status, response.bytes(100).await?))
}

#[actix::test]
async fn a_request_carries_its_token_and_its_body() {
    let (url, seen) = server("HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok");
    let json = Body::Json(Bytes::from_static(b"{\"a\":1}"));
    let mut post = request(Verb::Post, &url, json);
    post.bearer = Some("fazt_a_b".into());
    assert_eq!(answered(&Client::tcp(), post).await.unwrap(), (201, Bytes::from_static(b"ok")));
    let seen = seen.join().unwrap().to_lowercase();
    assert!(seen.starts_with("post /x http/1.1"), "{seen}");
    assert!(seen.contains("authorization: bearer fazt_a_b"), "{seen}");
    assert!(seen.contains("content-type: application/json"), "{seen}");
    assert!(seen.ends_with("\r\n\r\n{\"a\":1}"), "{seen}");
}

#[actix::test]
async fn a_stream_is_sent_with_its_exact_length() {
    let (url, seen) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let chunks = stream::iter([Ok(Bytes::from_static(b"abc")), Ok(Bytes::from_static(b"de"))]);
    let body = Body::Stream { length: 5, chunks: chunks.boxed_local() };
    answered(&Client::tcp(), request(Verb::Put, &url, body)).await.unwrap();
    let seen = seen.join().unwrap().to_lowercase();
    assert!(seen.contains("content-length: 5"), "{seen}");
    assert!(!seen.contains("transfer-encoding"), "{seen}");
    assert!(seen.ends_with("\r\n\r\nabcde"), "{seen}");
}

#[actix::test]
async fn the_error_of_a_stream_comes_back() {
    let (url, _seen) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let broken = || io::Error::other("index.html changed");
    let chunks = stream::iter([Ok(Bytes::from_static(b"abc")), Err(broken())]);
    let body = Body::Stream { length: 9, chunks: chunks.boxed_local() };
    let error = answered(&Client::tcp(), request(Verb::Put, &url, body)).await.unwrap_err();
    assert_eq!(error.code(), "REQUEST_UNREADABLE");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "index.html changed");
}

#[actix::test]
async fn a_redirect_is_an_answer_like_any_other() {
    let (url, _seen) = server(
        "HTTP/1.1 302 Found\r\nlocation: http://elsewhere.invalid/\r\ncontent-length: 0\r\n\r\n",
    );
    let response = Client::tcp().send(request(Verb::Get, &url, Body::Empty)).await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.header("Location"), Some("http://elsewhere.invalid/"));
}

#[actix::test]
async fn a_socket_answers_like_a_host() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data.db.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let seen = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Two requests on one connection: the second finds it in the pool.
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        let first = read_request(&mut stream);
        stream.write_all(answer).unwrap();
        let second = read_request(&mut stream);
        stream.write_all(answer).unwrap();
        (first, second)
    });
    let client = Client::unix(&path);
    for page in ["one", "two"] {
        let url = format!("http://localhost/{page}");
        let answer = answered(&client, request(Verb::Get, &url, Body::Empty)).await.unwrap();
        assert_eq!(answer, (200, Bytes::from_static(b"hi")));
    }
    let (first, second) = seen.join().unwrap();
    assert!(first.starts_with("GET /one "), "{first}");
    assert!(second.starts_with("GET /two "), "{second}");
}

#[actix::test]
async fn every_failure_names_the_address_and_the_cause() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = format!("http://127.0.0.1:{port}/api");
    let (not_http, _a) = server("SSH-2.0-OpenSSH_9.9\r\n\r\n");
    let (short, _b) = server("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf");
    let (large, _c) = server(LARGE);
    let (silent, _d) = server("");
    for (url, code, kind, part) in [
        (refused.as_str(), "CONNECTION_REFUSED", ErrorKind::Upstream, "fazt server start"),
        ("http://no host/", "INVALID_URL", ErrorKind::Invalid, "no host"),
        (&not_http, "NOT_HTTP", ErrorKind::Upstream, "does not answer in HTTP"),
        (&short, "CONNECTION_BROKEN", ErrorKind::Upstream, "broke off"),
        (&large, "ANSWER_TOO_LARGE", ErrorKind::Upstream, "larger than 100 bytes"),
        (&silent, "CONNECTION_BROKEN", ErrorKind::Upstream, "broke off"),
    ] {
        let failed = answered(&Client::tcp(), request(Verb::Get, url, Body::Empty)).await;
        let error = failed.expect_err(url);
        assert_eq!((error.code(), error.kind()), (code, kind), "{error:?}");
        let text = error.to_string();
        let origin = url.strip_suffix("/x").unwrap_or(url).trim_end_matches("/api");
        assert!(text.contains(part) && text.contains(origin), "{text}");
    }
}

#[actix::test]
async fn a_connection_that_is_reset_has_broken_off() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    // Closing a socket with unread bytes in it resets the connection.
    let seen = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 10]).unwrap();
    });
    let error = Client::tcp().send(request(Verb::Get, &url, Body::Empty)).await.unwrap_err();
    seen.join().unwrap();
    assert_eq!(error.code(), "CONNECTION_BROKEN", "{error:?}");
}

const LARGE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 120\r\n\r\n\
    0123456789012345678901234567890123456789012345678901234567890123456789\
    01234567890123456789012345678901234567890123456789";

#[actix::test]
async fn a_missing_socket_means_that_no_node_runs() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data.db.sock");
    let asked = request(Verb::Get, "http://localhost/health", Body::Empty);
    let error = Client::unix(&path).send(asked).await.unwrap_err();
    assert_eq!(error.code(), "CONNECTION_REFUSED");
    assert!(error.to_string().contains("data.db.sock"), "{error}");
}

#[actix::test]
async fn an_answer_that_does_not_come_ends_in_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let held = RefCell::new(listener);
    let mut asked = request(Verb::Get, &url, Body::Empty);
    asked.timeout = Duration::from_millis(50);
    let error = Client::tcp().send(asked).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    drop(held);
}

#[actix::test]
async fn a_form_carries_a_file_with_its_exact_length() {
    let (url, seen) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let mut content = tempfile::tempfile().unwrap();
    content.write_all(b"PK-content").unwrap();
    let file = form::FormFile { field: "file", name: "site.zip", content };
    let body = form::form(&[("site_name", "blog")], file).unwrap();
    answered(&Client::tcp(), request(Verb::Post, &url, body)).await.unwrap();
    let seen = seen.join().unwrap();
    let (head, body) = seen.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    let boundary = head.split("boundary=").nth(1).unwrap().lines().next().unwrap().to_owned();
    assert!(boundary.len() > 30, "{boundary}");
    let parts: Vec<&str> = body.split("\r\n").collect();
    let is_boundary = |line: &str| line.trim_matches('-').eq_ignore_ascii_case(&boundary);
    assert!(is_boundary(parts[0]) && is_boundary(parts[4]) && is_boundary(parts[9]), "{body}");
    assert_eq!(parts[1..4], ["Content-Disposition: form-data; name=\"site_name\"", "", "blog"]);
    let file_head = "Content-Disposition: form-data; name=\"file\"; filename=\"site.zip\"";
    assert_eq!(parts[5..9], [file_head, "Content-Type: application/zip", "", "PK-content"]);
    assert!(parts[9].ends_with("--") && body.ends_with("--\r\n"), "{body}");
}

#[actix::test]
async fn an_answer_that_drips_for_good_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let dripping = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _request = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").unwrap();
        // It ends when the client has gone.
        while stream.write_all(b".").is_ok() {
            thread::park_timeout(Duration::from_millis(5));
        }
    });
    let mut asked = request(Verb::Get, &url, Body::Empty);
    asked.timeout = Duration::from_millis(50);
    let response = Client::tcp().send(asked).await.unwrap();
    let error = response.bytes(1_000_000).await.unwrap_err();
    assert!(error.to_string().contains("the end of the answer"), "{error}");
    dripping.join().unwrap();
}
