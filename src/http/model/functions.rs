//! Functions, as the API shows them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The state of functions. Counters begin with the node's start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FunctionsHealth {
    /// `v8`, or null where the node has no engine.
    pub engine: Option<String>,
    /// Threads that run functions; none before the first call.
    pub threads: u64,
    /// Threads that were given up and have not come back.
    pub threads_lost: u64,
    /// Calls that wait for a thread.
    pub waiting: u64,
    /// Calls that were taken in.
    pub calls: u64,
    /// Calls that were answered that too many wait, or that their app is suspended.
    pub calls_refused: u64,
    /// Calls that left a thread because a step on it was slow.
    pub calls_moved: u64,
    /// Isolates that live.
    pub isolates: u64,
    /// Memory that they were last seen to hold, in bytes.
    pub isolate_bytes: u64,
    /// Isolates that were given to an app.
    pub isolates_made: u64,
    /// Isolates that a call had to wait for.
    pub cold_starts: u64,
    /// Isolates that ended, by reason.
    pub retired: BTreeMap<String, u64>,
    /// Limits that calls broke.
    pub limits_broken: BTreeMap<String, u64>,
}
