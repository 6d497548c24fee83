//! Makes, protects and migrates the client's file.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
    time::Duration,
};

use rusqlite::Connection;

use super::PeersError;

/// The formats of the file, oldest first; `PRAGMA user_version` counts those applied.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../migrations/client/0001_peers.sql"),
    include_str!("../../migrations/client/0002_seen.sql"),
];
/// The file's mark (SQLite file format, offset 68). It reads "fazc".
const APPLICATION_ID: i32 = 0x6661_7a63;
/// How long another command of the same user may hold the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Mode of the folder: nobody else.
const FOLDER_MODE: u32 = 0o700;
/// Mode of the file: nobody else.
const FILE_MODE: u32 = 0o600;

/// Makes the folder and the file with their modes before SQLite sees them, since SQLite would
/// make them readable by all. Says what was too open.
pub(super) fn prepare(path: &Path) -> Result<Option<String>, PeersError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    make_folder(folder).map_err(|cause| failed(folder, cause))?;
    let made = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path);
    match made {
        Ok(_) => {}
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
        Err(cause) => return Err(failed(path, cause)),
    }
    let folder_was = narrow(folder, FOLDER_MODE).map_err(|cause| failed(folder, cause))?;
    let file_was = narrow(path, FILE_MODE).map_err(|cause| failed(path, cause))?;
    let was = match (folder_was, file_was) {
        (None, None) => return Ok(None),
        (_, Some(mode)) => format!("{} had mode {mode:04o}", path.display()),
        (Some(mode), None) => format!("{} had mode {mode:04o}", folder.display()),
    };
    Ok(Some(format!("{was}, so others could read the tokens in it; only you can now")))
}

/// Parents get the usual mode; only the last folder is the client's own.
fn make_folder(folder: &Path) -> io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(FOLDER_MODE).create(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Takes away what is above `mode`, and returns what the mode was if that was anything.
fn narrow(path: &Path, mode: u32) -> io::Result<Option<u32>> {
    let was = fs::metadata(path)?.permissions().mode() & 0o7777;
    if was & !mode & 0o777 == 0 {
        return Ok(None);
    }
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok(Some(was))
}

/// Opens the file and brings it to the newest format.
pub(super) fn open(path: &Path) -> Result<Connection, PeersError> {
    let sqlite = |source| PeersError::Sqlite { path: path.to_owned(), source };
    #[expect(
        clippy::disallowed_methods,
        reason = "the client's file is not a node's database: it has its own pragmas, here"
    )]
    let mut connection = Connection::open(path).map_err(sqlite)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
    // A token that was removed must not stay behind in the file's free pages.
    connection.pragma_update(None, "secure_delete", true).map_err(sqlite)?;
    migrate(&mut connection, path)?;
    Ok(connection)
}

/// Opens a file that is another program's, as it is.
pub(super) fn open_foreign(path: &Path) -> rusqlite::Result<Connection> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the original's file is only looked into, and keeps its pragmas"
    )]
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), PeersError> {
    let sqlite = |source| PeersError::Sqlite { path: path.to_owned(), source };
    let known = MIGRATIONS.len() as u32;
    if marks(connection).map_err(sqlite)? == (APPLICATION_ID, known) {
        return Ok(());
    }
    // The lock is taken before the version is read again: two commands may start at once.
    let transaction = connection
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(sqlite)?;
    let (mark, found) = marks(&transaction).map_err(sqlite)?;
    if mark != APPLICATION_ID && has_tables(&transaction).map_err(sqlite)? {
        return Err(PeersError::Foreign { path: path.to_owned() });
    }
    if found > known {
        return Err(PeersError::Newer { path: path.to_owned(), found, known });
    }
    for migration in &MIGRATIONS[found as usize..] {
        transaction.execute_batch(migration).map_err(sqlite)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(sqlite)?;
    transaction.pragma_update(None, "user_version", known).map_err(sqlite)?;
    transaction.commit().map_err(sqlite)
}

/// Whose file it is, and of which format.
fn marks(connection: &Connection) -> rusqlite::Result<(i32, u32)> {
    let mark = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok((mark, version))
}

fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

fn failed(path: &Path, source: io::Error) -> PeersError {
    PeersError::Prepare { path: path.to_owned(), source }
}
