//! The nodes that this machine's command line knows: their names, addresses and tokens.
//!
//! Owns the client's own SQLite file, which is not a node's database and shares no schema
//! with it. The file holds credentials: it is made with mode 0600 in a folder of mode 0700,
//! and a wider mode is narrowed as soon as it is seen. Every call is short and blocks.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::kind::{ErrorKind, Fault};

pub mod address;
pub mod credential;
mod edit;
mod file;
pub mod original;

pub use address::NodeUrl;
pub use edit::{Import, NewPeer, Removed};

/// Name of the peer that `fazt server start` keeps.
pub const LOCAL: &str = "local";
/// Bytes of a peer's name.
pub const NAME_BYTES_MAX: usize = 63;
/// Peers that a list returns.
const PEERS_MAX: u32 = 1_000;

/// Why the client's file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum PeersError {
    /// The folder or the file could not be made, or its mode not be set.
    #[error("cannot prepare the client data at {}", path.display())]
    Prepare {
        /// The folder or file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("cannot use the client data in {}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Its reason.
        source: rusqlite::Error,
    },
    /// A newer fazt wrote the file.
    #[error(
        "the client data in {} is of a newer fazt (format {found}, this one knows {known}); \
         upgrade fazt",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The file is another program's, or a server's of the original.
    #[error("{} is not client data of fazt; move it elsewhere and try again", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The name cannot be a peer's.
    #[error("{name:?} cannot be a peer's name: use 1 to 63 of a-z 0-9 - _")]
    InvalidName {
        /// The name.
        name: String,
    },
    /// Another peer has the name.
    #[error(
        "a peer is called {name} already, at {url}; forget it with `fazt remote remove {name}`, \
         or replace it with --force"
    )]
    NameTaken {
        /// The name.
        name: String,
        /// Address of the peer that has it.
        url: NodeUrl,
    },
    /// No peer has the name.
    #[error("no peer is called {name:?} (known: {known})")]
    Unknown {
        /// The name.
        name: String,
        /// Names of the peers that there are.
        known: String,
    },
}

impl Fault for PeersError {
    fn kind(&self) -> ErrorKind {
        match self {
            PeersError::InvalidName { .. } => ErrorKind::Invalid,
            PeersError::Unknown { .. } => ErrorKind::NotFound,
            PeersError::Newer { .. }
            | PeersError::Foreign { .. }
            | PeersError::NameTaken { .. } => ErrorKind::Conflict,
            PeersError::Prepare { .. } | PeersError::Sqlite { .. } => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            PeersError::Prepare { .. } => "CLIENT_DATA_UNWRITABLE",
            PeersError::Sqlite { .. } => "CLIENT_DATA_BROKEN",
            PeersError::Newer { .. } => "CLIENT_DATA_NEWER",
            PeersError::Foreign { .. } => "CLIENT_DATA_FOREIGN",
            PeersError::InvalidName { .. } => "INVALID_PEER_NAME",
            PeersError::NameTaken { .. } => "PEER_NAME_TAKEN",
            PeersError::Unknown { .. } => "PEER_NOT_FOUND",
        }
    }
}

/// A node that the command line knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// What the user calls it.
    pub name: String,
    /// Where its API answers.
    pub url: NodeUrl,
    /// The credential for it.
    pub token: Option<String>,
    /// Whether commands act on it when none is named.
    pub is_default: bool,
    /// Whether `fazt server start` wrote it, and may write it again.
    pub managed: bool,
    /// What the user says of it.
    pub description: Option<String>,
    /// When it last answered: milliseconds since 1970, UTC.
    pub last_seen_at: Option<i64>,
    /// Version that it named when it last answered.
    pub last_version: Option<String>,
    /// How the last look at it ended, in a word or two.
    pub last_status: Option<String>,
}

/// What became of an offer to remember the node of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// It is the peer `local` now.
    Saved,
    /// The user has a peer of that name, which was left alone.
    NameTaken,
}

/// The client's file, open.
#[derive(Debug)]
pub struct Peers {
    connection: Connection,
    path: PathBuf,
    narrowed: Option<String>,
    taken_over: Vec<String>,
}

