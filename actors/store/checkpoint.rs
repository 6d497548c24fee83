//! Moves the write-ahead log into the file, beside the writer and not in its way.
//!
//! Checkpoints by SQLite itself stall the commit that crosses the threshold; a
//! passive thread alone never catches up with a busy writer. So a thread copies
//! what it can while writes go on, and once little is left the writer copies that
//! between two of its batches: only then can the log start over.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::StoreError;
use super::connection::{StoreCounters, open_checkpointer};
use crate::killpoint;
use crate::priority;

/// Above this much log the thread is woken.
pub(crate) const WAL_COPY_BYTES: u64 = 4 * 1024 * 1024;

/// Above this much log the writer finishes a checkpoint of which little is left.
const WAL_FINISH_BYTES: u64 = 16 * 1024 * 1024;

/// Above this much log bulk changes wait until the thread has caught up: what it leaves
/// over would otherwise grow into a long pause for everybody.
pub(crate) const WAL_BULK_BYTES_MAX: u64 = 24 * 1024 * 1024;

/// What "little" is: a few milliseconds of copying.
pub(super) const WAL_REST_BYTES: u64 = 2 * 1024 * 1024;

/// Above this much log the writer finishes whatever is left.
const WAL_FULL_BYTES: u64 = 40 * 1024 * 1024;

/// The nice value of the thread: it may lag behind, visitors may not.
const NICE: i32 = 15;

/// What the writer does about its log after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogCare {
    /// It is short.
    Nothing,
    /// The thread copies some of it.
    WakeThread,
    /// The writer copies the rest itself.
    Finish,
}

/// What is due with this much log, so much of which the thread has copied.
pub(crate) fn log_care(wal_bytes: u64, copied_bytes: u64) -> LogCare {
    let rest = wal_bytes.saturating_sub(copied_bytes);
    let is_nearly_done = wal_bytes >= WAL_FINISH_BYTES && rest <= WAL_REST_BYTES;
    if is_nearly_done || wal_bytes >= WAL_FULL_BYTES {
        LogCare::Finish
    } else if wal_bytes >= WAL_COPY_BYTES {
        LogCare::WakeThread
    } else {
        LogCare::Nothing
    }
}

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
    priority::lower(NICE, "the checkpoint thread runs");
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
            let copied_pages = u64::try_from(copied).unwrap_or(0);
            if logged == copied && counters.wal_pages.load(Ordering::Relaxed) <= copied_pages {
                // The next commit starts the log over; until then nothing waits in it.
                counters.wal_pages.store(0, Ordering::Relaxed);
                counters.wal_pages_copied.store(0, Ordering::Relaxed);
            } else {
                counters.wal_pages_copied.store(copied_pages, Ordering::Relaxed);
            }
        }
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {}
        Err(error) => tracing::error!(error = %error, "cannot checkpoint the database"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_finishes_what_is_nearly_done_or_overdue() {
        const MIB: u64 = 1024 * 1024;
        for (wal, copied, expect) in [
            (0, 0, LogCare::Nothing),
            (3 * MIB, 3 * MIB, LogCare::Nothing),
            (4 * MIB, 0, LogCare::WakeThread),
            (7 * MIB, 7 * MIB, LogCare::WakeThread),
            (17 * MIB, 2 * MIB, LogCare::WakeThread),
            (17 * MIB, 16 * MIB, LogCare::Finish),
            (39 * MIB, 0, LogCare::WakeThread),
            (40 * MIB, 0, LogCare::Finish),
            // The log started over while the thread was counting.
            (5 * MIB, 30 * MIB, LogCare::WakeThread),
        ] {
            assert_eq!(log_care(wal, copied), expect, "{wal} {copied}");
        }
    }
}
