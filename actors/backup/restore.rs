//! Puts a backup in the place of a database.
//!
//! The copy is unpacked beside the database, checked there and brought up to date, so that
//! what was checked is what is installed. What was in its place keeps a name of its own. The
//! new file then takes its name in one step: a crash leaves the old database or the new one.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode::TRUNCATE;

use super::manifest::Manifest;
use super::partial::{remove, sync_folder};
use super::seal::Sealed;
use super::{BackupError, folder, verify};
use crate::killpoint;
use crate::store::{
    NODE_MIGRATIONS, Owner, OwnerError, Store, StoreError, beside, open_checkpointer, open_scratch,
};
use crate::timestamp::Timestamp;

/// The new database until it is installed, appended to the name of the old one.
const UNPACKED: &str = ".restoring";

/// What is to be restored, and where.
#[derive(Clone, Debug)]
pub struct Restore<'a> {
    /// The backup.
    pub file: &'a Path,
    /// The database that it becomes.
    pub database: &'a Path,
    /// Whether a database that is there may be put aside.
    pub force: bool,
    /// When this was asked for.
    pub at: Timestamp,
}

/// A backup that is a database again.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The database.
    pub database: PathBuf,
    /// Where that is which was there before.
    pub previous: Option<PathBuf>,
    /// What was in the backup.
    pub manifest: Manifest,
    /// Signed-in browsers that the backup knew. They must sign in again: whoever was signed
    /// out since must not come back with it.
    pub sessions_ended: u64,
}

/// Checks a backup and puts it in the place of a database that no process uses. Blocks.
///
/// # Errors
/// See [`BackupError`]; the database that was there is still there.
pub fn restore(wanted: &Restore<'_>) -> Result<Restored, BackupError> {
    // Most mistakes show here, before there is a lock or a copy.
    let mut sealed = Sealed::open(wanted.file)?;
    let database = wanted.database;
    check_place(wanted)?;
    let _owner = Owner::take(database).map_err(held)?;
    let unpacked = Unpacked { path: beside(database, UNPACKED), is_installed: false };
    folder::ensure_room(&unpacked.path, sealed.length)?;
    let (manifest, sessions_ended) = unpack(&mut sealed, wanted.file, &unpacked.path)?;
    killpoint::reach("restore.unpacked");
    let previous = put_aside(database, wanted.at)?;
    killpoint::reach("restore.aside");
    unpacked.install(database)?;
    Ok(Restored { database: database.to_owned(), previous, manifest, sessions_ended })
}

/// A lock that cannot be made is no lock that is held.
fn held(error: OwnerError) -> BackupError {
    match error {
        OwnerError::Held { .. } => BackupError::Held(error),
        OwnerError::Io { path, source } => BackupError::Io { action: "lock", path, source },
    }
}

fn check_place(wanted: &Restore<'_>) -> Result<(), BackupError> {
    let path = wanted.database.to_owned();
    match wanted.database.symlink_metadata() {
        Ok(there) if there.is_dir() => {
            Err(BackupError::Place { path, reason: "is a folder: name a file in it" })
        }
        // Else the link would be replaced, and what it leads to left alone.
        Ok(there) if there.is_symlink() => {
            Err(BackupError::Place { path, reason: "is a link: name what it leads to" })
        }
        Ok(_) if !wanted.force => Err(BackupError::Exists { path }),
        _ => Ok(()),
    }
}

/// The new database before it has its name; removed when dropped before that.
struct Unpacked {
    path: PathBuf,
    is_installed: bool,
}

impl Unpacked {
    /// Gives it its name, over whatever has it.
    fn install(mut self, database: &Path) -> Result<(), BackupError> {
        std::fs::rename(&self.path, database).map_err(BackupError::io("install", database))?;
        self.is_installed = true;
        sync_folder(database)
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        if !self.is_installed
            && let Err(error) = remove(&self.path)
        {
            tracing::warn!(error = %error, "a part of a restored database is left behind");
        }
    }
}

/// Makes a durable database of a backup: checked, up to date, nobody signed in.
fn unpack(sealed: &mut Sealed, file: &Path, path: &Path) -> Result<(Manifest, u64), BackupError> {
    let io = || BackupError::io("write", path);
    // Left by a process that was killed; only the owner of the database comes here.
    remove(path)?;
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut copy = created.map_err(io())?;
    sealed.unpack(&mut copy)?;
    let mut connection = open_scratch(path).map_err(BackupError::unreadable(file))?;
    let manifest = verify::examine(&connection, file)?;
    if verify::is_older(&manifest) {
        verify::migrate(&mut connection, file, &manifest)?;
    }
    let ended = settle(&connection).map_err(StoreError::from_sqlite)?;
    drop(connection);
    copy.sync_all().map_err(io())?;
    Ok((manifest, ended))
}

/// Takes out what only a backup has, and what must not come back to life.
fn settle(connection: &Connection) -> rusqlite::Result<u64> {
    Manifest::remove(connection)?;
    let ended = connection.execute("DELETE FROM sessions", [])?;
    Ok(ended as u64)
}

/// Gives the database that is there another name, with its log, and answers it. The log must
/// not stay: SQLite would take it for one of the new database.
fn put_aside(database: &Path, at: Timestamp) -> Result<Option<PathBuf>, BackupError> {
    let log = beside(database, "-wal");
    if database.exists() {
        fold_log(database);
    }
    let has_log = std::fs::metadata(&log).is_ok_and(|log| log.len() > 0);
    if !database.exists() && !has_log {
        remove(&log)?;
        remove(&beside(database, "-shm"))?;
        return Ok(None);
    }
    let kept =
        folder::first_free(at, |stamp| beside(database, &format!(".before-restore-{stamp}")))?;
    let io = || BackupError::io("put aside", database);
    if has_log {
        // It could not be folded in: the two belong together under the new name as well.
        std::fs::rename(&log, beside(&kept, "-wal")).map_err(io())?;
        match std::fs::rename(database, &kept) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io()(error)),
            _ => {}
        }
    } else if let Err(error) = std::fs::hard_link(database, &kept) {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            return Err(io()(error));
        }
        // Some disks have no links. There is no database then until the new one is installed.
        std::fs::rename(database, &kept).map_err(io())?;
    }
    remove(&log)?;
    remove(&beside(database, "-shm"))?;
    sync_folder(database)?;
    Ok(Some(kept))
}

/// Moves the log of a database into it, if it is one that this fazt knows. Of any other no
/// byte is changed: SQLite throws away a log that it cannot make sense of.
fn fold_log(database: &Path) {
    let folded = Store::check(database, &NODE_MIGRATIONS).and_then(|()| {
        let connection = open_checkpointer(database)?;
        let folded = connection.wal_checkpoint_v2(rusqlite::MAIN_DB.into(), TRUNCATE);
        folded.map_err(StoreError::from_sqlite)
    });
    if let Err(error) = folded {
        tracing::debug!(error = %error, "the old database keeps its log");
    }
}
