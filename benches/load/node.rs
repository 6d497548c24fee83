//! The release binary as a node on this machine, and its commands.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::http::{Client, request};
use super::process::{CLIENT_CORE, Running, SERVER_CORE, Usage, pinned, pinned_to, wait_for};

/// How long a node may take to answer after its start.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a backup may take to be made or checked.
const BACKUP_TIMEOUT: Duration = Duration::from_secs(600);

/// How long the encodings of one site may take.
const ENCODING_TIMEOUT: Duration = Duration::from_secs(120);

/// A node that does nothing for this long has nothing left to do.
const IDLE_FOR: Duration = Duration::from_millis(300);

/// The binary under test: the one that `FAZT_BENCH_BINARY` names, else the one that this bench
/// was built with.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("FAZT_BENCH_BINARY")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_fazt")), PathBuf::from)
}

/// A folder with a node's database and its user's home.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    dir: PathBuf,
}

impl Place {
    /// Makes the folder.
    pub(crate) fn make(dir: PathBuf) -> anyhow::Result<Place> {
        fs::create_dir_all(dir.join("home"))?;
        Ok(Place { dir })
    }

    /// The database file.
    pub(crate) fn database(&self) -> PathBuf {
        self.dir.join("data.db")
    }

    fn log(&self) -> PathBuf {
        self.dir.join("node.log")
    }

    /// A second place with a copy of this one's database, whose node must be stopped.
    pub(crate) fn copy(&self, dir: PathBuf) -> anyhow::Result<Place> {
        let copy = Place::make(dir)?;
        fs::copy(self.database(), copy.database())?;
        Ok(copy)
    }

    /// Starts the node on the servers' core. It may not answer yet.
    pub(crate) fn spawn(&self, port: u16) -> anyhow::Result<Running> {
        self.spawn_on(&[SERVER_CORE], port)
    }

    fn spawn_on(&self, cores: &[usize], port: u16) -> anyhow::Result<Running> {
        let mut command = pinned_to(cores, binary());
        command.args(["server", "start", "--port", &port.to_string(), "--db"]);
        command.arg(self.database()).stdout(Stdio::null());
        command.stderr(fs::File::create(self.log())?);
        Running::start("fazt", self.surround(&mut command))
    }

    /// Nothing of the caller's own nodes and tokens is seen or changed.
    fn surround<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let home = self.dir.join("home");
        for name in ["FAZT_TOKEN", "FAZT_DB_PATH", "FAZT_DOMAIN", "PORT", "LISTEN_FDS"] {
            command.env_remove(name);
        }
        command.env("XDG_CONFIG_HOME", home.join(".config")).env("HOME", home)
    }
}

/// A node that runs.
pub(crate) struct Node {
    /// Where its files are.
    pub(crate) place: Place,
    /// Where it listens.
    pub(crate) port: u16,
    running: Running,
}

impl Node {
    /// Starts the node of `place` and waits until it answers.
    pub(crate) fn start(place: &Place) -> anyhow::Result<Node> {
        Node::start_on(&[SERVER_CORE], place)
    }

    /// The same on other cores.
    pub(crate) fn start_on(cores: &[usize], place: &Place) -> anyhow::Result<Node> {
        let port = free_port()?;
        let mut running = place.spawn_on(cores, port)?;
        let log = place.log();
        wait_for("a node that runs", START_TIMEOUT, || {
            running.ensure_alive().with_context(|| format!("see {}", log.display()))?;
            // It answers a little earlier; by now this user's commands know it too.
            Ok(fs::read_to_string(&log)?.contains("is running").then_some(()))
        })?;
        Ok(Node { place: place.clone(), port, running })
    }

