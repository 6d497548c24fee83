//! One process owns a database: it holds a lock on a file beside it.
//!
//! The lock file's text says who: the process id on the first line, where the node
//! listens on the second. The kernel releases the lock however the process ends.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::migrate::beside;

/// Bytes of a lock file that are read; ours are far shorter.
const LOCK_TEXT_BYTES_MAX: u64 = 4096;

/// Why a database could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    /// Another process has it.
    #[error("{path} is in use by process {pid}{}", shown(.url))]
    Held {
        /// The database.
        path: PathBuf,
        /// The process id that its owner wrote down.
        pid: String,
        /// Where its owner listens, if it does.
        url: Option<String>,
    },
    /// The lock file cannot be made or locked.
    #[error("cannot lock {path}: is the folder there, and may you write in it?")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Where an owner listens, for the message.
fn shown(url: &Option<String>) -> String {
    url.as_ref().map(|url| format!(" ({url})")).unwrap_or_default()
}

/// Who holds a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Process id, as its owner wrote it.
    pub pid: String,
    /// Where its owner listens, if it does.
    pub url: Option<String>,
}

/// The right to open a database; given up when dropped.
#[derive(Debug)]
pub struct Owner {
    lock: File,
    database: PathBuf,
}

impl Owner {
    /// Takes `database`, which need not exist yet, or says who has it.
    pub fn take(database: &Path) -> Result<Owner, OwnerError> {
        let path = beside(database, ".lock");
        let io = |source| OwnerError::Io { path: path.clone(), source };
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let holder = read_holder(&mut lock).map_err(io)?;
                return Err(OwnerError::Held {
                    path: database.to_owned(),
                    pid: holder.pid,
                    url: holder.url,
                });
            }
            Err(errno) => return Err(io(errno.into())),
        }
        let mut owner = Owner { lock, database: database.to_owned() };
        owner.describe(None)?;
        Ok(owner)
    }

    /// Writes down where the node listens, for whoever finds the lock taken.
    pub fn describe(&mut self, url: Option<&str>) -> Result<(), OwnerError> {
        let text = format!("{}\n{}\n", std::process::id(), url.unwrap_or_default());
        let written = self
            .lock
            .set_len(0)
            .and_then(|()| self.lock.rewind())
            .and_then(|()| self.lock.write_all(text.as_bytes()));
        written.map_err(|source| OwnerError::Io { path: beside(&self.database, ".lock"), source })
    }
}

/// Who holds `database` now, if anybody does.
pub fn holder(database: &Path) -> Result<Option<Holder>, OwnerError> {
    let path = beside(database, ".lock");
    let io = |source| OwnerError::Io { path: path.clone(), source };
    let mut lock = match File::open(&path) {
        Ok(lock) => lock,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    match flock(&lock, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(None),
        Err(Errno::WOULDBLOCK) => read_holder(&mut lock).map(Some).map_err(io),
        Err(errno) => Err(io(errno.into())),
    }
}

/// The Unix socket of the node that owns `database`.
pub fn socket_path(database: &Path) -> PathBuf {
    beside(database, ".sock")
}

fn read_holder(lock: &mut File) -> std::io::Result<Holder> {
    let mut text = String::new();
    lock.rewind()?;
    lock.take(LOCK_TEXT_BYTES_MAX).read_to_string(&mut text)?;
    let mut lines = text.lines();
    let pid = lines.next().filter(|line| !line.is_empty()).unwrap_or("unknown").to_owned();
    let url = lines.next().filter(|line| !line.is_empty()).map(str::to_owned);
    Ok(Holder { pid, url })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_owner_learns_who_is_first() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("data.db");
        let mut first = Owner::take(&database).unwrap();
        first.describe(Some("http://localhost:8080")).unwrap();
        let refused = Owner::take(&database).unwrap_err().to_string();
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        assert!(refused.contains("http://localhost:8080"), "{refused}");
        assert!(holder(&database).unwrap().is_some());
        drop(first);
        assert_eq!(holder(&database).unwrap(), None);
        Owner::take(&database).unwrap();
    }
}
