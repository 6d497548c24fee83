//! The owner's side: lists, the audit log, tokens, and what visitors notice of people who
//! guess passwords.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use rusqlite::Connection;
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use super::apps::{deploy_seed, make_apps, open};
use super::figures::Wanted;
use super::http::{Client, request};
use super::node::{Node, bearer};
use super::plan::{Plan, median, milliseconds, note, percentile};
use super::report::Report;
use super::site::{self, Numbers};
use super::steady::{self, Sample, Schedule};
use super::wrk::{self, Ask};

/// Apps in the list.
const APPS: usize = 10_000;

/// Entries in the audit log.
const ENTRIES: u64 = 1_000_000;

/// Apps that those are about.
const AUDITED_APPS: u64 = 1_000;

/// Seconds between two entries: a million of them fill a year.
const ENTRY_SECONDS: u64 = 31;

/// Requests of which the slowest in a hundred counts.
const REQUESTS: usize = 2_000;

/// Attempts to sign in that begin together.
const ATTEMPTS: u8 = 200;

/// How long visitors are watched around them.
const LENGTH: Duration = Duration::from_secs(4);

/// Fills the rows about the owner's side.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    let dir = dir.join("control");
    std::fs::create_dir_all(&dir)?;
    let seed = deploy_seed(&dir)?;
    let place = make_apps(&seed, &dir, APPS)?;
    note("a million entries of the audit log …")?;
    fill_audit(&mut open(&place.database())?)?;
    let node = Node::start(&place)?;
    let token = node.admin_token()?;
    lists(report, &node, &token)?;
    token_check(report, plan, &node, &token)?;
    guesses(report, plan, &node)?;
    node.stop()
}

fn fill_audit(connection: &mut Connection) -> anyhow::Result<()> {
    let tx = connection.transaction()?;
    tx.execute(
        "WITH RECURSIVE numbers (n) AS
             (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?1)
         INSERT INTO audit (at, kind, actor_id, actor, address, action, app, resource, result)
         SELECT n * ?2 * 1000, 'token', 'abcdefghijkl', 'ci', '192.0.2.7', 'app.deploy',
                'app' || (n * 7919 % ?3), 'v' || (n / ?3), 'ok'
         FROM numbers",
        (ENTRIES, ENTRY_SECONDS, AUDITED_APPS),
    )?;
    Ok(tx.commit()?)
}

/// How long pages of the two long lists take, each asked for at a random place.
fn lists(report: &mut Report, node: &Node, token: &str) -> anyhow::Result<()> {
    let mut numbers = Numbers::of(7);
    let p99 = slowest(node, token, || {
        format!("/api/apps?limit=50&cursor=app{}~0", numbers.draw() % APPS as u64)
    })?;
    let name = "a page of 50 of 10,000 apps, p99";
    report.single(name, p99, "ms", Wanted::AtMost(10.0));
    let mut numbers = Numbers::of(8);
    let p99 = slowest(node, token, || {
        let app = numbers.draw() % AUDITED_APPS;
        let since = Duration::from_secs(numbers.draw() % (ENTRIES * ENTRY_SECONDS));
        let until = since + Duration::from_secs(30 * 24 * 60 * 60);
        format!("/api/audit?limit=50&app=app{app}&since={}&until={}", time(since), time(until))
    })?;
    let name = "a page of 1,000,000 audit entries, by app and time, p99";
    report.single(name, p99, "ms", Wanted::AtMost(20.0));
    Ok(())
}

fn time(since_1970: Duration) -> String {
    let millis = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
    fazt_actors::timestamp::Timestamp(millis).to_rfc3339()
}

fn slowest(node: &Node, token: &str, mut path: impl FnMut() -> String) -> anyhow::Result<f64> {
    let mut client = Client::connect(node.port)?;
    let mut taken = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let asked = request("GET", "localhost", &path(), &[bearer(token)], b"");
        let started = Instant::now();
        let answer = client.send(&asked)?;
        taken.push(milliseconds(started, Instant::now()));
        answer.data()?;
    }
    Ok(percentile(taken, 0.99))
}

/// What a request of the API costs whose answer is a constant, its token included.
fn token_check(report: &mut Report, plan: &Plan, node: &Node, token: &str) -> anyhow::Result<()> {
    let fields = [bearer(token)];
    let ask = Ask { port: node.port, path: "/api/user/me", fields: &fields, script: None };
    let usage = node.usage()?;
    let before = usage.cpu_seconds()?;
    let load = wrk::run(&ask, plan.seconds)?;
    let cpu_us = (usage.cpu_seconds()? - before) * 1e6 / load.requests.max(1.0);
    let name = "CPU of a whole API request with a token";
    report.single(name, cpu_us, "µs", Wanted::AtMost(30.0));
    Ok(())
}

