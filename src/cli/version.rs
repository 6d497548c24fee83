//! `fazt version`: three lines, as the original printed them.

use std::env::consts::{ARCH, OS};

use super::output;

/// Prints the version, that of the database inside, and the kind of machine.
///
/// # Errors
/// Stdout cannot be written.
pub(super) fn print() -> anyhow::Result<()> {
    output::line(&format!(
        "fazt {}\nSQLite version: {}\nOS/Arch: {OS}/{}",
        env!("CARGO_PKG_VERSION"),
        fazt_actors::store::sqlite_version(),
        arch()
    ))
}

/// The processor, by the name in the names of downloads.
fn arch() -> &'static str {
    match ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
