//! The same files from fazt and from nginx, in turns.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use super::figures::Wanted;
use super::http::{Answer, Client};
use super::nginx::Nginx;
use super::node::{Node, Place};
use super::plan::{Plan, median, note};
use super::process::Usage;
use super::report::Report;
use super::site;
use super::wrk::{self, Ask, Load};

/// The app's host.
const HOST: &str = "sizes.localhost";

/// Seconds of load that no number is taken from, before each row.
const WARM_UP_SECONDS: u64 = 1;

/// What is asked for, and what is wanted of the answers.
struct Row {
    what: &'static str,
    path: &'static str,
    /// Encoding that is accepted; none for the identity.
    accept: Option<&'static str>,
    /// Whether the client has the file already.
    is_known: bool,
    /// Requests a second, as a multiple of nginx's.
    speed: Wanted,
    /// CPU time a request, as a multiple of nginx's.
    cpu: Wanted,
    /// Milliseconds; none where nginx is the measure.
    p99: Option<f64>,
}

const fn row(what: &'static str, path: &'static str, speed: f64, p99: Option<f64>) -> Row {
    let (speed, cpu) = (Wanted::AtLeast(speed), Wanted::Nothing);
    Row { what, path, accept: None, is_known: false, speed, cpu, p99 }
}

/// Here the client is the bound, so the CPU time decides.
const fn light(
    what: &'static str,
    path: &'static str,
    accept: Option<&'static str>,
    is_known: bool,
) -> Row {
    let (speed, cpu) = (Wanted::Nothing, Wanted::AtMost(1.1));
    Row { what, path, accept, is_known, speed, cpu, p99: Some(3.0) }
}

const ROWS: [Row; 7] = [
    row("1 KB html", "/page.html", 1.25, Some(3.0)),
    row("16 KB js", "/app.js", 1.0, Some(3.0)),
    row("100 KB css", "/style.css", 1.0, Some(5.0)),
    row("1 MB binary", "/large.bin", 1.5, None),
    light("100 KB css, br", "/style.css", Some("br"), false),
    light("100 KB css, gzip", "/style.css", Some("gzip"), false),
    light("304 of 16 KB js", "/app.js", None, true),
];

/// Both servers with the same files.
struct Pair {
    node: Node,
    nginx: Nginx,
}

/// Fills the rows of the comparison, and those of the memory before and after it.
pub(crate) fn run(report: &mut Report, plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    let files = dir.join("sizes");
    site::write_sizes(&files)?;
    let place = Place::make(dir.join("compare"))?;
    let node = Node::start(&place)?;
    node.deploy(&files, "sizes")?;
    store_encoded(&node, &files)?;
    node.stop()?;

    let node = Node::start(&place)?;
    node.wait_until_idle()?;
    let idle_mb = node.usage()?.resident_mb()?;
    let nginx = Nginx::start(&files, &dir.join("nginx"))?;
    let pair = Pair { node, nginx };
    for row in &ROWS {
        if row.accept == Some("br") && !pair.nginx.has_brotli {
            note("nginx cannot send stored brotli: install libnginx-mod-http-brotli-static")?;
            continue;
        }
        note(&format!("{} …", row.what))?;
        pair.compare(row, report, plan).with_context(|| format!("cannot measure {}", row.what))?;
    }
    let after = [pair.node.usage()?.resident_mb()?, pair.nginx.usage()?.resident_mb()?];
    report.single("memory, idle", idle_mb, "MB", Wanted::AtMost(25.0));
    // 64 MiB of contents and 16 MiB of indexes may be cached.
    let caches_mb = 80.0 * 1.048_576;
    report.beside("memory, after the load", after, "MB", Wanted::AtMost(60.0 + caches_mb));
    pair.node.stop()
}

