//! How long is measured and what, and the little arithmetic that all parts share.

use std::io::Write;
use std::time::Instant;

use anyhow::Context;

/// How much is measured.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Seconds of one run of `wrk`.
    pub(crate) seconds: u64,
    /// Runs of which the median counts.
    pub(crate) rounds: usize,
    /// Starts and deploys of which the median counts.
    pub(crate) repeats: usize,
    parts: Vec<String>,
}

impl Plan {
    /// The usual, unless `FAZT_BENCH_SECONDS` or `FAZT_BENCH_ROUNDS` say otherwise. Names of
    /// parts on the command line leave out the others.
    pub(crate) fn from_environment() -> anyhow::Result<Plan> {
        let number = |name: &str, usual: u64| match std::env::var(name) {
            Ok(text) => text.parse().with_context(|| format!("{name} is no number")),
            Err(_) => Ok(usual),
        };
        // Cargo itself adds `--bench`.
        let parts = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
        let rounds = usize::try_from(number("FAZT_BENCH_ROUNDS", 3)?)?.clamp(1, 20);
        Ok(Plan {
            seconds: number("FAZT_BENCH_SECONDS", 4)?.clamp(1, 60),
            rounds,
            repeats: if rounds < 3 { rounds } else { 5 },
            parts,
        })
    }

    /// Whether this part is wanted.
    pub(crate) fn includes(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }
}

/// The middle one; of an even number, the lower of the two in the middle.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get((numbers.len().max(1) - 1) / 2).copied().unwrap_or(f64::NAN)
}

/// The number that `part` of all numbers do not exceed.
pub(crate) fn percentile(mut numbers: Vec<f64>, part: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let rank = (numbers.len() as f64 * part).ceil().max(1.0) as usize;
    numbers.get(rank - 1).copied().unwrap_or(f64::NAN)
}

/// Milliseconds from `start` to `end`.
pub(crate) fn milliseconds(start: Instant, end: Instant) -> f64 {
    end.saturating_duration_since(start).as_secs_f64() * 1000.0
}

/// Says what is going on.
pub(crate) fn note(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stderr(), "{text}").context("cannot write to stderr")
}
