//! Why no answer came, in terms of the address that was asked.

use std::{
    io,
    time::{Duration, Instant},
};

use awc::error::{ConnectError, PayloadError, SendRequestError};

use super::CONNECT_TIMEOUT;
use crate::kind::{ErrorKind, Fault};

/// Why a request got no usable answer. `at` is the address, or the path of the socket.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The address cannot be asked.
    #[error("{at} is not an address that can be asked: {reason}")]
    InvalidUrl {
        /// The address.
        at: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The host's name has no address.
    #[error("cannot find the host of {at}; check the name and the network: {reason}")]
    HostUnknown {
        /// The address.
        at: String,
        /// What the resolver said.
        reason: String,
    },
    /// Nothing listens there.
    #[error("nothing listens at {at}; is the node running? start it with `fazt server start`")]
    Refused {
        /// The address.
        at: String,
    },
    /// The connection could not be made, or TLS was refused.
    #[error("cannot connect to {at}")]
    Connect {
        /// The address.
        at: String,
        /// The system's or the TLS library's reason.
        source: io::Error,
    },
    /// The host cannot prove that it is who it says.
    #[error("the certificate of {at} cannot be trusted: {reason}; nothing was sent")]
    Certificate {
        /// The address.
        at: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The connection ended in the middle.
    #[error("the connection to {at} broke off")]
    Broken {
        /// The address.
        at: String,
        /// The system's reason.
        source: io::Error,
    },
    /// What was to be sent could not be read.
    #[error("cannot send the request to {at}")]
    Source {
        /// The address.
        at: String,
        /// The error of the request's own stream.
        source: io::Error,
    },
    /// The time allowed ran out.
    #[error("waited {seconds} s in vain for {what} of {at}")]
    Timeout {
        /// The address.
        at: String,
        /// What was waited for.
        what: &'static str,
        /// How long, in seconds.
        seconds: u64,
    },
    /// The answer is not HTTP.
    #[error("{at} does not answer in HTTP; is it the address of a node? ({reason})")]
    NotHttp {
        /// The address.
        at: String,
        /// What could not be read.
        reason: String,
    },
    /// The answer is larger than its limit.
    #[error("the answer of {at} is larger than {bytes_max} bytes")]
    TooLarge {
        /// The address.
        at: String,
        /// The limit.
        bytes_max: u64,
    },
}

impl Fault for OutboundError {
    fn kind(&self) -> ErrorKind {
        match self {
            OutboundError::InvalidUrl { .. } => ErrorKind::Invalid,
            OutboundError::Timeout { .. } => ErrorKind::Timeout,
            OutboundError::Source { .. } => ErrorKind::Conflict,
            OutboundError::HostUnknown { .. }
            | OutboundError::Refused { .. }
            | OutboundError::Connect { .. }
            | OutboundError::Certificate { .. }
            | OutboundError::Broken { .. }
            | OutboundError::NotHttp { .. }
            | OutboundError::TooLarge { .. } => ErrorKind::Upstream,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            OutboundError::InvalidUrl { .. } => "INVALID_URL",
            OutboundError::HostUnknown { .. } => "HOST_UNKNOWN",
            OutboundError::Refused { .. } => "CONNECTION_REFUSED",
            OutboundError::Connect { .. } => "CONNECTION_FAILED",
            OutboundError::Certificate { .. } => "CERTIFICATE_REFUSED",
            OutboundError::Broken { .. } => "CONNECTION_BROKEN",
            OutboundError::Source { .. } => "REQUEST_UNREADABLE",
            OutboundError::Timeout { .. } => "UPSTREAM_TIMEOUT",
            OutboundError::NotHttp { .. } => "NOT_HTTP",
            OutboundError::TooLarge { .. } => "ANSWER_TOO_LARGE",
        }
    }
}

/// Translates awc's reason for the lack of an answer.
pub(super) fn from_send(
    cause: SendRequestError,
    at: &str,
    timeout: Duration,
    started: Instant,
) -> OutboundError {
    if let SendRequestError::Connect(cause) = cause {
        return from_connect(cause, origin(at).to_owned());
    }
    let at = at.to_owned();
    match cause {
        SendRequestError::Timeout => OutboundError::Timeout {
            at,
            what: "the answer",
            seconds: timeout.min(started.elapsed()).as_secs(),
        },
        SendRequestError::Send(source) => OutboundError::Broken { at, source },
        SendRequestError::Body(cause) => OutboundError::Source { at, source: io_cause(cause) },
        SendRequestError::Url(cause) => OutboundError::InvalidUrl { at, reason: cause.to_string() },
        SendRequestError::Http(cause) => {
            OutboundError::InvalidUrl { at, reason: cause.to_string() }
        }
        SendRequestError::Response(cause) => match io_source(&cause) {
            Some(source) => OutboundError::Broken { at, source },
            None => OutboundError::NotHttp { at, reason: cause.to_string() },
        },
        cause => OutboundError::NotHttp { at, reason: cause.to_string() },
    }
}

/// The system's error below one of awc's, as an error of its own.
fn io_source(cause: &dyn std::error::Error) -> Option<io::Error> {
    let source = cause.source()?.downcast_ref::<io::Error>()?;
    Some(io::Error::new(source.kind(), source.to_string()))
}

/// The part of an address that a connection depends on.
fn origin(at: &str) -> &str {
    let host = at.find("://").map_or(0, |scheme| scheme + "://".len());
    let end = at[host..].find('/').filter(|_| host > 0);
    end.map_or(at, |path| &at[..host + path])
}

fn from_connect(cause: ConnectError, at: String) -> OutboundError {
    match cause {
        ConnectError::Resolver(cause) => {
            OutboundError::HostUnknown { at, reason: cause.to_string() }
        }
        ConnectError::NoRecords | ConnectError::Unresolved => {
            OutboundError::HostUnknown { at, reason: "no address".to_owned() }
        }
        ConnectError::Timeout => {
            OutboundError::Timeout { at, what: "a connection", seconds: CONNECT_TIMEOUT.as_secs() }
        }
        // awc's word for a connection that closed before the answer's head.
        ConnectError::Disconnected => {
            OutboundError::Broken { at, source: io::ErrorKind::UnexpectedEof.into() }
        }
        ConnectError::Io(source) => match source.kind() {
            // A socket file that is not there means the same as a port where nobody listens.
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => {
                OutboundError::Refused { at }
            }
            _ => from_tls(source, at),
        },
        cause => OutboundError::Connect { at, source: io::Error::other(cause.to_string()) },
    }
}

/// The reasons of rustls come wrapped in an error of the system.
fn from_tls(source: io::Error, at: String) -> OutboundError {
    match source.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(cause)) => {
            OutboundError::Certificate { at, reason: certificate_reason(cause) }
        }
        Some(rustls::Error::InvalidMessage(_)) => {
            let reason = "it does not answer in TLS; if it speaks plain HTTP, write http://";
            OutboundError::Connect { at, source: io::Error::other(reason) }
        }
        _ => OutboundError::Connect { at, source },
    }
}

