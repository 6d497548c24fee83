//! Priorities of threads: work that nobody waits for gives way to visitors.

/// Lowers the priority of the calling thread, for as long as it lives. `nice` is 1 to 19, the
/// higher the lower; `what` is told in the log where the system refuses.
pub(crate) fn lower(nice: i32, what: &str) {
    // On Linux this sets the priority of the calling thread alone.
    if let Err(error) = rustix::process::setpriority_process(None, nice) {
        tracing::warn!(error = %error, "{what} at normal priority");
    }
}
