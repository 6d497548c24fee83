//! Opens an address in the user's browser, where there is one.

use std::{
    env,
    io::{self, IsTerminal},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

/// Starts the browser and does not wait for it. Where there is none, the address that the
/// caller prints has to do.
pub(in crate::cli) fn open(url: &str) {
    let is_web = url.starts_with("http://") || url.starts_with("https://");
    let Some(program) = opener() else { return };
    if !is_web || !io::stdout().is_terminal() {
        return;
    }
    let started = Command::new(program)
        .arg(url)
        // Ctrl-C ends this command, not the browser.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(cause) = started {
        super::super::output::note(&format!("warning: cannot start {program}: {cause}"));
    }
}

/// The system's own way to open an address; none on a machine without a screen.
fn opener() -> Option<&'static str> {
    if cfg!(target_os = "macos") {
        return Some("open");
    }
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some());
    has_screen.then_some("xdg-open")
}