impl Peers {
    /// Opens the file at `path`, and makes it and its folder where they are missing. Client
    /// data of the original in its place is set aside, and the peers in it are taken over.
    ///
    /// # Errors
    /// The file cannot be made or read, or is another program's.
    pub fn open(path: &Path, now_ms: i64) -> Result<Peers, PeersError> {
        let narrowed = file::prepare(path)?;
        let connection = match file::open(path) {
            Err(PeersError::Foreign { .. }) => {
                original::set_aside(path)?;
                // Anew, whoever has moved the other file.
                file::prepare(path)?;
                file::open(path)?
            }
            opened => opened?,
        };
        let mut peers =
            Peers { connection, path: path.to_owned(), narrowed, taken_over: Vec::new() };
        peers.taken_over = original::take_over(&peers, path, now_ms)?;
        Ok(peers)
    }

    /// What to tell the user where the original's data were taken over: a sentence each.
    pub fn taken_over(&self) -> &[String] {
        &self.taken_over
    }

    /// What to tell the user when the file or its folder could be read by others until now.
    pub fn warning(&self) -> Option<&str> {
        self.narrowed.as_deref()
    }

    /// Every peer, by name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(&self) -> Result<Vec<Peer>, PeersError> {
        let sql = format!("SELECT {COLUMNS} FROM peers ORDER BY name LIMIT {PEERS_MAX}");
        let mut statement = self.connection.prepare(&sql).map_err(|cause| self.failed(cause))?;
        let rows = statement.query_map([], peer).map_err(|cause| self.failed(cause))?;
        rows.collect::<rusqlite::Result<_>>().map_err(|cause| self.failed(cause))
    }

    /// The peer of that name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn get(&self, name: &str) -> Result<Option<Peer>, PeersError> {
        self.one("name = ?1", name)
    }

    /// A peer at that address: one with a token before one without, then the one last changed.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn find_by_url(&self, url: &NodeUrl) -> Result<Option<Peer>, PeersError> {
        self.one("url = ?1 ORDER BY token IS NULL, updated_at DESC, name", &url.to_string())
    }

    /// The peer that commands act on when none is named.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn default_peer(&self) -> Result<Option<Peer>, PeersError> {
        self.one("is_default = ?1", "1")
    }

    /// Keeps the node of this machine as the peer `local`, unless the user has made one of
    /// that name.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn remember_local(
        &self,
        url: &NodeUrl,
        token: &str,
        now_ms: i64,
    ) -> Result<Remembered, PeersError> {
        let sql = "INSERT INTO peers (name, url, token, managed, created_at, updated_at)
                   VALUES (?1, ?2, ?3, 1, ?4, ?4)
                   ON CONFLICT (name) DO UPDATE
                   SET url = excluded.url, token = excluded.token, updated_at = ?4
                   WHERE managed = 1";
        let written = self
            .connection
            .execute(sql, params![LOCAL, url.to_string(), token, now_ms])
            .map_err(|cause| self.failed(cause))?;
        Ok(if written == 0 { Remembered::NameTaken } else { Remembered::Saved })
    }

    fn one(&self, condition: &str, value: &str) -> Result<Option<Peer>, PeersError> {
        let sql = format!("SELECT {COLUMNS} FROM peers WHERE {condition} LIMIT 1");
        self.connection
            .query_row(&sql, [value], peer)
            .optional()
            .map_err(|cause| self.failed(cause))
    }

    fn failed(&self, source: rusqlite::Error) -> PeersError {
        PeersError::Sqlite { path: self.path.clone(), source }
    }
}

const COLUMNS: &str = "name, url, token, is_default, managed, description, last_seen_at, \
                       last_version, last_status";

fn peer(row: &Row<'_>) -> rusqlite::Result<Peer> {
    let url: String = row.get(1)?;
    let url = NodeUrl::parse(&url).map_err(|cause| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(cause))
    })?;
    Ok(Peer {
        name: row.get(0)?,
        url,
        token: row.get(2)?,
        is_default: row.get(3)?,
        managed: row.get(4)?,
        description: row.get(5)?,
        last_seen_at: row.get(6)?,
        last_version: row.get(7)?,
        last_status: row.get(8)?,
    })
}

/// Whether `name` can be a peer's: never something that reads like an address or an option.
pub fn is_name(name: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && !name.starts_with('-')
        && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests;
