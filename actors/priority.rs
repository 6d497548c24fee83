//! Priorities of threads: work that nobody waits for gives way to visitors.

use rustix::process::setpriority_process;

/// Lowers the priority of the calling thread, for as long as it lives. `nice` is 1 to 19, the
/// higher the lower; `what` is told in the log where the system refuses.
pub(crate) fn lower(nice: i32, what: &str) {
    // On Linux this sets the priority of the calling thread alone.
    if let Err(error) = setpriority_process(None, nice) {
        tracing::warn!(error = %error, "{what} at normal priority");
    }
}

/// The same for the threads that `start` starts. No other thread may start one meanwhile.
#[cfg(feature = "v8")]
pub(crate) fn lower_threads_of(start: impl FnOnce(), nice: i32, what: &str) {
    let earlier = threads();
    start();
    for thread in threads().difference(&earlier) {
        let thread = rustix::process::Pid::from_raw(*thread);
        if let Some(Err(error)) = thread.map(|thread| setpriority_process(Some(thread), nice)) {
            tracing::warn!(error = %error, "{what} at normal priority");
        }
    }
}

/// The threads of this process, by their numbers; none where the system does not say.
#[cfg(feature = "v8")]
fn threads() -> std::collections::BTreeSet<i32> {
    let listed = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    listed.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}
