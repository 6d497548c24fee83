//! What JavaScript may ask of its host: one table of functions over plain values.
//!
//! Each function is written once, here, and every engine registers the whole table. A
//! function gets its app from [`Host`], the state of the isolate that calls it, so no
//! script can name another app.

pub mod calls;
mod clock;
mod code;
mod crypto;
pub mod fetch;
mod log;
pub(super) mod operations;
pub mod text;
pub mod url;
pub mod value;

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::call::CallId;
use super::code::Code;
use super::lane::Lane;
use crate::app_logs::AppLogs;
use calls::Calls;
use fetch::FetchState;
pub use operations::{OperationId, Operations};
use value::{Args, HostError, Value};

/// The state behind the host functions of one isolate. Each group of functions keeps its
/// own part of it.
pub struct Host {
    /// Whose isolate it is.
    pub(super) code: Arc<Code>,
    /// The calls that are under way.
    pub(super) calls: Calls,
    /// What was asked of the host and is not answered yet.
    pub(super) operations: Operations,
    /// The call that the step now running was made for.
    pub(super) current: CallId,
    /// The lane that the isolate is in.
    pub(super) lane: Option<Arc<Lane>>,
    /// Where in the app's code a function was called that wants to know.
    pub(super) location: Option<Location>,
    /// Requests that leave the node.
    pub(super) fetch: FetchState,
    clock: clock::Clock,
    log: log::LogState,
    text: text::TextState,
}

/// A place in an app's code, as the engine sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Path of the file in the release.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl Host {
    /// The state of an isolate that runs `code`.
    pub fn new(code: Arc<Code>, logs: AppLogs, fetch: FetchState) -> Host {
        Host {
            code,
            calls: Calls::default(),
            operations: Operations::default(),
            current: CallId(0),
            lane: None,
            location: None,
            fetch,
            clock: clock::Clock::default(),
            log: log::LogState::new(logs),
            text: text::TextState::default(),
        }
    }
}

/// What a function answers with at once.
pub type Answer = Result<Value, HostError>;

/// An answer that comes later. It never touches JavaScript: the engine delivers it.
pub type Pending = LocalBoxFuture<'static, Answer>;

/// How a function is called.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Answers before JavaScript goes on.
    Now(fn(&mut Host, Args<'_>) -> Answer),
    /// JavaScript gets a promise. What is wrong with the arguments is said at once.
    Later(fn(&mut Host, Args<'_>) -> Result<Pending, HostError>),
}

/// One function of the host.
#[derive(Clone, Copy)]
pub struct HostFunction {
    /// Its name in the prelude: `host.NAME(…)`.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
    /// Whether it wants to know where in the app's code it was called.
    pub wants_location: bool,
}

impl HostFunction {
    /// A function that answers at once.
    pub const fn now(name: &'static str, call: fn(&mut Host, Args<'_>) -> Answer) -> HostFunction {
        HostFunction { name, kind: Kind::Now(call), wants_location: false }
    }

    /// A function whose answer comes later.
    pub const fn later(
        name: &'static str,
        call: fn(&mut Host, Args<'_>) -> Result<Pending, HostError>,
    ) -> HostFunction {
        HostFunction { name, kind: Kind::Later(call), wants_location: false }
    }

    /// The same function, told where it was called.
    pub const fn with_location(self) -> HostFunction {
        HostFunction { wants_location: true, ..self }
    }
}

/// All functions, group by group.
const GROUPS: &[&[HostFunction]] = &[
    calls::FUNCTIONS,
    clock::FUNCTIONS,
    code::FUNCTIONS,
    crypto::FUNCTIONS,
    fetch::FUNCTIONS,
    log::FUNCTIONS,
    text::FUNCTIONS,
    url::FUNCTIONS,
];

/// All functions. A function's number is its place in this list.
pub fn functions() -> impl Iterator<Item = &'static HostFunction> {
    GROUPS.iter().copied().flatten()
}

#[cfg(test)]
impl Default for Host {
    fn default() -> Host {
        use super::bundle::Bundle;
        use super::code::AppIdentity;
        let app = AppIdentity {
            row: 1,
            id: "app_test".into(),
            name: "test".into(),
            release: 1,
            is_preview: false,
        };
        let code = Code::new(app, Bundle::default(), Vec::new(), Arc::default());
        Host::new(Arc::new(code), AppLogs::unread(), FetchState::default())
    }
}
