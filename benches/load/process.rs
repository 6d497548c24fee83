//! Child processes: pinned to a core, watched, and never left behind.
//!
//! A child ends with this process however that ends: its guard stops it when it is
//! dropped, a panic included, and the kernel signals it when this process is killed.

use std::ffi::OsStr;
use std::fs;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// The core of the server under test.
pub(crate) const SERVER_CORE: usize = 0;

/// The core of everything that asks it.
pub(crate) const CLIENT_CORE: usize = 1;

/// How often a condition is looked at while it is waited for.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// How long a child may take to end after it was told to.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a child may take to end after it was told to, when nobody asked for its outcome.
const DROP_TIMEOUT: Duration = Duration::from_secs(2);

/// Clock ticks a second in `/proc/PID/stat`: the same for every program on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Fails unless these programs are installed, each with the package of Debian that has it, and
/// there is a core for the server and one for its clients.
pub(crate) fn ensure_installed(programs: &[(&str, &str)]) -> anyhow::Result<()> {
    for (program, package) in programs {
        // Whether it likes the flag does not matter, only whether it is there.
        let mut command = Command::new(program);
        command.arg("-v").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        ensure!(
            command.status().is_ok(),
            "{program} is missing: install it with `apt-get install {package}`"
        );
    }
    let cores = std::thread::available_parallelism()?.get();
    ensure!(cores >= 2, "this needs two cores, one for the server and one for its clients");
    Ok(())
}

/// `program` on one core, to be ended with this process.
pub(crate) fn pinned(core: usize, program: impl AsRef<OsStr>) -> Command {
    pinned_to(&[core], program)
}

/// `program` on some cores, to be ended with this process.
pub(crate) fn pinned_to(cores: &[usize], program: impl AsRef<OsStr>) -> Command {
    let cores = cores.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "taskset", "-c", &cores]).arg(program);
    command.stdin(Stdio::null());
    command
}

/// Lets this thread, and those that it starts, run on the clients' core, and before all else
/// there: a command that shares the core must not add to what is measured. Without the right to
/// do so (root has it) the numbers hold some of the client's own delay.
pub(crate) fn become_measuring_thread() -> anyhow::Result<()> {
    let mut cores = rustix::thread::CpuSet::new();
    cores.set(CLIENT_CORE);
    rustix::thread::sched_setaffinity(None, &cores).context("cannot choose a core")?;
    let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
    let mut command = Command::new("chrt");
    command.args(["--fifo", "--pid", "1", &thread]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().map(drop).context("cannot run chrt")
}

/// Looks until `look` finds something, at most for `timeout`.
pub(crate) fn wait_for<T>(
    what: &str,
    timeout: Duration,
    mut look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + timeout;
    while Instant::now() < deadline {
        if let Some(found) = look()? {
            return Ok(found);
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    bail!("{what}: not within {} s", timeout.as_secs())
}

/// A child process. Dropping it ends it.
pub(crate) struct Running {
    name: &'static str,
    child: Child,
}

impl Running {
    /// Starts `command`.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> anyhow::Result<Running> {
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Running { name, child })
    }

    /// Its process id. The programs before it on the command line have become it.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails when it has ended although nobody told it to.
    pub(crate) fn ensure_alive(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} has ended by itself: {status}", self.name),
        }
    }

    /// Asks it to end in order, and waits until it has.
    pub(crate) fn stop(mut self) -> anyhow::Result<ExitStatus> {
        self.terminate();
        let name = self.name;
        wait_for(&format!("the end of {name}"), STOP_TIMEOUT, || Ok(self.child.try_wait()?))
    }

    /// What it printed, once it has ended by itself within `timeout`. Its output must fit
    /// into a pipe, since nobody reads it before.
    pub(crate) fn output(mut self, timeout: Duration) -> anyhow::Result<String> {
        let name = self.name;
        let ended =
            wait_for(&format!("the end of {name}"), timeout, || Ok(self.child.try_wait()?));
        let mut printed = String::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            std::io::Read::read_to_string(&mut stdout, &mut printed)?;
        }
        let status = ended?;
        anyhow::ensure!(status.success(), "{name} failed ({status}): {printed}");
        Ok(printed)
    }

    fn terminate(&self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It may have ended in this moment: that is what was wanted.
            let _gone = kill_process(pid, Signal::TERM);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        self.terminate();
        let ended = wait_for("", DROP_TIMEOUT, || Ok(self.child.try_wait()?));
        if ended.is_err() {
            let _gone = self.child.kill();
            let _status = self.child.wait();
        }
    }
}

/// What a server and its children have used so far.
pub(crate) struct Usage {
    pids: Vec<u32>,
}

impl Usage {
    /// Of the process `pid` and those that it has started by now.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Usage> {
        let mut pids = vec![pid];
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(other) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // Processes come and go while this looks at them.
            if stat_field(other, 1).is_ok_and(|parent| parent == u64::from(pid)) {
                pids.push(other);
            }
        }
        Ok(Usage { pids })
    }

    /// Seconds on a processor, in user space and in the kernel.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let mut ticks = 0;
        for pid in &self.pids {
            ticks += stat_field(*pid, 11)? + stat_field(*pid, 12)?;
        }
        Ok(ticks as f64 / TICKS_PER_SECOND)
    }

    /// Resident memory now, in megabytes (10^6 bytes).
    pub(crate) fn resident_mb(&self) -> anyhow::Result<f64> {
        self.status_mb("VmRSS:")
    }

    /// The most resident memory so far, in megabytes.
    pub(crate) fn resident_peak_mb(&self) -> anyhow::Result<f64> {
        self.status_mb("VmHWM:")
    }

    fn status_mb(&self, field: &str) -> anyhow::Result<f64> {
        let mut kib = 0;
        for pid in &self.pids {
            let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix(field));
            let number = line.and_then(|rest| rest.split_whitespace().next());
            kib += number.context("no memory in /proc/PID/status")?.parse::<u64>()?;
        }
        Ok(kib as f64 * 1024.0 / 1e6)
    }
}

/// A number of `/proc/PID/stat`, counted from the state, which is 0 (proc(5)).
fn stat_field(pid: u32, position: usize) -> anyhow::Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name before may hold spaces and parentheses of its own.
    let (_, fields) = stat.rsplit_once(')').context("a strange /proc/PID/stat")?;
    let field = fields.split_whitespace().nth(position).context("a short /proc/PID/stat")?;
    Ok(field.parse()?)
}
