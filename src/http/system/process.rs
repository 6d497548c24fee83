//! What the kernel says of this process and its machine. Zero where it does not say.

use std::fs;

/// Ticks of a second in which the kernel tells a process's time (`USER_HZ`, 100 on every
/// system that fazt runs on; see `proc_pid_stat(5)`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Fields of `/proc/self/stat` between the program's name and the time in user mode.
const FIELDS_BEFORE_TIME: usize = 11;

/// The process.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::http) struct ProcessFacts {
    /// Bytes of its resident memory.
    pub(in crate::http) resident_bytes: u64,
    /// Its threads.
    pub(in crate::http) threads: u64,
    /// Its open files, sockets and the like.
    pub(in crate::http) open_fds: u64,
    /// Seconds of processor time that it has used, in user mode and in the kernel.
    pub(in crate::http) cpu_seconds: f64,
}

impl ProcessFacts {
    /// Asks the kernel; a few small reads that never leave memory.
    pub(in crate::http) fn read() -> ProcessFacts {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // The folder is itself open while it is read.
        let open_fds = fs::read_dir("/proc/self/fd").map_or(0, |fds| fds.count().max(1) - 1);
        ProcessFacts {
            resident_bytes: number_after(&status, "VmRSS:") * 1024,
            threads: number_after(&status, "Threads:"),
            open_fds: open_fds as u64,
            cpu_seconds: ticks_of(&stat) as f64 / TICKS_PER_SECOND,
        }
    }
}

/// The machine, or the part of it that the process may use.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::http) struct MachineFacts {
    /// Bytes of memory.
    pub(in crate::http) memory_bytes: u64,
    /// Bytes of it that are free for programs.
    pub(in crate::http) available_bytes: u64,
}

impl MachineFacts {
    /// Asks the kernel.
    pub(in crate::http) fn read() -> MachineFacts {
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let memory_bytes = number_after(&meminfo, "MemTotal:") * 1024;
        let available_bytes = number_after(&meminfo, "MemAvailable:") * 1024;
        let group = |file: &str| -> Option<u64> {
            fs::read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?.trim().parse().ok()
        };
        // `max`, which is no number, means that the group has no limit of its own.
        let Some(limit) = group("memory.max") else {
            return MachineFacts { memory_bytes, available_bytes };
        };
        let left = limit.saturating_sub(group("memory.current").unwrap_or(0));
        MachineFacts { memory_bytes: limit, available_bytes: available_bytes.min(left) }
    }
}

/// The number behind a name at the beginning of a line.
fn number_after(text: &str, name: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// Time in user mode and in the kernel together, from `/proc/self/stat`.
fn ticks_of(stat: &str) -> u64 {
    // The program's name is in parentheses and may hold anything, parentheses included.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let times = fields.split_whitespace().skip(FIELDS_BEFORE_TIME).take(2);
    times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20";
        assert_eq!(ticks_of(stat), 300);
        assert_eq!(ticks_of(""), 0);
        let status = "Name:\tfazt\nVmRSS:\t  2048 kB\nThreads:\t5\n";
        assert_eq!((number_after(status, "VmRSS:"), number_after(status, "Threads:")), (2048, 5));
        assert_eq!(number_after(status, "VmSwap:"), 0);
    }

    #[test]
    fn this_process_is_alive() {
        let facts = ProcessFacts::read();
        assert!(facts.resident_bytes > 1 << 20 && facts.threads > 0 && facts.open_fds > 2);
        let machine = MachineFacts::read();
        assert!(machine.memory_bytes >= machine.available_bytes);
        assert!(machine.memory_bytes > facts.resident_bytes);
    }
}
