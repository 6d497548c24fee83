//! What a function costs the processor beyond a file of the same size: the way to an executor
//! thread and back, the request as JavaScript sees it, the call, its limits and its log.

use std::path::Path;

use super::apps::{self, HOST};
use super::figures::Wanted;
use super::node::Node;
use super::plan::{Plan, median, note};
use super::report::Report;
use super::wrk::{self, Ask};

/// Seconds of load before anything is measured.
const WARM_UP_SECONDS: u64 = 2;

/// Fills the row about the cost of the hop.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    note("CPU of a function and of a file …")?;
    let node = apps::start(dir, "hop")?;
    node.wait_until_idle()?;
    let mut costs = [Vec::new(), Vec::new()];
    for nth in 0..=plan.rounds {
        for (path, costs) in ["/api/hello", "/hello.json"].into_iter().zip(&mut costs) {
            let seconds = if nth == 0 { WARM_UP_SECONDS } else { plan.seconds };
            let cost = cpu_us(&node, path, seconds)?;
            if nth > 0 {
                costs.push(cost);
            }
        }
    }
    let [function_us, file_us] = costs.map(median);
    report.single("CPU a request, function", function_us, "µs", Wanted::Nothing);
    report.single("CPU a request, file of its size", file_us, "µs", Wanted::Nothing);
    let hop_us = function_us - file_us;
    report.single("CPU a request, the hop", hop_us, "µs", Wanted::AtMost(12.0));
    node.stop()
}

/// Microseconds of the node's CPU time for each request.
fn cpu_us(node: &Node, path: &str, seconds: u64) -> anyhow::Result<f64> {
    let usage = node.usage()?;
    let before = usage.cpu_seconds()?;
    let fields = [("Host".to_owned(), HOST.to_owned())];
    let load = wrk::run(&Ask { port: node.port, path, fields: &fields, script: None }, seconds)?;
    Ok((usage.cpu_seconds()? - before) * 1e6 / load.requests.max(1.0))
}
