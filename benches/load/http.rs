//! A small HTTP/1.1 client: one kept connection, answers with a length.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

/// How long an answer may take: longer than a function that is stopped for taking too long.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Header fields of one answer.
const FIELDS_MAX: usize = 64;

/// Bytes of one answer's body.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    fields: Vec<(String, String)>,
    /// The body as it was sent, still encoded.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header field, by its name in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    /// The API's data.
    pub(crate) fn data(&self) -> anyhow::Result<serde_json::Value> {
        let mut body: serde_json::Value = serde_json::from_slice(&self.body)?;
        ensure!(self.status < 300, "the node refused ({}): {body}", self.status);
        Ok(body["data"].take())
    }
}

/// A connection to a server on this machine.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    line: String,
}

impl Client {
    /// Connects.
    pub(crate) fn connect(port: u16) -> std::io::Result<Client> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Client::on(TcpStream::connect_timeout(&address, TIMEOUT)?)
    }

    /// A client on a connection that somebody else has made.
    pub(crate) fn on(stream: TcpStream) -> std::io::Result<Client> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Client { stream: BufReader::new(stream), line: String::new() })
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn send(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.begin(request)?;
        self.end()
    }

    /// Sends a request, to wait for its answer later.
    pub(crate) fn begin(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.stream.get_mut().write_all(request).context("cannot send a request")
    }

    /// Waits for the answer to a request that was sent.
    pub(crate) fn end(&mut self) -> anyhow::Result<Answer> {
        self.answer().context("cannot read an answer")
    }

    /// Asks for a file.
    pub(crate) fn get(
        &mut self,
        host: &str,
        path: &str,
        fields: &[(String, String)],
    ) -> anyhow::Result<Answer> {
        self.send(&request("GET", host, path, fields, b""))
    }

    fn answer(&mut self) -> anyhow::Result<Answer> {
        let first = self.read_line()?;
        let status = first.split(' ').nth(1).context("no status")?.parse()?;
        let mut fields = Vec::with_capacity(12);
        for _ in 0..FIELDS_MAX {
            let line = self.read_line()?;
            if line.is_empty() {
                let body = self.body(status, &fields)?;
                return Ok(Answer { status, fields, body });
            }
            let (name, value) = line.split_once(':').context("a strange header field")?;
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        bail!("more than {FIELDS_MAX} header fields")
    }

    fn body(&mut self, status: u16, fields: &[(String, String)]) -> anyhow::Result<Vec<u8>> {
        if matches!(status, 204 | 304) {
            return Ok(Vec::new());
        }
        let length = fields.iter().find(|(name, _)| name == "content-length");
        let length: usize = length.context("an answer without a length")?.1.parse()?;
        ensure!(length <= BODY_BYTES_MAX, "a body of {length} bytes");
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    fn read_line(&mut self) -> anyhow::Result<&str> {
        self.line.clear();
        let read = self.stream.read_line(&mut self.line)?;
        ensure!(read > 0, "the server has closed the connection");
        Ok(self.line.trim_end())
    }
}

/// The bytes of a request.
pub(crate) fn request(
    method: &str,
    host: &str,
    path: &str,
    fields: &[(String, String)],
    body: &[u8],
) -> Vec<u8> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in fields {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    let mut request = request.into_bytes();
    request.extend_from_slice(body);
    request
}
