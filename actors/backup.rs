//! Copies of a whole node, each in one file: made while the node works, checked, put back.
//!
//! # How a copy is made
//!
//! SQLite's backup API copies pages. Left to itself it takes a new snapshot at every step and
//! begins again whenever another connection has written: on a node with 200 changes a second
//! it would never end. So one read transaction spans the whole copy. It makes the copy
//! consistent as of its beginning, and it costs a log that grows until the copy is done, for
//! what was logged after a snapshot cannot be moved into the file while somebody reads that
//! snapshot. That is bounded ([`LOG_BYTES_MAX`], and [`DISK_RESERVE_BYTES`] of the disk) and kept
//! short (no pauses above [`LOG_BYTES_CALM`]); and the writer never pays for it, see
//! `store::LogHold`.
//!
//! The other way, steps on the writer's own connection between its batches, has no pinned log,
//! but every change would wait for a step, and for a slow disk under the folder of the backups.
//!
//! The copy is written in steps of 4 MiB, each made durable before the next, by a thread that
//! gives way to visitors: a kernel that has a gigabyte to write out makes every commit wait.
//!
//! # What a backup is
//!
//! An SQLite database with all tables of the node, one more (`backup_manifest`: what was
//! counted in the snapshot), and behind its last page a seal of 512 bytes that holds the
//! SHA-256 of all bytes before it. SQLite ignores what follows its last page, so
//! `sqlite3 -readonly FILE` opens a backup; a flipped bit anywhere breaks the seal.
//!
//! A backup takes its name only when it is whole, durable and, unless nobody wants that, was
//! read back: the one that it replaces is worth more than one that is no good. Until then it is
//! `.fazt-backup.partial` in the same folder, which the next backup there takes over if the
//! process was killed.

mod copy;
mod error;
mod folder;
mod manifest;
mod partial;
mod restore;
mod seal;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};

use crate::content::ContentHash;
use crate::priority;
use crate::store::Store;
use crate::timestamp::Timestamp;

pub use error::BackupError;
pub use folder::{BACKUPS_KEPT, Listed, default_folder, list, prune};
pub use manifest::{Counts, Manifest};
pub use restore::{Restore, Restored, restore};
pub use verify::{Verified, verify};

/// Above this much log the copy makes no more pauses: to be done soon is kinder then.
pub(crate) const LOG_BYTES_CALM: u64 = 256 * 1024 * 1024;

/// Above this much log the copy is given up. It has to end somewhere, and so much that
/// changes while a node is copied means that its disk is far too slow for it.
pub(crate) const LOG_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// While the copy has let the log grow, so much of the database's disk stays free: a node that
/// cannot write is worse than one without a backup of today.
const DISK_RESERVE_BYTES: u64 = 256 * 1024 * 1024;

/// Up to this size the log is what it would be without a copy.
const LOG_BYTES_USUAL: u64 = 32 * 1024 * 1024;

/// How long a node that stops waits for its backup to notice.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

/// The nice value of threads that copy and check: visitors come first.
const NICE: i32 = 10;

/// A backup to be made.
#[derive(Clone, Debug)]
pub struct NewBackup {
    /// Where; `None` for a name made of the time, in [`default_folder`].
    pub file: Option<PathBuf>,
    /// Whether a file of that name may be replaced.
    pub force: bool,
    /// Whether it is read back, all of it, before it takes its name.
    pub verify: bool,
    /// When it was asked for.
    pub at: Timestamp,
}

/// A backup that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The file.
    pub file: PathBuf,
    /// Its bytes, the seal included.
    pub size_bytes: u64,
    /// The hash in its seal.
    pub sha256: ContentHash,
    /// What is in it.
    pub manifest: Manifest,
}

/// Makes backups of one node, one at a time.
#[derive(Clone)]
pub struct Backups {
    store: Store,
    slot: Arc<Semaphore>,
    is_closing: Arc<AtomicBool>,
}

impl Backups {
    /// Of the node behind `store`.
    pub fn new(store: &Store) -> Backups {
        Backups {
            store: store.clone(),
            slot: Arc::new(Semaphore::new(1)),
            is_closing: Arc::new(AtomicBool::new(false)),
        }
    }

    /// Makes a backup, on a thread of its own. Given up when the returned future is dropped.
    ///
    /// # Errors
    /// See [`BackupError`]; nothing is left behind, and a file that was to be replaced is as
    /// it was.
    pub async fn create(&self, new: NewBackup) -> Result<Made, BackupError> {
        let slot = Arc::clone(&self.slot).try_acquire_owned().map_err(|_| BackupError::Busy)?;
        let (store, is_closing) = (self.store.clone(), Arc::clone(&self.is_closing));
        let (answer, answered) = oneshot::channel();
        // Set once nobody waits for this future any more.
        let leaving = Leaving(Arc::new(AtomicBool::new(false)));
        let is_left = Arc::clone(&leaving.0);
        let work = move || {
            let _slot = slot;
            priority::lower(NICE, "a backup is made");
            let is_set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
            let is_wanted: Wanted = Arc::new(move || !is_set(&is_left) && !is_set(&is_closing));
            let made = copy::create(&store, &new, &is_wanted);
            let _caller_left = answer.send(made);
        };
        let thread = std::thread::Builder::new().name("fazt-backup".to_owned()).spawn(work);
        thread.map_err(|source| {
            let path = self.store.path().to_owned();
            BackupError::Io { action: "start a thread for", path, source }
        })?;
        answered
            .await
            .unwrap_or(Err(BackupError::GaveUp("the thread that made it has failed".into())))
    }

    /// Gives up a backup under way and makes no more. May be called again.
    pub async fn close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        let ended = tokio::time::timeout(CLOSE_PATIENCE, self.slot.acquire()).await;
        if ended.is_err() {
            tracing::warn!("a backup has not noticed that the node stops");
        }
        self.slot.close();
    }
}

/// Whether somebody still wants what a thread does.
type Wanted = Arc<dyn Fn() -> bool + Send + Sync>;

/// Sets its flag when dropped.
struct Leaving(Arc<AtomicBool>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Bytes of the backup that is being written in `folder`; 0 when there is none.
pub fn bytes_so_far(folder: &Path) -> u64 {
    std::fs::metadata(folder.join(partial::NAME)).map_or(0, |file| file.len())
}
