//! Bounds of functions that an owner may change.

use std::time::Duration;

/// One mebibyte in bytes.
const MIB: usize = 1024 * 1024;

/// What functions of a node may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionLimits {
    /// Milliseconds of processor time of a call while its code runs; by the clock it is three
    /// times that.
    pub running_time_ms: u32,
    /// How long a call may take until the head of its response.
    pub answer_time: Duration,
    /// How long a streamed response may last in all.
    pub stream_time: Duration,
    /// Bytes of one isolate, buffers included.
    pub isolate_bytes_max: u64,
    /// Isolates that live at the same time.
    pub isolates_max: usize,
    /// Bytes of all isolates together, as far as they can be told.
    pub memory_bytes_max: u64,
    /// Calls that wait for a thread, all apps together.
    pub waiting_max: usize,
    /// Threads that run JavaScript; 0: as many as there are processors.
    pub threads: usize,
}

impl FunctionLimits {
    /// Processor time of a call while its code runs.
    pub fn running_time(&self) -> Duration {
        Duration::from_millis(self.running_time_ms.into())
    }
}

impl Default for FunctionLimits {
    fn default() -> FunctionLimits {
        FunctionLimits {
            running_time_ms: 5_000,
            answer_time: Duration::from_secs(30),
            stream_time: Duration::from_secs(15 * 60),
            isolate_bytes_max: 64 * MIB as u64,
            isolates_max: 1_000,
            memory_bytes_max: quarter_of_memory() as u64,
            waiting_max: 2_048,
            threads: 0,
        }
    }
}

/// Memory where the machine does not say how much it has.
const MEMORY_UNKNOWN: usize = 1024 * MIB;

/// A quarter of the machine's memory.
fn quarter_of_memory() -> usize {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.trim().split(' ').next()?.parse::<usize>().ok());
    kib.map_or(MEMORY_UNKNOWN, |kib| kib * 1024) / 4
}
