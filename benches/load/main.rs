//! Measures the release binary on real sockets, against nginx with the same files.
//!
//! The server under test has the first core for itself, the clients have the second.
//! `FAZT_BENCH_BINARY` names another binary, such as `target/shipping/fazt`.
//! `cargo bench --bench load` runs all parts and prints one table; names of parts after
//! `--` leave out the others: `compare`, `apps`, `deploys`, `under-deploy`, `backup`,
//! `commits`, `control`, `dev`.

mod apps;
mod backup;
mod commits;
mod compare;
mod control;
mod deploys;
mod dev;
mod figures;
mod folder;
mod http;
mod nginx;
mod node;
mod plan;
mod process;
mod report;
mod site;
mod steady;
mod under_deploy;
mod wrk;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

use plan::{Plan, note};
use report::Report;

/// Programs that must be installed, and the package of Debian that has each.
const PROGRAMS: [(&str, &str); 5] = [
    ("nginx", "nginx"),
    ("wrk", "wrk"),
    ("chrt", "util-linux"),
    ("taskset", "util-linux"),
    ("setpriv", "util-linux"),
];

type Part = fn(&mut Report, &Plan, &Path) -> anyhow::Result<()>;

const PARTS: [(&str, Part); 8] = [
    ("compare", compare::run),
    ("apps", apps::run),
    ("deploys", deploys::run),
    ("under-deploy", under_deploy::run),
    ("backup", backup::run),
    ("commits", commits::run),
    ("control", control::run),
    ("dev", dev::run),
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _nobody_reads = note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    process::ensure_installed(&PROGRAMS)?;
    let plan = Plan::from_environment()?;
    let folder = folder::make("bench-load-")?;
    let mut report = Report::default();
    for (name, part) in PARTS {
        if plan.includes(name) {
            part(&mut report, &plan, folder.path()).with_context(|| format!("part {name}"))?;
        }
    }
    let mut stdout = std::io::stdout();
    writeln!(
        stdout,
        "{}\n{}",
        report.table(),
        figures::machine(&[("nginx", "-v"), ("wrk", "-v")])
    )?;
    note(&format!("{} missed", report.missed()))
}
