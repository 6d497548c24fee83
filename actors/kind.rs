//! What went wrong, as a closed set that callers branch on.
//!
//! An error has two readers. A program wants one of ten kinds, which the front
//! turns into a status; a person wants the chain of causes, which `Display` and
//! `source` carry. [`Fault`] is the first, [`std::error::Error`] the second.

use std::time::Duration;

/// The ten ways in which a request to the machine can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The input can never succeed as it stands.
    Invalid,
    /// No credential, or one that is wrong or expired.
    Unauthenticated,
    /// A good credential that does not reach this far.
    Forbidden,
    /// The thing named does not exist, or the caller may not know that it does.
    NotFound,
    /// The input was right for a state that has changed since.
    Conflict,
    /// A size or a count is above its limit.
    TooLarge,
    /// A queue is full; the same request may succeed shortly.
    Busy,
    /// Another machine answered wrongly or not at all.
    Upstream,
    /// The time allowed ran out.
    Timeout,
    /// A defect or a broken disk: never the caller's doing.
    Internal,
}

/// An error that says how a program should react to it.
pub trait Fault: std::error::Error {
    /// The kind that callers branch on.
    fn kind(&self) -> ErrorKind;

    /// A stable name in capitals, such as `APP_NOT_FOUND`, that clients may match on.
    fn code(&self) -> &'static str;

    /// When the same request may succeed, where that is known.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

/// An error and its causes in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
