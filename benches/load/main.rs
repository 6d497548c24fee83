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

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, ensure};

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

/// How the folders of this bench begin; the number of the process follows.
const FOLDER: &str = "bench-load-";

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
    ensure_programs()?;
    let plan = Plan::from_environment()?;
    let target = target_folder()?;
    remove_leftovers(&target)?;
    let folder = tempfile::Builder::new()
        .prefix(&format!("{FOLDER}{}-", std::process::id()))
        .tempdir_in(&target)
        .context("cannot make a folder for the databases")?;
    let mut report = Report::default();
    for (name, part) in PARTS {
        if plan.includes(name) {
            part(&mut report, &plan, folder.path()).with_context(|| format!("part {name}"))?;
        }
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}\n{}", report.table(), report::machine())?;
    note(&format!("{} missed", report.missed()))
}

fn ensure_programs() -> anyhow::Result<()> {
    for (program, package) in PROGRAMS {
        // Whether it likes the flag does not matter, only whether it is there.
        let started = Command::new(program)
            .arg("-v")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        ensure!(
            started.is_ok(),
            "{program} is missing: install it with `apt-get install {package}`"
        );
    }
    let cores = std::thread::available_parallelism()?.get();
    ensure!(cores >= 2, "this needs two cores, one for the server and one for its clients");
    Ok(())
}

/// Where cargo builds: a real disk with room, and out of the way of git.
fn target_folder() -> anyhow::Result<PathBuf> {
    let binary = std::path::absolute(node::binary())?;
    let folder = binary.parent().and_then(Path::parent);
    Ok(folder.context("the binary lies in no folder")?.to_owned())
}

/// Removes what runs left behind that were killed.
fn remove_leftovers(target: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(target)? {
        let entry = entry?;
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(FOLDER)?.split('-').next());
        let Some(owner) = owner else { continue };
        if !Path::new("/proc").join(owner).exists() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
