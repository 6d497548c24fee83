//! Places where a test may kill the process, to see that a crash there loses nothing.

/// Ends the process as `kill -9` does if `FAZT_KILL_AT` names this place.
///
/// `FAZT_KILL_AT=deploy.stored` means the first time that the place is reached, and
/// `deploy.contents:3` the third time. Only in builds with `debug_assertions`; in others
/// this is nothing.
#[cfg(debug_assertions)]
pub fn reach(place: &str) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    // One place is wanted at most, so one counter is enough.
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    let Ok(wanted) = std::env::var("FAZT_KILL_AT") else { return };
    let (name, nth) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if name == place && nth.parse() == Ok(TIMES.fetch_add(1, Ordering::SeqCst) + 1) {
        let _no_return =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Nothing: kill points exist only in builds with `debug_assertions`.
#[cfg(not(debug_assertions))]
pub const fn reach(_place: &str) {}
