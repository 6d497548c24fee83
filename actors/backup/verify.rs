//! Whether a backup is what it was, and whether this fazt can work with it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use tempfile::NamedTempFile;

use super::manifest::{Counts, Manifest};
use super::seal::Sealed;
use super::{BackupError, Wanted, folder};
use crate::content::{ContentHash, Hasher};
use crate::encoding::Encoding;
use crate::store::{
    NODE_MIGRATIONS, StoreError, migrate_scratch, open_immutable, open_scratch, schema_version,
};

/// Steps of SQLite from one look at whether its answer is still wanted to the next: those of
/// some hundred rows.
const STEPS_BETWEEN_LOOKS: i32 = 1000;

/// A backup in which nothing was found.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The file.
    pub file: PathBuf,
    /// Its bytes, the seal included.
    pub size_bytes: u64,
    /// The hash in its seal.
    pub sha256: ContentHash,
    /// What is in it.
    pub manifest: Manifest,
    /// Whether its schema is older than this fazt's; the newer one was tried on a copy.
    pub is_older: bool,
}

/// Reads all of a backup: its seal, its pages, its rows, and each file in it against its hash.
/// An older schema is brought up to date on a copy that is thrown away. Changes nothing.
///
/// # Errors
/// The backup is damaged, is none, or was made by a newer fazt.
pub fn verify(file: &Path) -> Result<Verified, BackupError> {
    let always: Wanted = Arc::new(|| true);
    verify_while(&always, file)
}

/// [`verify`], until `is_wanted` says no: then the answer is an error.
pub(super) fn verify_while(is_wanted: &Wanted, file: &Path) -> Result<Verified, BackupError> {
    let mut sealed = Sealed::open(file)?;
    sealed.check(&**is_wanted)?;
    let mut connection = open_immutable(file).map_err(BackupError::unreadable(file))?;
    watch(&mut connection, is_wanted).map_err(BackupError::unreadable(file))?;
    let manifest = examine(&connection, file)?;
    let is_older = is_older(&manifest);
    if is_older {
        migrate_copy(&mut sealed, file, &manifest)?;
    }
    let (size_bytes, sha256) = (sealed.size_bytes(), sealed.sha256());
    Ok(Verified { file: file.to_owned(), size_bytes, sha256, manifest, is_older })
}

/// Lets what `connection` does end with an error once `is_wanted` says no.
fn watch(connection: &mut Connection, is_wanted: &Wanted) -> rusqlite::Result<()> {
    let is_wanted = Arc::clone(is_wanted);
    connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || !is_wanted()))
}

/// Checks the database of the backup `file`, which `connection` has open.
pub(super) fn examine(connection: &Connection, file: &Path) -> Result<Manifest, BackupError> {
    let damaged = |what: String| BackupError::Damaged { path: file.to_owned(), what };
    let unreadable = || BackupError::unreadable(file);
    schema_version(connection, file, &NODE_MIGRATIONS)?;
    let manifest = Manifest::read(connection)
        .map_err(|error| damaged(format!("it has no manifest ({error})")))?;
    if let Some(fault) = integrity_fault(connection).map_err(unreadable())? {
        return Err(damaged(fault));
    }
    let found = Counts::of(connection).map_err(unreadable())?;
    if found != manifest.counts {
        let Counts { apps, files, content_bytes, .. } = manifest.counts;
        return Err(damaged(format!(
            "it should hold {apps} apps, {files} files and {content_bytes} bytes, and holds {}, \
             {} and {}",
            found.apps, found.files, found.content_bytes
        )));
    }
    if let Some(wrong) = wrong_content(connection).map_err(unreadable())? {
        return Err(damaged(format!("the content {wrong} has other bytes")));
    }
    Ok(manifest)
}

/// Whether a backup's schema lacks steps that this fazt knows.
pub(super) fn is_older(manifest: &Manifest) -> bool {
    let known = i64::try_from(NODE_MIGRATIONS.steps.len()).unwrap_or(i64::MAX);
    manifest.schema_version < known
}

