//! Measures functions on real sockets, beside Node, workerd and deno where they are installed.
//!
//! Each server has the first core for itself while it is asked, `wrk` has the second. The
//! peers come from npm, into `target/bench-peers`; their programs stand in `peers/`, and run
//! the very handlers that fazt runs. `cargo bench --bench functions --features v8` runs all
//! parts and prints one table; names of parts after `--` leave out the others: `compare`,
//! `cores`, `hop`, `cold`, `thousand`, `fetching`, `fairness`, `mixed`, `size`.
//! `FAZT_BENCH_SECONDS` and `FAZT_BENCH_BINARY` are those of the bench `load`.

mod apps;
mod cold;
mod compare;
mod cores;
mod fairness;
mod fetching;
mod hop;
mod mixed;
mod peers;
mod report;
mod slow_server;
mod thousand;

#[path = "../load/figures.rs"]
mod figures;
#[path = "../load/folder.rs"]
mod folder;
#[path = "../load/http.rs"]
mod http;
#[expect(dead_code, reason = "the bench `load` needs more of it")]
#[path = "../load/node.rs"]
mod node;
#[path = "../load/plan.rs"]
mod plan;
#[path = "../load/process.rs"]
mod process;
#[expect(dead_code, reason = "the bench `load` needs more of it")]
#[path = "../load/steady.rs"]
mod steady;
#[path = "../load/wrk.rs"]
mod wrk;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::ensure;

use figures::Wanted;
use plan::{Plan, note};
use report::Report;

/// Programs that must be installed, and the package of Debian that has each.
const PROGRAMS: [(&str, &str); 4] =
    [("wrk", "wrk"), ("chrt", "util-linux"), ("taskset", "util-linux"), ("setpriv", "util-linux")];

type Part = fn(&mut Report, &Plan, &Path) -> anyhow::Result<()>;

const PARTS: [(&str, Part); 9] = [
    ("compare", compare::run),
    ("cores", cores::run),
    ("hop", hop::run),
    ("cold", cold::run),
    ("thousand", thousand::run),
    ("fetching", fetching::run),
    ("fairness", fairness::run),
    ("mixed", mixed::run),
    ("size", size),
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
    let folder = folder::make("bench-functions-")?;
    let mut report = Report::default();
    let mut failed = 0;
    for (name, part) in PARTS.into_iter().filter(|(name, _)| plan.includes(name)) {
        // A part that fails must not take the numbers of the others with it.
        if let Err(error) = part(&mut report, &plan, folder.path()) {
            note(&format!("part {name} failed: {error:#}"))?;
            report.failed(name);
            failed += 1;
        }
    }
    let machine = figures::machine(&[("wrk", "-v")]);
    writeln!(std::io::stdout(), "{}\n{machine}, {}", report.table(), peers::versions())?;
    note(&format!("{} missed", report.missed()))?;
    ensure!(failed == 0, "{failed} parts have failed");
    Ok(())
}

/// The size of the binary.
fn size(report: &mut Report, _plan: &Plan, _dir: &Path) -> anyhow::Result<()> {
    let bytes = fs::metadata(node::binary())?.len();
    report.single("release binary, stripped", bytes as f64 / 1e6, "MB", Wanted::AtMost(80.0));
    Ok(())
}
