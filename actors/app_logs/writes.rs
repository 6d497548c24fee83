//! Changes of the table of lines.

use rusqlite::Transaction;

use super::{KEPT_FOR, NewLine};
use crate::store::Write;
use crate::timestamp::Timestamp;

/// Old lines that one step removes.
const FORGOTTEN_PER_STEP: u32 = 1_000;

/// Stores lines; answers the newest row. An app that is gone for good has no log: its lines
/// are left out.
pub(super) struct StoreLines(pub(super) Vec<NewLine>);

impl Write for StoreLines {
    type Output = i64;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<i64> {
        let mut insert = tx.prepare_cached(
            "INSERT INTO app_logs (app_id, at, level, message, source, request_id)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM apps WHERE id = ?1)",
        )?;
        let mut newest = 0;
        for line in self.0 {
            let inserted = insert.execute((
                line.app,
                line.at,
                line.level.as_str(),
                line.message,
                line.source,
                line.request_id.as_deref(),
            ))?;
            if inserted > 0 {
                newest = tx.last_insert_rowid();
            }
        }
        Ok(newest)
    }
}

/// Removes some of an app's lines up to a row; answers whether there may be more.
pub(super) struct ForgetUpTo {
    /// The app.
    pub(super) app: i64,
    /// The newest row that goes.
    pub(super) row: i64,
}

impl Write for ForgetUpTo {
    type Output = bool;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<bool> {
        let removed = tx
            .prepare_cached(
                "DELETE FROM app_logs WHERE id IN
                     (SELECT id FROM app_logs WHERE app_id = ?1 AND id <= ?2
                      ORDER BY id LIMIT ?3)",
            )?
            .execute((self.app, self.row, FORGOTTEN_PER_STEP))?;
        Ok(removed == FORGOTTEN_PER_STEP as usize)
    }
}

/// Removes some of the lines, of all apps, that have been kept for long enough; answers
/// whether there may be more. Rows rise with time, so only the first ones are looked at.
pub struct ForgetOld {
    /// Now.
    pub at: Timestamp,
}

impl Write for ForgetOld {
    type Output = bool;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<bool> {
        let removed = tx
            .prepare_cached(
                "DELETE FROM app_logs WHERE id IN
                     (SELECT id FROM (SELECT id, at FROM app_logs ORDER BY id LIMIT ?2)
                      WHERE at < ?1)",
            )?
            .execute((self.at.before(KEPT_FOR), FORGOTTEN_PER_STEP))?;
        Ok(removed == FORGOTTEN_PER_STEP as usize)
    }
}
