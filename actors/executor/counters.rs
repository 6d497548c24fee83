//! What the executor did so far, for its owner's eyes.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::call::Limit;
use super::instance::Retirement;

/// Counters of all lanes together. Read without a lock; each is right, their sum is not.
#[derive(Debug, Default)]
pub struct Counters {
    calls: AtomicU64,
    refused: AtomicU64,
    isolates: AtomicUsize,
    isolate_bytes: AtomicUsize,
    isolates_made: AtomicU64,
    cold_starts: AtomicU64,
    lanes_lost: AtomicU64,
    moved: AtomicU64,
    retired: [AtomicU64; 5],
    broken: [AtomicU64; 4],
}

/// A copy of the counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that were taken in.
    pub calls: u64,
    /// Calls that were answered "busy" or "suspended".
    pub refused: u64,
    /// Isolates that live.
    pub isolates: usize,
    /// Bytes that they were last seen to hold.
    pub isolate_bytes: usize,
    /// Isolates that were given to an app so far.
    pub isolates_made: u64,
    /// Of these, made while a call waited, for want of a spare one.
    pub cold_starts: u64,
    /// Threads that were given up.
    pub lanes_lost: u64,
    /// Calls that moved away from a thread in a slow step.
    pub moved: u64,
    /// Isolates that ended, by reason.
    pub retired: Vec<(&'static str, u64)>,
    /// Limits that calls broke, by limit.
    pub broken: Vec<(&'static str, u64)>,
}

/// Names of the reasons for which isolates end, in the order of their counters.
const RETIREMENTS: [(Retirement, &str); 5] = [
    (Retirement::Replaced, "replaced"),
    (Retirement::Broken, "broken"),
    (Retirement::Worn, "worn"),
    (Retirement::Idle, "idle"),
    (Retirement::Evicted, "evicted"),
];

/// Names of the limits, in the order of their counters.
const LIMITS: [(Limit, &str); 4] = [
    (Limit::RunningTime, "running_time"),
    (Limit::Answer, "answer"),
    (Limit::Memory, "memory"),
    (Limit::ResponseBytes, "response_bytes"),
];

impl Counters {
    pub(super) fn call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn cold_start(&self) {
        self.cold_starts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn lane_lost(&self) {
        self.lanes_lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn moved(&self, calls: usize) {
        self.moved.fetch_add(calls as u64, Ordering::Relaxed);
    }

    pub(super) fn isolate_made(&self, bytes: usize) {
        self.isolates_made.fetch_add(1, Ordering::Relaxed);
        self.isolates.fetch_add(1, Ordering::Relaxed);
        self.isolate_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn isolate_changed(&self, from: usize, to: usize) {
        self.isolate_bytes.fetch_add(to.wrapping_sub(from), Ordering::Relaxed);
    }

    pub(super) fn isolate_gone(&self, bytes: usize) {
        self.isolates.fetch_sub(1, Ordering::Relaxed);
        self.isolate_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn retired(&self, why: Retirement) {
        count(&RETIREMENTS, &self.retired, why);
    }

    pub(super) fn broke(&self, limit: Limit) {
        count(&LIMITS, &self.broken, limit);
    }

    /// Isolates that live.
    pub(super) fn isolates(&self) -> usize {
        self.isolates.load(Ordering::Relaxed)
    }

    /// Bytes that they were last seen to hold.
    pub(super) fn isolate_bytes(&self) -> usize {
        self.isolate_bytes.load(Ordering::Relaxed)
    }

    /// The counters as they are now.
    pub fn now(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let names = |names: &[&'static str], counters: &[AtomicU64]| {
            names.iter().copied().zip(counters.iter().map(read)).collect()
        };
        Counts {
            calls: read(&self.calls),
            refused: read(&self.refused),
            isolates: self.isolates(),
            isolate_bytes: self.isolate_bytes(),
            isolates_made: read(&self.isolates_made),
            cold_starts: read(&self.cold_starts),
            lanes_lost: read(&self.lanes_lost),
            moved: read(&self.moved),
            retired: names(&RETIREMENTS.map(|(_, name)| name), &self.retired),
            broken: names(&LIMITS.map(|(_, name)| name), &self.broken),
        }
    }
}

fn count<T: PartialEq, const N: usize>(rows: &[(T, &str); N], counters: &[AtomicU64; N], what: T) {
    for ((row, _), counter) in rows.iter().zip(counters) {
        if *row == what {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}
