//! Handlers that wait for another server: many at once take little longer than one.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::apps::{self, HOST};
use super::figures::Wanted;
use super::http::{Client, request};
use super::plan::{Plan, median, milliseconds, note};
use super::report::Report;
use super::slow_server::SlowServer;

/// Requests that wait at the same time.
const AT_ONCE: usize = 500;

/// What the other server takes for its answer.
const DELAY: Duration = Duration::from_millis(50);

/// Fills the row about handlers that wait.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    note("500 handlers that wait for another server …")?;
    let server = SlowServer::start(DELAY)?;
    let node = apps::start(dir, "fetching")?;
    let allow = "functions.fetch_allowed_hosts=127.0.0.1";
    let node = apps::restarted(node, allow)?;
    node.wait_until_idle()?;
    let path = format!("/api/waits?port={}", server.port);
    let asked = request("GET", HOST, &path, &[], b"");
    let mut clients =
        (0..AT_ONCE).map(|_| Client::connect(node.port)).collect::<Result<Vec<_>, _>>()?;
    let mut took_ms = Vec::new();
    // The first time isolates and connections are made.
    for nth in 0..=plan.repeats {
        let started = Instant::now();
        clients.iter_mut().try_for_each(|client| client.begin(&asked))?;
        for client in &mut clients {
            let answer = client.end()?;
            let body = String::from_utf8_lossy(&answer.body);
            ensure!(answer.status == 200, "answered with {}: {body}", answer.status);
            ensure!(body.contains("slow"), "answered with {body}");
        }
        let all_ms = milliseconds(started, Instant::now());
        if nth == 0 {
            report.single("500 at once, a 50 ms fetch: first time", all_ms, "ms", Wanted::Nothing);
        } else {
            took_ms.push(all_ms);
        }
    }
    let all_ms = median(took_ms);
    report.single("500 at once, a 50 ms fetch: all", all_ms, "ms", Wanted::AtMost(400.0));
    node.stop()
}
