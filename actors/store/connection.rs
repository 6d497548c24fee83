//! Opens connections: the one place that names `rusqlite::Connection::open`.

use std::fs::OpenOptions;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use rusqlite::{Connection, OpenFlags};

use super::StoreError;
use super::migrate::beside;

/// Bytes of a database page. A chunk of a file is read a fifth faster than with 4096.
pub(crate) const PAGE_BYTES: u32 = 8192;

/// The log is cut back to this size when it starts over. More than it grows to under
/// load, because to write over a file is quicker to make durable than to extend it.
const WAL_KEPT_BYTES: u32 = 32 * 1024 * 1024;

/// How long a connection waits for another one's lock. Only checkpoints compete.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Prepared statements that each connection keeps.
const STATEMENTS_KEPT: usize = 128;

/// What has a meaning of its own in the path of a `file:` URI.
const URI_PATH: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');

/// What the store counts about itself.
#[derive(Debug, Default)]
pub struct StoreCounters {
    pub(crate) wal_pages: AtomicU64,
    pub(crate) wal_pages_peak: AtomicU64,
    pub(crate) wal_pages_copied: AtomicU64,
    pub(crate) commits: AtomicU64,
    pub(crate) writes: AtomicU64,
    pub(crate) writes_failed: AtomicU64,
    pub(crate) panics: AtomicU64,
    pub(crate) checkpoints: AtomicU64,
    pub(crate) log_holds: AtomicU64,
    pub(crate) sent_interactive: AtomicU64,
    pub(crate) sent_bulk: AtomicU64,
}

impl StoreCounters {
    /// Bytes of the write-ahead log that wait to be moved into the file.
    pub fn wal_bytes(&self) -> u64 {
        self.wal_pages.load(Ordering::Relaxed) * u64::from(PAGE_BYTES)
    }

    /// The most that [`StoreCounters::wal_bytes`] has been since the start.
    pub fn wal_bytes_peak(&self) -> u64 {
        self.wal_pages_peak.load(Ordering::Relaxed) * u64::from(PAGE_BYTES)
    }

    /// Bytes of the log that have been copied into the file while it grew on.
    pub(crate) fn copied_bytes(&self) -> u64 {
        self.wal_pages_copied.load(Ordering::Relaxed) * u64::from(PAGE_BYTES)
    }

    /// Whether a long read pins the log, see `hold`.
    pub(crate) fn is_log_held(&self) -> bool {
        self.log_holds.load(Ordering::Relaxed) > 0
    }

    /// Changes that somebody waited for, since the start.
    pub fn sent_interactive(&self) -> u64 {
        self.sent_interactive.load(Ordering::Relaxed)
    }

    /// Changes of the bulk lane, since the start.
    pub fn sent_bulk(&self) -> u64 {
        self.sent_bulk.load(Ordering::Relaxed)
    }

    /// Transactions made durable.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Changes applied; many share one transaction.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// Changes that failed and were undone.
    pub fn writes_failed(&self) -> u64 {
        self.writes_failed.load(Ordering::Relaxed)
    }

    /// Changes that failed by a defect of ours.
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// Times that the log was moved into the file.
    pub fn checkpoints(&self) -> u64 {
        self.checkpoints.load(Ordering::Relaxed)
    }
}

/// Opens the connection that writes, and makes its commits count the log.
pub(crate) fn open_writer(
    path: &Path,
    counters: &Arc<StoreCounters>,
) -> Result<Connection, StoreError> {
    make_private(path);
    let opened = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
        .and_then(|mut connection| {
            // Only a file without tables takes these two; later they cost a full VACUUM.
            connection.pragma_update(None, "page_size", PAGE_BYTES)?;
            connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "wal_autocheckpoint", 0)?;
            connection.pragma_update(None, "journal_size_limit", WAL_KEPT_BYTES)?;
            connection.pragma_update(None, "foreign_keys", true)?;
            let counters = Arc::clone(counters);
            connection.wal_hook(Some(move |_wal: &mut rusqlite::hooks::Wal, pages: i32| {
                let pages = u64::try_from(pages).unwrap_or(0);
                if pages < counters.wal_pages.swap(pages, Ordering::Relaxed) {
                    // The log has started over.
                    counters.wal_pages_copied.store(0, Ordering::Relaxed);
                }
                counters.wal_pages_peak.fetch_max(pages, Ordering::Relaxed);
                Ok(())
            }))?;
            Ok(connection)
        });
    opened.map_err(|source| StoreError::Open { path: path.to_owned(), source })
}

/// Bounds the file that this connection may write (SQLite never shrinks it for that).
pub(crate) fn bound(connection: &Connection, bytes_max: u64) -> rusqlite::Result<()> {
    let page_bytes: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages_max = (bytes_max / page_bytes.max(1)).max(1);
    connection.pragma_update_and_check(None, "max_page_count", pages_max, |_row| Ok(()))
}

/// Lets the commits of this connection wait for no disk.
pub(crate) fn give_up_durability(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "OFF")
}

/// Makes a missing file as one that only its owner can read: SQLite gives the log and the
/// shared-memory index beside it the same mode. A failure shows when SQLite opens it.
fn make_private(path: &Path) {
    let _exists = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}

/// Opens a connection that can only read.
pub(crate) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    // Not SQLITE_OPEN_READONLY: a reader of a WAL database must be able to
    // write the shared-memory index. `query_only` keeps the data safe.
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Opens a file that may not be ours, so that neither it nor what lies beside it changes.
pub(crate) fn open_to_look(path: &Path) -> rusqlite::Result<Connection> {
    let log_bytes = std::fs::metadata(beside(path, "-wal")).map_or(0, |log| log.len());
    if log_bytes > 0 {
        // What the log holds counts. A connection that cannot write leaves the log where it is.
        return open(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    }
    open_immutable(path)
}

/// Opens a file that nobody changes, for reading, and looks at nothing that lies beside it.
pub(crate) fn open_immutable(path: &Path) -> rusqlite::Result<Connection> {
    // SQLite would make a log and its index beside a file that asks for them; a file that
    // is `immutable` needs neither (https://sqlite.org/uri.html).
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let escaped = percent_encode(absolute.as_os_str().as_bytes(), URI_PATH);
    let uri = format!("file:{escaped}?immutable=1");
    open(Path::new(&uri), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)
}

/// Opens a file that is thrown away when anything goes wrong with it: what is written into it
/// can neither be rolled back nor is it durable until the caller syncs the file.
pub(crate) fn open_scratch(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "journal_mode", "OFF")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    Ok(connection)
}

/// Opens the connection of the checkpoint thread.
pub(crate) fn open_checkpointer(path: &Path) -> Result<Connection, StoreError> {
    let opened = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(|connection| {
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(connection)
    });
    opened.map_err(|source| StoreError::Open { path: path.to_owned(), source })
}

#[expect(clippy::disallowed_methods, reason = "the one place that opens connections")]
fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(LOCK_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}
