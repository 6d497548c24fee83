//! What a backup says of itself: one row of a table that only backups have.

use rusqlite::{Connection, Row};

use crate::timestamp::Timestamp;

/// The table. Not a step of the schema: no node has it.
const TABLE: &str = "
    CREATE TABLE backup_manifest (
        id             INTEGER PRIMARY KEY CHECK (id = 1),
        fazt_version   TEXT    NOT NULL,
        schema_version INTEGER NOT NULL,
        -- Milliseconds since 1970, UTC.
        created_at     INTEGER NOT NULL,
        apps           INTEGER NOT NULL,
        releases       INTEGER NOT NULL,
        files          INTEGER NOT NULL,
        contents       INTEGER NOT NULL,
        content_bytes  INTEGER NOT NULL
    ) STRICT";

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Version of the fazt that made it.
    pub fazt_version: String,
    /// Version of the schema in it.
    pub schema_version: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// How much is in it.
    pub counts: Counts,
}

/// How much is in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Apps on the air.
    pub apps: u64,
    /// Releases that can be seen.
    pub releases: u64,
    /// Files of all releases.
    pub files: u64,
    /// Different contents.
    pub contents: u64,
    /// Bytes of the contents as they were deployed.
    pub content_bytes: u64,
}

impl Counts {
    /// Counts what `connection` sees. Works with every schema that there has been.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Counts> {
        connection.query_row(
            "SELECT (SELECT count(*) FROM apps WHERE deleted_at IS NULL),
                    (SELECT count(*) FROM releases WHERE state = 'ready'),
                    (SELECT count(*) FROM release_files),
                    (SELECT count(*) FROM contents),
                    (SELECT coalesce(sum(size_bytes), 0) FROM contents)",
            [],
            |row| Counts::read(row, 0),
        )
    }

    fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Counts> {
        Ok(Counts {
            apps: row.get(first)?,
            releases: row.get(first + 1)?,
            files: row.get(first + 2)?,
            contents: row.get(first + 3)?,
            content_bytes: row.get(first + 4)?,
        })
    }
}

impl Manifest {
    /// Describes what `connection` sees.
    pub(super) fn of(connection: &Connection, at: Timestamp) -> rusqlite::Result<Manifest> {
        Ok(Manifest {
            fazt_version: env!("CARGO_PKG_VERSION").to_owned(),
            schema_version: connection
                .pragma_query_value(None, "user_version", |row| row.get(0))?,
            created_at: at,
            counts: Counts::of(connection)?,
        })
    }

    /// Puts the table into a copy.
    pub(super) fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        let Counts { apps, releases, files, contents, content_bytes } = self.counts;
        connection.execute_batch(TABLE)?;
        connection.execute(
            "INSERT INTO backup_manifest VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (
                &self.fazt_version,
                self.schema_version,
                self.created_at,
                apps,
                releases,
                files,
                contents,
                content_bytes,
            ),
        )?;
        Ok(())
    }

    /// Reads the table of a backup.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Manifest> {
        connection.query_row(
            "SELECT fazt_version, schema_version, created_at,
                    apps, releases, files, contents, content_bytes
             FROM backup_manifest",
            [],
            |row| {
                Ok(Manifest {
                    fazt_version: row.get(0)?,
                    schema_version: row.get(1)?,
                    created_at: row.get(2)?,
                    counts: Counts::read(row, 3)?,
                })
            },
        )
    }

    /// Removes the table from what was a backup.
    pub(super) fn remove(connection: &Connection) -> rusqlite::Result<()> {
        connection.execute_batch("DROP TABLE backup_manifest")
    }
}
