//! The one SQLite file of a node: one writer, many readers.
//!
//! Every change is a [`Write`] that the [`Writer`] applies in a group with others
//! and answers once it is durable. Reads run on pooled connections that cannot
//! write. One process owns a file; a lock beside it says which.

mod checkpoint;
mod connection;
mod hold;
mod migrate;
mod owner;
mod published;
mod reader;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use connection::StoreCounters;
pub(crate) use connection::{open_checkpointer, open_immutable, open_scratch};
pub use hold::LogHold;
pub use migrate::{Migrations, NODE_MIGRATIONS};
pub(crate) use migrate::{beside, migrate_scratch, schema_version};
pub use owner::{Owner, OwnerError, holder, socket_path};
pub use published::{Ordered, Published};
pub use reader::{ReaderCounters, Readers};
pub use writer::{Commit, Lane, Write, Writer, WriterHandle};

/// Version of the SQLite that is compiled in.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

use crate::kind::{ErrorKind, Fault};
use crate::mailbox::MailboxError;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too much waits already.
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    /// All read connections stayed busy for longer than a reader waits.
    #[error("all database readers are busy; try again shortly")]
    ReadersBusy,
    /// The disk, or the limit set for the file, has no room.
    #[error("the disk is full: free some space, nothing was changed")]
    Full(#[source] rusqlite::Error),
    /// SQLite refused.
    #[error("the database refused the operation")]
    Sqlite(#[source] rusqlite::Error),
    /// The change failed in a way that is a defect of fazt; only it was undone.
    #[error("a change of the database failed unexpectedly and was undone")]
    Panicked,
    /// The file could not be opened.
    #[error("cannot open the database {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite or the system said.
        #[source]
        source: rusqlite::Error,
    },
    /// A newer fazt wrote the file.
    #[error(
        "{path} was written by a newer fazt (schema {found}, this one knows {known}): upgrade fazt"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's schema version.
        found: i64,
        /// The newest schema version that this binary knows.
        known: i64,
    },
    /// The file belongs to the original fazt.
    #[error(
        "{path} is a database of the original fazt (0.9): bring it over with `fazt import {path}`"
    )]
    Original {
        /// The file.
        path: PathBuf,
    },
    /// The file is some other program's.
    #[error("{path} is not a database of fazt: choose another file with --db")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The copy that precedes a migration could not be made.
    #[error("cannot copy {path} before migrating it: nothing was changed")]
    Copy {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl StoreError {
    /// Sorts SQLite's error by what its reader can do about it.
    pub(crate) fn from_sqlite(error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => StoreError::Full(error),
            _ => StoreError::Sqlite(error),
        }
    }
}

impl Fault for StoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            StoreError::Mailbox(error) => error.kind(),
            StoreError::ReadersBusy => ErrorKind::Busy,
            StoreError::Newer { .. } | StoreError::Original { .. } | StoreError::Foreign { .. } => {
                ErrorKind::Invalid
            }
            StoreError::Full(_)
            | StoreError::Sqlite(_)
            | StoreError::Panicked
            | StoreError::Open { .. }
            | StoreError::Copy { .. } => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            StoreError::Mailbox(error) => error.code(),
            StoreError::ReadersBusy => "SERVICE_UNAVAILABLE",
            StoreError::Full(_) => "DISK_FULL",
            StoreError::Newer { .. } => "NEWER_DATABASE",
            StoreError::Original { .. } => "ORIGINAL_DATABASE",
            StoreError::Foreign { .. } => "FOREIGN_DATABASE",
            _ => "INTERNAL_ERROR",
        }
    }
}

/// An open store: the writer, the readers and the thread that checkpoints.
#[derive(Clone)]
pub struct Store {
    /// Where changes go.
    pub writer: WriterHandle,
    /// Where reads go.
    pub readers: Readers,
    counters: Arc<StoreCounters>,
    path: Arc<Path>,
}

impl Store {
    /// Opens `path`, creates or migrates its schema, and starts the writer on a thread of its own.
    ///
    /// Must be called inside an actix system, by the [`Owner`] of the file.
    /// The file grows to `bytes_max` at most; a change that needs more fails like one on
    /// a full disk. A file that is larger already keeps its size.
    pub fn open(
        path: &Path,
        migrations: &Migrations,
        bytes_max: Option<u64>,
    ) -> Result<Store, StoreError> {
        Store::open_with(path, migrations, bytes_max, |_writer| Ok(()))
    }

    /// Like [`Store::open`] for data that is not kept: a change is answered before it is on the
    /// disk, and after a crash of the machine the file may be unreadable.
    pub fn open_throwaway(
        path: &Path,
        migrations: &Migrations,
        bytes_max: Option<u64>,
    ) -> Result<Store, StoreError> {
        Store::open_with(path, migrations, bytes_max, connection::give_up_durability)
    }

    fn open_with(
        path: &Path,
        migrations: &Migrations,
        bytes_max: Option<u64>,
        prepare: fn(&rusqlite::Connection) -> rusqlite::Result<()>,
    ) -> Result<Store, StoreError> {
        Store::check(path, migrations)?;
        let counters = Arc::new(StoreCounters::default());
        let mut connection = connection::open_writer(path, &counters)?;
        prepare(&connection).map_err(StoreError::from_sqlite)?;
        migrate::migrate(&mut connection, path, migrations)?;
        if let Some(bytes_max) = bytes_max {
            connection::bound(&connection, bytes_max).map_err(StoreError::from_sqlite)?;
        }
        let checkpointer = checkpoint::Checkpointer::start(path, &counters)?;
        let readers = Readers::open(path)?;
        let writer = Writer::start(connection, Arc::clone(&counters), checkpointer);
        Ok(Store { writer, readers, counters, path: path.into() })
    }

    /// Refuses a file that is another program's, the original's or a newer fazt's, and
    /// leaves it as it is. A missing file is fine.
    pub fn check(path: &Path, migrations: &Migrations) -> Result<(), StoreError> {
        migrate::check_file(path, migrations)
    }

    /// Runs one read on a file that is not open, before its node is.
    pub fn peek<T>(
        path: &Path,
        query: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let open = |source| StoreError::Open { path: path.to_owned(), source };
        let connection = connection::open_reader(path).map_err(open)?;
        query(&connection).map_err(StoreError::from_sqlite)
    }

    /// One more read connection outside the pool, for an actor that keeps it.
    pub fn open_reader(&self) -> Result<rusqlite::Connection, StoreError> {
        connection::open_reader(&self.path)
            .map_err(|source| StoreError::Open { path: self.path.to_path_buf(), source })
    }

    /// Says that a read begins which takes long, so that the writer leaves its log alone.
    pub fn hold_log(&self) -> LogHold {
        LogHold::begin(&self.path, &self.counters)
    }

    /// Whether the database answers at all.
    pub async fn is_healthy(&self) -> bool {
        self.readers.read(|c| c.query_row("SELECT 1", [], |_row| Ok(()))).await.is_ok()
    }

    /// What the store counts about itself.
    pub fn counters(&self) -> &StoreCounters {
        &self.counters
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Applies what waits, moves the log into the file and closes the writer.
    pub async fn close(&self) {
        self.writer.close().await;
    }
}
