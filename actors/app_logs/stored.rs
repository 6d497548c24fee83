//! Lines that are durable, and how they are read.

use std::fmt::Write as _;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::{BYTES_KEPT, LINES_KEPT, Level};
use crate::timestamp::Timestamp;

/// Lines of one answer at most.
pub const PAGE_MAX: usize = 1_000;

/// What is read of a line.
const COLUMNS: &str = "id, app_id, level, message, at, source, request_id";

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Its row; rises with time.
    pub id: i64,
    /// Row of its app.
    pub app: i64,
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub message: String,
    /// When it was said.
    pub at: Timestamp,
    /// `file:line` of the statement that said it, where code did.
    pub source: Option<String>,
    /// The request during which code said it.
    pub request_id: Option<String>,
}

/// Which lines of an app are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Row of the app.
    pub app: i64,
    /// Of this level and those above.
    pub level: Option<Level>,
    /// Of this request.
    pub request_id: Option<String>,
}

impl Wanted {
    /// All lines of an app.
    pub fn all_of(app: i64) -> Wanted {
        Wanted { app, level: None, request_id: None }
    }

    /// Whether a line is one of them.
    pub fn includes(&self, line: &LogLine) -> bool {
        line.app == self.app
            && self.level.is_none_or(|least| line.level >= least)
            && (self.request_id.is_none() || self.request_id == line.request_id)
    }
}

/// The newest wanted lines behind the row `after`, the newest first.
pub fn newest(
    connection: &Connection,
    wanted: &Wanted,
    after: i64,
    limit: usize,
) -> rusqlite::Result<Vec<LogLine>> {
    read(connection, wanted, after, "DESC", limit)
}

/// The wanted lines that follow the row `after`, the oldest first.
pub fn following(
    connection: &Connection,
    wanted: &Wanted,
    after: i64,
    limit: usize,
) -> rusqlite::Result<Vec<LogLine>> {
    read(connection, wanted, after, "ASC", limit)
}

fn read(
    connection: &Connection,
    wanted: &Wanted,
    after: i64,
    order: &str,
    limit: usize,
) -> rusqlite::Result<Vec<LogLine>> {
    let mut sql = format!("SELECT {COLUMNS} FROM app_logs WHERE app_id = ? AND id > ?");
    let mut values: Vec<Value> = vec![wanted.app.into(), after.into()];
    if let Some(least) = wanted.level {
        let above = Level::ALL.into_iter().filter(|level| *level >= least);
        let names: Vec<String> = above.map(|level| format!("'{}'", level.as_str())).collect();
        // Writing to a string cannot fail.
        let _ = write!(sql, " AND level IN ({})", names.join(", "));
    }
    if let Some(request_id) = &wanted.request_id {
        sql.push_str(" AND request_id = ?");
        values.push(request_id.clone().into());
    }
    let _ = write!(sql, " ORDER BY id {order} LIMIT ?");
    values.push(i64::try_from(limit.min(PAGE_MAX)).unwrap_or(i64::MAX).into());
    connection.prepare_cached(&sql)?.query_map(params_from_iter(values), line)?.collect()
}

/// The lines of all apps that follow the row `after`, the oldest first.
pub(super) fn following_of_all(
    connection: &Connection,
    after: i64,
    limit: usize,
) -> rusqlite::Result<Vec<LogLine>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM app_logs WHERE id > ?1 ORDER BY id LIMIT ?2"
        ))?
        .query_map((after, limit), line)?
        .collect()
}

/// The newest row of all; 0 without one.
pub(super) fn newest_id(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT coalesce(max(id), 0) FROM app_logs")?
        .query_row([], |row| row.get(0))
}

/// The newest row of an app; 0 without one.
pub fn newest_id_of(connection: &Connection, app: i64) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT coalesce(max(id), 0) FROM app_logs WHERE app_id = ?1")?
        .query_row([app], |row| row.get(0))
}

/// Whether lines that followed the row `after` may be gone by now. The oldest go first: while
/// a line up to there is left, none behind it has gone.
pub fn may_have_lost(connection: &Connection, app: i64, after: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT NOT EXISTS (SELECT 1 FROM app_logs WHERE app_id = ?1 AND id <= ?2)",
        )?
        .query_row((app, after), |row| row.get(0))
}

/// The newest row of an app that is too much; `None` where the app keeps its bounds.
pub(super) fn newest_excess(connection: &Connection, app: i64) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT id FROM
                 (SELECT id, row_number() OVER newest_first AS lines,
                         sum(octet_length(message)) OVER newest_first AS bytes
                  FROM app_logs WHERE app_id = ?1
                  WINDOW newest_first AS (ORDER BY id DESC))
             WHERE lines > ?2 OR bytes > ?3 ORDER BY id DESC LIMIT 1",
        )?
        .query_row((app, LINES_KEPT, BYTES_KEPT), |row| row.get(0))
        .optional()
}

fn line(row: &Row<'_>) -> rusqlite::Result<LogLine> {
    let level: String = row.get(2)?;
    Ok(LogLine {
        id: row.get(0)?,
        app: row.get(1)?,
        level: Level::parse(&level).unwrap_or(Level::Info),
        message: row.get(3)?,
        at: row.get(4)?,
        source: row.get(5)?,
        request_id: row.get(6)?,
    })
}
