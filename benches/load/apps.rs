//! Many apps: requests to random ones, and how long a start takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use fazt_actors::content::ContentHash;
use fazt_actors::name::AppId;
use rusqlite::{Connection, Transaction};

use super::figures::Wanted;
use super::http::Client;
use super::node::{Node, Place, free_port};
use super::plan::{Plan, median, milliseconds, note};
use super::report::Report;
use super::site;
use super::wrk::{self, Ask};

/// How long a node may take from its start to its first page.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// Bytes of each app's own page.
const PAGE_BYTES: usize = 1024;

/// Seconds in which every app is asked once or more before anything is measured.
const WARM_UP_SECONDS: u64 = 4;

/// Fills the rows about many apps.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    let seed = deploy_seed(dir)?;
    let places = [10, 100, 10_000].map(|count| make_apps(&seed, dir, count));
    let [ten, hundred, ten_thousand] = places;
    let (ten, hundred, ten_thousand) = (ten?, hundred?, ten_thousand?);
    note("starts with 100 and 10,000 apps …")?;
    let start_ms = median_start_ms(&hundred, plan)?;
    report.single("exec to first 200, 100 apps", start_ms, "ms", Wanted::AtMost(50.0));
    let start_ms = median_start_ms(&ten_thousand, plan)?;
    report.single("exec to first 200, 10,000 apps", start_ms, "ms", Wanted::AtMost(150.0));

    note("requests to random apps, of 10 and of 10,000 …")?;
    let few = Asked::start(&ten, 10, dir)?;
    let many = Asked::start(&ten_thousand, 10_000, dir)?;
    let mut speeds = [Vec::new(), Vec::new()];
    let mut cpu_us = [Vec::new(), Vec::new()];
    for _ in 0..plan.rounds {
        for (nth, asked) in [&many, &few].into_iter().enumerate() {
            let (speed, cpu) = asked.measure(plan.seconds)?;
            speeds[nth].push(speed);
            cpu_us[nth].push(cpu);
        }
    }
    let [many_speed, few_speed] = speeds.map(median);
    let [many_cpu, few_cpu] = cpu_us.map(median);
    report.single("requests/s, random of 10 apps", few_speed, "", Wanted::Nothing);
    report.single("requests/s, random of 10,000 apps", many_speed, "", Wanted::Nothing);
    let ratio = many_speed / few_speed;
    report.single("10,000 apps against 10: requests/s", ratio, "×", Wanted::AtLeast(0.9));
    let cpu = many_cpu / few_cpu;
    report.single("10,000 apps against 10: CPU a request", cpu, "×", Wanted::Nothing);
    let memory = many.node.usage()?.resident_mb()?;
    report.single("memory with 10,000 apps, after it", memory, "MB", Wanted::Nothing);
    few.node.stop()?;
    many.node.stop()
}

/// A database with one small app, whose node has stopped.
pub(crate) fn deploy_seed(dir: &Path) -> anyhow::Result<Place> {
    let files = dir.join("small");
    site::write_small(&files)?;
    let place = Place::make(dir.join("seed"))?;
    let node = Node::start(&place)?;
    node.deploy(&files, "seed")?;
    node.wait_for_encoding("seed.localhost", "/app.js", "br")?;
    node.wait_until_idle()?;
    node.stop()?;
    Ok(place)
}

/// A copy of `seed` with as many apps: each has the seed's files and a page of its own.
pub(crate) fn make_apps(seed: &Place, dir: &Path, count: usize) -> anyhow::Result<Place> {
    let place = seed.copy(dir.join(format!("apps-{count}")))?;
    let mut connection = open(&place.database())?;
    let transaction = connection.transaction()?;
    let release: i64 =
        transaction.query_row("SELECT live_release_id FROM apps", [], |row| row.get(0))?;
    for nth in 0..count {
        copy_app(&transaction, release, nth).with_context(|| format!("cannot make app {nth}"))?;
    }
    transaction.commit()?;
    Ok(place)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the node is stopped; ten thousand deploys take too long"
)]
pub(crate) fn open(database: &Path) -> anyhow::Result<Connection> {
    Ok(Connection::open(database)?)
}

