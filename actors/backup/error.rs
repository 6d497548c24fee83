//! Why a backup could not be made, checked or put back.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::kind::{ErrorKind, Fault};
use crate::store::{OwnerError, StoreError};

/// Why a backup could not be made, checked or put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database, or the copy of it, gave an error.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A node runs the database.
    #[error("a database can only be restored while nothing uses it: stop its node first")]
    Held(#[source] OwnerError),
    /// There is one at a time.
    #[error("another backup is being made, of this node or in this folder; wait until it is done")]
    Busy,
    /// It was not finished.
    #[error("the backup was given up: {0}")]
    GaveUp(Cow<'static, str>),
    /// The file is there already.
    #[error("{path} exists already: choose another name, or say --force")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// No backup and no database can be at this path.
    #[error("{path} {reason}")]
    Place {
        /// The path.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// The disk has too little room for the copy.
    #[error(
        "the disk of {path} has {free_bytes} bytes left, and the copy needs {needed_bytes}: \
         free some space or choose another folder"
    )]
    NoRoom {
        /// The folder.
        path: PathBuf,
        /// Bytes of the copy.
        needed_bytes: u64,
        /// Bytes that are free.
        free_bytes: u64,
    },
    /// The system refused.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file has no seal that could be broken.
    #[error("{path} is not a backup of fazt, or its end is missing")]
    NotABackup {
        /// The file.
        path: PathBuf,
    },
    /// The backup is not what it was.
    #[error("the backup {path} is damaged, use another one: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
}

impl BackupError {
    /// For `map_err`: the system refused to do `action` with `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| BackupError::Io { action, path, source }
    }

    /// For `map_err`: SQLite cannot write the copy at `path`, or not read what is to be copied.
    pub(super) fn copying(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.to_owned();
        move |error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => BackupError::Store(StoreError::Full(error)),
            _ => {
                let source = std::io::Error::other(error);
                BackupError::Io { action: "copy the database to", path, source }
            }
        }
    }

    /// For `map_err`: SQLite cannot make sense of the backup `path`.
    pub(super) fn unreadable(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.to_owned();
        move |error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                BackupError::Damaged { path, what: error.to_string() }
            }
            _ => BackupError::Store(StoreError::from_sqlite(error)),
        }
    }

    fn is_full_disk(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            BackupError::Io { source, .. } => {
                matches!(source.kind(), StorageFull | QuotaExceeded)
            }
            _ => false,
        }
    }
}

impl Fault for BackupError {
    fn kind(&self) -> ErrorKind {
        match self {
            BackupError::Store(error) => error.kind(),
            BackupError::Busy | BackupError::GaveUp(_) => ErrorKind::Busy,
            BackupError::Held(_) | BackupError::Exists { .. } => ErrorKind::Conflict,
            _ if self.is_full_disk() => ErrorKind::Internal,
            // Whoever names a place is told why it cannot be used.
            BackupError::Place { .. }
            | BackupError::NoRoom { .. }
            | BackupError::Io { .. }
            | BackupError::NotABackup { .. }
            | BackupError::Damaged { .. } => ErrorKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            BackupError::Store(error) => error.code(),
            BackupError::Busy => "BACKUP_RUNNING",
            BackupError::GaveUp(_) => "BACKUP_GIVEN_UP",
            BackupError::Held(_) => "DATABASE_IN_USE",
            BackupError::Exists { .. } => "FILE_EXISTS",
            BackupError::NotABackup { .. } => "NOT_A_BACKUP",
            BackupError::Damaged { .. } => "DAMAGED_BACKUP",
            _ if self.is_full_disk() => "DISK_FULL",
            BackupError::Place { .. } | BackupError::NoRoom { .. } | BackupError::Io { .. } => {
                "BACKUP_FOLDER"
            }
        }
    }
}