/// Visitors while many people guess at once, each from an address of its own, so that none of
/// them is told to wait for failures of others.
fn guesses(report: &mut Report, plan: &Plan, node: &Node) -> anyhow::Result<()> {
    note("5,000 requests/s with and without 200 sign-ins at once …")?;
    let dir = node.place.database().with_file_name("steady");
    site::write_small(&dir)?;
    node.deploy(&dir, "steady")?;
    node.wait_until_idle()?;
    let before_mb = node.usage()?.resident_mb()?;
    let (mut quiet, mut busy, mut meanwhile) = (Vec::new(), Vec::new(), Vec::new());
    let (mut checked, mut most_mb) = (0, before_mb);
    for round in 0..plan.rounds {
        let samples = pages(node, &AtomicBool::new(false))?;
        quiet.push(p99(samples.iter()));
        let seen = during_guesses(node, u8::try_from(round).unwrap_or(u8::MAX))?;
        busy.push(p99(seen.samples.iter()));
        let is_during = |sample: &&Sample| seen.began <= sample.due && sample.due <= seen.ended;
        meanwhile.push(p99(seen.samples.iter().filter(is_during)));
        checked += seen.checked;
        most_mb = most_mb.max(seen.most_mb);
    }
    let quiet = median(quiet);
    report.single("5,000 requests/s, p99 without sign-ins", quiet, "ms", Wanted::Nothing);
    let name = "5,000 requests/s, p99 with 200 sign-ins at once";
    report.single(name, median(busy), "ms", Wanted::AtMost(2.0 * quiet));
    let name = "the same, only while passwords are checked";
    report.single(name, median(meanwhile), "ms", Wanted::Nothing);
    report.single("passwords checked", f64::from(checked), "", Wanted::Nothing);
    let name = "memory that the sign-ins add, most";
    report.single(name, most_mb - before_mb, "MB", Wanted::AtMost(60.0));
    Ok(())
}

/// What was seen around one wave of sign-ins.
struct Seen {
    samples: Vec<Sample>,
    began: Instant,
    ended: Instant,
    checked: u32,
    most_mb: f64,
}

fn during_guesses(node: &Node, wave: u8) -> anyhow::Result<Seen> {
    let stop = AtomicBool::new(false);
    let usage = node.usage()?;
    std::thread::scope(|scope| {
        let pages = scope.spawn(|| pages(node, &stop));
        let memory = scope.spawn(|| -> anyhow::Result<f64> {
            let mut most = 0.0_f64;
            let end = Instant::now() + 2 * LENGTH;
            while !stop.load(Ordering::Relaxed) && Instant::now() < end {
                most = most.max(usage.resident_mb()?);
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(most)
        });
        std::thread::sleep(LENGTH / 4);
        let began = Instant::now();
        let checked = guess(node.port, wave);
        let ended = Instant::now();
        let join = || anyhow!("a thread panicked");
        let samples = pages.join().map_err(|_| join())??;
        stop.store(true, Ordering::Relaxed);
        let most_mb = memory.join().map_err(|_| join())??;
        Ok(Seen { samples, began, ended, checked: checked?, most_mb })
    })
}

/// A site's page on a fixed schedule.
fn pages(node: &Node, stop: &AtomicBool) -> anyhow::Result<Vec<Sample>> {
    let (port, length) = (node.port, LENGTH);
    let schedule = Schedule {
        port,
        hosts: &["steady.localhost"],
        path: "/",
        rate: steady::RATE,
        length,
        stop,
    };
    std::thread::scope(|scope| {
        scope.spawn(|| steady::run(schedule)).join().map_err(|_| anyhow!("a thread panicked"))?
    })
}

fn p99<'a>(samples: impl Iterator<Item = &'a Sample>) -> f64 {
    percentile(samples.map(|sample| sample.took_ms).collect(), 0.99)
}

/// So many wrong passwords at once; answers how many were checked.
fn guess(port: u16, wave: u8) -> anyhow::Result<u32> {
    let streams = (0..ATTEMPTS).map(|nth| from_own_address(port, wave, nth));
    let streams = streams.collect::<anyhow::Result<Vec<TcpStream>>>()?;
    let body = br#"{"username":"admin","password":"wrong password"}"#;
    let asked = request("POST", "localhost", "/api/login", &[], body);
    let mut clients = Vec::with_capacity(streams.len());
    for stream in streams {
        let mut client = Client::on(stream)?;
        client.begin(&asked)?;
        clients.push(client);
    }
    let mut checked = 0;
    for mut client in clients {
        match client.end()?.status {
            401 => checked += 1,
            429 => {}
            status => anyhow::bail!("a wrong password is answered with {status}"),
        }
    }
    ensure!(checked > 0, "no password was checked");
    Ok(checked)
}

/// A connection from an address of the loopback network that nobody else uses.
fn from_own_address(port: u16, wave: u8, nth: u8) -> anyhow::Result<TcpStream> {
    let own = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(127, 1, wave, nth), 0));
    let node = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&socket, &own).context("cannot use an address of 127.1.0.0/16")?;
    connect(&socket, &node)?;
    Ok(TcpStream::from(socket))
}
