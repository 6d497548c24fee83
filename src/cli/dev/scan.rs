//! Reads the folder again and again, and of its files only those that have changed. Blocks.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fazt_actors::content::ContentHash;
use fazt_actors::deployer::path::FilePath;
use fazt_actors::limits::DeployLimits;

use crate::cli::folder::{self, FolderError, LocalFile, hash::hash_files};

/// A file that changed less than this before it was read is read again the next time: some
/// file systems write down times in steps of two seconds, and two changes in one step would
/// look like one.
const STEP_OF_TIMES: Duration = Duration::from_secs(2);

/// A file of the folder with what it holds.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Where it is in the app.
    pub(super) path: FilePath,
    /// Where it is on this machine.
    pub(super) full_path: PathBuf,
    /// Bytes.
    pub(super) size: u64,
    /// Their hash.
    pub(super) hash: ContentHash,
}

/// What the folder holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The files to deploy, by path.
    pub(super) entries: Vec<Entry>,
    /// The folders that they may come from, with their full paths.
    pub(super) folders: Vec<PathBuf>,
    /// What was left out without a rule that asks for it.
    pub(super) notes: Vec<String>,
}

/// What tells that a file may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(meta: &Metadata) -> Stamp {
        Stamp {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }

    /// Whether a change after `now` would show in the times.
    fn is_settled(&self, now: SystemTime) -> bool {
        let settled =
            now.checked_sub(STEP_OF_TIMES).and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let settled = settled.and_then(|since| i64::try_from(since.as_secs()).ok());
        settled.is_some_and(|seconds| self.changed.0 < seconds && self.modified.0 < seconds)
    }
}

/// What is known of a folder from the last time.
#[derive(Debug, Default)]
pub(super) struct Memory {
    hashes: HashMap<PathBuf, (Stamp, ContentHash)>,
}

impl Memory {
    /// Reads the folder.
    ///
    /// # Errors
    /// The folder cannot be deployed, or changes while it is read.
    pub(super) fn read(&mut self, dir: &Path, limits: &DeployLimits) -> Result<Found, FolderError> {
        self.read_at(SystemTime::now(), dir, limits)
    }

    fn read_at(
        &mut self,
        now: SystemTime,
        dir: &Path,
        limits: &DeployLimits,
    ) -> Result<Found, FolderError> {
        let folder = folder::walk(dir, limits)?;
        let mut stamps = Vec::with_capacity(folder.files.len());
        let mut unknown = Vec::new();
        for file in &folder.files {
            let stamp = stamp(file)?;
            if self.hash(&file.full_path, &stamp).is_none() {
                unknown.push(LocalFile { size: stamp.size, ..file.clone() });
            }
            stamps.push(stamp);
        }
        let read = hash_files(&unknown, |_bytes| ())?;
        // A link and the file that it leads to are one.
        let read: HashMap<&Path, ContentHash> =
            unknown.iter().map(|file| file.full_path.as_path()).zip(read).collect();
        let mut hashes = HashMap::with_capacity(folder.files.len());
        let mut entries = Vec::with_capacity(folder.files.len());
        for (file, stamp) in folder.files.iter().zip(stamps) {
            let known = self.hash(&file.full_path, &stamp);
            let known = known.or_else(|| read.get(file.full_path.as_path()).copied());
            let Some(hash) = known else {
                return Err(FolderError::Changed { path: file.full_path.clone() });
            };
            if stamp.is_settled(now) {
                hashes.insert(file.full_path.clone(), (stamp, hash));
            }
            let (path, full_path) = (file.path.clone(), file.full_path.clone());
            entries.push(Entry { path, full_path, size: stamp.size, hash });
        }
        self.hashes = hashes;
        Ok(Found { entries, folders: folder.folders, notes: folder.notes })
    }

    fn hash(&self, path: &Path, stamp: &Stamp) -> Option<ContentHash> {
        let (known, hash) = self.hashes.get(path)?;
        (known == stamp).then_some(*hash)
    }
}

fn stamp(file: &LocalFile) -> Result<Stamp, FolderError> {
    let meta = fs::metadata(&file.full_path);
    let meta = meta.map_err(|source| FolderError::Read { path: file.full_path.clone(), source })?;
    Ok(Stamp::of(&meta))
}

/// Writes the bytes of these files as frames of an upload (32 bytes hash, 8 bytes length, the
/// content) into a file without a name in `folder`.
///
/// # Errors
/// A file is gone or has another length than a moment before.
pub(super) fn frames(entries: &[Entry], folder: &Path) -> Result<File, FolderError> {
    let spool = |source| FolderError::Read { path: folder.to_owned(), source };
    let mut frames = tempfile::tempfile_in(folder).map_err(spool)?;
    for entry in entries {
        let path = &entry.full_path;
        let mut head = entry.hash.as_bytes().to_vec();
        head.extend_from_slice(&entry.size.to_be_bytes());
        frames.write_all(&head).map_err(spool)?;
        let file = File::open(path);
        let copied = file.and_then(|file| io::copy(&mut file.take(entry.size), &mut frames));
        match copied {
            Ok(copied) if copied == entry.size => {}
            Ok(_) => return Err(FolderError::Changed { path: path.clone() }),
            Err(source) => return Err(FolderError::Read { path: path.clone(), source }),
        }
    }
    frames.rewind().map_err(spool)?;
    Ok(frames)
}

/// At most `bytes_max` bytes from the beginning of a file.
pub(super) fn beginning(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_remembered_once_its_times_tell_of_the_next_change() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().canonicalize().unwrap().join("page.html");
        let mut memory = Memory::default();
        let mut read = |text: &str, later: Duration| {
            fs::write(&file, text).unwrap();
            let now = SystemTime::now() + later;
            let found = memory.read_at(now, dir.path(), &DeployLimits::default()).unwrap();
            assert_eq!(found.entries[0].hash, ContentHash::of(text.as_bytes()), "{text}");
            let stamp = Stamp::of(&fs::metadata(&file).unwrap());
            memory.hash(&file, &stamp).is_some()
        };
        let (at_once, later) = (Duration::ZERO, Duration::from_secs(10));
        assert!(!read("one", at_once), "the same length could come in the same moment");
        assert!(!read("two", at_once));
        assert!(read("four", later));
        assert!(read("eleven", later));
    }

    #[test]
    fn a_link_and_its_file_are_read_once() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.html"), "page").unwrap();
        std::os::unix::fs::symlink("a.html", dir.path().join("b.html")).unwrap();
        let found = Memory::default().read(dir.path(), &DeployLimits::default()).unwrap();
        let paths: Vec<&str> = found.entries.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, ["a.html", "b.html"]);
        assert_eq!(found.entries[0].hash, found.entries[1].hash);
    }

    #[test]
    fn frames_hold_what_was_promised_or_fail() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.html");
        fs::write(&file, "page").unwrap();
        let found = Memory::default().read(dir.path(), &DeployLimits::default()).unwrap();
        let mut bytes = Vec::new();
        frames(&found.entries, dir.path()).unwrap().read_to_end(&mut bytes).unwrap();
        let (hash, length) = (ContentHash::of(b"page"), 4_u64.to_be_bytes());
        assert_eq!(bytes, [&hash.as_bytes()[..], &length, b"page"].concat());
        fs::write(&file, "").unwrap();
        let shorter = frames(&found.entries, dir.path());
        assert!(matches!(shorter, Err(FolderError::Changed { .. })), "{shorter:?}");
        fs::remove_file(&file).unwrap();
        let gone = frames(&found.entries, dir.path());
        assert!(matches!(gone, Err(FolderError::Read { .. })), "{gone:?}");
    }
}
