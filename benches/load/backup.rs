//! What visitors and changes notice of a backup of a large node.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};

use super::figures::Wanted;
use super::http::{Client, request};
use super::node::{Node, Place, bearer};
use super::plan::{Plan, median, milliseconds, note, percentile};
use super::process::become_measuring_thread;
use super::report::Report;
use super::site;
use super::steady::{self, SCHEDULE_LENGTH_MAX, Sample, Schedule};

/// From one change to the next: 200 a second.
const CHANGE_EVERY: Duration = Duration::from_millis(5);

/// Sites of 100 MiB each, so that the database is a little larger than 1 GiB.
const SITES: u64 = 11;

/// How long is measured while no backup is made: about as long as one takes, since a disk
/// that is shared stalls by itself now and then.
const QUIET_LENGTH: Duration = Duration::from_secs(15);

/// How long is measured on when the backup is done: what it left to do belongs to it.
const AFTERMATH: Duration = Duration::from_secs(2);

/// The slowest that a change may be, whatever goes on.
const CHANGE_MS_MAX: f64 = 50.0;

/// One mebibyte in bytes.
const MIB: f64 = 1024.0 * 1024.0;

/// Fills the rows about a backup of 1 GiB under load.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    note("a backup of 1 GiB under 5,000 requests/s and 200 changes/s …")?;
    let node = Node::start(&Place::make(dir.join("backup"))?)?;
    fill(&node, dir)?;
    let measuring = Measuring { token: node.admin_token()?, node: &node };
    let mut quiet = Vec::new();
    let mut seen = Vec::new();
    let mut files = Vec::new();
    for round in 0..plan.rounds {
        quiet.push(measuring.while_busy(|| {
            std::thread::sleep(QUIET_LENGTH);
            Ok(QUIET_LENGTH)
        })?);
        let file = dir.join(format!("node-{round}.backup"));
        seen.push(measuring.while_busy(|| {
            let took = node.back_up(&file)?;
            std::thread::sleep(AFTERMATH);
            Ok(took)
        })?);
        files.push(file);
    }
    rows(report, &quiet, &seen);
    let health = node.health(&measuring.token)?;
    let wal = health["database"]["wal_bytes_peak"].as_f64().context("no wal_bytes_peak")?;
    report.single("log waiting during it, most", wal / MIB, "MiB", Wanted::Nothing);
    let most_mb = node.usage()?.resident_peak_mb()?;
    report.single("memory during it, most", most_mb, "MB", Wanted::Nothing);
    check(report, &node, &files)?;
    node.stop()
}

/// Deploys as much as the bench is about, and lets the disk come to rest.
fn fill(node: &Node, dir: &Path) -> anyhow::Result<()> {
    for nth in 0..SITES {
        let folder = dir.join(format!("backup-{nth}"));
        site::write_hundred_mib(&folder, 100 + nth)?;
        node.deploy(&folder, &format!("site-{nth}"))?;
        fs::remove_dir_all(&folder)?;
    }
    let small = dir.join("backup-steady");
    site::write_small(&small)?;
    node.deploy(&small, "steady")?;
    node.wait_until_idle()?;
    rustix::fs::sync();
    Ok(())
}

/// Medians of all rounds, but the slowest change is the slowest of all.
fn rows(report: &mut Report, quiet: &[Seen], seen: &[Seen]) {
    let middle = |all: &[Seen], number: fn(&Seen) -> f64| median(all.iter().map(number).collect());
    let slowest = |all: &[Seen]| all.iter().map(|one| one.change_ms(1.0)).fold(0.0, f64::max);
    let (p99, wanted) = (|one: &Seen| one.change_ms(0.99), Wanted::AtMost(CHANGE_MS_MAX));
    let name = "200 changes/s beside 5,000 requests/s, p99";
    report.single(name, middle(quiet, p99), "ms", Wanted::Nothing);
    report.single("the slowest of them", slowest(quiet), "ms", Wanted::Nothing);
    let took = middle(seen, |one| one.took.as_secs_f64());
    report.single("a backup of 1 GiB under that load", took, "s", Wanted::Nothing);
    report.single("changes during it, p99", middle(seen, p99), "ms", wanted);
    report.single("the slowest of them", slowest(seen), "ms", wanted);
    let number = seen.iter().map(|one| one.changes_ms.len()).sum::<usize>() as f64;
    report.single("changes during it, number", number, "", Wanted::Nothing);
    let page = "requests beside them without a backup, p99";
    report.single(page, middle(quiet, Seen::page_ms), "ms", Wanted::Nothing);
    report.single("the same during it", middle(seen, Seen::page_ms), "ms", Wanted::Nothing);
}

