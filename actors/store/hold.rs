//! A long read announces itself, so that no change pays for it.
//!
//! While a read transaction is open SQLite cannot move into the file what was logged after
//! it, and the log grows. The writer would notice a log above its bound and copy all of it
//! between two batches, in the very moment in which the read ends: a pause for everybody as
//! long as the read was. So a [`LogHold`] tells the writer to leave the log alone, and whoever
//! held it copies the log away before the writer looks at it again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::wal::CheckpointMode;

use super::StoreError;
use super::checkpoint::{WAL_REST_BYTES, copy};
use super::connection::{StoreCounters, open_checkpointer};

/// Times that the log is copied after a hold. One is enough unless the writer fills it
/// faster than the disk empties it; then the writer's own bounds are the last word.
const ROUNDS_MAX: u32 = 16;

/// From one round to the next: the checkpoint thread may be at work on the same.
const ROUND_PAUSE: Duration = Duration::from_millis(5);

/// The announcement; the writer looks after its log again once this is dropped.
pub struct LogHold {
    path: Arc<Path>,
    counters: Arc<StoreCounters>,
}

impl LogHold {
    pub(super) fn begin(path: &Arc<Path>, counters: &Arc<StoreCounters>) -> LogHold {
        counters.log_holds.fetch_add(1, Ordering::Relaxed);
        LogHold { path: Arc::clone(path), counters: Arc::clone(counters) }
    }

    /// Bytes of the log by now.
    pub fn log_bytes(&self) -> u64 {
        self.counters.wal_bytes()
    }

    /// Moves what was logged meanwhile into the file; the read must have ended. Blocks.
    ///
    /// # Errors
    /// The database cannot be opened.
    pub fn end(self) -> Result<(), StoreError> {
        let connection = open_checkpointer(&self.path)?;
        for round in 0..ROUNDS_MAX {
            let rest = self.counters.wal_bytes().saturating_sub(self.counters.copied_bytes());
            if rest <= WAL_REST_BYTES {
                break;
            }
            if round > 0 {
                std::thread::sleep(ROUND_PAUSE);
            }
            copy(&connection, &self.counters, CheckpointMode::PASSIVE);
        }
        Ok(())
    }
}

impl Drop for LogHold {
    fn drop(&mut self) {
        self.counters.log_holds.fetch_sub(1, Ordering::Relaxed);
    }
}
