//! First requests: how long they take, and how much memory each isolate keeps.

use std::path::Path;
use std::time::Instant;

use anyhow::ensure;

use super::apps;
use super::figures::Wanted;
use super::http::Client;
use super::node::{Node, Place};
use super::plan::{Plan, median, milliseconds, note};
use super::report::Report;

/// Apps of which each gets an isolate, to measure its memory.
const ISOLATES: usize = 50;

/// Fills the rows about first requests.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    note("first requests after a deploy …")?;
    let node = Node::start(&Place::make(dir.join("cold"))?)?;
    let mut with_spare = Vec::new();
    let mut without = Vec::new();
    for nth in 0..plan.repeats * 2 {
        let pair = [format!("first{nth}"), format!("second{nth}")];
        for app in &pair {
            deploy(&node, dir, app)?;
        }
        // By now a spare isolate is ready. The first of both takes it, so that the second
        // comes before there is another one.
        node.wait_until_idle()?;
        let [first, second] = &pair;
        let mut clients = [Client::connect(node.port)?, Client::connect(node.port)?];
        with_spare.push(first_request_ms(&mut clients[0], first)?);
        without.push(first_request_ms(&mut clients[1], second)?);
    }
    let without = median(without);
    report.single("cold, the spare just taken", without, "ms", Wanted::AtMost(8.0));
    report.single("cold, with a ready spare", median(with_spare), "ms", Wanted::AtMost(3.0));
    memory(report, &node, dir)?;
    node.stop()
}

fn deploy(node: &Node, dir: &Path, app: &str) -> anyhow::Result<()> {
    let folder = dir.join("cold-apps").join(app);
    apps::write_small(&folder, app)?;
    node.deploy(&folder, app).map(drop)
}

fn first_request_ms(client: &mut Client, app: &str) -> anyhow::Result<f64> {
    let started = Instant::now();
    let answer = client.get(&format!("{app}.localhost"), "/api/hello", &[])?;
    let ended = Instant::now();
    ensure!(answer.status == 200, "{app} answers {}", answer.status);
    Ok(milliseconds(started, ended))
}

/// What each further isolate adds to the memory of the node.
fn memory(report: &mut Report, node: &Node, dir: &Path) -> anyhow::Result<()> {
    note("memory of isolates …")?;
    for nth in 0..ISOLATES {
        deploy(node, dir, &format!("kept{nth}"))?;
    }
    node.wait_until_idle()?;
    let before_mb = node.usage()?.resident_mb()?;
    let mut client = Client::connect(node.port)?;
    for nth in 0..ISOLATES {
        first_request_ms(&mut client, &format!("kept{nth}"))?;
    }
    node.wait_until_idle()?;
    let each_mb = (node.usage()?.resident_mb()? - before_mb) / ISOLATES as f64;
    report.single("memory of an isolate", each_mb, "MB", Wanted::AtMost(3.0));
    Ok(())
}
