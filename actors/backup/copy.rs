//! Makes one backup: snapshot, pages, manifest, seal, name.

use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::manifest::Manifest;
use super::partial::Partial;
use super::verify::verify_while;
use super::{
    BackupError, DISK_RESERVE_BYTES, LOG_BYTES_CALM, LOG_BYTES_MAX, LOG_BYTES_USUAL, Made,
    NewBackup, Wanted, folder, seal,
};
use crate::killpoint;
use crate::store::{LogHold, Store, StoreError, open_scratch};

/// Pages that are copied before they are made durable: 4 MiB.
const PAGES_PER_STEP: i32 = 512;

/// The longest pause between two steps. Each is as long as the step before it took, so that
/// the disk is the node's half of the time.
const PAUSE_MAX: Duration = Duration::from_millis(50);

/// Times in a row that a step may find a lock taken by whoever looks at the file meanwhile.
const LOCKED_MAX: u32 = 100;

/// From one of those to the next.
const LOCKED_PAUSE: Duration = Duration::from_millis(20);

/// Why a copy ends for which nobody waits.
pub(super) const UNWANTED: &str = "the node stops, or whoever asked for it has gone";

/// Where a database file says whether it has a write-ahead log: 2 for yes, 1 for no, once for
/// its writers and once for its readers (SQLite file format, section 1.3).
const VERSIONS_OFFSET: u64 = 18;

/// Makes the backup. Stops when `is_wanted` says no.
pub(super) fn create(
    store: &Store,
    new: &NewBackup,
    is_wanted: &Wanted,
) -> Result<Made, BackupError> {
    let target = folder::target(store.path(), new)?;
    let mut partial = Partial::begin(folder::parent(&target))?;
    let manifest = copy(store, new, &partial, &**is_wanted)?;
    killpoint::reach("backup.copied");
    let path = partial.path().to_owned();
    let (size_bytes, sha256) = seal::seal(&mut partial.file, &path, &**is_wanted)?;
    killpoint::reach("backup.sealed");
    if new.verify {
        confirm(&path, is_wanted)?;
    }
    partial.place(&target, new.force)?;
    killpoint::reach("backup.placed");
    tracing::info!(file = %target.display(), size_bytes, "made a backup");
    Ok(Made { file: target, size_bytes, sha256, manifest })
}

/// Reads the sealed copy back. What is wrong with it cannot be its age.
fn confirm(copy: &Path, is_wanted: &Wanted) -> Result<(), BackupError> {
    match verify_while(is_wanted, copy) {
        _ if !is_wanted() => Err(BackupError::GaveUp(UNWANTED.into())),
        Err(BackupError::Damaged { what, .. }) => Err(BackupError::GaveUp(
            format!(
                "the copy does not read back well, so the database itself may be damaged: {what}"
            )
            .into(),
        )),
        verified => verified.map(drop),
    }
}

/// Writes the database into `partial`, with its manifest.
fn copy(
    store: &Store,
    new: &NewBackup,
    partial: &Partial,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Manifest, BackupError> {
    let hold = store.hold_log();
    let copied = copy_snapshot(store, new, partial, &hold, is_wanted);
    // Also after a failure: the writer must find a log that it can deal with.
    let ended = hold.end();
    let manifest = copied?;
    ended?;
    // No file of a log will ever lie beside a backup, and so that it opens where nobody can
    // write, it must not ask for one.
    let path = partial.path();
    partial.file.write_all_at(&[1, 1], VERSIONS_OFFSET).map_err(BackupError::io("write", path))?;
    let connection = open_scratch(path).map_err(BackupError::copying(path))?;
    manifest.insert(&connection).map_err(BackupError::copying(path))?;
    Ok(manifest)
}

/// Copies the pages of one snapshot, which is gone again when this returns.
fn copy_snapshot(
    store: &Store,
    new: &NewBackup,
    partial: &Partial,
    hold: &LogHold,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Manifest, BackupError> {
    let source = store.open_reader()?;
    let snapshot = Transaction::new_unchecked(&source, TransactionBehavior::Deferred)
        .map_err(StoreError::from_sqlite)?;
    // The first read fixes what is copied.
    let manifest = Manifest::of(&snapshot, new.at).map_err(StoreError::from_sqlite)?;
    folder::ensure_room(partial.path(), bytes_of(&snapshot)?)?;
    let path = partial.path();
    let mut target = open_scratch(path).map_err(BackupError::copying(path))?;
    let backup = Backup::new(&source, &mut target).map_err(BackupError::copying(path))?;
    let mut locked = 0;
    // Ends: the snapshot stays the same, so each step that is not locked leaves fewer pages.
    loop {
        let began = Instant::now();
        match backup.step(PAGES_PER_STEP).map_err(BackupError::copying(path))? {
            StepResult::Done => break,
            StepResult::Busy | StepResult::Locked if locked == LOCKED_MAX => {
                return Err(BackupError::GaveUp("another program has locked its file".into()));
            }
            StepResult::Busy | StepResult::Locked => {
                locked += 1;
                std::thread::sleep(LOCKED_PAUSE);
                continue;
            }
            _ => locked = 0,
        }
        killpoint::reach("backup.step");
        partial.sync()?;
        if !is_wanted() {
            return Err(BackupError::GaveUp(UNWANTED.into()));
        }
        let log_bytes = hold.log_bytes();
        if let Some(reason) = too_much(log_bytes, folder::free_bytes(store.path())?) {
            return Err(BackupError::GaveUp(reason.into()));
        }
        match log_bytes {
            LOG_BYTES_CALM.. => {}
            _ => std::thread::sleep(began.elapsed().min(PAUSE_MAX)),
        }
    }
    Ok(manifest)
}

/// Why a copy is given up that has let the log of the database become this long, and has left
/// this much of its disk.
fn too_much(log_bytes: u64, free_bytes: u64) -> Option<&'static str> {
    match log_bytes {
        LOG_BYTES_MAX.. => Some("too much has changed meanwhile"),
        LOG_BYTES_USUAL.. if free_bytes < DISK_RESERVE_BYTES => {
            Some("what changes meanwhile fills the disk of the database")
        }
        _ => None,
    }
}

/// Bytes of the pages that `connection` sees.
fn bytes_of(connection: &Connection) -> Result<u64, BackupError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    let pages = number("page_count").map_err(StoreError::from_sqlite)?;
    Ok(pages * number("page_size").map_err(StoreError::from_sqlite)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_keeps_room_on_its_disk() {
        const MIB: u64 = 1024 * 1024;
        for (log_bytes, free_bytes, expect) in [
            (0, 0, None),
            (31 * MIB, MIB, None),
            (32 * MIB, 255 * MIB, Some("the disk of the database")),
            (32 * MIB, 256 * MIB, None),
            (4095 * MIB, 256 * MIB, None),
            (4096 * MIB, u64::MAX, Some("too much has changed")),
        ] {
            let reason = too_much(log_bytes, free_bytes);
            let is_expected = match (reason, expect) {
                (Some(reason), Some(part)) => reason.contains(part),
                (reason, expect) => reason == expect,
            };
            assert!(is_expected, "{log_bytes} {free_bytes}: {reason:?}");
        }
    }
}
