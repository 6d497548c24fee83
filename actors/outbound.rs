//! The way out: HTTP requests to other programs.
//!
//! Owns the only use of awc. What functions fetch goes out by [`fetch`], behind its
//! [`guard`]; all else by a [`Client`]. That one speaks HTTP/1.1 over TCP, over TLS with the
//! roots compiled in, or over a Unix socket. It promises that nothing waits or grows
//! without a bound, that a redirect is never followed (a token must not travel to a host
//! that nobody named), and that every error names the address and the cause.
//!
//! A client belongs to the thread that made it, and needs an actix system around it.

use std::{
    fmt, io,
    path::Path,
    rc::Rc,
    sync::Once,
    time::{Duration, Instant},
};

use awc::{
    SendClientRequest,
    body::SizedStream,
    http::{Method, header},
};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream::LocalBoxStream};

mod error;
pub mod fetch;
pub mod form;
pub mod guard;
mod retry;
mod unix;

pub use error::OutboundError;
pub use retry::Retries;

/// How long it may take to find a host and to connect to it, TLS aside.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a TLS handshake may take.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer's head may take after a short request.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a request may take that carries files, until the head of its answer.
pub const UPLOAD_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// How long an answer's body may stand still.
pub const BODY_IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// How many times the longest standstill a whole body may take that is read into memory: one
/// that drips for good is no answer.
const BODY_TIMEOUT_FACTOR: u32 = 10;
/// Bytes of a JSON answer: a list of 10,000 files with the longest paths fits seven times.
pub const JSON_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Connections that one client holds open.
const CONNECTIONS_MAX: usize = 16;

/// What a request does (RFC 9110 section 9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Starts an action.
    Post,
    /// Stores at a place.
    Put,
    /// Removes.
    Delete,
}

/// What a request carries.
pub enum Body {
    /// Nothing.
    Empty,
    /// A JSON document.
    Json(Bytes),
    /// Bytes as they are read. The stream must yield exactly `length` bytes; the error of a
    /// chunk ends the request and comes back as [`OutboundError::Source`].
    Stream {
        /// Bytes of the whole body, sent as `Content-Length`.
        length: u64,
        /// The bytes.
        chunks: LocalBoxStream<'static, io::Result<Bytes>>,
    },
    /// A form, as [`form::form`] makes it.
    Form {
        /// Value of `Content-Type`, with the boundary.
        content_type: String,
        /// Bytes of the whole body.
        length: u64,
        /// The bytes.
        chunks: LocalBoxStream<'static, io::Result<Bytes>>,
    },
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Empty => formatter.write_str("Empty"),
            Body::Json(bytes) => write!(formatter, "Json({} bytes)", bytes.len()),
            Body::Stream { length, .. } => write!(formatter, "Stream({length} bytes)"),
            Body::Form { length, .. } => write!(formatter, "Form({length} bytes)"),
        }
    }
}

/// One request.
#[derive(Debug)]
pub struct Request {
    /// What it does.
    pub verb: Verb,
    /// Absolute address, already percent-encoded.
    pub url: String,
    /// Credential for `Authorization: Bearer` (RFC 6750 section 2.1).
    pub bearer: Option<Rc<str>>,
    /// What it carries.
    pub body: Body,
    /// How long the head of the answer may take, connecting and sending included. The body
    /// may not stand still for longer, nor for longer than [`BODY_IDLE_TIMEOUT`].
    pub timeout: Duration,
}

