//! Runs `wrk` and reads what it prints.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::process::{CLIENT_CORE, Running, pinned};

/// Connections that are kept open.
pub(crate) const CONNECTIONS: usize = 64;

/// How much longer than it was told `wrk` may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What one run measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Load {
    /// Requests answered.
    pub(crate) requests: f64,
    /// Requests answered a second.
    pub(crate) per_second: f64,
    /// Half of them took no longer, in milliseconds.
    pub(crate) p50_ms: f64,
    /// All but one in a hundred took no longer, in milliseconds.
    pub(crate) p99_ms: f64,
}

/// What is asked.
pub(crate) struct Ask<'a> {
    /// Where.
    pub(crate) port: u16,
    /// For what.
    pub(crate) path: &'a str,
    /// With which header fields.
    pub(crate) fields: &'a [(String, String)],
    /// A script that makes the requests instead.
    pub(crate) script: Option<&'a Path>,
}

/// Asks again and again for some seconds.
pub(crate) fn run(ask: &Ask<'_>, seconds: u64) -> anyhow::Result<Load> {
    let mut command = pinned(CLIENT_CORE, "wrk");
    command.args(["-t1", "--latency", "--timeout", "10s"]);
    command.args([format!("-c{CONNECTIONS}"), format!("-d{seconds}s")]);
    for (name, value) in ask.fields {
        command.arg("-H").arg(format!("{name}: {value}"));
    }
    if let Some(script) = ask.script {
        command.arg("-s").arg(script);
    }
    command.arg(format!("http://127.0.0.1:{}{}", ask.port, ask.path));
    let wrk = Running::start("wrk", command.stdout(Stdio::piped()))?;
    let printed = wrk.output(Duration::from_secs(seconds) + PATIENCE)?;
    parse(&printed).with_context(|| format!("cannot read what wrk printed:\n{printed}"))
}

fn parse(printed: &str) -> anyhow::Result<Load> {
    let after = |label: &str| {
        let line = printed.lines().find_map(|line| line.trim_start().strip_prefix(label));
        line.and_then(|rest| rest.split_whitespace().next()).with_context(|| format!("no {label}"))
    };
    let total = printed.lines().find(|line| line.contains(" requests in "));
    let total = total.and_then(|line| line.split_whitespace().next()).context("no total")?;
    for complaint in ["Non-2xx or 3xx responses:", "Socket errors:"] {
        ensure!(!printed.contains(complaint), "requests have failed");
    }
    Ok(Load {
        requests: total.parse()?,
        per_second: after("Requests/sec:")?.parse()?,
        p50_ms: milliseconds(after("50%")?)?,
        p99_ms: milliseconds(after("99%")?)?,
    })
}

/// Reads `310.00us`, `1.25ms`, `2.00s`.
fn milliseconds(text: &str) -> anyhow::Result<f64> {
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60_000.0)];
    let (number, factor) = units
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))
        .with_context(|| format!("{text} is no duration"))?;
    Ok(number.parse::<f64>()? * factor)
}
