//! Where backups lie: names, the list of a folder, and how many are kept.

use std::fs::DirBuilder;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use time::OffsetDateTime;

use super::manifest::Manifest;
use super::seal::Sealed;
use super::{BackupError, NewBackup};
use crate::store::{beside, open_immutable};
use crate::timestamp::Timestamp;

/// Backups that are kept in [`default_folder`], unless the owner says another number.
pub const BACKUPS_KEPT: u32 = 7;

/// Beside the database.
const FOLDER: &str = "backups";

/// How names that are made of a time begin for a database of the usual name.
const PREFIX: &str = "fazt";

/// The usual name of a database.
const USUAL_NAME: &str = "data.db";

/// How names of backups end.
const SUFFIX: &str = ".backup";

/// Seconds that a name may be ahead of the time, should there be a backup of this second.
const SECONDS_AHEAD_MAX: u32 = 60;

/// Entries of a folder that are looked at.
const ENTRIES_MAX: usize = 100_000;

/// Bytes beyond its pages that a copy may need: manifest and seal, and a disk that is not
/// quite full.
const ROOM_BYTES: u64 = 1024 * 1024;

/// Where a node's backups go when nobody says: `backups` beside the database.
pub fn default_folder(database: &Path) -> PathBuf {
    parent(database).join(FOLDER)
}

