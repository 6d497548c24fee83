//! What JavaScript may ask of its host: one table of functions over plain values.
//!
//! Each function is written once, here, and every engine registers the whole table. A
//! function gets its app from [`Host`], the state of the isolate that calls it, so no
//! script can name another app.

pub mod value;

use futures_util::future::LocalBoxFuture;

use value::{Args, HostError, Value};

/// The state behind the host functions of one isolate. Each group of functions keeps its
/// own part of it.
#[derive(Default)]
pub struct Host {}

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
}

impl HostFunction {
    /// A function that answers at once.
    pub const fn now(name: &'static str, call: fn(&mut Host, Args<'_>) -> Answer) -> HostFunction {
        HostFunction { name, kind: Kind::Now(call) }
    }

    /// A function whose answer comes later.
    pub const fn later(
        name: &'static str,
        call: fn(&mut Host, Args<'_>) -> Result<Pending, HostError>,
    ) -> HostFunction {
        HostFunction { name, kind: Kind::Later(call) }
    }
}

/// All functions, group by group. A function's number is its place in this list.
pub const FUNCTIONS: &[&[HostFunction]] = &[];
