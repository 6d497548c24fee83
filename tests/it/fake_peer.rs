//! Nodes that are none of this program: the original, and hosts that are no node at all.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A token as the original made them.
pub(crate) const ORIGINAL_TOKEN: &str =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Bytes of a head before it counts as endless.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// A request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Method and path, as in `GET /health`.
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// The token that it carries.
    pub(crate) fn token(&self) -> Option<&str> {
        let lines = self.head.lines();
        let mut values = lines.filter_map(|line| line.split_once(": "));
        let is_token = |name: &str| name.eq_ignore_ascii_case("authorization");
        let (_, value) = values.find(|(name, _)| is_token(name))?;
        value.strip_prefix("Bearer ")
    }
}

/// A server on this machine that answers as it is told.
pub(crate) struct FakePeer {
    port: u16,
    received: Arc<Mutex<Vec<Received>>>,
}

impl FakePeer {
    /// Starts one; `answer` makes the whole answer, or closes the connection by an empty one.
    pub(crate) fn start(answer: impl Fn(&Received) -> Vec<u8> + Send + Sync + 'static) -> FakePeer {
        FakePeer::serve(answer, |_stream| ())
    }

    /// Starts one that leaves its connections open, whatever its answers promise.
    pub(crate) fn holding(
        answer: impl Fn(&Received) -> Vec<u8> + Send + Sync + 'static,
    ) -> FakePeer {
        let held = Mutex::new(Vec::new());
        FakePeer::serve(answer, move |stream| held.lock().unwrap().push(stream))
    }

    fn serve(
        answer: impl Fn(&Received) -> Vec<u8> + Send + Sync + 'static,
        afterwards: impl Fn(TcpStream) + Send + Sync + 'static,
    ) -> FakePeer {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&received), Arc::new((answer, afterwards)));
        // It ends with the process: the listener is never closed.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let Ok(request) = receive(&mut stream) else { return };
                    log.lock().unwrap().push(request.clone());
                    let (answer, afterwards) = &*answer;
                    let _gone = stream.write_all(&answer(&request));
                    afterwards(stream);
                });
            }
        });
        FakePeer { port, received }
    }

    /// Starts a node of the original that hosts the site `old`.
    pub(crate) fn original() -> FakePeer {
        FakePeer::start(as_the_original)
    }

    /// A host that takes connections and never says a word. It ends with the listener.
    pub(crate) fn silent() -> (TcpListener, String) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        (listener, url)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// The requests so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

/// Reads one request, up to the end of its body.
fn receive(stream: &mut TcpStream) -> io::Result<Received> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
        assert!(head.len() < HEAD_BYTES_MAX, "the head does not end");
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    let line = head.lines().next().unwrap();
    let line = line.strip_suffix(" HTTP/1.1").unwrap().to_owned();
    Ok(Received { line, head, body })
}

/// An answer that closes its connection.
pub(crate) fn answer(status: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

pub(crate) fn json(status: &str, body: &str) -> Vec<u8> {
    answer(status, &["Content-Type: application/json"], body)
}

const HEALTH: &str = r#"{"data":{"database":{"in_use":0,"open_connections":1,
    "path":"/srv/fazt/data.db"},"memory":{"limit_mb":24106,"used_mb":2.9,"vfs_cache_mb":0.5},
    "mode":"production","runtime":{"goroutines":11,"queued_events":0},"status":"healthy",
    "uptime_seconds":11047,"version":"0.9.4"}}"#;

const SITES: &str = r#"{"data":[{"Name":"old","Path":"vfs://old","FileCount":3,"SizeBytes":1200,
    "ModTime":"2026-01-14 22:20:33"}]}"#;

/// What a node of fazt 0.9.4 answers on its admin host.
fn as_the_original(request: &Received) -> Vec<u8> {
    let (method, path) = request.line.split_once(' ').unwrap();
    let path = path.split('?').next().unwrap();
    if path == "/health" {
        return answer("200 OK", &["Content-Type: text/plain"], "OK");
    }
    if request.token() != Some(ORIGINAL_TOKEN) {
        return match path.starts_with("/api/") {
            true => json("401 Unauthorized", "{\"error\":\"Authentication required\"}\n"),
            false => answer("303 See Other", &["Location: /login.html"], ""),
        };
    }
    match (method, path) {
        ("GET", "/api/system/health") => json("200 OK", HEALTH),
        ("GET", "/api/auth/status") => json("200 OK", r#"{"data":{"authenticated":false}}"#),
        ("GET", "/api/apps") => json("200 OK", r#"{"data":null}"#),
        ("GET", "/api/sites") => json("200 OK", SITES),
        ("GET", "/api/logs") => json("200 OK", r#"{"data":{"logs":null}}"#),
        ("GET", app) if app.starts_with("/api/apps/") && app.split('/').count() == 4 => {
            json("404 Not Found", r#"{"error":{"code":"APP_NOT_FOUND","message":"App not found"}}"#)
        }
        ("POST", "/api/deploy") => json(
            "200 OK",
            r#"{"data":{"file_count":2,"message":"Deployment successful","site":"blog",
                "size_bytes":9}}"#,
        ),
        _ => answer("404 Not Found", &["Content-Type: text/plain"], "404 page not found\n"),
    }
}
