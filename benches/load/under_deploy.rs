//! What visitors and small changes notice of a large deploy.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};

use super::figures::Wanted;
use super::http::{Client, request};
use super::node::{Deployed, Node, Place, bearer};
use super::plan::{Plan, milliseconds, note, percentile};
use super::process::{POLL_INTERVAL, become_measuring_thread};
use super::report::Report;
use super::site;
use super::steady::{self, LENGTH_MAX, Sample, Schedule};

/// From one small change to the next.
const CHANGE_EVERY: Duration = Duration::from_millis(5);

/// How long is measured while nothing is deployed.
const QUIET_LENGTH: Duration = Duration::from_secs(5);

/// Deploys of 100 MiB in each of the two measurements.
const DEPLOYS: u64 = 4;

/// One mebibyte in bytes.
const MIB: f64 = 1024.0 * 1024.0;

/// Fills the rows about a deploy of 100 MiB under load.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    note("5,000 requests/s with and without a deploy of 100 MiB …")?;
    let folders = (0..2 * DEPLOYS).map(|nth| {
        let folder = dir.join(format!("hundred-{nth}"));
        site::write_hundred_mib(&folder, nth).map(|()| folder)
    });
    let folders = folders.collect::<Result<Vec<PathBuf>, _>>()?;
    let small = dir.join("steady");
    site::write_small(&small)?;
    let node = Node::start(&Place::make(dir.join("under-deploy"))?)?;
    node.deploy(&small, "steady")?;
    let measuring = Measuring { token: node.admin_token()?, node: &node };
    measuring.settle()?;

    let length = QUIET_LENGTH.min(Duration::from_secs(plan.seconds + 1));
    let quiet = measuring.pages(length, &AtomicBool::new(false))?;
    let quiet = Pages::of(quiet.iter());
    let (first, second) = folders.split_at(folders.len() / 2);
    let plain = measuring.with_deploys(first, false)?;
    let with_changes = measuring.with_deploys(second, true)?;

    let busy = plain.pages_during();
    note(&format!(
        "the client's own delay, p99: {:.2} ms without and {:.2} ms during a deploy",
        quiet.late_p99_ms, busy.late_p99_ms
    ))?;
    let name = "5,000 requests/s, p99 without a deploy";
    report.single(name, quiet.took_p99_ms, "ms", Wanted::Nothing);
    let name = "5,000 requests/s, p99 during a deploy of 100 MiB";
    report.single(name, busy.took_p99_ms, "ms", Wanted::AtMost(3.0 * quiet.took_p99_ms));
    let deploy_ms = plain.deploys.iter().map(Deployed::milliseconds).fold(0.0, f64::max);
    report.single("that deploy itself, under that load", deploy_ms, "ms", Wanted::Nothing);
    let changes = percentile(with_changes.changes_ms.clone(), 0.99);
    report.single("interactive changes during it, p99", changes, "ms", Wanted::AtMost(15.0));
    let count = with_changes.changes_ms.len() as f64;
    report.single("interactive changes during it, number", count, "", Wanted::Nothing);
    let wal_mib = plain.wal_peak_mib.max(with_changes.wal_peak_mib);
    report.single("log file during it, most", wal_mib, "MiB", Wanted::AtMost(64.0));
    let health = node.health(&measuring.token)?;
    let counted = health["database"]["wal_bytes_peak"].as_f64().context("no wal_bytes_peak")?;
    report.single("log waiting during it, most", counted / MIB, "MiB", Wanted::AtMost(64.0));
    let most_mb = node.usage()?.resident_peak_mb()?;
    report.single("memory during it, most", most_mb, "MB", Wanted::Nothing);
    node.stop()
}

/// A node under measurement, and the token to change it.
struct Measuring<'a> {
    node: &'a Node,
    token: String,
}

/// What was seen while deploys ran.
struct Seen {
    pages: Vec<Sample>,
    changes_ms: Vec<f64>,
    deploys: Vec<Deployed>,
    wal_peak_mib: f64,
}

impl Seen {
    /// The pages that were due while a deploy ran.
    fn pages_during(&self) -> Pages {
        let is_during = |sample: &&Sample| {
            self.deploys.iter().any(|one| one.started <= sample.due && sample.due <= one.ended)
        };
        Pages::of(self.pages.iter().filter(is_during))
    }
}

/// What all but one in a hundred requests did not exceed.
struct Pages {
    late_p99_ms: f64,
    took_p99_ms: f64,
}

