//! Counts answered requests where they are answered: no lock, and no line of memory that
//! two workers write to.
//!
//! Each thread adds to a shard of its own, so counting costs a request a few nanoseconds
//! beside two looks at the clock; whoever reads adds the shards up. A sum that is read
//! while requests are counted may miss the newest of them, never an older one.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// Shards: one for each core, up to this many. Threads beyond them share.
const SHARDS_MAX: usize = 64;

/// Kinds of requests.
pub const KINDS: [RequestKind; 3] = [RequestKind::Site, RequestKind::Admin, RequestKind::Api];

/// Classes of statuses: 1xx to 5xx.
pub const CLASSES: usize = 5;

/// Where the buckets of the durations end, in microseconds. A cached file takes a few, a
/// deploy takes seconds.
pub const BOUNDS_MICROS: [u64; 18] = [
    5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
    1_000_000, 2_500_000, 10_000_000,
];

/// Buckets: the last one is for whatever takes longer.
pub const BUCKETS: usize = BOUNDS_MICROS.len() + 1;

/// Whom a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// A visitor of an app, or of a host that is nobody's.
    Site,
    /// A page of the dashboard.
    Admin,
    /// An endpoint of the API.
    Api,
}

impl RequestKind {
    /// The kind's name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            RequestKind::Site => "site",
            RequestKind::Admin => "admin",
            RequestKind::Api => "api",
        }
    }
}

/// An answer, as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// Whom the request was for.
    pub kind: RequestKind,
    /// Status of the answer.
    pub status: u16,
    /// From the request's head to the answer's.
    pub took: Duration,
    /// Bytes of the answer's body, where they are known beforehand.
    pub body_bytes: u64,
}

/// Requests of one kind, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Answers by the class of their status, 1xx first.
    pub by_class: [u64; CLASSES],
    /// Answers by the bucket of their duration.
    pub by_bucket: [u64; BUCKETS],
    /// Nanoseconds of all answers together.
    pub nanos: u64,
    /// Bytes of all bodies together.
    pub body_bytes: u64,
}

/// What one thread counts of one kind. Aligned to two cache lines, which processors fetch
/// as a pair, so that no other thread's counters are on them.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Counters {
    by_class: [AtomicU64; CLASSES],
    by_bucket: [AtomicU64; BUCKETS],
    nanos: AtomicU64,
    body_bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct Shard([Counters; KINDS.len()]);

/// The requests that a node has answered.
#[derive(Debug)]
pub struct RequestCounters {
    shards: Box<[Shard]>,
}

impl Default for RequestCounters {
    fn default() -> RequestCounters {
        RequestCounters::new()
    }
}

impl RequestCounters {
    /// Counters that have counted nothing.
    pub fn new() -> RequestCounters {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // A power of two, so that a thread finds its shard without a division.
        let shards = cores.next_power_of_two().min(SHARDS_MAX);
        RequestCounters { shards: (0..shards).map(|_| Shard::default()).collect() }
    }

    /// Counts an answer.
    pub fn count(&self, answered: Answered) {
        let Some(shard) = self.shards.get(thread_number() & (self.shards.len() - 1)) else {
            return;
        };
        let counters = &shard.0[answered.kind as usize];
        let class = usize::from(answered.status / 100).clamp(1, CLASSES) - 1;
        counters.by_class[class].fetch_add(1, Ordering::Relaxed);
        let nanos = u64::try_from(answered.took.as_nanos()).unwrap_or(u64::MAX);
        counters.by_bucket[bucket_of(nanos)].fetch_add(1, Ordering::Relaxed);
        counters.nanos.fetch_add(nanos, Ordering::Relaxed);
        counters.body_bytes.fetch_add(answered.body_bytes, Ordering::Relaxed);
    }

    /// What all threads have counted of one kind.
    pub fn totals(&self, kind: RequestKind) -> Totals {
        let mut totals = Totals::default();
        let add = |sums: &mut [u64], counters: &[AtomicU64]| {
            for (sum, counter) in sums.iter_mut().zip(counters) {
                *sum += counter.load(Ordering::Relaxed);
            }
        };
        for shard in &self.shards {
            let counters = &shard.0[kind as usize];
            add(&mut totals.by_class, &counters.by_class);
            add(&mut totals.by_bucket, &counters.by_bucket);
            totals.nanos += counters.nanos.load(Ordering::Relaxed);
            totals.body_bytes += counters.body_bytes.load(Ordering::Relaxed);
        }
        totals
    }
}

/// The first bucket that the duration fits into; its bound is part of it.
fn bucket_of(nanos: u64) -> usize {
    BOUNDS_MICROS.partition_point(|bound| bound * 1_000 < nanos)
}

/// A number of the calling thread's own, given out in turn.
fn thread_number() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    NUMBER.with(|number| {
        if number.get() == usize::MAX {
            number.set(THREADS.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(kind: RequestKind, status: u16, micros: u64) -> Answered {
        Answered { kind, status, took: Duration::from_micros(micros), body_bytes: 10 }
    }

    #[test]
    fn durations_fall_into_the_first_bucket_that_holds_them() {
        assert!(BOUNDS_MICROS.is_sorted_by(|a, b| a < b));
        for (nanos, bucket) in [
            (0, 0),
            (5_000, 0),
            (5_001, 1),
            (10_000, 1),
            (1_000_000, 7),
            (10_000_000_000, BUCKETS - 2),
            (10_000_000_001, BUCKETS - 1),
            (u64::MAX, BUCKETS - 1),
        ] {
            assert_eq!(bucket_of(nanos), bucket, "{nanos}");
        }
    }

    #[test]
    fn strange_statuses_are_counted_at_the_nearest_class() {
        let counters = RequestCounters::new();
        for status in [0, 99, 100, 204, 404, 599, 600, u16::MAX] {
            counters.count(answered(RequestKind::Site, status, 1));
        }
        assert_eq!(counters.totals(RequestKind::Site).by_class, [3, 1, 0, 1, 3]);
    }

    #[test]
    fn threads_count_together_and_lose_nothing() {
        const EACH: u64 = 10_000;
        let counters = RequestCounters::new();
        std::thread::scope(|scope| {
            for thread in 0..2 * SHARDS_MAX as u64 {
                let counters = &counters;
                scope.spawn(move || {
                    for _ in 0..EACH {
                        counters.count(answered(RequestKind::Site, 200, thread));
                        counters.count(answered(RequestKind::Api, 404, 3));
                    }
                });
            }
        });
        let all = 2 * SHARDS_MAX as u64 * EACH;
        let site = counters.totals(RequestKind::Site);
        assert_eq!(site.by_class, [0, all, 0, 0, 0]);
        assert_eq!(site.by_bucket.iter().sum::<u64>(), all);
        assert_eq!(site.body_bytes, 10 * all);
        let api = counters.totals(RequestKind::Api);
        assert_eq!((api.by_class, api.nanos), ([0, 0, 0, all, 0], 3_000 * all));
        assert_eq!(counters.totals(RequestKind::Admin), Totals::default());
    }
}
