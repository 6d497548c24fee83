//! One call of a function: what goes in, and what comes out.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::code::Code;
use super::lane::Lane;
use crate::kind::{ErrorKind, Fault};

/// Chunks of a body that wait between the two sides; what comes next waits for room.
pub const BODY_CHUNKS: usize = 4;

/// Number of a call. No two calls of a process have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// Header lines in the order in which they came, in one piece of memory.
#[derive(Clone, Debug, Default)]
pub struct HeaderLines {
    text: String,
    /// Where each name and each value ends.
    ends: Vec<(u32, u32)>,
}

impl HeaderLines {
    /// Room for `lines` lines of `bytes` bytes together.
    pub fn with_capacity(lines: usize, bytes: usize) -> HeaderLines {
        HeaderLines { text: String::with_capacity(bytes), ends: Vec::with_capacity(lines) }
    }

    /// Adds a line. Bytes of the value that are no UTF-8 become U+FFFD.
    pub fn push(&mut self, name: &str, value: &[u8]) {
        self.text.push_str(name);
        let name_end = self.text.len();
        self.text.push_str(&String::from_utf8_lossy(value));
        let end = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        self.ends.push((end(name_end), end(self.text.len())));
    }

    /// The lines.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |(name_end, end)| {
            let (name_end, end) = (*name_end as usize, *end as usize);
            let line = (&self.text[start..name_end], &self.text[name_end..end]);
            start = end;
            line
        })
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// A body on its way.
pub enum Body {
    /// None.
    Empty,
    /// All of it.
    Whole(Bytes),
    /// Chunk by chunk, as fast as they are taken.
    Stream(mpsc::Receiver<Result<Bytes, BodyError>>),
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Empty => formatter.write_str("Empty"),
            Body::Whole(bytes) => write!(formatter, "Whole({} bytes)", bytes.len()),
            Body::Stream(_) => formatter.write_str("Stream"),
        }
    }
}

/// Why a body ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The other side went away or failed.
    #[error("the body broke off")]
    Broken,
    /// More bytes came than may come.
    #[error("the body is larger than {bytes_max} bytes")]
    TooLarge {
        /// The bound.
        bytes_max: u64,
    },
}

/// A visitor's request, as a function sees it.
#[derive(Debug)]
pub struct CallRequest {
    /// Method, in upper case where it is a known one.
    pub method: Cow<'static, str>,
    /// The whole address.
    pub url: String,
    /// The path, normalised and decoded.
    pub path: String,
    /// The file that answers, with the parameters that its name has in this path; none: the
    /// whole app is one `main.js` of the original.
    pub file: Arc<str>,
    /// Names and values that the path gives to the file's `[name]` parts.
    pub params: Vec<(String, String)>,
    /// Header lines, without what a function must not see.
    pub headers: HeaderLines,
    /// The visitor's address.
    pub ip: Option<IpAddr>,
    /// What tells this request from all others, in logs and on error pages.
    pub request_id: Arc<str>,
    /// The body.
    pub body: Body,
}

/// What a function answers.
#[derive(Debug)]
pub struct CallResponse {
    /// Status code, 200 to 599.
    pub status: u16,
    /// Header lines.
    pub headers: HeaderLines,
    /// The body.
    pub body: Body,
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// As many calls wait as may wait.
    #[error("too many calls wait")]
    Busy,
    /// The app cost a thread; it runs again after that time.
    #[error("the app is suspended")]
    Suspended(Duration),
    /// The call, or one that shared its isolate, broke a limit.
    #[error("the function {0}")]
    Limit(Limit),
    /// Another call broke the isolate that this one was in.
    #[error("another call ended the isolate of this one")]
    Neighbour,
    /// The code does not load, or the handler failed.
    #[error("the function failed: {message}")]
    Failed {
        /// What was thrown.
        message: String,
        /// Where, line by line.
        stack: String,
    },
    /// The file has no handler for this method.
    #[error("the method is not allowed")]
    MethodNotAllowed {
        /// The methods that it has.
        allow: String,
    },
    /// The request's body is larger than a function may read at once.
    #[error("the body of the request is too large")]
    BodyTooLarge,
    /// This build of fazt has no JavaScript engine.
    #[error("this build of fazt has no JavaScript engine")]
    NoEngine,
    /// The node is stopping, or a part of it failed.
    #[error("functions have stopped")]
    Stopped,
}

/// A limit that a call broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// Processor time, or three times as much by the clock while it runs.
    #[error("ran for too long")]
    RunningTime,
    /// Time until the response's head.
    #[error("did not answer in time")]
    Answer,
    /// Memory of its isolate.
    #[error("used too much memory")]
    Memory,
    /// Bytes of a response that is not streamed.
    #[error("answered with too many bytes")]
    ResponseBytes,
}

impl Fault for CallError {
    fn kind(&self) -> ErrorKind {
        match self {
            CallError::Busy | CallError::Suspended(_) | CallError::Neighbour => ErrorKind::Busy,
            CallError::Limit(Limit::Answer | Limit::RunningTime) => ErrorKind::Timeout,
            CallError::BodyTooLarge => ErrorKind::TooLarge,
            CallError::MethodNotAllowed { .. } => ErrorKind::Invalid,
            _ => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            CallError::Busy | CallError::Neighbour => "SERVICE_UNAVAILABLE",
            CallError::Suspended(_) => "APP_SUSPENDED",
            CallError::Limit(_) => "FUNCTION_LIMIT",
            CallError::Failed { .. } => "FUNCTION_FAILED",
            CallError::MethodNotAllowed { .. } => "METHOD_NOT_ALLOWED",
            CallError::BodyTooLarge => "PAYLOAD_TOO_LARGE",
            CallError::NoEngine => "NO_ENGINE",
            CallError::Stopped => "INTERNAL_ERROR",
        }
    }
}

/// What a call comes to.
pub type CallResult = Result<CallResponse, CallError>;

/// The lane that a call went to; jobs that wait may move.
#[derive(Clone, Debug, Default)]
pub struct Place(Arc<Mutex<Option<Arc<Lane>>>>);

impl Place {
    /// Notes the lane.
    pub(super) fn set(&self, lane: Arc<Lane>) {
        *self.lock() = Some(lane);
    }

    /// The lane.
    pub(super) fn lane(&self) -> Option<Arc<Lane>> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Lane>>> {
        // Nothing can panic while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call on its way to an isolate.
pub struct Job {
    /// Its number.
    pub id: CallId,
    /// What runs.
    pub code: Arc<Code>,
    /// What it runs for.
    pub request: CallRequest,
    /// Where the answer goes.
    pub answer: oneshot::Sender<CallResult>,
    /// The lane that it is in.
    pub place: Place,
}
