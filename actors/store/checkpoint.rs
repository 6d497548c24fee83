//! Moves the write-ahead log into the file, beside the writer and not in its way.
//!
//! Checkpoints by SQLite itself stall the commit that crosses the threshold; a
//! passive thread alone never catches up with a busy writer. So the thread copies
//! what it can while writes go on, and the writer finishes the rest between two
//! of its batches once the log is above [`WAL_FINISH_BYTES`].

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::StoreError;
use super::connection::{StoreCounters, open_checkpointer};
use crate::killpoint;

/// Above this much log the thread is woken.
pub(crate) const WAL_COPY_BYTES: u64 = 4 * 1024 * 1024;

/// Above this much log the writer itself finishes the checkpoint.
pub(crate) const WAL_FINISH_BYTES: u64 = 32 * 1024 * 1024;

/// The thread that checkpoints; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    wake: SyncSender<()>,
}

impl Checkpointer {
    /// Opens the thread's connection and starts it.
    pub(crate) fn start(
        path: &Path,
        counters: &Arc<StoreCounters>,
    ) -> Result<Checkpointer, StoreError> {
        let connection = open_checkpointer(path)?;
        let counters = Arc::clone(counters);
        // One waiting wake-up says all that ten would.
        let (wake, woken) = sync_channel(1);
        let started = std::thread::Builder::new()
            .name("fazt-checkpoint".to_owned())
            .spawn(move || run(&connection, &counters, &woken));
        if let Err(error) = started {
            // The writer checkpoints alone then: slower, still bounded.
            tracing::error!(error = %error, "cannot start the checkpoint thread");
        }
        Ok(Checkpointer { wake })
    }

    /// Asks for a checkpoint soon.
    pub(crate) fn wake(&self) {
        match self.wake.try_send(()) {
            Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
        }
    }
}

fn run(connection: &Connection, counters: &StoreCounters, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        copy(connection, counters, CheckpointMode::PASSIVE);
    }
}

/// Copies the log into the file as far as `mode` lets it.
pub(crate) fn copy(connection: &Connection, counters: &StoreCounters, mode: CheckpointMode) {
    match connection.wal_checkpoint_v2(rusqlite::MAIN_DB.into(), mode) {
        Ok((logged, copied)) => {
            killpoint::reach("checkpoint.copied");
            counters.checkpoints.fetch_add(1, Ordering::Relaxed);
            if logged == copied {
                // The next commit starts the log over; until then nothing waits in it.
                counters.wal_pages.store(0, Ordering::Relaxed);
            }
        }
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {}
        Err(error) => tracing::error!(error = %error, "cannot checkpoint the database"),
    }
}
