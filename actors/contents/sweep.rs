//! Collects contents that nothing uses any more.

use rusqlite::Transaction;

use crate::store::Write;
use crate::timestamp::Timestamp;

/// Chunks deleted in one step: 4 MiB of file, a few hundred pages.
const CHUNKS_PER_STEP: i64 = 16;

/// Free pages given back to the file system in one step.
const PAGES_VACUUMED_PER_STEP: i64 = 512;

/// What one step of collecting did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Chunks deleted.
    pub chunks: usize,
    /// Contents deleted with the last of their chunks.
    pub contents: usize,
}

impl Swept {
    /// Whether nothing was left to collect.
    pub fn is_done(self) -> bool {
        self == Swept::default()
    }
}

/// One short step of collecting; repeated until it [is done](Swept::is_done).
pub struct SweepContents {
    /// Contents that have been unused since before this are collected.
    pub unused_before: Timestamp,
}

impl Write for SweepContents {
    type Output = Swept;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Swept> {
        // `unused_since` is kept by whoever adds and removes releases; whether a release
        // has the content is asked again, because a content lost is not to be had back.
        let unused = "SELECT id FROM contents
             WHERE unused_since < ?1
               AND NOT EXISTS (SELECT 1 FROM release_files WHERE content_id = contents.id)
             ORDER BY unused_since LIMIT 16";
        let marked =
            format!("UPDATE contents SET complete = 0 WHERE complete = 1 AND id IN ({unused})");
        tx.prepare_cached(&marked)?.execute([self.unused_before])?;
        let sql = format!(
            "DELETE FROM chunks WHERE rowid IN
             (SELECT rowid FROM chunks WHERE content_id IN ({unused}) LIMIT {CHUNKS_PER_STEP})"
        );
        let chunks = tx.prepare_cached(&sql)?.execute([self.unused_before])?;
        let sql = format!(
            "DELETE FROM contents WHERE id IN ({unused})
               AND NOT EXISTS (SELECT 1 FROM chunks WHERE content_id = contents.id)"
        );
        let contents = tx.prepare_cached(&sql)?.execute([self.unused_before])?;
        Ok(Swept { chunks, contents })
    }
}

/// Gives free pages of the file back, a few at a time.
pub struct ReturnPages;

impl Write for ReturnPages {
    type Output = bool;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<bool> {
        let free: i64 = tx.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
        if free == 0 {
            return Ok(false);
        }
        let sql = format!("PRAGMA incremental_vacuum({PAGES_VACUUMED_PER_STEP})");
        let mut statement = tx.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        Ok(free > PAGES_VACUUMED_PER_STEP)
    }
}
