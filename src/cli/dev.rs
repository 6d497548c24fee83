//! `fazt dev [DIR]`: a folder on this machine, in a browser that follows it.
//!
//! A node on data that is thrown away serves the folder as any node would, through the same
//! deploys. Each change becomes a release, and the pages that are open reload. What cannot be
//! deployed is said on the terminal and in those pages, which show the release before until it
//! is mended. Nothing is left behind: no data, no socket, no peer, no process.

mod functions_log;
mod leftovers;
mod node;
mod problem;
mod report;
mod scan;
mod session;
mod signals;
mod site;
mod watch;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use fazt_actors::deployer::manifest::Manifest;
use fazt_actors::limits::DeployLimits;
use fazt_actors::name::AppName;

use self::{node::DevNode, report::Report, session::Session, signals::StopSignals, watch::Watch};
use super::app::browser;
use super::folder::name::app_name;
use super::target::parse_path;

/// `fazt dev`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  fazt dev                     this folder, on the first free port from 4698 on
  fazt dev site --open         and a browser that shows it
  fazt dev dist --port 3000    what a build tool writes into dist
  fazt dev site --poll         on a network folder, which does not tell of changes")]
pub struct DevArgs {
    /// The folder [default: this one]
    #[arg(value_parser = parse_path)]
    dir: Option<PathBuf>,
    /// Name of the app [default: the manifest's, else the folder's]
    #[arg(long)]
    name: Option<String>,
    /// TCP port; 0 for any that is free [default: the first free one from 4698 on]
    #[arg(long, env = "PORT")]
    port: Option<u16>,
    /// Open the app in the browser
    #[arg(long)]
    open: bool,
    /// Look for changes twice a second in place of waiting for the system to tell of them
    #[arg(long)]
    poll: bool,
    /// Print each event as a line of JSON
    #[arg(long)]
    json: bool,
}

/// Serves the folder until the process is told to stop.
///
/// # Errors
/// There is no such folder, nothing to call the app, no port, or no room for the data.
pub async fn run(args: DevArgs) -> anyhow::Result<()> {
    report::log_warnings();
    // Before anything is made that must be removed again.
    let signals = StopSignals::listen()?;
    let shown = args.dir.unwrap_or_else(|| PathBuf::from("."));
    let dir = std::path::absolute(&shown).context("cannot tell where this folder is")?;
    let app = choose_name(&shown, args.name.as_deref())?;
    let node = DevNode::start(args.port, &dir, &app).await?;
    let url = node.url(&app);
    let report = Report::new(args.json);
    let served = async {
        report.ready(&url, &shown)?;
        let mut session = Session::new(&node, app, dir, Watch::new(args.poll), report);
        session.begin().await?;
        if args.open {
            browser::open(&url);
        }
        session.follow().await
    };
    let said = functions_log::follow(node.node.logs.subscribe(), args.json);
    let ended = tokio::select! {
        ended = served => ended,
        // It ends with the node.
        () = said => Ok(()),
        () = signals.received() => Ok(()),
    };
    node.stop().await?;
    ended
}

/// What to call the app. A manifest that cannot be read is shown later, like any other error.
fn choose_name(dir: &Path, flag: Option<&str>) -> anyhow::Result<AppName> {
    let found = std::fs::metadata(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    if !found.is_dir() {
        bail!("{} is not a folder", dir.display());
    }
    let limits = DeployLimits::default();
    let [fazt_json, manifest_json] = ["fazt.json", "manifest.json"]
        .map(|name| scan::beginning(&dir.join(name), limits.config_file_bytes_max + 1).ok());
    let manifest = Manifest::from_files(fazt_json.as_deref(), manifest_json.as_deref(), &limits);
    let manifest = manifest.map(|(manifest, _file)| manifest).unwrap_or_default();
    let name = app_name(dir, flag, &manifest)?;
    AppName::parse(&name, None).with_context(|| format!("`{name}` cannot name an app here"))
}
