//! What a second core brings: work that no client's share of it can hide.

use std::path::Path;

use super::apps::{self, BOTH_CORES, HOST};
use super::figures::Wanted;
use super::plan::{Plan, median, note};
use super::process::SERVER_CORE;
use super::report::Report;
use super::wrk::{self, Ask};

/// Seconds of load before anything is measured.
const WARM_UP_SECONDS: u64 = 2;

/// Fills the row about both cores against one.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    note("fib(25) on one core and on two …")?;
    let one = apps::start_on(&[SERVER_CORE], dir, "one-core")?;
    let two = apps::start_on(&BOTH_CORES, dir, "two-cores")?;
    let mut speeds = [Vec::new(), Vec::new()];
    for nth in 0..=plan.rounds {
        for (node, speeds) in [&one, &two].into_iter().zip(&mut speeds) {
            let seconds = if nth == 0 { WARM_UP_SECONDS } else { plan.seconds };
            let fields = [("Host".to_owned(), HOST.to_owned())];
            let ask = Ask { port: node.port, path: "/api/fib", fields: &fields, script: None };
            let load = wrk::run(&ask, seconds)?;
            if nth > 0 {
                speeds.push(load.per_second);
            }
        }
    }
    let [one_speed, two_speed] = speeds.map(median);
    let ratio = two_speed / one_speed;
    report.single("both cores against one, fib(25)", ratio, "×", Wanted::AtLeast(1.5));
    one.stop()?;
    two.stop()
}
