//! The deployer's changes of the database.
//!
//! A release is prepared invisibly in short steps and becomes true in one:
//! [`Activate`]. What is left of one that never got there is doomed and removed.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::path::FilePath;
use crate::app_logs;
use crate::content::ContentHash;
use crate::name::{AppId, AppName};
use crate::store::Write;
use crate::timestamp::Timestamp;

/// Files listed in one step of preparing or removing a release.
pub const FILES_PER_STEP: usize = 500;

/// A file of a release that is being prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseEntry {
    /// Path from the root of the app.
    pub path: FilePath,
    /// Its content, which must be stored completely.
    pub hash: ContentHash,
    /// Bytes of the content.
    pub size: u64,
}

/// Begins a release that nobody can see.
pub struct PrepareRelease {
    /// Files that it will have.
    pub file_count: usize,
    /// Bytes of those files together.
    pub size_bytes: u64,
    /// What the manifest says, as JSON.
    pub manifest: String,
    /// Name of the token that deploys it, or `owner`.
    pub deployed_by: String,
    /// Now.
    pub at: Timestamp,
}

impl Write for PrepareRelease {
    type Output = i64;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<i64> {
        tx.prepare_cached(
            "INSERT INTO releases
                 (state, file_count, size_bytes, manifest, deployed_by, created_at)
             VALUES ('preparing', ?1, ?2, ?3, ?4, ?5) RETURNING id",
        )?
        .query_row(
            (self.file_count, self.size_bytes, self.manifest, self.deployed_by, self.at),
            |row| row.get(0),
        )
    }
}

/// Lists some files of a release being prepared; from here on their contents are kept.
///
/// Answers the first path whose content is not stored, if there is one.
pub struct AddFiles {
    /// The release.
    pub release: i64,
    /// The app it will belong to: files that it leaves alone keep their time.
    pub app: AppName,
    /// At most [`FILES_PER_STEP`].
    pub entries: Vec<ReleaseEntry>,
    /// Now.
    pub at: Timestamp,
}

impl Write for AddFiles {
    type Output = Result<(), FilePath>;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Self::Output> {
        let live: Option<i64> = live_release(tx, self.app.as_str())?.and_then(|app| app.release);
        let mut add = tx.prepare_cached(
            "INSERT INTO release_files (release_id, path, content_id, modified_at)
             SELECT ?1, ?2, id, ifnull((SELECT modified_at FROM release_files
                        WHERE release_id = ?4 AND path = ?2 AND content_id = contents.id), ?5)
             FROM contents WHERE sha256 = ?3 AND size_bytes = ?6 AND complete = 1",
        )?;
        let mut keep = tx.prepare_cached(
            "UPDATE contents SET unused_since = NULL
             WHERE sha256 = ?1 AND unused_since IS NOT NULL",
        )?;
        for entry in self.entries {
            let hash = entry.hash.as_bytes();
            let path = entry.path.as_str();
            let added = add.execute((self.release, path, hash, live, self.at, entry.size))?;
            if added == 0 {
                return Ok(Err(entry.path));
            }
            keep.execute([hash])?;
        }
        Ok(Ok(()))
    }
}

/// The release that the caller believes to be live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Whatever is live.
    Any,
    /// The release with this row; `None`: the app has none, or does not exist. Not its
    /// number: another app of the same name may have a release of that number.
    Release(Option<i64>),
}

/// Makes a prepared release the live one: the moment a deploy becomes true.
pub struct Activate {
    /// The prepared release.
    pub release: i64,
    /// The app, made now if there is none of that name.
    pub app: AppName,
    /// The id that a new app gets.
    pub new_app_id: AppId,
    /// What must still be live.
    pub base: Base,
    /// Whether files of earlier releases become unreachable.
    pub purge: bool,
    /// Now.
    pub at: Timestamp,
}

/// What is live after an activation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activated {
    /// The app's row.
    pub app: i64,
    /// The app's id.
    pub app_id: String,
    /// The app's name.
    pub name: String,
    /// The release's row.
    pub release: i64,
    /// The release's number.
    pub number: u32,
    /// Number of the release that was live before.
    pub previous: Option<u32>,
    /// Files of the live release.
    pub file_count: u64,
    /// Bytes of its files together.
    pub size_bytes: u64,
}

/// Why an activation was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActivationRefusal {
    /// Another release went live since.
    Moved {
        /// The number that is live now.
        live: Option<u32>,
    },
    /// A content of the release is not there.
    Incomplete,
    /// There is no such release, or none before the live one.
    NoRelease,
    /// There is no such app.
    NoApp,
}