impl Pages {
    fn of<'a>(samples: impl Iterator<Item = &'a Sample>) -> Pages {
        let (late, took) = samples.map(|sample| (sample.late_ms, sample.took_ms)).unzip();
        Pages { late_p99_ms: percentile(late, 0.99), took_p99_ms: percentile(took, 0.99) }
    }
}

impl Measuring<'_> {
    /// What was written before must not be what the disk is busy with.
    fn settle(&self) -> anyhow::Result<()> {
        self.node.wait_until_idle()?;
        rustix::fs::sync();
        Ok(())
    }

    fn pages(&self, length: Duration, stop: &AtomicBool) -> anyhow::Result<Vec<Sample>> {
        let (port, host) = (self.node.port, "steady.localhost");
        let schedule =
            Schedule { port, hosts: &[host], path: "/", rate: steady::RATE, length, stop };
        // The main thread starts the commands, and those must not run before all else.
        std::thread::scope(|scope| join(scope.spawn(|| steady::run(schedule))))
    }

    fn with_deploys(&self, folders: &[PathBuf], with_changes: bool) -> anyhow::Result<Seen> {
        self.settle()?;
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let pages = scope.spawn(|| self.pages(LENGTH_MAX, &stop));
            let wal = scope.spawn(|| self.watch_wal(&stop));
            let deploys = self.deploy_all(folders, with_changes);
            stop.store(true, Ordering::Relaxed);
            let (pages, wal) = (join(pages), join(wal));
            let (deploys, changes_ms) = deploys?;
            Ok(Seen { pages: pages?, changes_ms, deploys, wal_peak_mib: wal? })
        })
    }

    /// Deploys one folder after the other while the schedule lasts, and answers how long each
    /// small change took meanwhile, if any are wanted.
    fn deploy_all(
        &self,
        folders: &[PathBuf],
        with_changes: bool,
    ) -> anyhow::Result<(Vec<Deployed>, Vec<f64>)> {
        let began = Instant::now();
        let (mut deploys, mut changes_ms) = (Vec::new(), Vec::new());
        for folder in folders {
            let is_over = began.elapsed() > LENGTH_MAX / 2;
            if is_over && !deploys.is_empty() {
                break;
            }
            let done = AtomicBool::new(!with_changes);
            std::thread::scope(|scope| -> anyhow::Result<()> {
                let changes = scope.spawn(|| self.change_until(&done));
                let deployed = self.node.deploy_gently(folder, "hundred");
                done.store(true, Ordering::Relaxed);
                changes_ms.extend(join(changes)?);
                deploys.push(deployed?);
                Ok(())
            })?;
        }
        Ok((deploys, changes_ms))
    }

    /// Makes a token and revokes it, again and again; how long each of these took.
    fn change_until(&self, done: &AtomicBool) -> anyhow::Result<Vec<f64>> {
        become_measuring_thread()?;
        let mut client = Client::connect(self.node.port)?;
        let json = ("Content-Type".to_owned(), "application/json".to_owned());
        let fields = [bearer(&self.token), json];
        let body = br#"{"name":"bench","scopes":["read"]}"#;
        let make = request("POST", "localhost", "/api/tokens", &fields, body);
        let end = Instant::now() + LENGTH_MAX;
        let mut due = Instant::now();
        let mut taken = Vec::new();
        let mut made: Option<String> = None;
        while Instant::now() < end && (made.is_some() || !done.load(Ordering::Relaxed)) {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let revoke = made.take().map(|id| {
                request("DELETE", "localhost", &format!("/api/tokens/{id}"), &fields, b"")
            });
            let asked = Instant::now();
            let answer = client.send(revoke.as_ref().unwrap_or(&make))?;
            taken.push(milliseconds(asked, Instant::now()));
            let data = answer.data()?;
            if revoke.is_none() {
                made = Some(data["id"].as_str().context("a token without an id")?.to_owned());
            }
            due = (due + CHANGE_EVERY).max(Instant::now());
        }
        Ok(taken)
    }

    /// The most that the log's file has ever been, in mebibytes.
    fn watch_wal(&self, stop: &AtomicBool) -> anyhow::Result<f64> {
        let mut name = self.node.place.database().into_os_string();
        name.push("-wal");
        let end = Instant::now() + 4 * LENGTH_MAX;
        let mut most = 0;
        while Instant::now() < end && !stop.load(Ordering::Relaxed) {
            most = most.max(fs::metadata(&name)?.len());
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(most as f64 / MIB)
    }
}

fn join<T>(thread: ScopedJoinHandle<'_, anyhow::Result<T>>) -> anyhow::Result<T> {
    thread.join().map_err(|_| anyhow!("a thread panicked"))?
}
