//! Requests on a fixed schedule, whatever the server does (an open loop).
//!
//! Each of the connections has a thread of its own and its share of the schedule. What
//! a request took is counted from when it was due: a server that stalls is not asked
//! less for it, and every request that it kept waiting shows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};

use super::http::{Client, request};
use super::plan::milliseconds;
use super::process::become_measuring_thread;
use super::wrk::CONNECTIONS;

/// Requests a second that are asked of files, all connections together.
pub(crate) const RATE: u32 = 5_000;

/// The longest that is measured beside deploys.
pub(crate) const LENGTH_MAX: Duration = Duration::from_secs(10);

/// The longest schedule there is, for what ends it by itself.
pub(crate) const SCHEDULE_LENGTH_MAX: Duration = Duration::from_secs(600);

/// Time in which all threads start and connect, before the first request is due.
const LEAD: Duration = Duration::from_millis(200);

/// A request that was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// When it was due.
    pub(crate) due: Instant,
    /// From then to when it was sent: the client's own delay, unless the answer before was late.
    pub(crate) late_ms: f64,
    /// From when it was due to its answer.
    pub(crate) took_ms: f64,
}

/// What is asked, and until when.
#[derive(Clone, Copy)]
pub(crate) struct Schedule<'a> {
    /// Where the server listens.
    pub(crate) port: u16,
    /// Of which apps: each request asks the one after that of the request before.
    pub(crate) hosts: &'a [&'a str],
    /// For which file.
    pub(crate) path: &'a str,
    /// Requests a second, all connections together.
    pub(crate) rate: u32,
    /// For how long, at most.
    pub(crate) length: Duration,
    /// Ends it before that.
    pub(crate) stop: &'a AtomicBool,
}

/// Sends the requests of a schedule, from a thread that is there for this. Blocks until it is over.
pub(crate) fn run(schedule: Schedule<'_>) -> anyhow::Result<Vec<Sample>> {
    // The connections' threads are started by this one, and run as it does.
    become_measuring_thread()?;
    let start = Instant::now() + LEAD;
    let step = Duration::from_secs(1) / schedule.rate.max(1);
    std::thread::scope(|scope| {
        let connection = |nth: usize| {
            let first = start + step * u32::try_from(nth).unwrap_or(0);
            scope.spawn(move || one_connection(schedule, nth, [start, first], step))
        };
        let connections: Vec<_> = (0..CONNECTIONS).map(connection).collect();
        let mut samples = Vec::new();
        for connection in connections {
            let taken = connection.join().map_err(|_| anyhow!("a connection's thread panicked"))?;
            samples.extend(taken.context("a request on a schedule has failed")?);
        }
        Ok(samples)
    })
}

/// The requests that are the `nth` connection's turn.
fn one_connection(
    schedule: Schedule<'_>,
    nth: usize,
    [start, first]: [Instant; 2],
    step: Duration,
) -> anyhow::Result<Vec<Sample>> {
    let mut client = Client::connect(schedule.port)?;
    let own_step = step * u32::try_from(CONNECTIONS).unwrap_or(1);
    let end = start + schedule.length.min(SCHEDULE_LENGTH_MAX);
    let mut samples = Vec::with_capacity(1024);
    let mut due = first;
    let mut hosts = schedule.hosts.iter().cycle().skip(nth).step_by(CONNECTIONS);
    while due < end && !schedule.stop.load(Ordering::Relaxed) {
        let host = hosts.next().context("a schedule without a host")?;
        let asked = request("GET", host, schedule.path, &[], b"");
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let late_ms = milliseconds(due, Instant::now());
        let answer = client.send(&asked)?;
        let took_ms = milliseconds(due, Instant::now());
        ensure!(answer.status == 200, "{host} answered with {}", answer.status);
        samples.push(Sample { due, late_ms, took_ms });
        due += own_step;
    }
    Ok(samples)
}