/// Brings an open copy of a backup to this fazt's schema and counts again.
pub(super) fn migrate(
    connection: &mut Connection,
    file: &Path,
    manifest: &Manifest,
) -> Result<(), BackupError> {
    migrate_scratch(connection, file, &NODE_MIGRATIONS)?;
    let found = Counts::of(connection).map_err(StoreError::from_sqlite)?;
    let fault = integrity_fault(connection).map_err(StoreError::from_sqlite)?;
    if found == manifest.counts && fault.is_none() {
        return Ok(());
    }
    let what = fault.unwrap_or_else(|| "to bring its schema up to date loses rows".to_owned());
    Err(BackupError::Damaged { path: file.to_owned(), what })
}

fn migrate_copy(sealed: &mut Sealed, file: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    // Beside the backup, where there was room for that; else, say on a disk that is
    // read-only, where temporary files go.
    let copy = NamedTempFile::new_in(folder::parent(file)).or_else(|_| NamedTempFile::new());
    let mut copy = copy.map_err(BackupError::io("make a copy of", file))?;
    folder::ensure_room(copy.path(), sealed.length)?;
    sealed.unpack(&mut copy)?;
    copy.flush().map_err(BackupError::io("make a copy of", file))?;
    let mut connection = open_scratch(copy.path()).map_err(StoreError::from_sqlite)?;
    migrate(&mut connection, file, manifest)
}

/// The first thing that SQLite finds wrong with pages, indexes, rules or references.
fn integrity_fault(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Ok(Some(found));
    }
    let dangling: Option<String> = connection
        .query_row("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1", [], |row| row.get(0))
        .optional()?;
    Ok(dangling.map(|table| format!("a row of {table} refers to one that is not there")))
}

/// The first complete content whose bytes are not those that its hash and its size say.
fn wrong_content(connection: &Connection) -> rusqlite::Result<Option<ContentHash>> {
    let mut contents =
        connection.prepare("SELECT id, sha256, size_bytes FROM contents WHERE complete = 1")?;
    let mut chunks = connection.prepare(
        "SELECT bytes FROM chunks WHERE content_id = ?1 AND encoding = ?2 ORDER BY position",
    )?;
    let mut rows = contents.query([])?;
    while let Some(row) = rows.next()? {
        let (id, sha256, size): (i64, [u8; 32], u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let mut hasher = Hasher::new();
        let mut found_bytes = 0;
        let mut pieces = chunks.query((id, Encoding::Identity.code()))?;
        while let Some(piece) = pieces.next()? {
            let bytes = piece.get_ref(0)?.as_blob()?;
            hasher.update(bytes);
            found_bytes += bytes.len() as u64;
        }
        let wanted = ContentHash::from_bytes(sha256);
        if hasher.finish() != wanted || found_bytes != size {
            return Ok(Some(wanted));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::backup::seal::seal;

    #[test]
    fn a_check_that_nobody_waits_for_ends() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("copy");
        let mut file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        file.write_all(&[7; 8192]).unwrap();
        seal(&mut file, &path, &|| true).unwrap();
        let never: Wanted = Arc::new(|| false);
        let refused = verify_while(&never, &path).unwrap_err();
        assert!(matches!(refused, BackupError::GaveUp(_)), "{refused}");

        let database = dir.path().join("database");
        File::create(&database).unwrap();
        let mut connection = open_scratch(&database).unwrap();
        let count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
                     LIMIT 100000) SELECT count(*) FROM n";
        let counted =
            |connection: &Connection| connection.query_row(count, [], |row| row.get::<_, u64>(0));
        counted(&connection).unwrap();
        watch(&mut connection, &never).unwrap();
        let error = counted(&connection).unwrap_err();
        let code = Some(rusqlite::ErrorCode::OperationInterrupted);
        assert_eq!(error.sqlite_error_code(), code, "{error}");
    }
}
