//! Lists of nodes that fazt 0.9 wrote, as peers.
//!
//! The original kept its peers where this program keeps its own, in a database of the same
//! schema as a server's. Such a file is set aside under another name, and its peers are taken
//! over; a server's database is left where it is.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::credential::{self, TokenError};
use super::{Import, NAME_BYTES_MAX, NewPeer, NodeUrl, Peers, PeersError, file, is_name};

/// What the name of the file gets when it is set aside.
const SUFFIX: &str = ".fazt-0.9";
/// Peers that are read.
const PEERS_MAX: u32 = 1_000;

/// A node in a list of another program, with a name and an address of any kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignPeer {
    /// Its name there.
    pub name: String,
    /// Its address.
    pub url: String,
    /// The credential for it.
    pub token: Option<String>,
    /// What its user said of it.
    pub description: Option<String>,
    /// Whether it was the default.
    pub is_default: bool,
}

/// The peers of a foreign list, and a sentence about each node that cannot be one.
pub fn fold(list: impl IntoIterator<Item = ForeignPeer>) -> (Import, Vec<String>) {
    let mut import = Import::default();
    let mut left_out = Vec::new();
    for foreign in list {
        let name = fold_name(&foreign.name);
        let is_taken = import.peers.iter().any(|peer| peer.name == name);
        if is_taken || !is_name(&name) {
            left_out.push(format!("{:?} is left out: it cannot name another peer", foreign.name));
            continue;
        }
        let url = match NodeUrl::parse(&foreign.url) {
            Ok(url) => url,
            Err(error) => {
                // The address may hold a password, which is not shown.
                let reason = error.reason;
                left_out.push(format!("{name:?} is left out, for its address: {reason}"));
                continue;
            }
        };
        if foreign.is_default {
            import.default = Some(name.clone());
        }
        let token = match foreign.token.as_deref().map(credential::clean) {
            None | Some(Err(TokenError::Empty)) => None,
            Some(Ok(token)) => Some(token.to_owned()),
            Some(Err(error)) => {
                left_out.push(format!("the token of {name:?} is left out: {error}"));
                None
            }
        };
        let description = foreign.description.filter(|text| !text.is_empty());
        import.peers.push(NewPeer { name, url, token, description });
    }
    (import, left_out)
}

/// A name of the original's, which could be any text, as a peer's.
fn fold_name(name: &str) -> String {
    let plain = |letter: char| match letter.to_ascii_lowercase() {
        letter if letter.is_ascii_alphanumeric() || letter == '_' => letter,
        _ => '-',
    };
    let folded: String = name.trim().chars().map(plain).collect();
    folded.trim_matches('-').chars().take(NAME_BYTES_MAX).collect()
}

/// Where the file at `path` is when it is set aside.
pub(super) fn aside(path: &Path) -> PathBuf {
    let mut aside = path.as_os_str().to_owned();
    aside.push(SUFFIX);
    PathBuf::from(aside)
}

/// Renames the file at `path` if it is client data of the original that can be read, and says
/// whether it did: not if it is anything else, or if another command was faster. A file that
/// lies there already is never replaced.
pub(super) fn set_aside(path: &Path) -> Result<bool, PeersError> {
    let sqlite = |source| PeersError::Sqlite { path: path.to_owned(), source };
    let connection = file::open_foreign(path).map_err(sqlite)?;
    if !is_client_data(&connection).map_err(sqlite)? {
        return Ok(false);
    }
    read(&connection).map_err(sqlite)?;
    // Brings its log into the file: the log would not be found under the new name.
    connection.pragma_update(None, "journal_mode", "DELETE").map_err(sqlite)?;
    drop(connection);
    match renameat_with(CWD, path, CWD, aside(path), RenameFlags::NOREPLACE) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::EXIST | rustix::io::Errno::NOENT) => Ok(false),
        Err(cause) => {
            Err(PeersError::Prepare { path: path.to_owned(), source: io::Error::from(cause) })
        }
    }
}

/// Takes over the peers of a file that was set aside, if that was not done yet, also where the
/// command that set it aside did not get that far. Answers what to tell the user.
///
/// # Errors
/// The client's own file cannot be used. A file aside that cannot be read is only told.
pub(super) fn take_over(
    peers: &Peers,
    path: &Path,
    now_ms: i64,
) -> Result<Vec<String>, PeersError> {
    let aside = aside(path);
    let source = aside.display().to_string();
    if !aside.exists() || !peers.wants_import(&source)? {
        return Ok(Vec::new());
    }
    let list = match file::open_foreign(&aside).and_then(|connection| read(&connection)) {
        Ok(list) => list,
        Err(error) => return Ok(vec![format!("the peers in {source} cannot be read: {error}")]),
    };
    let (import, left_out) = fold(list);
    if !peers.import(&source, &import, now_ms)? {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = import.peers.iter().map(|peer| peer.name.as_str()).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let done = format!(
        "{} was of fazt 0.9 and is {source} now; the peers in it were taken over: {names}",
        path.display()
    );
    Ok(std::iter::once(done).chain(left_out).collect())
}

/// Whether the file is the original's and serves nothing: no files, no owner, no keys.
fn is_client_data(connection: &Connection) -> rusqlite::Result<bool> {
    let tables: u32 = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table'
         AND name IN ('migrations', 'peers', 'files', 'configurations', 'api_keys')",
        [],
        |row| row.get(0),
    )?;
    if tables < 5 {
        return Ok(false);
    }
    connection.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM files)
         AND NOT EXISTS (SELECT 1 FROM api_keys)
         AND NOT EXISTS (SELECT 1 FROM configurations WHERE key = 'auth.password_hash')",
        [],
        |row| row.get(0),
    )
}

fn read(connection: &Connection) -> rusqlite::Result<Vec<ForeignPeer>> {
    let sql = format!(
        "SELECT name, url, token, description, coalesce(is_default, 0) FROM peers
         ORDER BY name LIMIT {PEERS_MAX}"
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| {
        Ok(ForeignPeer {
            name: row.get(0)?,
            url: row.get(1)?,
            token: row.get(2)?,
            description: row.get(3)?,
            is_default: row.get(4)?,
        })
    })?;
    rows.collect()
}

#[cfg(test)]
mod tests;
