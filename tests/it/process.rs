//! The real binary: nodes in processes of their own, and commands beside them.
//!
//! A [`Machine`] has a home, a configuration and a database that no other test sees. A
//! [`Server`] dies with the test that started it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::wire::{self, Reply, Request};

/// The files of a site by their paths.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How often a test looks whether something has happened.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// The log line that says that a node answers and its owner's client has its token.
const READY: &str = "is running; stop it with";

/// Asks again and again until there is an answer; fails after `patience`.
#[track_caller]
pub(crate) fn within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what} did not happen in {patience:?}");
        std::thread::sleep(LOOK_INTERVAL);
    }
}

/// [`within`] the usual time.
#[track_caller]
pub(crate) fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, what, look)
}

/// Tells threads that they are no longer needed, also when the test fails.
pub(crate) struct SetAtEnd<'a>(pub(crate) &'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The files of a small site.
pub(crate) fn files(list: &[(&str, &str)]) -> Files {
    list.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

/// Bytes that no encoding makes smaller, the same for the same seed.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        // xorshift64: far from random, far from compressible.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A home, a configuration and a database of their own.
pub(crate) struct Machine {
    root: TempDir,
    commands_run: AtomicUsize,
}

impl Machine {
    pub(crate) fn new() -> Machine {
        let machine = Machine { root: TempDir::new().unwrap(), commands_run: AtomicUsize::new(0) };
        for folder in ["home", "config", "node", "logs"] {
            fs::create_dir(machine.path(folder)).unwrap();
        }
        machine
    }

    /// A path that only this test uses.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The database, in a folder where nothing else lies.
    pub(crate) fn database(&self) -> PathBuf {
        self.path("node/data.db")
    }

    /// The database as a word of a command line.
    pub(crate) fn db(&self) -> String {
        self.database().to_str().unwrap().to_owned()
    }

    /// The database's neighbour, such as `.lock`.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        PathBuf::from(self.db() + suffix)
    }

    /// Names of all that lies in the database's folder.
    pub(crate) fn node_folder(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("node")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// A stopped node has moved its log into the file and left nothing but its lock.
    #[track_caller]
    pub(crate) fn assert_closed(&self) {
        let log_bytes = fs::metadata(self.beside("-wal")).map_or(0, |log| log.len());
        assert_eq!(log_bytes, 0, "the log is in the file");
        let mut left = self.node_folder();
        // SQLite's own, both without content.
        left.retain(|name| !name.ends_with("-wal") && !name.ends_with("-shm"));
        assert_eq!(left, ["data.db", "data.db.lock"]);
    }

    /// Writes a folder anew, and answers its path as a word of a command line.
    pub(crate) fn folder(&self, name: &str, files: &Files) -> String {
        let folder = self.path(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        for (path, content) in files {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        folder.to_str().unwrap().to_owned()
    }

    /// A command of fazt that sees nothing of this computer but its programs.
    pub(crate) fn fazt(&self, words: &[&str]) -> Command {
        self.isolated(env!("CARGO_BIN_EXE_fazt"), words)
    }

    /// Any program, in the same surroundings.
    pub(crate) fn isolated(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).env_clear().current_dir(self.root.path()).stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.path("home")).env("XDG_CONFIG_HOME", self.path("config"));
        command
    }

    /// Runs a command of fazt to its end.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.finish(&mut self.fazt(words))
    }

    /// Runs a command to its end; kills it when that does not come.
    #[track_caller]
    pub(crate) fn finish(&self, command: &mut Command) -> Ran {
        let number = self.commands_run.fetch_add(1, Ordering::Relaxed);
        let (out, err) =
            (self.path(&format!("logs/{number}.out")), self.path(&format!("logs/{number}.err")));
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        let mut running = Running { child: command.spawn().unwrap() };
        let status = until("the end of the command", || running.child.try_wait().unwrap());
        Ran {
            words: format!("{command:?}"),
            status,
            stdout: fs::read_to_string(&out).unwrap(),
            stderr: fs::read_to_string(&err).unwrap(),
        }
    }

    /// Starts the node on a free port and waits until it answers.
    #[track_caller]
    pub(crate) fn start(&self) -> Server {
        let mut server = self.spawn(self.server_command());
        server.wait_until_ready();
        server
    }

    /// Starts a node that kills itself at a place, see `fazt_actors::killpoint`. `None` when
    /// it was gone before it answered.
    #[track_caller]
    pub(crate) fn start_doomed(&self, place: &str) -> Option<Server> {
        let mut command = self.server_command();
        command.env("FAZT_KILL_AT", place);
        let mut server = self.spawn(command);
        server.is_ready_before_its_end().then_some(server)
    }

    /// The command that starts the node.
    pub(crate) fn server_command(&self) -> Command {
        self.fazt(&["server", "start", "--port", "0", "--db", &self.db()])
    }

    /// Starts a node and waits for nothing.
    #[track_caller]
    pub(crate) fn spawn(&self, mut command: Command) -> Server {
        let number = self.commands_run.fetch_add(1, Ordering::Relaxed);
        let log = self.path(&format!("logs/{number}.node"));
        command.stdout(Stdio::null()).stderr(File::create(&log).unwrap());
        let running = Running { child: command.spawn().unwrap() };
        Server { running, log, port: 0, database: self.database() }
    }
}

