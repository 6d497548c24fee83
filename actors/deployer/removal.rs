//! Changes that take things away: apps, releases, and what they listed.

use rusqlite::{OptionalExtension, Transaction};

use super::writes::FILES_PER_STEP;
use crate::app_logs;
use crate::store::Write;
use crate::timestamp::Timestamp;

/// Takes an app off the air and frees its name. Answers whether it was on the air.
pub struct DeleteApp {
    /// The app.
    pub app: i64,
    /// Now.
    pub at: Timestamp,
}

impl Write for DeleteApp {
    type Output = bool;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<bool> {
        let deleted = tx
            .prepare_cached(
                "UPDATE apps SET deleted_at = ?2, updated_at = ?2, generation = generation + 1
                 WHERE id = ?1 AND deleted_at IS NULL",
            )?
            .execute((self.app, self.at))?;
        if deleted == 1 {
            app_logs::append(tx, self.app, "info", "taken off the air", self.at)?;
        }
        Ok(deleted == 1)
    }
}

/// What became of an attempt to restore an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// It is on the air again.
    Back,
    /// It is not among the deleted ones.
    NotDeleted,
    /// Another app has its name now.
    NameTaken,
}

/// Puts a deleted app back on the air.
pub struct RestoreApp {
    /// The app.
    pub app: i64,
    /// Now.
    pub at: Timestamp,
}

impl Write for RestoreApp {
    type Output = Restored;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Restored> {
        let taken: Option<bool> = tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM apps AS other
                                WHERE other.name = apps.name AND other.deleted_at IS NULL)
                 FROM apps WHERE id = ?1 AND deleted_at IS NOT NULL",
            )?
            .query_row([self.app], |row| row.get(0))
            .optional()?;
        match taken {
            None => return Ok(Restored::NotDeleted),
            Some(true) => return Ok(Restored::NameTaken),
            Some(false) => {}
        }
        tx.prepare_cached(
            "UPDATE apps SET deleted_at = NULL, updated_at = ?2, generation = generation + 1
             WHERE id = ?1",
        )?
        .execute((self.app, self.at))?;
        app_logs::append(tx, self.app, "info", "restored", self.at)?;
        Ok(Restored::Back)
    }
}

/// Makes a deleted app unrestorable: its releases are doomed and its row goes with them.
pub struct PurgeApp {
    /// The app, already deleted.
    pub app: i64,
}

impl Write for PurgeApp {
    type Output = ();

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        // The foreign key from the app to its live release would hold both.
        tx.prepare_cached(
            "UPDATE releases SET state = 'doomed', number = NULL, app_id = NULL
             WHERE app_id = ?1 AND EXISTS
                 (SELECT 1 FROM apps WHERE id = ?1 AND deleted_at IS NOT NULL)",
        )?
        .execute([self.app])?;
        tx.prepare_cached("DELETE FROM apps WHERE id = ?1 AND deleted_at IS NOT NULL")?
            .execute([self.app])?;
        Ok(())
    }
}

/// Dooms the oldest releases of an app above the number that is kept, never the live one.
pub struct DoomOldReleases {
    /// The app.
    pub app: i64,
    /// Releases kept, the live one included.
    pub kept: usize,
}

impl Write for DoomOldReleases {
    type Output = usize;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<usize> {
        tx.prepare_cached(
            "UPDATE releases SET state = 'doomed', number = NULL, app_id = NULL
             WHERE id IN (
                 SELECT releases.id FROM releases JOIN apps ON apps.id = app_id
                 WHERE app_id = ?1 AND state = 'ready' AND releases.id <> live_release_id
                 ORDER BY number DESC LIMIT -1 OFFSET ?2)",
        )?
        .execute((self.app, self.kept.saturating_sub(1)))
    }
}

/// Dooms one release that was never activated.
pub struct AbandonRelease {
    /// The release.
    pub release: i64,
}

impl Write for AbandonRelease {
    type Output = ();

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        tx.prepare_cached(
            "UPDATE releases SET state = 'doomed' WHERE id = ?1 AND state = 'preparing'",
        )?
        .execute([self.release])
        .map(drop)
    }
}

/// Dooms what an earlier process left unfinished. Only at start: nothing is being prepared then.
pub struct AbandonUnfinished;

impl Write for AbandonUnfinished {
    type Output = usize;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<usize> {
        tx.execute("UPDATE releases SET state = 'doomed' WHERE state = 'preparing'", [])
    }
}

/// One short step of removing doomed releases; answers whether there is more to do.
pub struct RemoveDoomed {
    /// Now; contents that lose their last release are kept for a while from here.
    pub at: Timestamp,
}

impl Write for RemoveDoomed {
    type Output = bool;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<bool> {
        let doomed: Option<i64> = tx
            .prepare_cached("SELECT id FROM releases WHERE state = 'doomed' LIMIT 1")?
            .query_row([], |row| row.get(0))
            .optional()?;
        let Some(release) = doomed else { return Ok(false) };
        let files: Vec<(String, i64)> = tx
            .prepare_cached(
                "SELECT path, content_id FROM release_files WHERE release_id = ?1 LIMIT ?2",
            )?
            .query_map((release, FILES_PER_STEP), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        if files.is_empty() {
            tx.prepare_cached("DELETE FROM releases WHERE id = ?1")?.execute([release])?;
            return Ok(true);
        }
        let mut remove =
            tx.prepare_cached("DELETE FROM release_files WHERE release_id = ?1 AND path = ?2")?;
        let mut release_content = tx.prepare_cached(
            "UPDATE contents SET unused_since = ?2 WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM release_files WHERE content_id = ?1)",
        )?;
        for (path, content) in files {
            remove.execute((release, path))?;
            release_content.execute((content, self.at))?;
        }
        Ok(true)
    }
}
