//! Places where a test may kill the process, to see that a crash there loses nothing.

/// Ends the process as `kill -9` does if `FAZT_KILL_AT` names this place.
///
/// Only in builds with `debug_assertions`; in others this is nothing.
#[cfg(debug_assertions)]
pub fn reach(place: &str) {
    if std::env::var_os("FAZT_KILL_AT").is_some_and(|wanted| wanted == place) {
        let _no_return =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Nothing: kill points exist only in builds with `debug_assertions`.
#[cfg(not(debug_assertions))]
pub const fn reach(_place: &str) {}
