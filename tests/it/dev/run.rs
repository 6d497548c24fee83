//! A run of `fazt dev`, its terminal, and a browser's stream of events.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::process::{Files, Machine, until};
use crate::wire::{self, Reply, Request};

/// The host of the app in these tests.
pub(crate) const SITE: &str = "site.localhost";

/// Where those runs are: seven hours east of Greenwich, which POSIX writes with a minus.
const TIME_ZONE: &str = "<+07>-7";

/// What a page of the node has more than its file.
pub(crate) const SCRIPT: &str = "<script src=\"/_fazt/dev/reload.js\"";

/// `fazt dev site --json`, with a temporary folder in which nothing else lies.
pub(crate) struct Dev {
    child: Child,
    out: PathBuf,
    err: PathBuf,
    pub(crate) temporary: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
}

impl Drop for Dev {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

impl Dev {
    /// Starts it on these files, on any port, and waits for the first release.
    #[track_caller]
    pub(crate) fn start(machine: &Machine, files: &Files) -> Dev {
        let dev = Dev::spawn(machine, files, &["--port", "0"]);
        dev.event("deployed", 0);
        dev
    }

    /// Starts it with these words more, and waits until it listens.
    #[track_caller]
    pub(crate) fn spawn(machine: &Machine, files: &Files, words: &[&str]) -> Dev {
        let mut dev = Dev::launch(machine, files, &[words, &["--json"]].concat());
        let url = dev.event("ready", 0)["url"].as_str().unwrap().to_owned();
        dev.port = url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
        dev
    }

    /// Starts it with these words more, in a time zone that few live in, and waits for nothing.
    #[track_caller]
    pub(crate) fn launch(machine: &Machine, files: &Files, words: &[&str]) -> Dev {
        let folder = machine.folder("site", files);
        let name = format!("dev{}", words.join("").replace(['/', '-'], ""));
        let temporary = machine.path(&format!("{name}-tmp"));
        fs::create_dir_all(&temporary).unwrap();
        let [out, err] = ["out", "err"].map(|end| machine.path(&format!("{name}.{end}")));
        let mut command = machine.fazt(&[&["dev", &folder], words].concat());
        command.env("TMPDIR", &temporary).env("TZ", TIME_ZONE);
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        let child = command.spawn().unwrap();
        Dev { child, out, err, temporary, folder: folder.into(), port: 0 }
    }

    /// What stands on its stdout and stderr.
    pub(crate) fn text(&self) -> [String; 2] {
        [&self.out, &self.err].map(|path| fs::read_to_string(path).unwrap())
    }

    /// What it has printed so far.
    pub(crate) fn printed(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.out).unwrap();
        let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The first event of this name that was printed after `past` others of any name.
    #[track_caller]
    pub(crate) fn event(&self, name: &str, past: usize) -> Value {
        until(name, || {
            let found = self.printed().into_iter().skip(past).find(|event| event["event"] == name);
            if found.is_none() {
                let log = fs::read_to_string(&self.err).unwrap();
                assert!(!log.contains("error: "), "{log}");
            }
            found
        })
    }

    /// Waits until the app answers this path with this text, among others.
    #[track_caller]
    pub(crate) fn wait_for(&self, path: &str, text: &str) {
        until(path, || self.get(path).text().contains(text).then_some(()));
    }

    /// Writes a file of the folder, whole or not at all.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.path(path);
        let folder = file.parent().unwrap();
        fs::create_dir_all(folder).unwrap();
        let temporary = folder.join(".written-by-the-test");
        fs::write(&temporary, text).unwrap();
        fs::rename(temporary, file).unwrap();
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Asks the app for a path.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask(Request::get(SITE, path))
    }

    #[track_caller]
    pub(crate) fn ask(&self, request: Request<'_>) -> Reply {
        request.exchange(wire::tcp(self.port).unwrap()).unwrap()
    }

    /// What a page is told when it asks.
    #[track_caller]
    pub(crate) fn state(&self) -> Value {
        self.get("/_fazt/dev/state").json()
    }

    /// Listens as a page does. The first event has arrived.
    #[track_caller]
    pub(crate) fn listen(&self) -> Stream {
        let mut connection = wire::tcp(self.port).unwrap();
        connection.write_all(&Request::get(SITE, "/_fazt/dev/events").head()).unwrap();
        let mut stream = Stream { lines: BufReader::new(connection) };
        assert_eq!(stream.line().unwrap(), "HTTP/1.1 200 OK");
        let (name, state) = stream.next();
        assert_eq!(name, "state", "{state}");
        stream
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        until("the end of fazt dev", || self.child.try_wait().unwrap())
    }

    /// Names of what lies in its temporary folder.
    pub(crate) fn leftovers(&self) -> Vec<PathBuf> {
        entries(&self.temporary)
    }

    /// Processes that it has started and that run still.
    pub(crate) fn children(&self) -> String {
        let tasks = format!("/proc/{0}/task/{0}/children", self.child.id());
        fs::read_to_string(tasks).unwrap_or_default()
    }
}

/// All that lies in a folder.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// A stream of events.
pub(crate) struct Stream {
    lines: BufReader<TcpStream>,
}

impl Stream {
    /// The next event: its name and its data. Sizes of chunks stand on lines of their own and
    /// are passed over.
    #[track_caller]
    pub(crate) fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let line = self.line().unwrap_or_else(|| panic!("the stream has ended"));
            if let Some(text) = line.strip_prefix("event: ") {
                name = text.to_owned();
            } else if let Some(text) = line.strip_prefix("data: ") {
                return (name, serde_json::from_str(text).unwrap());
            }
        }
    }

    /// The next event, which has this name.
    #[track_caller]
    pub(crate) fn expect(&mut self, wanted: &str) -> Value {
        let (name, data) = self.next();
        assert_eq!(name, wanted, "{data}");
        data
    }

    /// Reads until the node ends the stream.
    pub(crate) fn read_to_end(mut self) {
        while self.line().is_some() {}
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).unwrap();
        (read > 0).then(|| line.trim_end().to_owned())
    }
}
