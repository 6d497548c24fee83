//! More apps than isolates may live: every call finds its app's isolate gone.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::anyhow;

use super::apps;
use super::figures::Wanted;
use super::node::{Node, Place};
use super::plan::{Plan, note, percentile};
use super::report::Report;
use super::steady::{self, Schedule};

/// How many apps there are.
const APPS: usize = 1000;

/// Isolates that may live at once.
const ISOLATES_MAX: usize = 200;

/// How often each app is called, in seconds.
const CALLED_EVERY_SECONDS: u64 = 20;

/// Rounds over all apps: one brings each app's code from the database, one finds it kept.
const ROUNDS: u32 = 2;

/// Fills the rows about a thousand apps.
pub(crate) fn run(report: &mut Report, _plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    note("deploys of 1,000 apps …")?;
    let node = Node::start(&Place::make(dir.join("thousand"))?)?;
    let names: Vec<String> = (0..APPS).map(|nth| format!("app{nth}")).collect();
    let folder = dir.join("thousand-app");
    for name in &names {
        apps::write_small(&folder, name)?;
        node.deploy(&folder, name)?;
    }
    let setting = format!("functions.isolates_max={ISOLATES_MAX}");
    let node = apps::restarted(node, &setting)?;
    node.wait_until_idle()?;

    note("1,000 apps, each called every 20 s …")?;
    let hosts: Vec<String> = names.iter().map(|name| format!("{name}.localhost")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let schedule = Schedule {
        port: node.port,
        hosts: &hosts,
        path: "/api/hello",
        rate: u32::try_from(APPS as u64 / CALLED_EVERY_SECONDS)?,
        length: Duration::from_secs(CALLED_EVERY_SECONDS) * ROUNDS,
        stop: &AtomicBool::new(false),
    };
    // A thread of its own: it runs before all else on its core, and what it starts as well.
    let samples = std::thread::scope(|scope| {
        let asking = scope.spawn(|| steady::run(schedule));
        asking.join().map_err(|_| anyhow!("the thread that asks panicked"))?
    })?;
    let p99 = percentile(samples.iter().map(|sample| sample.took_ms).collect(), 0.99);
    report.single("1,000 apps, 200 isolates: p99", p99, "ms", Wanted::AtMost(40.0));
    let peak_mb = node.usage()?.resident_peak_mb()?;
    report.single("1,000 apps, 200 isolates: memory", peak_mb, "MB", Wanted::AtMost(700.0));
    node.stop()
}
