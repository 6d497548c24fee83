//! HTTP/1.1 by hand, so that a test decides when a byte is sent and when one is read.

use std::io::{self, Cursor, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::process::Files;

/// How long a test waits for the next byte before it fails.
const BYTE_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of a head that are read before it counts as endless.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Separates the parts of the forms that tests send.
const BOUNDARY: &str = "fazt-test-boundary";

/// A connection whose bytes the test moves itself.
pub(crate) trait Connection: Read + Write {}

impl Connection for TcpStream {}

impl Connection for UnixStream {}

/// Connects to a port of this machine.
pub(crate) fn tcp(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(BYTE_TIMEOUT))?;
    stream.set_write_timeout(Some(BYTE_TIMEOUT))?;
    Ok(stream)
}

/// Connects to a node's socket.
pub(crate) fn unix(path: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(BYTE_TIMEOUT))?;
    stream.set_write_timeout(Some(BYTE_TIMEOUT))?;
    Ok(stream)
}

/// A request that is sent at once.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    /// Header lines without their line ends.
    pub(crate) headers: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl<'a> Request<'a> {
    pub(crate) fn get(host: &'a str, path: &'a str) -> Request<'a> {
        Request { method: "GET", host, path, headers: Vec::new(), body: Vec::new() }
    }

    /// Makes the node close the connection after the answer.
    pub(crate) fn closing(self) -> Request<'a> {
        self.with("Connection: close")
    }

    pub(crate) fn with(mut self, header: &str) -> Request<'a> {
        self.headers.push(header.to_owned());
        self
    }

    /// The bytes up to the empty line.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {}\r\n", self.method, self.path, self.host);
        for header in &self.headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        if !self.body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// Sends it on its own connection and reads the whole answer.
    pub(crate) fn exchange(self, mut connection: impl Connection) -> io::Result<Reply> {
        let request = self.closing();
        connection.write_all(&request.head())?;
        connection.write_all(&request.body)?;
        Answer::read_head(connection)?.rest()
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The first value of a header; `name` in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        let parsed = serde_json::from_slice(&self.body);
        parsed.unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }
}

/// An answer whose head has arrived; its body waits in the connection.
#[derive(Debug)]
pub(crate) struct Answer<C> {
    pub(crate) reply: Reply,
    pub(crate) connection: C,
}

impl<C: Connection> Answer<C> {
    /// Reads the head, and of the body nothing.
    pub(crate) fn read_head(mut connection: C) -> io::Result<Answer<C>> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            connection.read_exact(&mut byte)?;
            head.push(byte[0]);
            assert!(head.len() < HEAD_BYTES_MAX, "the head does not end");
        }
        let head = String::from_utf8_lossy(&head);
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        let reply = Reply {
            status: status.ok_or(io::ErrorKind::InvalidData)?,
            headers: headers.collect(),
            body: Vec::new(),
        };
        Ok(Answer { reply, connection })
    }

    /// Bytes of the body, as announced.
    pub(crate) fn length(&self) -> u64 {
        self.reply.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)
    }

    /// Reads the body and leaves the connection open.
    pub(crate) fn body(mut self) -> io::Result<(Reply, C)> {
        let coding = self.reply.header("transfer-encoding");
        assert_ne!(coding, Some("chunked"), "a length is announced");
        let length = self.length();
        (&mut self.connection).take(length).read_to_end(&mut self.reply.body)?;
        if self.reply.body.len() as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok((self.reply, self.connection))
    }

    /// Reads the body, also one whose length nobody knew before its end.
    pub(crate) fn rest(mut self) -> io::Result<Reply> {
        if self.reply.header("transfer-encoding") != Some("chunked") {
            return self.body().map(|(reply, _connection)| reply);
        }
        let mut coded = Vec::new();
        self.connection.read_to_end(&mut coded)?;
        self.reply.body = dechunked(&coded).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(self.reply)
    }
}

/// The bytes of a chunked body (RFC 9112 section 7.1); none when its end is missing.
fn dechunked(mut coded: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let line = coded.windows(2).position(|pair| pair == b"\r\n")?;
        let size = std::str::from_utf8(&coded[..line]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?, 16).ok()?;
        let chunk = coded.get(line + 2..line + 2 + size)?;
        if size == 0 {
            return Some(bytes);
        }
        bytes.extend_from_slice(chunk);
        coded = coded.get(line + 4 + size..)?;
    }
}

/// A ZIP archive, deflated, with these files.
pub(crate) fn archive(files: &Files) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (path, content) in files {
        writer.start_file(path.as_str(), options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// `POST /api/deploy` with an archive of these files, as a browser's form would send it.
pub(crate) fn deploy_form(app: &str, files: &Files) -> Request<'static> {
    let mut body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"site_name\"\r\n\r\n{app}\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n\
         Content-Type: application/zip\r\n\r\n"
    )
    .into_bytes();
    body.extend(archive(files));
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").bytes());
    Request {
        method: "POST",
        host: "localhost",
        path: "/api/deploy",
        headers: vec![format!("Content-Type: multipart/form-data; boundary={BOUNDARY}")],
        body,
    }
}
