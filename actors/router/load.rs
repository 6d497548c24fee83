//! Reads what the router serves from.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row};

use super::View;
use super::headers;
use super::index::{EarlierRelease, FileRow, ReleaseIndex, ReleaseParts};
use super::redirects;
use super::table::{Domains, RoutedApp};
use crate::content::ContentHash;
use crate::contents::{ContentId, read_whole};
use crate::deployer::path::FilePath;
use crate::deployer::stored_manifest::StoredManifest;
use crate::domains;
use crate::encoding::{Encoding, Encodings};
use crate::limits::DeployLimits;
use crate::timestamp::Timestamp;

const APP: &str = "SELECT id, name, live_release_id, generation FROM apps WHERE deleted_at IS NULL";

/// All apps on the air.
pub(super) fn apps(connection: &Connection) -> rusqlite::Result<Vec<RoutedApp>> {
    connection.prepare(APP)?.query_map([], routed_app)?.collect()
}

/// The mapped host names.
pub(super) fn domains(connection: &Connection) -> rusqlite::Result<Domains> {
    let mapped = domains::all(connection)?;
    Ok(Arc::new(mapped.into_iter().map(|(host, app)| (host.into_boxed_str(), app)).collect()))
}

/// One app, unless it is deleted.
pub(super) fn app(connection: &Connection, id: i64) -> rusqlite::Result<Option<RoutedApp>> {
    let sql = format!("{APP} AND id = ?1");
    connection.prepare_cached(&sql)?.query_row([id], routed_app).optional()
}

fn routed_app(row: &Row<'_>) -> rusqlite::Result<RoutedApp> {
    Ok(RoutedApp {
        id: row.get(0)?,
        name: row.get::<_, String>(1)?.into(),
        live: row.get(2)?,
        generation: row.get(3)?,
    })
}

/// The row of a release by its number, while it is kept.
pub(super) fn release_numbered(
    connection: &Connection,
    app: i64,
    number: u32,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT id FROM releases WHERE app_id = ?1 AND number = ?2 AND state = 'ready'",
        )?
        .query_row((app, number), |row| row.get(0))
        .optional()
}

/// The index of a release.
pub(super) fn index(
    connection: &Connection,
    release: i64,
    view: View,
) -> rusqlite::Result<Option<ReleaseIndex>> {
    // One snapshot for all its queries: a clean-up must not pass between them.
    let snapshot = connection.unchecked_transaction()?;
    let found: Option<(i64, String)> = snapshot
        .prepare_cached("SELECT app_id, manifest FROM releases WHERE id = ?1 AND state = 'ready'")?
        .query_row([release], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((app, manifest)) = found else { return Ok(None) };
    let files = files(&snapshot, release)?;
    let headers = rules(&snapshot, &files, "_headers", headers::parse)?;
    let redirects = rules(&snapshot, &files, "_redirects", redirects::parse)?;
    let earlier = match view {
        View::Live { .. } => earlier(&snapshot, app, release)?,
        View::Alone => Vec::new(),
    };
    Ok(Some(ReleaseIndex::build(ReleaseParts {
        files,
        manifest: StoredManifest::from_json(&manifest),
        headers: headers.unwrap_or_default(),
        redirects: redirects.unwrap_or_default(),
        earlier,
    })))
}

fn files(connection: &Connection, release: i64) -> rusqlite::Result<Vec<FileRow>> {
    connection
        .prepare_cached(
            "SELECT path, content_id, sha256, size_bytes, ifnull(encodings, 0), modified_at
             FROM release_files JOIN contents ON contents.id = content_id
             WHERE release_id = ?1 ORDER BY path",
        )?
        .query_map([release], |row| {
            Ok(FileRow {
                path: FilePath::from_stored(row.get(0)?),
                content: ContentId(row.get(1)?),
                hash: ContentHash::from_bytes(row.get(2)?),
                size: row.get(3)?,
                encodings: Encodings::from_bits(row.get(4)?),
                modified: Timestamp(row.get(5)?),
            })
        })?
        .collect()
}

/// The rules of a configuration file. They were checked when it was deployed; rules that
/// a later version of fazt refuses are left out rather than taking the site down. How many
/// there may be was decided then as well: a lower limit counts for later deploys.
fn rules<T, E: std::fmt::Display>(
    connection: &Connection,
    files: &[FileRow],
    path: &str,
    parse: impl Fn(&str, &DeployLimits) -> Result<T, E>,
) -> rusqlite::Result<Option<T>> {
    let Some(file) = files.iter().find(|file| file.path.as_str() == path) else { return Ok(None) };
    let Some(bytes) = read_whole(connection, file.content, Encoding::Identity)? else {
        return Ok(None);
    };
    let limits = DeployLimits {
        header_rules_max: usize::MAX,
        redirect_rules_max: usize::MAX,
        ..DeployLimits::default()
    };
    let parsed = parse(&String::from_utf8_lossy(&bytes), &limits);
    if let Err(error) = &parsed {
        tracing::warn!(path, error = %error, "the rules of a release were ignored");
    }
    Ok(parsed.ok())
}

fn earlier(connection: &Connection, app: i64, live: i64) -> rusqlite::Result<Vec<EarlierRelease>> {
    connection
        .prepare_cached(
            "SELECT releases.id, replaced_at FROM releases JOIN apps ON apps.id = app_id
             WHERE app_id = ?1 AND releases.id <> ?2 AND state = 'ready'
               AND number > purged_number AND replaced_at IS NOT NULL
             ORDER BY replaced_at DESC, number DESC",
        )?
        .query_map([app, live], |row| {
            Ok(EarlierRelease { release: row.get(0)?, replaced_at: Timestamp(row.get(1)?) })
        })?
        .collect()
}
