//! Reads: a pool of connections that cannot write.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::StoreError;
use super::connection::open_reader;

/// How long a read waits for a connection before it is answered "busy".
const ADMISSION_WAIT: Duration = Duration::from_secs(2);

/// The pool itself never makes anybody wait: the semaphore before it does.
const POOL_WAIT: Duration = Duration::from_secs(5);

/// Runs reads on pooled connections, on blocking threads.
#[derive(Clone)]
pub struct Readers {
    pool: r2d2::Pool<ReaderManager>,
    // r2d2 would wait for 30 s, and the queue of blocking threads has no bound;
    // so a read takes a slot first and gives up after `ADMISSION_WAIT`.
    slots: Arc<Semaphore>,
    counters: Arc<ReaderCounters>,
}

/// What the readers count about themselves.
#[derive(Debug, Default)]
pub struct ReaderCounters {
    waited: AtomicU64,
    refused: AtomicU64,
}

impl ReaderCounters {
    /// Reads that had to wait for a connection, since the start.
    pub fn waited(&self) -> u64 {
        self.waited.load(Ordering::Relaxed)
    }

    /// Reads that waited in vain and were answered "busy".
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

impl Readers {
    /// Opens the pool: two connections a core, from 2 to 16, made as they are needed.
    pub(crate) fn open(path: &Path) -> Result<Readers, StoreError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let size = (2 * cores).clamp(2, 16);
        let manager = ReaderManager { path: path.to_owned() };
        let pool = r2d2::Pool::builder()
            .max_size(u32::try_from(size).unwrap_or(16))
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(POOL_WAIT)
            .error_handler(Box::new(LogErrors))
            .build_unchecked(manager);
        Ok(Readers { pool, slots: Arc::new(Semaphore::new(size)), counters: Arc::default() })
    }

    /// Runs `query` on a blocking thread with a connection of the pool.
    ///
    /// A read sees one snapshot per statement; open a transaction inside for more.
    pub async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let slot = match Arc::clone(&self.slots).try_acquire_owned() {
            Ok(slot) => slot,
            Err(_) => self.wait_for_slot().await?,
        };
        let pool = self.pool.clone();
        let read = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            read_on(&pool, query)
        });
        read.await.unwrap_or(Err(StoreError::Panicked))
    }

    async fn wait_for_slot(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        self.counters.waited.fetch_add(1, Ordering::Relaxed);
        let waiting = Arc::clone(&self.slots).acquire_owned();
        match tokio::time::timeout(ADMISSION_WAIT, waiting).await {
            Ok(Ok(slot)) => Ok(slot),
            Ok(Err(_)) | Err(_) => {
                self.counters.refused.fetch_add(1, Ordering::Relaxed);
                Err(StoreError::ReadersBusy)
            }
        }
    }

    /// Runs `query` on this thread. Only for start-up and for threads that may block.
    pub fn read_blocking<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        read_on(&self.pool, query)
    }

    /// Connections that may exist.
    pub fn connections_max(&self) -> u32 {
        self.pool.max_size()
    }

    /// What the readers count about themselves.
    pub fn counters(&self) -> &ReaderCounters {
        &self.counters
    }

    /// Connections that exist, and how many of them are in use.
    pub fn connections(&self) -> (u32, u32) {
        let state = self.pool.state();
        (state.connections, state.connections.saturating_sub(state.idle_connections))
    }
}

fn read_on<T>(
    pool: &r2d2::Pool<ReaderManager>,
    query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, StoreError> {
    let connection = pool.get().map_err(|_| StoreError::ReadersBusy)?;
    query(&connection).map_err(StoreError::from_sqlite)
}

#[derive(Debug)]
struct ReaderManager {
    path: PathBuf,
}

impl r2d2::ManageConnection for ReaderManager {
    type Connection = Connection;
    type Error = rusqlite::Error;

    fn connect(&self) -> rusqlite::Result<Connection> {
        open_reader(&self.path)
    }

    fn is_valid(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        connection.execute_batch("")
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        // A statement that panicked may have left a read transaction open,
        // and an open one keeps the log from ever being moved away.
        !connection.is_autocommit()
    }
}

#[derive(Debug)]
struct LogErrors;

impl r2d2::HandleError<rusqlite::Error> for LogErrors {
    fn handle_error(&self, error: rusqlite::Error) {
        tracing::error!(error = %error, "cannot open a database reader");
    }
}