    /// Stops it in order.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        let status = self.running.stop()?;
        ensure!(status.success(), "the node ended with {status}");
        Ok(())
    }

    /// What it uses of the machine.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.running.pid())
    }

    /// `fazt deploy` of a folder, from the clients' core.
    pub(crate) fn deploy(&self, dir: &Path, app: &str) -> anyhow::Result<Deployed> {
        self.run_deploy(dir, app, pinned(CLIENT_CORE, binary()))
    }

    /// The same, but a thread that measures on that core takes it from the command at once:
    /// the clients of a real node are on another machine.
    pub(crate) fn deploy_gently(&self, dir: &Path, app: &str) -> anyhow::Result<Deployed> {
        let mut command = pinned(CLIENT_CORE, "chrt");
        command.args(["--idle", "0"]).arg(binary());
        self.run_deploy(dir, app, command)
    }

    fn run_deploy(&self, dir: &Path, app: &str, mut command: Command) -> anyhow::Result<Deployed> {
        command.arg("deploy").arg(dir).args(["--name", app]);
        command.args(["--to", &format!("http://localhost:{}", self.port)]);
        let started = Instant::now();
        let printed = self.output(command)?;
        let ended = Instant::now();
        let sent_bytes = sent_bytes(&printed)
            .with_context(|| format!("cannot read what `fazt deploy` printed:\n{printed}"))?;
        Ok(Deployed { started, ended, sent_bytes })
    }

    /// A token for everything.
    pub(crate) fn admin_token(&self) -> anyhow::Result<String> {
        let mut command = pinned(CLIENT_CORE, binary());
        command.args(["server", "create-key", "--name", "bench", "--scopes", "admin", "--db"]);
        command.arg(self.place.database());
        Ok(self.output(command)?.trim().to_owned())
    }

    /// `GET /api/system/health`.
    pub(crate) fn health(&self, token: &str) -> anyhow::Result<Value> {
        let fields = [bearer(token)];
        let asked = request("GET", "localhost", "/api/system/health", &fields, b"");
        Client::connect(self.port)?.send(&asked)?.data()
    }

    /// `fazt backup create FILE`, without reading it back: that would be work for the clients'
    /// core, and not for the node.
    pub(crate) fn back_up(&self, file: &Path) -> anyhow::Result<Duration> {
        let mut command = pinned(CLIENT_CORE, binary());
        command.args(["backup", "create", "--no-verify"]).arg(file);
        command.arg("--db").arg(self.place.database());
        self.timed(command)
    }

    /// `fazt backup verify FILE`.
    pub(crate) fn verify(&self, file: &Path) -> anyhow::Result<Duration> {
        let mut command = pinned(CLIENT_CORE, binary());
        command.args(["backup", "verify"]).arg(file);
        self.timed(command)
    }

    fn timed(&self, command: Command) -> anyhow::Result<Duration> {
        let started = Instant::now();
        self.output_within(command, BACKUP_TIMEOUT)?;
        Ok(started.elapsed())
    }

    /// What a command prints, with this user's surroundings.
    pub(crate) fn output(&self, command: Command) -> anyhow::Result<String> {
        self.output_within(command, COMMAND_TIMEOUT)
    }

    fn output_within(&self, mut command: Command, timeout: Duration) -> anyhow::Result<String> {
        let command = self.place.surround(&mut command);
        Running::start("fazt", command.stdout(Stdio::piped()))?.output(timeout)
    }

    /// Waits until the node has done what it does after a deploy.
    pub(crate) fn wait_until_idle(&self) -> anyhow::Result<()> {
        let usage = self.usage()?;
        let mut used = usage.cpu_seconds()?;
        let mut since = Instant::now();
        wait_for("an idle node", ENCODING_TIMEOUT, || {
            let now = usage.cpu_seconds()?;
            if now > used {
                (used, since) = (now, Instant::now());
            }
            Ok((since.elapsed() > IDLE_FOR).then_some(()))
        })
    }

    /// Waits until a file is answered in this encoding.
    pub(crate) fn wait_for_encoding(
        &self,
        host: &str,
        path: &str,
        encoding: &str,
    ) -> anyhow::Result<()> {
        let fields = [("Accept-Encoding".to_owned(), encoding.to_owned())];
        let mut client = Client::connect(self.port)?;
        wait_for(&format!("{path} in {encoding}"), ENCODING_TIMEOUT, || {
            let answer = client.get(host, path, &fields)?;
            ensure!(answer.status == 200, "{path} is answered with {}", answer.status);
            Ok((answer.field("content-encoding") == Some(encoding)).then_some(()))
        })
    }
}

/// A deploy by the command.
pub(crate) struct Deployed {
    /// When the command was started.
    pub(crate) started: Instant,
    /// When it had ended.
    pub(crate) ended: Instant,
    /// What it says that it sent.
    pub(crate) sent_bytes: f64,
}

impl Deployed {
    /// From the start of the command to its end, in milliseconds.
    pub(crate) fn milliseconds(&self) -> f64 {
        (self.ended - self.started).as_secs_f64() * 1000.0
    }
}

/// The header field that shows a token.
pub(crate) fn bearer(token: &str) -> (String, String) {
    ("Authorization".to_owned(), format!("Bearer {token}"))
}

/// A port that nobody listens on at this moment.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Reads `… sent 12 KB in 0.05 s.`; units are powers of 1024.
fn sent_bytes(printed: &str) -> Option<f64> {
    let (_, rest) = printed.rsplit_once("sent ")?;
    let mut words = rest.split_whitespace();
    let number: f64 = words.next()?.parse().ok()?;
    let power =
        ["B", "KB", "MB", "GB"].iter().position(|unit| words.clone().next() == Some(*unit))?;
    Some(number * 1024_f64.powi(i32::try_from(power).ok()?))
}