/// Reads the backups back, and reports their size and how long that took.
fn check(report: &mut Report, node: &Node, files: &[PathBuf]) -> anyhow::Result<()> {
    let mut verify_s: f64 = 0.0;
    for file in files {
        verify_s = verify_s.max(node.verify(file)?.as_secs_f64());
        let size_mib = fs::metadata(file)?.len() as f64 / MIB;
        ensure!(size_mib > 1024.0, "the backup has only {size_mib} MiB");
        fs::remove_file(file)?;
    }
    report.single("that backup, verified without load", verify_s, "s", Wanted::Nothing);
    Ok(())
}

/// A node under measurement, and the token to change it.
struct Measuring<'a> {
    node: &'a Node,
    token: String,
}

/// What was seen while something was done.
struct Seen {
    took: Duration,
    pages: Vec<Sample>,
    changes_ms: Vec<f64>,
}

impl Seen {
    fn change_ms(&self, part: f64) -> f64 {
        percentile(self.changes_ms.clone(), part)
    }

    fn page_ms(&self) -> f64 {
        percentile(self.pages.iter().map(|sample| sample.took_ms).collect(), 0.99)
    }
}

impl Measuring<'_> {
    /// Asks for pages and makes changes, on their schedules, for as long as `work` takes.
    fn while_busy(&self, work: impl FnOnce() -> anyhow::Result<Duration>) -> anyhow::Result<Seen> {
        let stop = AtomicBool::new(false);
        let (port, host, length) = (self.node.port, "steady.localhost", SCHEDULE_LENGTH_MAX);
        let schedule =
            Schedule { port, hosts: &[host], path: "/", rate: steady::RATE, length, stop: &stop };
        std::thread::scope(|scope| {
            let pages = scope.spawn(|| steady::run(schedule));
            let changes = scope.spawn(|| self.change_until(&stop));
            let done = work();
            stop.store(true, Ordering::Relaxed);
            let (pages, changes) = (join(pages), join(changes));
            Ok(Seen { took: done?, pages: pages?, changes_ms: changes? })
        })
    }

    /// Makes a token and revokes it, again and again, on a fixed schedule; how long each took
    /// from when it was due.
    fn change_until(&self, stop: &AtomicBool) -> anyhow::Result<Vec<f64>> {
        become_measuring_thread()?;
        let mut client = Client::connect(self.node.port)?;
        let json = ("Content-Type".to_owned(), "application/json".to_owned());
        let fields = [bearer(&self.token), json];
        let body = br#"{"name":"bench","scopes":["read"]}"#;
        let make = request("POST", "localhost", "/api/tokens", &fields, body);
        let mut due = Instant::now();
        let end = due + SCHEDULE_LENGTH_MAX;
        let mut taken = Vec::new();
        let mut made: Option<String> = None;
        while due < end && (made.is_some() || !stop.load(Ordering::Relaxed)) {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let revoke = made.take().map(|id| {
                request("DELETE", "localhost", &format!("/api/tokens/{id}"), &fields, b"")
            });
            let answer = client.send(revoke.as_ref().unwrap_or(&make))?;
            taken.push(milliseconds(due, Instant::now()));
            let data = answer.data()?;
            if revoke.is_none() {
                made = Some(data["id"].as_str().context("a token without an id")?.to_owned());
            }
            due += CHANGE_EVERY;
        }
        Ok(taken)
    }
}

fn join<T>(thread: ScopedJoinHandle<'_, anyhow::Result<T>>) -> anyhow::Result<T> {
    thread.join().map_err(|_| anyhow!("a thread panicked"))?
}
