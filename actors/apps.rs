//! What the owner sees of apps, releases and files: reads only.

use rusqlite::{Connection, OptionalExtension, Row};

use crate::content::ContentHash;
use crate::contents::ContentId;
use crate::timestamp::Timestamp;

/// An app, on the air or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRow {
    /// Its row.
    pub id: i64,
    /// Its id.
    pub public_id: String,
    /// Its name.
    pub name: String,
    /// Number of the live release.
    pub live_number: Option<u32>,
    /// Files of the live release.
    pub file_count: u64,
    /// Bytes of those files.
    pub size_bytes: u64,
    /// When it came to be.
    pub created_at: Timestamp,
    /// When its live release last changed.
    pub updated_at: Timestamp,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
}

/// A release that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRow {
    /// Its row.
    pub id: i64,
    /// Its number.
    pub number: u32,
    /// Whether visitors see it.
    pub is_live: bool,
    /// Its files.
    pub file_count: u64,
    /// Bytes of its files.
    pub size_bytes: u64,
    /// Who deployed it.
    pub deployed_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// A file of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Path from the root of the app.
    pub path: String,
    /// Where its bytes are.
    pub content: ContentId,
    /// SHA-256 of its bytes.
    pub hash: ContentHash,
    /// Bytes.
    pub size: u64,
    /// When this path got these bytes.
    pub modified_at: Timestamp,
}

/// Which apps a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Those on the air.
    Live,
    /// Those that were deleted and can be restored.
    Deleted,
}

const APP: &str = "SELECT apps.id, public_id, name, number, ifnull(file_count, 0),
        ifnull(size_bytes, 0), apps.created_at, updated_at, deleted_at
    FROM apps LEFT JOIN releases ON releases.id = live_release_id";

/// A page of apps by name (by id within one name), and how many there are in all.
pub fn list(
    connection: &Connection,
    shown: Shown,
    after: Option<&(String, i64)>,
    limit: usize,
) -> rusqlite::Result<(Vec<AppRow>, u64)> {
    let (name, id) = after.map_or(("", 0), |(name, id)| (name.as_str(), *id));
    let condition = match shown {
        Shown::Live => "deleted_at IS NULL",
        Shown::Deleted => "deleted_at IS NOT NULL",
    };
    let sql = format!(
        "{APP} WHERE {condition} AND (name, apps.id) > (?1, ?2) ORDER BY name, apps.id LIMIT ?3"
    );
    let page = connection
        .prepare_cached(&sql)?
        .query_map((name, id, limit), app_row)?
        .collect::<rusqlite::Result<_>>()?;
    let total = connection
        .prepare_cached(&format!("SELECT count(*) FROM apps WHERE {condition}"))?
        .query_row([], |row| row.get(0))?;
    Ok((page, total))
}

/// The app with this name or id. Among deleted ones of one name, the last deleted.
pub fn find(
    connection: &Connection,
    name_or_id: &str,
    shown: Shown,
) -> rusqlite::Result<Option<AppRow>> {
    let condition = match shown {
        Shown::Live => "deleted_at IS NULL",
        Shown::Deleted => "deleted_at IS NOT NULL",
    };
    let column = if name_or_id.starts_with("app_") { "public_id" } else { "name" };
    let sql = format!("{APP} WHERE {column} = ?1 AND {condition} ORDER BY deleted_at DESC LIMIT 1");
    connection.prepare_cached(&sql)?.query_row([name_or_id], app_row).optional()
}

fn app_row(row: &Row<'_>) -> rusqlite::Result<AppRow> {
    Ok(AppRow {
        id: row.get(0)?,
        public_id: row.get(1)?,
        name: row.get(2)?,
        live_number: row.get(3)?,
        file_count: row.get(4)?,
        size_bytes: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
        deleted_at: row.get(8)?,
    })
}

const RELEASE: &str = "SELECT releases.id, number, releases.id IS live_release_id, file_count,
        size_bytes, deployed_by, releases.created_at
    FROM releases JOIN apps ON apps.id = app_id WHERE app_id = ?1 AND state = 'ready'";

/// The releases of an app, newest first. There are at most as many as are kept.
pub fn releases(connection: &Connection, app: i64) -> rusqlite::Result<Vec<ReleaseRow>> {
    connection
        .prepare_cached(&format!("{RELEASE} ORDER BY number DESC"))?
        .query_map([app], release_row)?
        .collect()
}

/// A release by its number, or the live one.
pub fn release(
    connection: &Connection,
    app: i64,
    number: Option<u32>,
) -> rusqlite::Result<Option<ReleaseRow>> {
    let sql = format!(
        "{RELEASE} AND CASE WHEN ?2 IS NULL THEN releases.id = live_release_id
                            ELSE number = ?2 END"
    );
    connection.prepare_cached(&sql)?.query_row((app, number), release_row).optional()
}

/// The newest releases of all apps on the air, each with the name of its app.
pub fn newest_releases(
    connection: &Connection,
    limit: usize,
) -> rusqlite::Result<Vec<(String, ReleaseRow)>> {
    connection
        .prepare_cached(
            "SELECT releases.id, number, releases.id IS live_release_id, file_count, size_bytes,
                    deployed_by, releases.created_at, name
             FROM releases JOIN apps ON apps.id = app_id
             WHERE state = 'ready' AND deleted_at IS NULL ORDER BY releases.id DESC LIMIT ?1",
        )?
        .query_map([limit], |row| Ok((row.get(7)?, release_row(row)?)))?
        .collect()
}

fn release_row(row: &Row<'_>) -> rusqlite::Result<ReleaseRow> {
    Ok(ReleaseRow {
        id: row.get(0)?,
        number: row.get(1)?,
        is_live: row.get(2)?,
        file_count: row.get(3)?,
        size_bytes: row.get(4)?,
        deployed_by: row.get(5)?,
        created_at: row.get(6)?,
    })
}

const FILE: &str = "SELECT path, content_id, sha256, contents.size_bytes, modified_at
    FROM release_files JOIN contents ON contents.id = content_id WHERE release_id = ?1";

/// The files of a release by path.
pub fn files(connection: &Connection, release: i64) -> rusqlite::Result<Vec<FileRow>> {
    connection
        .prepare_cached(&format!("{FILE} ORDER BY path"))?
        .query_map([release], file_row)?
        .collect()
}

/// One file of a release.
pub fn file(
    connection: &Connection,
    release: i64,
    path: &str,
) -> rusqlite::Result<Option<FileRow>> {
    let sql = format!("{FILE} AND path = ?2");
    connection.prepare_cached(&sql)?.query_row((release, path), file_row).optional()
}

fn file_row(row: &Row<'_>) -> rusqlite::Result<FileRow> {
    Ok(FileRow {
        path: row.get(0)?,
        content: ContentId(row.get(1)?),
        hash: ContentHash::from_bytes(row.get(2)?),
        size: row.get(3)?,
        modified_at: row.get(4)?,
    })
}