/// A client for HTTP over TCP, TLS or one Unix socket, with its connections.
#[derive(Clone)]
pub struct Client {
    http: awc::Client,
    /// The socket's path, where there is one: errors name it instead of the URL.
    socket: Option<Rc<Path>>,
    /// The pause before a read is asked again for the first time.
    first_pause: Duration,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Client {
    /// A client for `http:` and `https:` addresses.
    pub fn tcp() -> Client {
        use_ring();
        let connector = awc::Connector::new()
            .timeout(CONNECT_TIMEOUT)
            .handshake_timeout(HANDSHAKE_TIMEOUT)
            .max_http_version(awc::http::Version::HTTP_11)
            .limit(CONNECTIONS_MAX);
        let http = awc::Client::builder()
            .connector(connector)
            .disable_redirects()
            .add_default_header((header::USER_AGENT, USER_AGENT))
            .finish();
        Client { http, socket: None, first_pause: retry::FIRST_PAUSE }
    }

    /// A client whose every request goes to the Unix socket at `path`, whatever host its
    /// address names.
    pub fn unix(path: &Path) -> Client {
        use_ring();
        let socket: Rc<Path> = Rc::from(path);
        let connector = awc::Connector::new()
            .connector(unix::UnixConnect::new(Rc::clone(&socket)))
            .timeout(CONNECT_TIMEOUT)
            .limit(CONNECTIONS_MAX);
        let http = awc::Client::builder()
            .connector(connector)
            .disable_redirects()
            .add_default_header((header::USER_AGENT, USER_AGENT))
            .finish();
        Client { http, socket: Some(socket), first_pause: retry::FIRST_PAUSE }
    }

    /// Sends `request` and waits for the head of the answer, whatever its status.
    ///
    /// # Errors
    /// No answer came, in time or at all; see [`OutboundError`].
    pub async fn send(&self, request: Request) -> Result<Response, OutboundError> {
        let Request { verb, url, bearer, body, timeout } = request;
        let shown: Rc<str> = match &self.socket {
            Some(path) => Rc::from(format!("the socket {}", path.display())),
            None => Rc::from(url.as_str()),
        };
        let mut builder = self.http.request(method(verb), url.as_str()).timeout(timeout);
        if let Some(token) = bearer {
            builder = builder.bearer_auth(token);
        }
        let started = Instant::now();
        let sending = send_body(builder, body);
        let answer =
            sending.await.map_err(|cause| error::from_send(cause, &shown, timeout, started))?;
        let missing = content_length(&answer);
        let idle_timeout = timeout.min(BODY_IDLE_TIMEOUT);
        Ok(Response { answer, shown, missing, idle_timeout })
    }
}

/// What a node sees in its log.
const USER_AGENT: &str = concat!("fazt/", env!("CARGO_PKG_VERSION"));

/// Chooses the one implementation of TLS that is compiled in; rustls wants it said.
fn use_ring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that the process has already chosen, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
        Verb::Delete => Method::DELETE,
    }
}

/// Bytes that the body must have, where the head says so (RFC 9110 section 8.6). A 304 names
/// the length of a body that it does not carry.
fn content_length(answer: &awc::ClientResponse) -> Option<u64> {
    if answer.status() == awc::http::StatusCode::NOT_MODIFIED {
        return None;
    }
    answer.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn send_body(builder: awc::ClientRequest, body: Body) -> SendClientRequest {
    match body {
        Body::Empty => builder.send(),
        Body::Json(bytes) => builder.content_type("application/json").send_body(bytes),
        Body::Stream { length, chunks } => builder
            .content_type("application/octet-stream")
            .send_body(SizedStream::new(length, chunks)),
        Body::Form { content_type, length, chunks } => {
            builder.content_type(content_type).send_body(SizedStream::new(length, chunks))
        }
    }
}

/// The head of an answer, and its body while it arrives.
pub struct Response {
    answer: awc::ClientResponse,
    shown: Rc<str>,
    /// Bytes that have not arrived yet, where the head promised a number. awc takes a
    /// connection that closes early for the end of the body, so it is counted here.
    missing: Option<u64>,
    idle_timeout: Duration,
}

impl fmt::Debug for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Response({} from {})", self.status(), self.shown)
    }
}

impl Response {
    /// The status code (RFC 9110 section 15).
    pub fn status(&self) -> u16 {
        self.answer.status().as_u16()
    }

    /// The first value of a header, where it is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.answer.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// The next bytes of the body; none at its end.
    ///
    /// # Errors
    /// The body broke off, or stood still for longer than the request allows.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, OutboundError> {
        let next = tokio::time::timeout(self.idle_timeout, self.answer.next()).await;
        match next {
            Ok(None) if self.missing.is_some_and(|missing| missing > 0) => {
                Err(OutboundError::Broken {
                    at: self.shown.to_string(),
                    source: io::ErrorKind::UnexpectedEof.into(),
                })
            }
            Ok(None) => Ok(None),
            Ok(Some(Ok(bytes))) => {
                let arrived = bytes.len() as u64;
                self.missing = self.missing.map(|missing| missing.saturating_sub(arrived));
                Ok(Some(bytes))
            }
            Ok(Some(Err(cause))) => Err(error::from_payload(cause, &self.shown)),
            Err(_) => Err(OutboundError::Timeout {
                at: self.shown.to_string(),
                what: "the rest of the answer",
                seconds: self.idle_timeout.as_secs(),
            }),
        }
    }

    /// The whole body, of at most `bytes_max` bytes.
    ///
    /// # Errors
    /// The body is larger, broke off, stood still, or takes far too long.
    pub async fn bytes(self, bytes_max: u64) -> Result<Bytes, OutboundError> {
        let patience = self.idle_timeout * BODY_TIMEOUT_FACTOR;
        let late = OutboundError::Timeout {
            at: self.shown.to_string(),
            what: "the end of the answer",
            seconds: patience.as_secs(),
        };
        tokio::time::timeout(patience, self.collect(bytes_max)).await.unwrap_or(Err(late))
    }

    async fn collect(mut self, bytes_max: u64) -> Result<Bytes, OutboundError> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if (whole.len() + chunk.len()) as u64 > bytes_max {
                return Err(OutboundError::TooLarge { at: self.shown.to_string(), bytes_max });
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }
}

#[cfg(test)]
mod tests;
