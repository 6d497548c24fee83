//! What happened to an app: its deploys, and later what its code says.
//!
//! Each app keeps a bounded number of lines; the oldest go first.

use rusqlite::{Connection, Transaction};

use crate::timestamp::Timestamp;

/// Lines kept of one app.
const LINES_KEPT: u32 = 10_000;

/// Lines of one answer at most.
pub const PAGE_MAX: usize = 1_000;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Its row; rises with time.
    pub id: i64,
    /// `info`, `warn`, `error`, `debug`.
    pub level: String,
    /// What it says.
    pub message: String,
    /// When it was written.
    pub at: Timestamp,
}

/// Adds a line inside a transaction that changes the app.
pub(crate) fn append(
    tx: &Transaction<'_>,
    app: i64,
    level: &str,
    message: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT INTO app_logs (app_id, at, level, message) VALUES (?1, ?2, ?3, ?4)")?
        .execute((app, at, level, message))?;
    tx.prepare_cached(
        "DELETE FROM app_logs WHERE app_id = ?1 AND id <=
             (SELECT id FROM app_logs WHERE app_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute((app, LINES_KEPT))?;
    Ok(())
}

/// The newest lines of an app, the newest first.
pub fn newest(connection: &Connection, app: i64, limit: usize) -> rusqlite::Result<Vec<LogLine>> {
    connection
        .prepare_cached(
            "SELECT id, level, message, at FROM app_logs WHERE app_id = ?1
             ORDER BY id DESC LIMIT ?2",
        )?
        .query_map((app, limit.min(PAGE_MAX)), |row| {
            Ok(LogLine {
                id: row.get(0)?,
                level: row.get(1)?,
                message: row.get(2)?,
                at: row.get(3)?,
            })
        })?
        .collect()
}