/// Puts fazt's own encoded forms beside the files, where nginx looks for them.
fn store_encoded(node: &Node, files: &Path) -> anyhow::Result<()> {
    let mut client = Client::connect(node.port)?;
    for (encoding, extension) in [("br", "br"), ("gzip", "gz")] {
        for name in ["style.css", "app.js", "page.html", "index.html"] {
            let path = format!("/{name}");
            node.wait_for_encoding(HOST, &path, encoding)?;
            let fields = [("Accept-Encoding".to_owned(), encoding.to_owned())];
            let answer = client.get(HOST, &path, &fields)?;
            fs::write(files.join(format!("{name}.{extension}")), answer.body)?;
        }
    }
    Ok(())
}

/// What one server did in one round.
#[derive(Clone, Copy)]
struct Round {
    load: Load,
    cpu_us: f64,
}

impl Pair {
    fn compare(&self, row: &Row, report: &mut Report, plan: &Plan) -> anyhow::Result<()> {
        let ports = [self.node.port, self.nginx.port];
        let usages = [self.node.usage()?, self.nginx.usage()?];
        let fields = [fields(row, ports[0])?, fields(row, ports[1])?];
        let answers = [ask(row, ports[0], &fields[0])?, ask(row, ports[1], &fields[1])?];
        ensure!(answers[0].body == answers[1].body, "the servers do not send the same");
        let mut rounds: [Vec<Round>; 2] = [Vec::new(), Vec::new()];
        for nth in 0..=plan.rounds {
            for server in 0..2 {
                // The first round only warms both up.
                let seconds = if nth == 0 { WARM_UP_SECONDS } else { plan.seconds };
                let (port, fields) = (ports[server], &fields[server]);
                let measured = measure(row, port, fields, &usages[server], seconds)?;
                if nth > 0 {
                    rounds[server].push(measured);
                }
            }
        }
        let pair = |number: fn(&Round) -> f64| {
            [0, 1].map(|server| median(rounds[server].iter().map(number).collect()))
        };
        let what = row.what;
        let speeds = pair(|round| round.load.per_second);
        report.ratio(&format!("{what}: requests/s"), speeds, "", row.speed);
        report.ratio(&format!("{what}: CPU a request"), pair(|round| round.cpu_us), "µs", row.cpu);
        let p50 = pair(|round| round.load.p50_ms);
        report.beside(&format!("{what}: p50"), p50, "ms", Wanted::Nothing);
        let p99 = pair(|round| round.load.p99_ms);
        let most = Wanted::AtMost(row.p99.unwrap_or(p99[1]));
        report.beside(&format!("{what}: p99"), p99, "ms", most);
        Ok(())
    }
}

fn measure(
    row: &Row,
    port: u16,
    fields: &[(String, String)],
    usage: &Usage,
    seconds: u64,
) -> anyhow::Result<Round> {
    let before = usage.cpu_seconds()?;
    let load = wrk::run(&Ask { port, path: row.path, fields, script: None }, seconds)?;
    let cpu_seconds = usage.cpu_seconds()? - before;
    Ok(Round { load, cpu_us: cpu_seconds * 1e6 / load.requests.max(1.0) })
}

/// The header fields of a row's requests to one server.
fn fields(row: &Row, port: u16) -> anyhow::Result<Vec<(String, String)>> {
    let mut fields = vec![];
    if let Some(encoding) = row.accept {
        fields.push(("Accept-Encoding".to_owned(), encoding.to_owned()));
    }
    if row.is_known {
        let answer = Client::connect(port)?.get(HOST, row.path, &fields)?;
        let etag = answer.field("etag").context("no ETag")?;
        fields.push(("If-None-Match".to_owned(), etag.to_owned()));
    }
    fields.push(("Host".to_owned(), HOST.to_owned()));
    Ok(fields)
}

/// One request of a row, and that it is answered as the row means it.
fn ask(row: &Row, port: u16, fields: &[(String, String)]) -> anyhow::Result<Answer> {
    let without_host = &fields[..fields.len() - 1];
    let answer = Client::connect(port)?.get(HOST, row.path, without_host)?;
    let status = if row.is_known { 304 } else { 200 };
    ensure!(answer.status == status, "port {port} answers {}", answer.status);
    let encoding = answer.field("content-encoding");
    ensure!(encoding == row.accept, "port {port} answers in {encoding:?}");
    Ok(answer)
}