/// The folder that a path names a file in.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The time as part of a name, in UTC: `20261123-024000`.
pub(super) fn stamp(at: Timestamp) -> String {
    let at = OffsetDateTime::from_unix_timestamp(at.as_secs());
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, time) = (at.date(), at.time());
    format!(
        "{:04}{:02}{:02}-{:02}{:02}{:02}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// The file that a backup becomes; makes the default folder.
pub(super) fn target(database: &Path, new: &NewBackup) -> Result<PathBuf, BackupError> {
    match &new.file {
        Some(file) => {
            check_place(database, file, new.force)?;
            Ok(file.clone())
        }
        None => {
            let folder = default_folder(database);
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
            made.map_err(BackupError::io("make the folder", &folder))?;
            free_name(&folder, &prefix(database), new.at)
        }
    }
}

/// How the names of a database's backups begin. No two databases of a folder share a prefix, or
/// one would remove the other's backups: it is the whole name, and where that is no text, or
/// would be [`PREFIX`], bytes of it are written as `%` and two digits (as in RFC 3986).
fn prefix(database: &Path) -> String {
    let name = database.file_name().unwrap_or_default();
    if name == USUAL_NAME {
        return PREFIX.to_owned();
    }
    match name.to_str() {
        Some(PREFIX) => escaped(PREFIX.as_bytes(), |_letter| false),
        Some(text) => text.replace('%', "%25"),
        None => escaped(name.as_bytes(), |letter| letter.is_ascii_graphic() && letter != b'%'),
    }
}

/// A name with each byte that is not `plain` in hexadecimal.
fn escaped(name: &[u8], plain: impl Fn(u8) -> bool) -> String {
    let letter = |&byte: &u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    name.iter().map(letter).collect()
}

fn free_name(folder: &Path, prefix: &str, at: Timestamp) -> Result<PathBuf, BackupError> {
    first_free(at, |stamp| folder.join(format!("{prefix}-{stamp}{SUFFIX}")))
}

/// The first name with a time from `at` on, a second each, under which nothing lies.
pub(super) fn first_free(
    at: Timestamp,
    name: impl Fn(&str) -> PathBuf,
) -> Result<PathBuf, BackupError> {
    let name = |ahead: u32| name(&stamp(at.after(Duration::from_secs(u64::from(ahead)))));
    // A link that leads nowhere is something, too.
    let is_free = |path: &PathBuf| path.symlink_metadata().is_err();
    let found = (0..SECONDS_AHEAD_MAX).map(name).find(is_free);
    found.ok_or_else(|| BackupError::Exists { path: name(0) })
}

/// Refuses a file that is the database, or part of it, or cannot be a file at all.
fn check_place(database: &Path, file: &Path, force: bool) -> Result<(), BackupError> {
    let refused = |reason| Err(BackupError::Place { path: file.to_owned(), reason });
    if file.file_name().is_none() {
        return refused("is not the name of a file");
    }
    for suffix in ["", "-wal", "-shm", "-journal", ".lock", ".sock"] {
        if is_same(&beside(database, suffix), file) {
            return refused("belongs to the database that is to be copied");
        }
    }
    match file.symlink_metadata() {
        Ok(there) if there.is_dir() => refused("is a folder: name a file in it"),
        Ok(_) if !force => Err(BackupError::Exists { path: file.to_owned() }),
        _ => Ok(()),
    }
}

/// Whether both names lead to one file, or would if it were there.
fn is_same(one: &Path, other: &Path) -> bool {
    let id = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    let place = |path: &Path| {
        let folder = std::fs::canonicalize(parent(path)).ok()?;
        Some(folder.join(path.file_name()?))
    };
    let is_one_file = id(one).is_some_and(|found| id(other) == Some(found));
    is_one_file || place(one).is_some_and(|found| place(other) == Some(found))
}

/// Bytes that are free on the disk of a file or folder.
pub(super) fn free_bytes(path: &Path) -> Result<u64, BackupError> {
    let found = rustix::fs::statvfs(path);
    let found = found.map_err(|errno| BackupError::io("look at", path)(errno.into()))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Refuses a disk that has less room than the copy needs, before anything is written.
pub(super) fn ensure_room(copy: &Path, bytes: u64) -> Result<(), BackupError> {
    let folder = parent(copy);
    let free_bytes = free_bytes(folder)?;
    let needed_bytes = bytes.saturating_add(ROOM_BYTES);
    if free_bytes >= needed_bytes {
        return Ok(());
    }
    Err(BackupError::NoRoom { path: folder.to_owned(), needed_bytes, free_bytes })
}

/// A file of a folder that is called a backup.
#[derive(Debug)]
pub struct Listed {
    /// The file.
    pub file: PathBuf,
    /// Its bytes.
    pub size_bytes: u64,
    /// What it says of itself. Its bytes were not compared with its seal.
    pub manifest: Result<Manifest, BackupError>,
}

/// The backups of a folder by their names: those that fazt named come in the order of time. A
/// folder that is not there has none.
///
/// # Errors
/// The folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Listed>, BackupError> {
    let mut listed = Vec::new();
    for file in files(folder, |name| name.ends_with(SUFFIX))? {
        let size_bytes = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
        let manifest = peek(&file);
        listed.push(Listed { file, size_bytes, manifest });
    }
    Ok(listed)
}

fn peek(file: &Path) -> Result<Manifest, BackupError> {
    Sealed::open(file)?;
    let connection = open_immutable(file).map_err(BackupError::unreadable(file))?;
    Manifest::read(&connection).map_err(BackupError::unreadable(file))
}

/// Removes the oldest of a database's backups in its [`default_folder`], beyond the `kept`
/// newest, and answers which. Only files whose names fazt made of a time count.
///
/// # Errors
/// The folder cannot be read, or a file in it cannot be removed.
pub fn prune(database: &Path, kept: u32) -> Result<Vec<PathBuf>, BackupError> {
    let prefix = prefix(database);
    let is_own = |name: &str| is_made_of_time(&prefix, name);
    let mut found = files(&default_folder(database), is_own)?;
    let kept = usize::try_from(kept).unwrap_or(usize::MAX);
    found.truncate(found.len().saturating_sub(kept));
    for file in &found {
        super::partial::remove(file)?;
    }
    Ok(found)
}

/// The files of a folder with such names, in the order of their names.
fn files(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, BackupError> {
    let io = || BackupError::io("read", folder);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io()(error)),
    };
    let mut found = Vec::new();
    for entry in entries.take(ENTRIES_MAX) {
        let entry = entry.map_err(io())?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && entry.file_name().to_str().is_some_and(&is_wanted) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a name is the prefix, a [`stamp`] and [`SUFFIX`].
fn is_made_of_time(prefix: &str, name: &str) -> bool {
    let stamp =
        name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(SUFFIX));
    let is_digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    stamp
        .and_then(|stamp| stamp.split_once('-'))
        .is_some_and(|(date, time)| is_digits(date, 8) && is_digits(time, 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_the_time() {
        assert_eq!(stamp(Timestamp(0)), "19700101-000000");
        assert_eq!(stamp(Timestamp(1_795_401_600_999)), "20261123-024000");
        let name = format!("{PREFIX}-{}{SUFFIX}", stamp(Timestamp(0)));
        assert!(is_made_of_time(PREFIX, &name));
        assert!(!is_made_of_time("blog", &name));
        for other in [
            "fazt-20261123-024000.backup.old",
            "fazt-20261123.backup",
            "fazt-2026112x-024000.backup",
            "fazt-20261123-0240000.backup",
            "my-20261123-024000.backup",
            "fazt-before-christmas.backup",
        ] {
            assert!(!is_made_of_time(PREFIX, other), "{other}");
        }
    }

    #[test]
    fn no_two_databases_share_a_prefix() {
        let name = |bytes: &[u8]| prefix(Path::new(std::ffi::OsStr::from_bytes(bytes)));
        for (database, expect) in [
            (&b"/srv/data.db"[..], "fazt"),
            (b"data", "data"),
            (b"data.sqlite", "data.sqlite"),
            (b"fazt", "%66%61%7A%74"),
            (b"fazt.db", "fazt.db"),
            (b"a.db", "a.db"),
            (b"a.sqlite", "a.sqlite"),
            ("b\u{fc}cher.db".as_bytes(), "b\u{fc}cher.db"),
            (b"b\xfc.db", "b%FC.db"),
            (b"b\xe4.db", "b%E4.db"),
            (b"b%FC.db", "b%25FC.db"),
        ] {
            assert_eq!(name(database), expect, "{database:?}");
        }
        // One that is called like a backup of the other neither.
        let made = format!("a-{0}-{0}{SUFFIX}", stamp(Timestamp(0)));
        assert!(!is_made_of_time("a", &made));
    }

    #[test]
    fn a_disk_without_room_is_named_before_it_is_full() {
        let dir = tempfile::tempdir().unwrap();
        let copy = dir.path().join("copy");
        ensure_room(&copy, 0).unwrap();
        let refused = ensure_room(&copy, u64::MAX).unwrap_err();
        assert!(matches!(refused, BackupError::NoRoom { .. }), "{refused}");
    }

    #[test]
    fn a_database_is_known_by_any_name() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("data.db");
        std::fs::write(&database, "").unwrap();
        std::os::unix::fs::symlink(&database, dir.path().join("link")).unwrap();
        std::fs::hard_link(&database, dir.path().join("twin")).unwrap();
        for name in ["data.db", "./data.db", "data.db-wal", "data.db.sock", "link", "twin"] {
            let refused = check_place(&database, &dir.path().join(name), true).unwrap_err();
            assert!(refused.to_string().contains("belongs to the database"), "{name}: {refused}");
        }
        check_place(&database, &dir.path().join("data.db.backup"), false).unwrap();
    }
}
