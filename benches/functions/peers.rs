//! Node, workerd and deno with the same handlers, one process each, on the servers' core.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};

use super::apps::source;
use super::folder;
use super::http::Client;
use super::plan::note;
use super::process::{Running, SERVER_CORE, Usage, pinned, wait_for};

/// What each peer listens for, each on a port of its own: in the order of its ports.
pub(crate) const LISTENERS: usize = 4;

/// How long a peer may take to answer after its start.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// The programs and handlers that lie beside each other where the peers run.
const FILES: [&str; 9] = [
    "peers/package.json",
    "peers/node.js",
    "peers/deno.js",
    "peers/workerd.js",
    "peers/workerd.capnp",
    "apps/bench/api/response.js",
    "apps/bench/api/json.js",
    "apps/bench/api/fib.js",
    "apps/hono/app.js",
];

/// A peer that runs.
pub(crate) struct Peer {
    /// Its column in the table.
    pub(crate) server: usize,
    /// Where it listens: hello, JSON, fib, Hono.
    pub(crate) ports: [u16; LISTENERS],
    running: Running,
}

impl Peer {
    fn start(
        server: usize,
        name: &'static str,
        command: impl FnOnce([u16; LISTENERS]) -> anyhow::Result<Command>,
    ) -> anyhow::Result<Peer> {
        let ports = free_ports()?;
        let mut command = command(ports)?;
        command.stdout(Stdio::null());
        let mut running = Running::start(name, &mut command)?;
        for port in ports {
            wait_for(&format!("{name}'s first answer"), START_TIMEOUT, || {
                running.ensure_alive()?;
                Ok(Client::connect(port).is_ok().then_some(()))
            })?;
        }
        Ok(Peer { server, ports, running })
    }

    /// What it uses of the machine.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.running.pid())
    }
}

/// The folder in which the peers are installed and run.
fn home() -> anyhow::Result<PathBuf> {
    Ok(folder::target()?.join("bench-peers"))
}

/// Installs what is missing, where npm can, and bundles the app made with Hono.
pub(crate) fn prepare() -> anyhow::Result<()> {
    let home = home()?;
    fs::create_dir_all(&home)?;
    let wanted = fs::read_to_string(source("peers/package.json"))?;
    let is_installed = home.join("node_modules/hono").exists()
        && fs::read_to_string(home.join("package.json")).is_ok_and(|held| held == wanted);
    for file in FILES {
        let name = Path::new(file).file_name().context("a file without a name")?;
        fs::copy(source(file), home.join(name))?;
    }
    if !is_installed {
        note("npm install of the peers …")?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock"]);
        run(npm.current_dir(&home))?;
    }
    let mut esbuild = Command::new(home.join("node_modules/.bin/esbuild"));
    esbuild.args(["app.js", "--bundle", "--format=esm", "--outfile=hono.js"]);
    run(esbuild.arg("--log-level=warning").current_dir(&home))
}

/// Writes the app made with Hono as fazt takes it: one bundle, for all paths below `/api`.
pub(crate) fn write_hono_app(app: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(app.join("api"))?;
    fs::copy(home()?.join("hono.js"), app.join("api/main.js"))?;
    Ok(())
}

/// Starts the peers that are installed.
pub(crate) fn start_all() -> anyhow::Result<Vec<Peer>> {
    let home = home()?;
    let workerd = Peer::start(1, "workerd", |ports| {
        let text = fs::read_to_string(home.join("workerd.capnp"))?;
        let text = (0..).zip(ports).fold(text, |text, (nth, port)| {
            text.replace(&format!(":PORT{nth}\""), &format!(":{port}\""))
        });
        let config = home.join("workerd-ports.capnp");
        fs::write(&config, text)?;
        let mut command = pinned(SERVER_CORE, packaged("@cloudflare", "bin/workerd")?);
        command.arg("serve").arg(config);
        Ok(command)
    });
    let node = Peer::start(2, "node", |ports| {
        let mut command = pinned(SERVER_CORE, "node");
        command.arg(home.join("node.js")).args(ports.map(|port| port.to_string()));
        Ok(command)
    });
    let deno = Peer::start(3, "deno", |ports| {
        let mut command = pinned(SERVER_CORE, packaged("@deno", "deno")?);
        command.args(["run", "--no-config", "--allow-net"]).arg(home.join("deno.js"));
        command.args(ports.map(|port| port.to_string()));
        Ok(command)
    });
    let mut peers = Vec::new();
    for peer in [workerd, node, deno] {
        match peer {
            Ok(peer) => peers.push(peer),
            Err(error) => note(&format!("a peer is left out: {error:#}"))?,
        }
    }
    Ok(peers)
}

/// The versions of the peers, as far as they are installed.
pub(crate) fn versions() -> String {
    let version = |name: &str| {
        let path = home().ok()?.join("node_modules").join(name).join("package.json");
        let package: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
        Some(format!("{name} {}", package["version"].as_str()?))
    };
    let node = Command::new("node").arg("--version").output().ok();
    let node = node.map(|node| format!("Node {}", String::from_utf8_lossy(&node.stdout).trim()));
    let packages = ["workerd", "deno", "hono"].into_iter().filter_map(version);
    node.into_iter().chain(packages).collect::<Vec<_>>().join(", ")
}

/// The program in the package that npm chose for this machine, past the script that starts it.
fn packaged(scope: &str, program: &str) -> anyhow::Result<PathBuf> {
    let packages = home()?.join("node_modules").join(scope);
    let entries = fs::read_dir(&packages)
        .with_context(|| format!("{} is not installed", packages.display()))?;
    let programs = entries.filter_map(|entry| Some(entry.ok()?.path().join(program)));
    programs.filter(|program| program.is_file()).min().context("it is not there for this machine")
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    let printed = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} failed: {printed}");
    Ok(())
}

/// Ports that nobody listens on at this moment, each another one.
fn free_ports() -> anyhow::Result<[u16; LISTENERS]> {
    let held = [(); LISTENERS].map(|()| std::net::TcpListener::bind("127.0.0.1:0"));
    let mut ports = [0; LISTENERS];
    for (port, listener) in ports.iter_mut().zip(held) {
        *port = listener?.local_addr()?.port();
    }
    Ok(ports)
}
