//! Checks the functions of a release, so that a mistake is told to whoever deploys it and not
//! to the visitors.

use bytes::Bytes;
use rusqlite::Connection;

use super::DeployError;
use super::rules::read_entry;
use super::writes::ReleaseEntry;
use crate::executor::bundle::{BUNDLE_BYTES_MAX, BundleTooLarge, ROOT_INDEX, is_for_functions};
use crate::executor::routes::{self, FunctionRoutes};
use crate::scripts::{self, Language, SOURCE_BYTES_MAX, ScriptError};
use crate::store::{Readers, StoreError};

/// Files, and bytes of them, that are in memory at the same time.
const FILES_PER_STEP: usize = 256;
const BYTES_PER_STEP: u64 = SOURCE_BYTES_MAX as u64;

/// Reads and checks every source file that a function of this release can be made of. What is
/// wrong with the first of them, by path, refuses the deploy.
pub(super) async fn check(readers: &Readers, entries: &[ReleaseEntry]) -> Result<(), DeployError> {
    let has_root_index = entries.iter().any(|entry| entry.path.as_str() == ROOT_INDEX);
    let is_read = |entry: &&ReleaseEntry| is_for_functions(entry.path.as_str(), has_root_index);
    let mut files: Vec<&ReleaseEntry> = entries.iter().filter(is_read).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut paths = files.iter().map(|entry| entry.path.as_str());
    if let Some(path) = paths.clone().find(|path| would_be_route(path)) {
        // It says so without being looked at.
        scripts::prepare(path, b"")?;
    }
    let has_functions = !FunctionRoutes::new(paths.by_ref(), has_root_index).is_empty();
    if !has_functions {
        return Ok(());
    }
    let bytes = files.iter().map(|entry| entry.size).sum();
    if bytes > BUNDLE_BYTES_MAX {
        return Err(BundleTooLarge { bytes }.into());
    }
    files.retain(|entry| Language::of(entry.path.as_str()).is_some_and(Language::is_code));
    for step in steps(&files) {
        let wanted: Vec<ReleaseEntry> = step.iter().map(|entry| (*entry).clone()).collect();
        let read = readers.read(move |connection| read_all(connection, wanted)).await?;
        // Parsing is work for a thread that may take its time, and needs no connection.
        let checked = tokio::task::spawn_blocking(move || prepare_all(&read)).await;
        checked.map_err(|_| StoreError::Panicked)??;
    }
    Ok(())
}

/// Whether a file is meant as a route and is written in JSX, which none can be.
fn would_be_route(path: &str) -> bool {
    Language::of(path) == Some(Language::Jsx) && routes::is_route_path(path)
}

/// The files in steps of bounded size; one file alone may be larger.
fn steps<'a, 'b>(files: &'b [&'a ReleaseEntry]) -> Vec<&'b [&'a ReleaseEntry]> {
    let mut steps = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, file) in files.iter().enumerate() {
        if index - start == FILES_PER_STEP || (bytes + file.size > BYTES_PER_STEP && index > start)
        {
            steps.push(&files[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += file.size;
    }
    steps.push(&files[start..]);
    steps
}

fn read_all(
    connection: &Connection,
    wanted: Vec<ReleaseEntry>,
) -> rusqlite::Result<Vec<(ReleaseEntry, Bytes)>> {
    let mut read = Vec::with_capacity(wanted.len());
    for entry in wanted {
        // One that is not stored is refused when the release is listed.
        if let Some(bytes) = read_entry(connection, &entry)? {
            read.push((entry, bytes));
        }
    }
    Ok(read)
}

fn prepare_all(files: &[(ReleaseEntry, Bytes)]) -> Result<(), ScriptError> {
    files
        .iter()
        .try_for_each(|(entry, bytes)| scripts::prepare(entry.path.as_str(), bytes).map(drop))
}