fn copy_app(tx: &Transaction<'_>, seed: i64, nth: usize) -> anyhow::Result<()> {
    let page = site::page(10_000_000 + nth as u64, PAGE_BYTES);
    tx.prepare_cached(
        "INSERT INTO contents (sha256, size_bytes, complete, encodings) VALUES (?1, ?2, 1, 0)",
    )?
    .execute((ContentHash::of(&page).as_bytes(), page.len()))?;
    let content = tx.last_insert_rowid();
    tx.prepare_cached("INSERT INTO chunks VALUES (?1, 0, 0, ?2)")?.execute((content, page))?;
    let mut id = [0; 16];
    id[8..].copy_from_slice(&(nth as u64 + 1).to_be_bytes());
    tx.prepare_cached(
        "INSERT INTO apps (public_id, name, generation, last_number, created_at, updated_at)
         VALUES (?1, ?2, 1, 1, 0, 0)",
    )?
    .execute((AppId::generate(id).as_str(), format!("app{nth}")))?;
    let app = tx.last_insert_rowid();
    tx.prepare_cached(
        "INSERT INTO releases (app_id, number, state, file_count, size_bytes, manifest,
                               deployed_by, created_at, encoded)
         SELECT ?1, 1, 'ready', file_count, size_bytes, manifest, deployed_by, created_at, 1
         FROM releases WHERE id = ?2",
    )?
    .execute((app, seed))?;
    let release = tx.last_insert_rowid();
    tx.prepare_cached(
        "INSERT INTO release_files (release_id, path, content_id, modified_at)
         SELECT ?1, path, CASE path WHEN 'index.html' THEN ?3 ELSE content_id END, modified_at
         FROM release_files WHERE release_id = ?2",
    )?
    .execute((release, seed, content))?;
    tx.prepare_cached("UPDATE apps SET live_release_id = ?2 WHERE id = ?1")?
        .execute((app, release))?;
    Ok(())
}

fn median_start_ms(place: &Place, plan: &Plan) -> anyhow::Result<f64> {
    // The first one brings the file into the system's cache.
    start_ms(place)?;
    let starts = (0..plan.repeats).map(|_| start_ms(place));
    Ok(median(starts.collect::<anyhow::Result<_>>()?))
}

/// From before the node is started to its first page, asked for in a tight loop.
fn start_ms(place: &Place) -> anyhow::Result<f64> {
    let port = free_port()?;
    let started = Instant::now();
    let mut running = place.spawn(port)?;
    while started.elapsed() < START_TIMEOUT {
        let Ok(mut client) = Client::connect(port) else { continue };
        let answer = client.get("app7.localhost", "/", &[])?;
        let answered = Instant::now();
        ensure!(answer.status == 200, "the first answer is {}", answer.status);
        drop(client);
        ensure!(running.stop()?.success(), "the node did not stop in order");
        return Ok(milliseconds(started, answered));
    }
    running.ensure_alive()?;
    bail!("no page within {} s of the start", START_TIMEOUT.as_secs())
}

/// A node of which random apps are asked for their page.
struct Asked {
    node: Node,
    script: PathBuf,
}

impl Asked {
    /// Starts the node, and asks for every page.
    fn start(place: &Place, count: usize, dir: &Path) -> anyhow::Result<Asked> {
        let node = Node::start(place)?;
        let [in_turn, at_random] = ["turn", "random"].map(|name| {
            let path = dir.join(format!("{name}-{count}.lua"));
            fs::write(&path, script(count, name == "random")).map(|()| path)
        });
        let asked = Asked { node, script: at_random? };
        wrk::run(&asked.ask(&in_turn?), WARM_UP_SECONDS)?;
        Ok(asked)
    }

    fn ask<'a>(&self, script: &'a Path) -> Ask<'a> {
        Ask { port: self.node.port, path: "/", fields: &[], script: Some(script) }
    }

    /// Requests a second, and microseconds of CPU time a request.
    fn measure(&self, seconds: u64) -> anyhow::Result<(f64, f64)> {
        let usage = self.node.usage()?;
        let before = usage.cpu_seconds()?;
        let load = wrk::run(&self.ask(&self.script), seconds)?;
        let cpu_seconds = usage.cpu_seconds()? - before;
        Ok((load.per_second, cpu_seconds * 1e6 / load.requests.max(1.0)))
    }
}

/// Makes all requests before the first is sent, so that the script costs the same for any count.
fn script(count: usize, at_random: bool) -> String {
    let next = if at_random { "math.random(count)" } else { "turn % count + 1" };
    format!(
        "local count = {count}
local requests = {{}}
local turn = 0
init = function(args)
  math.randomseed(1)
  for nth = 1, count do
    local host = 'app' .. (nth - 1) .. '.localhost'
    requests[nth] = wrk.format('GET', '/', {{ Host = host }})
  end
end
request = function()
  turn = turn + 1
  return requests[{next}]
end
"
    )
}