/// What a command did.
pub(crate) struct Ran {
    words: String,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl fmt::Debug for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ran { words, status, stdout, stderr } = self;
        write!(f, "{words}\n{status}\nstdout: {stdout}\nstderr: {stderr}")
    }
}

impl Ran {
    /// Its output, when it went well.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert!(self.status.success(), "{self:?}");
        self.stdout
    }

    /// Its output as JSON, when it went well.
    #[track_caller]
    pub(crate) fn json(self) -> serde_json::Value {
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    /// What it complained of, when it failed with this code and printed no result.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> String {
        assert_eq!(self.status.code(), Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "a failure has no result: {self:?}");
        self.stderr
    }
}

/// A process that ends with its owner.
struct Running {
    child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// A node.
pub(crate) struct Server {
    running: Running,
    log: PathBuf,
    database: PathBuf,
    pub(crate) port: u16,
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.running.child.id()
    }

    /// What it has written to stderr.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn wait_until_ready(&mut self) {
        assert!(self.is_ready_before_its_end(), "the node ended:\n{}", self.log());
    }

    #[track_caller]
    fn is_ready_before_its_end(&mut self) -> bool {
        let is_ready = until("the node's start", || {
            if self.log().contains(READY) {
                return Some(true);
            }
            self.running.child.try_wait().unwrap().map(|_status| false)
        });
        if is_ready {
            let lock = fs::read_to_string(wire_neighbour(&self.database, ".lock")).unwrap();
            let port = lock.lines().nth(1).and_then(|url| url.rsplit(':').next()?.parse().ok());
            self.port = port.unwrap_or_else(|| panic!("no URL in the lock: {lock}"));
        }
        is_ready
    }

    /// The address for `--to`.
    pub(crate) fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Asks an app, or `localhost`, for a path.
    #[track_caller]
    pub(crate) fn get(&self, host: &str, path: &str) -> Reply {
        let request = Request::get(host, path);
        request.exchange(wire::tcp(self.port).unwrap()).unwrap()
    }

    /// Asks as the owner, through the socket.
    pub(crate) fn ask(&self, request: Request<'_>) -> io::Result<Reply> {
        request.exchange(wire::unix(&wire_neighbour(&self.database, ".sock"))?)
    }

    /// Asks the API as the owner for something that it has.
    #[track_caller]
    pub(crate) fn api(&self, path: &str) -> serde_json::Value {
        let reply = self.ask(Request::get("localhost", path)).unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()["data"].clone()
    }

    /// Deploys an archive of these files as the owner.
    #[track_caller]
    pub(crate) fn deploy(&self, app: &str, files: &Files) {
        let reply = self.ask(wire::deploy_form(app, files)).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.running.child);
        kill_process(pid, signal).unwrap();
    }

    /// Whether it has ended, and how.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.running.child.try_wait().unwrap()
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(&mut self, patience: Duration) -> ExitStatus {
        within(patience, "the node's end", || self.running.child.try_wait().unwrap())
    }

    /// Waits until a kill point has ended it.
    #[track_caller]
    pub(crate) fn wait_until_killed(&mut self) {
        let status = self.wait(PATIENCE);
        assert_eq!(status.signal(), Some(9), "{status}:\n{}", self.log());
    }

    /// Stops it in order.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        self.signal(Signal::TERM);
        let status = self.wait(PATIENCE);
        assert!(status.success(), "{status}:\n{}", self.log());
    }
}

fn wire_neighbour(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