pub(super) fn certificate_reason(cause: &rustls::CertificateError) -> String {
    use rustls::CertificateError as Cause;
    match cause {
        Cause::Expired | Cause::ExpiredContext { .. } => "it has expired".to_owned(),
        Cause::NotValidYet | Cause::NotValidYetContext { .. } => {
            "it is not valid yet; is this machine's clock right?".to_owned()
        }
        Cause::NotValidForName | Cause::NotValidForNameContext { .. } => {
            "it is for another host".to_owned()
        }
        Cause::UnknownIssuer => "no authority that is known here has signed it".to_owned(),
        // The usual way to make one at home; the verifier knows it only by this name.
        other if other.to_string().contains("CaUsedAsEndEntity") => {
            "it has signed itself".to_owned()
        }
        other => other.to_string(),
    }
}

/// Translates what ended an answer's body early.
pub(super) fn from_payload(cause: PayloadError, at: &str) -> OutboundError {
    let source = match cause {
        PayloadError::Io(source) => source,
        PayloadError::Incomplete(Some(source)) => source,
        PayloadError::Incomplete(None) => io::ErrorKind::UnexpectedEof.into(),
        cause => io::Error::other(cause.to_string()),
    };
    OutboundError::Broken { at: at.to_owned(), source }
}

/// The request's own error, out of awc's box. It was put there as an [`io::Error`].
fn io_cause(cause: Box<dyn std::error::Error>) -> io::Error {
    match cause.downcast::<io::Error>() {
        Ok(source) => *source,
        Err(cause) => io::Error::other(cause.to_string()),
    }
}
