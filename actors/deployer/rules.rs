//! Checks the files of a release that tell fazt what to do: the manifest, the rules and the
//! functions.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension};

use super::DeployError;
use super::functions;
use super::manifest::Manifest;
use super::stored_manifest::StoredManifest;
use super::writes::ReleaseEntry;
use crate::contents::{ContentId, read_whole};
use crate::encoding::Encoding;
use crate::limits::DeployLimits;
use crate::router::{headers, redirects};
use crate::store::Readers;

/// The files that are read, in the order in which they are checked.
const CONFIG_FILES: [&str; 4] = ["fazt.json", "manifest.json", "_headers", "_redirects"];

/// Reads and checks the configuration files and the functions among `entries`, whose contents
/// are stored.
///
/// Answers what the manifest says, as the database keeps it.
pub(super) async fn check(
    readers: &Readers,
    entries: &[ReleaseEntry],
    limits: &DeployLimits,
) -> Result<String, DeployError> {
    let wanted = CONFIG_FILES.map(|path| {
        entries
            .iter()
            .find(|entry| entry.path.as_str() == path)
            .filter(|entry| entry.size <= limits.config_file_bytes_max)
            .cloned()
    });
    for (path, found) in CONFIG_FILES.iter().zip(&wanted) {
        let is_there = entries.iter().any(|entry| entry.path.as_str() == *path);
        // A web app's own manifest.json is an ordinary file of any size.
        if is_there && found.is_none() && *path != "manifest.json" {
            let max = limits.config_file_bytes_max;
            return Err(DeployError::ConfigTooLarge { file: path, max });
        }
    }
    let [fazt_json, manifest_json, headers_file, redirects_file] =
        readers.read(move |c| read_all(c, &wanted)).await?;
    let (manifest, file) =
        Manifest::from_files(fazt_json.as_deref(), manifest_json.as_deref(), limits)?;
    if let Some(bytes) = headers_file {
        headers::parse(&text("_headers", &bytes)?, limits)?;
    }
    if let Some(bytes) = redirects_file {
        redirects::parse(&text("_redirects", &bytes)?, limits)?;
    }
    functions::check(readers, entries).await?;
    Ok(StoredManifest::new(&manifest, file).to_json())
}

fn read_all(
    connection: &Connection,
    wanted: &[Option<ReleaseEntry>; 4],
) -> rusqlite::Result<[Option<Bytes>; 4]> {
    let mut read = [const { None }; 4];
    for (slot, entry) in read.iter_mut().zip(wanted) {
        let Some(entry) = entry else { continue };
        *slot = read_entry(connection, entry)?;
    }
    Ok(read)
}

/// The whole content of a file, if it is stored.
pub(super) fn read_entry(
    connection: &Connection,
    entry: &ReleaseEntry,
) -> rusqlite::Result<Option<Bytes>> {
    let id: Option<i64> = connection
        .prepare_cached("SELECT id FROM contents WHERE sha256 = ?1 AND complete = 1")?
        .query_row([entry.hash.as_bytes()], |row| row.get(0))
        .optional()?;
    match id {
        Some(id) => read_whole(connection, ContentId(id), Encoding::Identity),
        None => Ok(None),
    }
}

fn text(file: &'static str, bytes: &[u8]) -> Result<String, DeployError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| DeployError::NotText { file })
}
