//! An HTTP/1.1 client that sends what it is told, right or wrong, and reads what comes back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use super::PATIENCE;

/// A request, written without any judgement.
#[derive(Clone)]
pub(crate) struct Request {
    head: Vec<u8>,
    is_sized: bool,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, host: &str, target: &str) -> Request {
        let head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n").into_bytes();
        Request { head, is_sized: false, body: Vec::new() }
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: &str) -> Request {
        self.head.extend(format!("{name}: {value}\r\n").into_bytes());
        self.is_sized |= name.eq_ignore_ascii_case("content-length")
            || name.eq_ignore_ascii_case("transfer-encoding");
        self
    }

    #[must_use]
    pub(crate) fn headers(self, headers: &[(&str, &str)]) -> Request {
        headers.iter().fold(self, |request, (name, value)| request.header(name, value))
    }

    #[must_use]
    pub(crate) fn bearer(self, token: &str) -> Request {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    #[must_use]
    pub(crate) fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Request {
        Request { body: body.into(), ..self.header("Content-Type", content_type) }
    }

    /// A body that does not say what it is.
    #[must_use]
    pub(crate) fn untyped_body(self, body: impl Into<Vec<u8>>) -> Request {
        Request { body: body.into(), ..self }
    }

    /// The content type and the body.
    pub(crate) fn parts(self) -> (String, Vec<u8>) {
        let head = String::from_utf8_lossy(&self.head);
        let content_type = head.split("Content-Type: ").nth(1).unwrap_or_default();
        (content_type.trim().to_owned(), self.body)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.clone();
        if !self.is_sized && !self.body.is_empty() {
            bytes.extend(format!("Content-Length: {}\r\n", self.body.len()).into_bytes());
        }
        bytes.extend(b"Connection: close\r\n\r\n");
        bytes.extend(&self.body);
        bytes
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The value of a header; there must be at most one of that name.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let values = self.all(name);
        assert!(values.len() < 2, "{name} is there twice");
        values.first().copied()
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// Status and code of a failure of the API, or the status alone.
    pub(crate) fn failure(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = body["error"]["code"].as_str().unwrap_or_default();
        format!("{} {code}", self.status).trim_end().to_owned()
    }

    /// The message of a failure of the API.
    #[track_caller]
    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap().to_owned()
    }

    /// An answer in one line: status, where it leads, or what it says. Of the node's own
    /// pages the title in brackets.
    pub(crate) fn summary(&self) -> String {
        let text = self.text();
        let said = match (self.header("location"), text.split_once("<title>")) {
            (Some(location), _) => format!("-> {location}"),
            (None, Some((_, rest))) => {
                format!("[{}]", rest.split("</title>").next().unwrap_or_default())
            }
            (None, None) => text,
        };
        format!("{} {said}", self.status).trim_end().to_owned()
    }
}

/// Sends these bytes on a connection of their own and reads one answer.
#[track_caller]
pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> Response {
    let mut stream = connect(address);
    // A refusal may come, and the connection go, before all was sent.
    let _refused_early = stream.write_all(request);
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes);
    let head_only = request.starts_with(b"HEAD ");
    parse(&bytes, head_only).unwrap_or_else(|| {
        panic!("no whole answer ({ended:?}): {:?}", String::from_utf8_lossy(&bytes))
    })
}

/// Sends these bytes and reads the head of the answer alone: its body may never end.
#[track_caller]
pub(crate) fn exchange_head(address: SocketAddr, request: &[u8]) -> (Response, TcpStream) {
    let mut stream = connect(address);
    stream.write_all(request).unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    (parse(&head, true).unwrap(), stream)
}

/// A connection with time limits.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Reads an answer that must be whole, with nothing behind it.
pub(crate) fn parse(bytes: &[u8], head_only: bool) -> Option<Response> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let rest = &bytes[end + 4..];
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut response = Response { status, headers, body: Vec::new() };
    if status == 100 {
        return parse(rest, head_only);
    }
    let has_body = !(head_only || matches!(status, 204 | 304));
    let length = response.header("content-length").and_then(|text| text.parse::<usize>().ok());
    response.body = match (has_body, response.header("transfer-encoding"), length) {
        (false, ..) => rest.to_vec(),
        (true, Some("chunked"), _) => dechunk(rest)?,
        (true, _, Some(length)) => rest.get(..length)?.to_vec(),
        (true, _, None) => rest.to_vec(),
    };
    if !has_body {
        assert_eq!(rest, b"", "a body that must not be there");
    } else if let Some(length) = length {
        assert_eq!(rest.len(), length, "bytes behind the answer");
    }
    Some(response)
}

fn dechunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        rest = rest.get(line + 2..)?;
        if size == 0 {
            return Some(body);
        }
        body.extend(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}
