//! A backup that is being written, under a name that nobody takes for a backup.
//!
//! There is one such name a folder. A lock on the file says whether somebody writes it; the
//! kernel gives the lock up with the process, so what a killed one has left is taken over.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::BackupError;
use super::folder;
use crate::store::beside;

/// The name while it is written.
pub(super) const NAME: &str = ".fazt-backup.partial";

/// Times that the file is looked for, should another process just have finished its own.
const ATTEMPTS_MAX: u32 = 3;

/// The file; removed when dropped, unless it was [placed](Partial::place).
pub(super) struct Partial {
    /// Open for reading and writing.
    pub(super) file: File,
    path: PathBuf,
    is_placed: bool,
}

impl Partial {
    /// Begins an empty one in `folder`.
    pub(super) fn begin(folder: &Path) -> Result<Partial, BackupError> {
        let path = folder.join(NAME);
        for _ in 0..ATTEMPTS_MAX {
            let file = lock(&path)?;
            if !is_still(&file, &path) {
                // It has become another process's backup between the opening and the lock.
                continue;
            }
            let io = || BackupError::io("write", &path);
            file.set_len(0).map_err(io())?;
            // Whatever its mode was before. Not every disk knows modes, and a memory stick is
            // a good place for a backup.
            if let Err(error) = file.set_permissions(PermissionsExt::from_mode(0o600)) {
                tracing::debug!(error = %error, "the disk of the backup keeps no modes");
            }
            for suffix in ["-wal", "-shm", "-journal"] {
                remove(&beside(&path, suffix))?;
            }
            return Ok(Partial { file, path, is_placed: false });
        }
        Err(BackupError::Busy)
    }

    /// Where it is for now.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes what was written durable, so that the kernel never has much left to write.
    pub(super) fn sync(&self) -> Result<(), BackupError> {
        self.file.sync_data().map_err(BackupError::io("write", &self.path))
    }

    /// Gives it its name, in the same folder, once it is durable.
    pub(super) fn place(mut self, target: &Path, force: bool) -> Result<(), BackupError> {
        self.file.sync_all().map_err(BackupError::io("write", &self.path))?;
        if !force && target.symlink_metadata().is_ok() {
            return Err(BackupError::Exists { path: target.to_owned() });
        }
        std::fs::rename(&self.path, target).map_err(BackupError::io("write", target))?;
        self.is_placed = true;
        sync_folder(target)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_placed
            && let Err(error) = remove(&self.path)
        {
            tracing::warn!(error = %error, "a part of a backup is left behind");
        }
    }
}

fn lock(path: &Path) -> Result<File, BackupError> {
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path);
    let file = opened.map_err(BackupError::io("write", path))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(BackupError::Busy),
        Err(errno) => Err(BackupError::io("lock", path)(errno.into())),
    }
}

/// Whether `path` still names this file.
fn is_still(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), path.symlink_metadata()) else { return false };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> Result<(), BackupError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(BackupError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Makes a new name durable: a rename is a change of the folder.
pub(super) fn sync_folder(path: &Path) -> Result<(), BackupError> {
    let folder = folder::parent(path);
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some disks cannot do that for a folder, or need not.
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Ok(()),
        synced => synced.map_err(BackupError::io("write", folder)),
    }
}
