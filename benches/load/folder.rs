//! Where a bench keeps what it writes: below cargo's target, on a real disk.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::TempDir;

use super::node::binary;

/// Where cargo builds: a disk with room, and out of the way of git.
pub(crate) fn target() -> anyhow::Result<PathBuf> {
    let binary = std::path::absolute(binary())?;
    let folder = binary.parent().and_then(Path::parent);
    Ok(folder.context("the binary lies in no folder")?.to_owned())
}

/// A folder for this run, and for no longer. Its name begins with `prefix` and the number of
/// this process, so that a later run knows what was left behind.
pub(crate) fn make(prefix: &str) -> anyhow::Result<TempDir> {
    let target = target()?;
    remove_leftovers(&target, prefix)?;
    tempfile::Builder::new()
        .prefix(&format!("{prefix}{}-", std::process::id()))
        .tempdir_in(&target)
        .context("cannot make a folder for the databases")
}

/// Removes what runs left behind that were killed.
fn remove_leftovers(target: &Path, prefix: &str) -> anyhow::Result<()> {
    for entry in fs::read_dir(target)? {
        let entry = entry?;
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(prefix)?.split('-').next());
        let Some(owner) = owner else { continue };
        if !Path::new("/proc").join(owner).exists() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
