//! One app in an endless loop: what the others notice.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};

use super::apps::{self, BOTH_CORES, HOST, HOSTILE_HOST};
use super::figures::Wanted;
use super::http::Client;
use super::node::Node;
use super::plan::{Plan, note, percentile};
use super::report::Report;
use super::steady::{self, Sample, Schedule};
use super::wrk::{self, Ask};

/// The other apps.
const OTHERS: [&str; 4] = ["one", "two", "three", "four"];

/// The least that is measured: a loop is ended after 5 s, and its app then comes back.
const SECONDS_MIN: u64 = 12;

/// Seconds of load before anything is measured.
const WARM_UP_SECONDS: u64 = 2;

/// Fills the rows about an app in an endless loop.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    note("an endless loop beside other apps …")?;
    let node = apps::start_on(&BOTH_CORES, dir, "fairness")?;
    for name in OTHERS {
        node.deploy(&apps::source("apps/bench"), name)?;
    }
    node.wait_until_idle()?;
    let fields = [("Host".to_owned(), HOST.to_owned())];
    let ask = Ask { port: node.port, path: "/api/response", fields: &fields, script: None };
    wrk::run(&ask, WARM_UP_SECONDS)?;
    // More than server and client together can do on these cores.
    let too_many = wrk::run(&ask, plan.seconds)?.per_second as u32;
    let saturation = saturation(&node, too_many)?;
    let rate = (saturation / 2.0) as u32;
    report.single("loop: others' requests/s", f64::from(rate), "", Wanted::Nothing);

    let length = Duration::from_secs(plan.seconds.max(SECONDS_MIN));
    let normal_ms = p99_ms(&node, rate, length)?;
    let stop = AtomicBool::new(false);
    let (beside_ms, loops) = std::thread::scope(|scope| {
        let looping = scope.spawn(|| ask_for_loops(&node, &stop));
        let beside_ms = p99_ms(&node, rate, length);
        stop.store(true, Ordering::Relaxed);
        let loops = looping.join().map_err(|_| anyhow!("the thread that loops panicked"))?;
        anyhow::Ok((beside_ms?, loops?))
    })?;
    ensure!(loops > 0, "no loop was ended while it was measured");
    report.single("loop: others' p99 without it", normal_ms, "ms", Wanted::Nothing);
    let most = Wanted::AtMost(normal_ms * 2.0);
    report.single("loop: others' p99 beside it", beside_ms, "ms", most);
    node.stop()
}

/// Requests to the other apps that are answered in a second when more are due.
fn saturation(node: &Node, too_many: u32) -> anyhow::Result<f64> {
    let started = Instant::now();
    let samples = ask(node, too_many, Duration::from_secs(WARM_UP_SECONDS))?;
    Ok(samples.len() as f64 / started.elapsed().as_secs_f64())
}

/// The p99 of requests to the other apps, on a fixed schedule.
fn p99_ms(node: &Node, rate: u32, length: Duration) -> anyhow::Result<f64> {
    let samples = ask(node, rate, length)?;
    Ok(percentile(samples.iter().map(|sample| sample.took_ms).collect(), 0.99))
}

/// Asks the other apps on a fixed schedule.
fn ask(node: &Node, rate: u32, length: Duration) -> anyhow::Result<Vec<Sample>> {
    let hosts = OTHERS.map(|name| format!("{name}.localhost"));
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let (port, path, stop) = (node.port, "/api/response", &AtomicBool::new(false));
    let schedule = Schedule { port, hosts: &hosts, path, rate, length, stop };
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| steady::run(schedule));
        asking.join().map_err(|_| anyhow!("the thread that asks panicked"))?
    })
}

/// Asks for one loop after the other, and counts those that were ended.
fn ask_for_loops(node: &Node, stop: &AtomicBool) -> anyhow::Result<usize> {
    let mut loops = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut client = Client::connect(node.port)?;
        let answer = client.get(HOSTILE_HOST, "/api/loop", &[]).context("a loop has no answer")?;
        ensure!(answer.status >= 500, "a loop is answered with {}", answer.status);
        loops += 1;
        // A suspended app is refused at once: the answers must not become a load of their own.
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(loops)
}
