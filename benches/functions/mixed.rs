//! Minutes of everything at once: answers, errors, deploys, broken limits. What is measured is
//! whether memory grows.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};

use super::apps::{self, HOST, HOSTILE_HOST};
use super::figures::Wanted;
use super::http::{Client, request};
use super::node::Node;
use super::plan::{Plan, median, note};
use super::report::Report;

/// How long it lasts when `FAZT_BENCH_SECONDS` does not say otherwise.
const SECONDS: u64 = 600;

/// How many times `FAZT_BENCH_SECONDS` it lasts.
const SECONDS_FACTOR: u64 = 10;

/// Threads that ask for what works, and for errors.
const CLIENTS: usize = 8;

/// Pause between two deploys, and between two broken limits.
const PAUSE: Duration = Duration::from_secs(2);

/// Pause between two looks at the memory.
const LOOK_PAUSE: Duration = Duration::from_millis(200);

/// What is asked for again and again, and the status of its answer.
const ASKED: [(&str, &str, u16); 6] = [
    (HOST, "/api/hello", 200),
    (HOST, "/api/response", 200),
    (HOST, "/hello.json", 200),
    (HOST, "/api/missing", 404),
    (HOSTILE_HOST, "/api/throws", 500),
    ("changing.localhost", "/api/hello", 200),
];

/// Fills the rows about memory under a mixed load.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    let is_shortened = std::env::var_os("FAZT_BENCH_SECONDS").is_some();
    let seconds = if is_shortened { plan.seconds * SECONDS_FACTOR } else { SECONDS };
    note(&format!("{seconds} s of mixed load …"))?;
    let node = apps::start(dir, "mixed")?;
    deploy_changed(&node, dir, 0)?;
    let length = Duration::from_secs(seconds);
    let stop = AtomicBool::new(false);
    let counts = Counts::default();
    let looks = std::thread::scope(|scope| {
        let deploys = || ending(&stop, || deploy_until(&node, dir, &stop, &counts));
        let breaks = || ending(&stop, || break_limits_until(&node, &stop, &counts));
        let asks = || ending(&stop, || ask_until(&node, &stop, &counts));
        let mut threads = vec![scope.spawn(deploys), scope.spawn(breaks)];
        threads.extend((0..CLIENTS).map(|_| scope.spawn(asks)));
        let looks = look(&node, length, &stop);
        stop.store(true, Ordering::Relaxed);
        for thread in threads {
            thread.join().map_err(|_| anyhow!("a thread of the mixed load panicked"))??;
        }
        looks
    })?;
    // Of ten equal parts, the second begins after the first minute of ten; the last ends it.
    let part = |nth: u32| {
        let within = (length * nth / 10)..(length * (nth + 1) / 10);
        let found = looks.iter().filter(|(at, _)| within.contains(at)).map(|(_, mb)| *mb);
        median(found.collect())
    };
    let (early_mb, late_mb) = (part(1), part(9));
    let [answers, deploys, broken] = [&counts.answers, &counts.deploys, &counts.broken]
        .map(|count| count.load(Ordering::Relaxed));
    note(&format!("{answers} answers, {deploys} deploys, {broken} broken limits"))?;
    ensure!(deploys > 0 && broken > 0, "the load was not mixed");
    report.single("mixed load: memory after a tenth", early_mb, "MB", Wanted::Nothing);
    let most = Wanted::AtMost(early_mb * 1.1);
    report.single(&format!("mixed load: memory after {seconds} s"), late_mb, "MB", most);
    node.stop()
}

/// What has happened so far.
#[derive(Default)]
struct Counts {
    answers: AtomicUsize,
    deploys: AtomicUsize,
    broken: AtomicUsize,
}

/// Work that stops all the other work when it fails.
fn ending(stop: &AtomicBool, work: impl Fn() -> anyhow::Result<()>) -> anyhow::Result<()> {
    work().inspect_err(|_| stop.store(true, Ordering::Relaxed))
}

/// The node's memory while time passes, in megabytes.
fn look(node: &Node, length: Duration, stop: &AtomicBool) -> anyhow::Result<Vec<(Duration, f64)>> {
    let started = Instant::now();
    let usage = node.usage()?;
    let mut looks = Vec::new();
    while started.elapsed() < length && !stop.load(Ordering::Relaxed) {
        looks.push((started.elapsed(), usage.resident_mb()?));
        std::thread::sleep(LOOK_PAUSE);
    }
    Ok(looks)
}

fn ask_until(node: &Node, stop: &AtomicBool, counts: &Counts) -> anyhow::Result<()> {
    let mut client = Client::connect(node.port)?;
    let mut asked = ASKED.iter().cycle();
    while !stop.load(Ordering::Relaxed) {
        let (host, path, status) = asked.next().context("nothing is asked for")?;
        let answer = client.get(host, path, &[])?;
        // The app that breaks its limits is suspended from time to time.
        let is_suspended = *host == HOSTILE_HOST && answer.status == 503;
        let body = String::from_utf8_lossy(&answer.body);
        ensure!(
            answer.status == *status || is_suspended,
            "{host}{path} is answered with {}: {body}",
            answer.status
        );
        counts.answers.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn deploy_until(node: &Node, dir: &Path, stop: &AtomicBool, counts: &Counts) -> anyhow::Result<()> {
    while !stop.load(Ordering::Relaxed) {
        let nth = counts.deploys.fetch_add(1, Ordering::Relaxed) + 1;
        deploy_changed(node, dir, nth)?;
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// Deploys the app that changes each time.
fn deploy_changed(node: &Node, dir: &Path, nth: usize) -> anyhow::Result<()> {
    let folder = dir.join("mixed-changing");
    apps::write_small(&folder, &format!("changing {nth}"))?;
    node.deploy_gently(&folder, "changing").map(drop)
}

fn break_limits_until(node: &Node, stop: &AtomicBool, counts: &Counts) -> anyhow::Result<()> {
    let requests =
        ["/api/loop", "/api/memory"].map(|path| request("GET", HOSTILE_HOST, path, &[], b""));
    let mut requests = requests.iter().cycle();
    while !stop.load(Ordering::Relaxed) {
        let asked = requests.next().context("no limit is broken")?;
        let answer = Client::connect(node.port)?.send(asked)?;
        ensure!(answer.status >= 500, "a broken limit is answered with {}", answer.status);
        counts.broken.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(PAUSE);
    }
    Ok(())
}
