//! Why a fetch failed, for the developer of the function that asked.

use std::error::Error;
use std::net::IpAddr;

use awc::error::{ConnectError, PayloadError, SendRequestError};

use super::super::error::certificate_reason;

/// Why a fetch failed. Holds text instead of its causes: it crosses into JavaScript, and may be
/// told more than once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address cannot be asked.
    #[error("`{url}` cannot be fetched: {reason}")]
    Url {
        /// The address, cut short.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The method is none, or not for functions (WHATWG Fetch 2.2.1).
    #[error("`{0}` is not a method that can be fetched with")]
    Method(String),
    /// A header cannot be sent (WHATWG Fetch 2.2.2).
    #[error("the request header `{0}` cannot be sent: its name or its value breaks the rules")]
    Header(String),
    /// There are too many headers, or too long ones.
    #[error("the request has more than {count_max} headers or {bytes_max} bytes of them")]
    TooManyHeaders {
        /// Headers of a request.
        count_max: usize,
        /// Bytes of their names and values.
        bytes_max: usize,
    },
    /// GET and HEAD carry nothing (WHATWG Fetch 5.4).
    #[error("a request with the method {0} cannot have a body")]
    BodyNotAllowed(String),
    /// The guard.
    #[error(
        "{host} is not on the public internet: {address} is {is}; the owner of this node may \
         allow it in the setting functions.fetch_allowed_hosts"
    )]
    NotPublic {
        /// The host of the address.
        host: String,
        /// Where that is.
        address: IpAddr,
        /// What the address is.
        is: &'static str,
    },
    /// The host's name has no address.
    #[error("the host {host} cannot be found: {reason}")]
    HostUnknown {
        /// The host.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// No connection came about.
    #[error("cannot connect to {host}: {reason}")]
    Connect {
        /// The host.
        host: String,
        /// What the system or the TLS library said.
        reason: String,
    },
    /// The time allowed ran out.
    #[error("waited {seconds} s in vain for {what}")]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long, in seconds.
        seconds: u64,
    },
    /// The connection ended in the middle.
    #[error("the connection to {host} broke off: {reason}")]
    Broken {
        /// The host.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// The answer is not HTTP.
    #[error("{host} does not answer in HTTP: {reason}")]
    NotHttp {
        /// The host.
        host: String,
        /// What could not be read.
        reason: String,
    },
    /// The body is not what its `Content-Encoding` says.
    #[error("the body of {host} is not the gzip that its head announces")]
    Encoding {
        /// The host.
        host: String,
    },
    /// A redirect, although the request's mode is `error`.
    #[error("{0} redirects, and the request's redirect mode is `error`")]
    RedirectForbidden(String),
    /// A redirect that cannot be followed (WHATWG Fetch 4.4).
    #[error("{url} redirects, but {reason}")]
    Redirect {
        /// The address that redirects.
        url: String,
        /// Why that is not followed.
        reason: &'static str,
    },
    /// One redirect too many.
    #[error("more than {0} redirects")]
    TooManyRedirects(u32),
    /// What is sent is larger than allowed.
    #[error("the request's body is larger than {0} bytes")]
    RequestTooLarge(u64),
    /// What comes back is larger than allowed.
    #[error("the response's body is larger than {0} bytes")]
    ResponseTooLarge(u64),
    /// One call asks for too much.
    #[error("one call may fetch {0} times")]
    TooManyFetches(u32),
    /// Too many are under way.
    #[error("{0} fetches are under way already; read or cancel some of their bodies")]
    TooManyOpen(usize),
    /// It was ended by the one who began it.
    #[error("the fetch was aborted")]
    Aborted,
    /// There is no way out.
    #[error("fetch is not available here")]
    Unavailable,
}

impl FetchError {
    /// Whether the connection was closed before an answer began, as a server does with one that
    /// has been idle for too long.
    pub(super) fn is_closed_early(&self) -> bool {
        matches!(self, FetchError::Broken { .. })
    }
}

/// Translates awc's reason for the lack of an answer.
pub(super) fn from_send(cause: SendRequestError, host: &str) -> FetchError {
    let host = host.to_owned();
    match cause {
        SendRequestError::Connect(cause) => from_connect(cause, host),
        SendRequestError::Send(cause) => FetchError::Broken { host, reason: cause.to_string() },
        SendRequestError::Body(cause) => match cause.downcast::<FetchError>() {
            Ok(own) => *own,
            Err(cause) => FetchError::Broken { host, reason: cause.to_string() },
        },
        SendRequestError::Url(_) | SendRequestError::Http(_) => {
            FetchError::Url { url: host, reason: "it is longer than a request may be" }
        }
        SendRequestError::Response(cause) => {
            let is_io = cause.source().is_some_and(|source| source.is::<std::io::Error>());
            let reason = cause.to_string();
            if is_io {
                FetchError::Broken { host, reason }
            } else {
                FetchError::NotHttp { host, reason }
            }
        }
        cause => FetchError::NotHttp { host, reason: cause.to_string() },
    }
}

fn from_connect(cause: ConnectError, host: String) -> FetchError {
    match cause {
        // awc's word for a connection that closed before the answer's head.
        ConnectError::Disconnected => {
            FetchError::Broken { host, reason: "it was closed before an answer came".to_owned() }
        }
        ConnectError::Io(cause) => match cause.downcast::<FetchError>() {
            Ok(own) => own,
            Err(cause) => FetchError::Connect { host, reason: cause.to_string() },
        },
        cause => FetchError::Connect { host, reason: cause.to_string() },
    }
}

/// Translates what ended an answer's body early.
pub(super) fn from_payload(cause: PayloadError, host: &str) -> FetchError {
    FetchError::Broken { host: host.to_owned(), reason: cause.to_string() }
}

/// Why a handshake failed: the reasons of rustls come wrapped in an error of the system.
pub(super) fn from_handshake(cause: std::io::Error, host: &str) -> FetchError {
    let reason = match cause.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(cause)) => {
            format!("its certificate cannot be trusted: {}", certificate_reason(cause))
        }
        Some(rustls::Error::InvalidMessage(_)) => "it does not answer in TLS".to_owned(),
        _ => cause.to_string(),
    };
    FetchError::Connect { host: host.to_owned(), reason }
}
