//! How long `fazt dev` takes from a saved file to the page that shows it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::figures::Wanted;
use super::http::Client;
use super::node::{binary, free_port};
use super::plan::{Plan, milliseconds, note, percentile};
use super::process::{
    CLIENT_CORE, Running, SERVER_CORE, become_measuring_thread, pinned, wait_for,
};
use super::report::Report;
use super::site;

/// Files of the folder.
const FILES: u64 = 500;

/// Edits that are measured.
const EDITS: u64 = 50;

/// Edits before those.
const WARM_UPS: u64 = 3;

/// How long an edit may take before the bench gives up.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long the folder is left alone between two edits, as somebody who types does.
const PAUSE: Duration = Duration::from_millis(200);

/// The host of the app.
const HOST: &str = "folder.localhost";

/// Fills the rows about `fazt dev` on a folder of 500 files.
pub(crate) fn run(report: &mut Report, _plan: &Plan, dir: &Path) -> anyhow::Result<()> {
    note("edits below fazt dev …")?;
    let folder = dir.join("folder");
    write_folder(&folder)?;
    let (temporary, home) = (dir.join("dev-tmp"), dir.join("dev-home"));
    fs::create_dir_all(&temporary)?;
    fs::create_dir_all(&home)?;
    let port = free_port()?;
    let mut command = pinned(SERVER_CORE, binary());
    command.arg("dev").arg(&folder).args(["--port", &port.to_string()]);
    command.env("TMPDIR", &temporary).env("HOME", &home).env_remove("XDG_CONFIG_HOME");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let mut running = Running::start("fazt dev", &mut command)?;
    wait_for("the first release", TIMEOUT, || {
        running.ensure_alive()?;
        let Ok(mut client) = Client::connect(port) else { return Ok(None) };
        let page = client.get(HOST, "/", &[])?;
        Ok((page.status == 200 && !page.body.is_empty()).then_some(()))
    })?;
    let start_ms = milliseconds(started, Instant::now());
    let measuring = std::thread::spawn(move || measure(port, &folder));
    let times =
        measuring.join().map_err(|_| anyhow::anyhow!("the measuring thread panicked"))??;
    let status = running.stop()?;
    ensure!(status.success(), "fazt dev ended with {status}");
    ensure!(fs::read_dir(&temporary)?.next().is_none(), "fazt dev has left something behind");
    let (events, pages): (Vec<f64>, Vec<f64>) = times.into_iter().unzip();
    let most = Wanted::AtMost(300.0);
    report.single("fazt dev, 500 files: exec to first page", start_ms, "ms", Wanted::Nothing);
    report.single("file saved to `reload`: p50", percentile(events.clone(), 0.5), "ms", most);
    report.single("file saved to `reload`: p99", percentile(events, 0.99), "ms", most);
    report.single("file saved to new page: p50", percentile(pages.clone(), 0.5), "ms", most);
    report.single("file saved to new page: p99", percentile(pages, 0.99), "ms", most);
    Ok(())
}

fn write_folder(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("index.html"), site::page(1, 4000))?;
    for nth in 1..FILES {
        let part = folder.join(format!("part{}", nth % 20));
        fs::create_dir_all(&part)?;
        let (name, bytes) = match nth % 4 {
            0 => (format!("{nth}.css"), site::text(nth, 10_000)),
            1 => (format!("{nth}.jpg"), site::noise(nth, 30_000)),
            _ => (format!("{nth}.html"), site::page(nth, 4000)),
        };
        fs::write(part.join(name), bytes)?;
    }
    Ok(())
}

/// For each edit, milliseconds until a page was told and until it had its new content.
fn measure(port: u16, folder: &Path) -> anyhow::Result<Vec<(f64, f64)>> {
    become_measuring_thread().with_context(|| format!("cannot use core {CLIENT_CORE}"))?;
    let mut events = Events::listen(port)?;
    let mut client = Client::connect(port)?;
    let mut times = Vec::new();
    for edit in 0..WARM_UPS + EDITS {
        std::thread::sleep(PAUSE);
        let page = site::page(1_000_000 + edit, 4000);
        let saved = Instant::now();
        fs::write(folder.join("index.html"), &page)?;
        events.wait_for("reload")?;
        let told = Instant::now();
        let answer = client.get(HOST, "/", &[])?;
        let shown = Instant::now();
        let title = format!("<title>Page {}</title>", 1_000_000 + edit);
        let body = String::from_utf8_lossy(&answer.body);
        ensure!(body.contains(&title), "the page is not what was saved");
        if edit >= WARM_UPS {
            times.push((milliseconds(saved, told), milliseconds(saved, shown)));
        }
    }
    Ok(times)
}

/// The stream that an open page reads.
struct Events {
    lines: BufReader<TcpStream>,
}

impl Events {
    fn listen(port: u16) -> anyhow::Result<Events> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        let head = format!("GET /_fazt/dev/events HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        let mut events = Events { lines: BufReader::new(stream) };
        events.wait_for("state")?;
        Ok(events)
    }

    /// Reads up to the end of the next event of this name.
    fn wait_for(&mut self, name: &str) -> anyhow::Result<()> {
        let wanted = format!("event: {name}\n");
        let mut is_it = false;
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line)? == 0 {
                bail!("the stream of events has ended");
            }
            is_it |= line == wanted;
            if is_it && line == "\n" {
                return Ok(());
            }
        }
    }
}
