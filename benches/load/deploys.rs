//! How long `fazt deploy` takes, and how much it sends.

use std::fs;
use std::path::Path;

use super::figures::Wanted;
use super::node::{Node, Place};
use super::plan::{Plan, median, note};
use super::report::Report;
use super::site;

/// Deploys of which the median counts.
const DEPLOYS: u64 = 3;

/// Fills the rows about deploys of a folder of 1,000 files and 20 MB.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    note("deploys of 1,000 files …")?;
    let deploys = DEPLOYS.min(plan.rounds as u64);
    let node = Node::start(&Place::make(dir.join("deploys"))?)?;
    let files = dir.join("thousand");
    let mut first_ms = Vec::new();
    for edition in 1..=deploys {
        site::write_thousand(&files, edition)?;
        settle(&node)?;
        // Each goes to an app of its own: all of it is new.
        first_ms.push(node.deploy(&files, &format!("thousand{edition}"))?.milliseconds());
    }
    let (mut again_ms, mut again_kib) = (Vec::new(), Vec::new());
    for edition in 1..=deploys {
        fs::write(files.join("pages/1.html"), site::page(90_000_000 + edition, 4000))?;
        settle(&node)?;
        let deployed = node.deploy(&files, &format!("thousand{deploys}"))?;
        again_ms.push(deployed.milliseconds());
        again_kib.push(deployed.sent_bytes / 1024.0);
    }
    let (first, again) = (median(first_ms), median(again_ms));
    report.single("deploy of 1,000 files, 20 MB", first, "ms", Wanted::AtMost(500.0));
    report.single("the same, one file changed", again, "ms", Wanted::AtMost(150.0));
    report.single("sent for one file changed", median(again_kib), "KiB", Wanted::AtMost(64.0));
    let megabytes = fs::metadata(super::node::binary())?.len() as f64 / 1e6;
    report.single("release binary", megabytes, "MB", Wanted::AtMost(20.0));
    node.stop()
}

/// Neither the files that were just written nor the encodings of the deploy before are part
/// of what is measured.
fn settle(node: &Node) -> anyhow::Result<()> {
    node.wait_until_idle()?;
    rustix::fs::sync();
    Ok(())
}
