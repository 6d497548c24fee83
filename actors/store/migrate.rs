//! Brings a file's schema up to date, one transaction a step, counted by `user_version`.

use std::path::{Path, PathBuf};

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::{StoreError, connection};

/// The steps from an empty file to the current schema, and the mark of the files they make.
#[derive(Debug)]
pub struct Migrations {
    /// `application_id` of the file (SQLite file format, offset 68).
    pub application_id: i32,
    /// Step `n` takes `user_version` from `n` to `n + 1`. Never edited once released.
    pub steps: &'static [&'static str],
}

/// The schema of a node's database. The mark reads "fazt".
pub const NODE_MIGRATIONS: Migrations = Migrations {
    application_id: 0x6661_7a74,
    steps: &[
        include_str!("../../migrations/node/0001_hosting.sql"),
        include_str!("../../migrations/node/0002_control.sql"),
    ],
};

/// Refuses a file that this fazt cannot open, without changing a byte of it or beside it.
///
/// A missing or empty file is fine: it becomes a database.
pub(crate) fn check_file(path: &Path, migrations: &Migrations) -> Result<(), StoreError> {
    if std::fs::metadata(path).map_or(0, |file| file.len()) == 0 {
        return Ok(());
    }
    let opened = connection::open_to_look(path);
    let connection = opened.map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
    schema_version(&connection, path, migrations).map(drop)
}

/// Applies the steps that `connection`'s file lacks.
///
/// Refuses a file of a newer fazt, of the original, or of another program. Before the
/// first step of a file that holds data, a copy is left beside it.
pub(crate) fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &Migrations,
) -> Result<(), StoreError> {
    let found = schema_version(connection, path, migrations)?;
    let known = i64::try_from(migrations.steps.len()).unwrap_or(i64::MAX);
    if found > 0 && found < known {
        copy_before(connection, path, found)?;
    }
    migrate_scratch(connection, path, migrations)
}

/// Like [`migrate`], for a file that is itself a copy.
pub(crate) fn migrate_scratch(
    connection: &mut Connection,
    path: &Path,
    migrations: &Migrations,
) -> Result<(), StoreError> {
    let found = schema_version(connection, path, migrations)?;
    let applied = usize::try_from(found).unwrap_or(0);
    let missing = migrations.steps.get(applied..).unwrap_or_default();
    for (index, step) in missing.iter().enumerate() {
        let version = applied + index + 1;
        apply_step(connection, step, version, migrations.application_id)
            .map_err(StoreError::from_sqlite)?;
        tracing::info!(version, path = %path.display(), "migrated the database");
    }
    Ok(())
}

fn apply_step(
    connection: &mut Connection,
    step: &str,
    version: usize,
    application_id: i32,
) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(step)?;
    tx.pragma_update(None, "application_id", application_id)?;
    tx.pragma_update(None, "user_version", i64::try_from(version).unwrap_or(i64::MAX))?;
    tx.commit()
}

/// The file's schema version, if this fazt knows it.
pub(crate) fn schema_version(
    connection: &Connection,
    path: &Path,
    migrations: &Migrations,
) -> Result<i64, StoreError> {
    let found = recognise(connection, path, migrations)?;
    let known = i64::try_from(migrations.steps.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    Ok(found)
}

/// The file's schema version, if the file is one of ours or empty.
fn recognise(
    connection: &Connection,
    path: &Path,
    migrations: &Migrations,
) -> Result<i64, StoreError> {
    let (application_id, version, tables) = identity(connection).map_err(|source| match source
        .sqlite_error_code()
    {
        Some(rusqlite::ErrorCode::NotADatabase) => StoreError::Foreign { path: path.to_owned() },
        _ => StoreError::Open { path: path.to_owned(), source },
    })?;
    if application_id == migrations.application_id || tables == 0 {
        return Ok(version);
    }
    if is_original(connection).map_err(StoreError::from_sqlite)? {
        return Err(StoreError::Original { path: path.to_owned() });
    }
    Err(StoreError::Foreign { path: path.to_owned() })
}

fn identity(connection: &Connection) -> rusqlite::Result<(i32, i64, i64)> {
    let application_id = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok((application_id, version, tables))
}

/// The original kept its steps in a table and its sites in another.
fn is_original(connection: &Connection) -> rusqlite::Result<bool> {
    let found: Option<i64> = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema
             WHERE type = 'table' AND name IN ('migrations', 'files', 'api_keys')",
            [],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found == Some(3))
}

/// Copies the file to `<name>.before-v<N>`; the log is moved into it first.
fn copy_before(connection: &Connection, path: &Path, version: i64) -> Result<(), StoreError> {
    let target = beside(path, &format!(".before-v{}", version + 1));
    connection
        .wal_checkpoint_v2(rusqlite::MAIN_DB.into(), CheckpointMode::TRUNCATE)
        .map_err(StoreError::from_sqlite)?;
    // The caller owns the file, so nobody writes between the checkpoint and the copy.
    std::fs::copy(path, &target)
        .and_then(|_bytes| std::fs::File::open(&target)?.sync_all())
        .map_err(|source| StoreError::Copy { path: path.to_owned(), source })?;
    tracing::info!(copy = %target.display(), "kept a copy of the database before migrating it");
    Ok(())
}

/// `path` with `suffix` appended to its file name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests;