impl Write for Activate {
    type Output = Result<Activated, ActivationRefusal>;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Self::Output> {
        let found = live_release(tx, self.app.as_str())?;
        let live_number = found.as_ref().and_then(|app| app.number);
        if let Base::Release(expected) = self.base
            && expected != found.as_ref().and_then(|app| app.release)
        {
            return Ok(Err(ActivationRefusal::Moved { live: live_number }));
        }
        if !is_complete(tx, self.release)? {
            return Ok(Err(ActivationRefusal::Incomplete));
        }
        let app = match found {
            Some(app) => app.id,
            None => create_app(tx, &self.new_app_id, &self.app, self.at)?,
        };
        let number: u32 = tx
            .prepare_cached(
                "UPDATE apps SET last_number = last_number + 1 WHERE id = ?1 RETURNING last_number",
            )?
            .query_row([app], |row| row.get(0))?;
        tx.prepare_cached(
            "UPDATE releases SET app_id = ?2, number = ?3, state = 'ready' WHERE id = ?1",
        )?
        .execute((self.release, app, number))?;
        if self.purge {
            tx.prepare_cached("UPDATE apps SET purged_number = ?2 WHERE id = ?1")?
                .execute((app, number.saturating_sub(1)))?;
        }
        make_live(tx, app, self.release, self.at)?;
        let live = activated(tx, app, live_number)?;
        let (number, files) = (live.number, live.file_count);
        let line = format!("deployed v{number}: {files} files, {} bytes", live.size_bytes);
        app_logs::append(tx, app, "info", &line, self.at)?;
        Ok(Ok(live))
    }
}

/// Makes an earlier release the live one again.
pub struct Rollback {
    /// The app.
    pub app: i64,
    /// The release to go back to; `None`: the one before the live one.
    pub number: Option<u32>,
    /// Now.
    pub at: Timestamp,
}

impl Write for Rollback {
    type Output = Result<Activated, ActivationRefusal>;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Self::Output> {
        let live: Option<Option<u32>> = tx
            .prepare_cached(
                "SELECT number FROM apps LEFT JOIN releases ON releases.id = live_release_id
                 WHERE apps.id = ?1 AND deleted_at IS NULL",
            )?
            .query_row([self.app], |row| row.get(0))
            .optional()?;
        let Some(live_number) = live else { return Ok(Err(ActivationRefusal::NoApp)) };
        let target: Option<i64> = match self.number {
            Some(number) => tx
                .prepare_cached(
                    "SELECT id FROM releases
                     WHERE app_id = ?1 AND number = ?2 AND state = 'ready'",
                )?
                .query_row((self.app, number), |row| row.get(0))
                .optional()?,
            None => tx
                .prepare_cached(
                    "SELECT id FROM releases WHERE app_id = ?1 AND number < ?2 AND state = 'ready'
                     ORDER BY number DESC LIMIT 1",
                )?
                .query_row((self.app, live_number.unwrap_or(0)), |row| row.get(0))
                .optional()?,
        };
        let Some(release) = target else { return Ok(Err(ActivationRefusal::NoRelease)) };
        make_live(tx, self.app, release, self.at)?;
        let live = activated(tx, self.app, live_number)?;
        let line = format!("rolled back to v{}", live.number);
        app_logs::append(tx, self.app, "info", &line, self.at)?;
        Ok(Ok(live))
    }
}

struct LiveApp {
    id: i64,
    release: Option<i64>,
    number: Option<u32>,
}

fn live_release(tx: &Connection, name: &str) -> rusqlite::Result<Option<LiveApp>> {
    tx.prepare_cached(
        "SELECT apps.id, live_release_id, number
         FROM apps LEFT JOIN releases ON releases.id = live_release_id
         WHERE name = ?1 AND deleted_at IS NULL",
    )?
    .query_row([name], |row| {
        Ok(LiveApp { id: row.get(0)?, release: row.get(1)?, number: row.get(2)? })
    })
    .optional()
}

/// Whether every file that was announced is listed and has all of its content.
fn is_complete(tx: &Connection, release: i64) -> rusqlite::Result<bool> {
    tx.prepare_cached(
        "SELECT state = 'preparing' AND file_count =
             (SELECT count(*) FROM release_files JOIN contents ON contents.id = content_id
              WHERE release_id = releases.id AND complete = 1)
         FROM releases WHERE id = ?1",
    )?
    .query_row([release], |row| row.get(0))
    .optional()
    .map(|complete| complete.unwrap_or(false))
}

fn create_app(
    tx: &Connection,
    public_id: &AppId,
    name: &AppName,
    at: Timestamp,
) -> rusqlite::Result<i64> {
    tx.prepare_cached(
        "INSERT INTO apps (public_id, name, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)
         RETURNING id",
    )?
    .query_row((public_id.as_str(), name.as_str(), at), |row| row.get(0))
}

fn make_live(tx: &Connection, app: i64, release: i64, at: Timestamp) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE releases SET replaced_at = ?3
         WHERE id = (SELECT live_release_id FROM apps WHERE id = ?1) AND id <> ?2",
    )?
    .execute((app, release, at))?;
    tx.prepare_cached("UPDATE releases SET replaced_at = NULL WHERE id = ?1")?
        .execute([release])?;
    tx.prepare_cached(
        "UPDATE apps SET live_release_id = ?2, updated_at = ?3, generation = generation + 1
         WHERE id = ?1",
    )?
    .execute((app, release, at))?;
    Ok(())
}

fn activated(tx: &Connection, app: i64, previous: Option<u32>) -> rusqlite::Result<Activated> {
    tx.prepare_cached(
        "SELECT apps.id, public_id, name, releases.id, number, file_count, size_bytes
         FROM apps JOIN releases ON releases.id = live_release_id WHERE apps.id = ?1",
    )?
    .query_row([app], |row| {
        Ok(Activated {
            app: row.get(0)?,
            app_id: row.get(1)?,
            name: row.get(2)?,
            release: row.get(3)?,
            number: row.get(4)?,
            previous,
            file_count: row.get(5)?,
            size_bytes: row.get(6)?,
        })
    })
}
