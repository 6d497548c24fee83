//! What the user does with the list of peers: adds, replaces, forgets, prefers.
//!
//! Promises that at most one peer is the default, and that each change is made whole or not
//! at all, whatever other commands run at the same time.

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use super::{COLUMNS, NodeUrl, Peer, Peers, PeersError, is_name, peer};

/// A peer that the user adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPeer {
    /// What to call it, see [`is_name`].
    pub name: String,
    /// Where its API answers.
    pub url: NodeUrl,
    /// The credential for it.
    pub token: Option<String>,
    /// What the user says of it.
    pub description: Option<String>,
}

/// A list of peers out of another file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// The peers.
    pub peers: Vec<NewPeer>,
    /// Name of the one that is the default there.
    pub default: Option<String>,
}

/// What became of a peer that was to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Whether it was the default.
    pub was_default: bool,
    /// The peer that is the default now.
    pub default: Option<String>,
    /// Whether no peer is left.
    pub is_last: bool,
}

impl Peers {
    /// Adds a peer of the user's; `replace` says whether it may take the place of the one that
    /// has the name. The first peer of the user's becomes the default.
    ///
    /// # Errors
    /// The name cannot be a peer's or is taken, or the file cannot be written.
    pub fn add(&self, new: &NewPeer, replace: bool, now_ms: i64) -> Result<Peer, PeersError> {
        if !is_name(&new.name) {
            return Err(PeersError::InvalidName { name: new.name.clone() });
        }
        self.change(|transaction| {
            if let Some(taken) = named(transaction, &new.name)?.filter(|_| !replace) {
                return Ok(Err(PeersError::NameTaken { name: taken.name, url: taken.url }));
            }
            write(transaction, new, now_ms)?;
            let written = named(transaction, &new.name)?;
            Ok(written.ok_or_else(|| self.failed(rusqlite::Error::QueryReturnedNoRows)))
        })?
    }

    /// Keeps another token for the peer of that name, and leaves all else of it as it is.
    ///
    /// # Errors
    /// No peer has the name, or the file cannot be written.
    pub fn set_token(&self, name: &str, token: &str, now_ms: i64) -> Result<(), PeersError> {
        let sql = "UPDATE peers SET token = ?2, updated_at = ?3 WHERE name = ?1";
        let written = self.connection.execute(sql, params![name, token, now_ms]);
        match written.map_err(|cause| self.failed(cause))? {
            0 => Err(self.unknown(name)),
            _ => Ok(()),
        }
    }

    /// Forgets the peer of that name. When it was the default and one peer of the user's is
    /// left, that one becomes the default.
    ///
    /// # Errors
    /// No peer has the name, or the file cannot be written.
    pub fn remove(&self, name: &str) -> Result<Removed, PeersError> {
        self.change(|transaction| {
            let Some(found) = named(transaction, name)? else { return Ok(None) };
            transaction.execute("DELETE FROM peers WHERE name = ?1", [name])?;
            if found.is_default {
                transaction.execute(
                    "UPDATE peers SET is_default = 1 WHERE managed = 0
                     AND (SELECT count(*) FROM peers WHERE managed = 0) = 1",
                    [],
                )?;
            }
            let sql = "SELECT name FROM peers WHERE is_default = 1";
            let default = transaction.query_row(sql, [], |row| row.get(0)).optional()?;
            let sql = "SELECT NOT EXISTS (SELECT 1 FROM peers)";
            let is_last = transaction.query_row(sql, [], |row| row.get(0))?;
            Ok(Some(Removed { was_default: found.is_default, default, is_last }))
        })?
        .map_or_else(|| Err(self.unknown(name)), Ok)
    }

    /// Makes the peer of that name the one that commands act on when none is named.
    ///
    /// # Errors
    /// No peer has the name, or the file cannot be written.
    pub fn set_default(&self, name: &str) -> Result<(), PeersError> {
        let is_known = self.change(|transaction| {
            if named(transaction, name)?.is_none() {
                return Ok(false);
            }
            // In this order there is never a second default.
            transaction.execute("UPDATE peers SET is_default = 0 WHERE is_default = 1", [])?;
            transaction.execute("UPDATE peers SET is_default = 1 WHERE name = ?1", [name])?;
            Ok(true)
        })?;
        if is_known { Ok(()) } else { Err(self.unknown(name)) }
    }

    /// Keeps how a look at a peer ended: `status` in a word or two, and its version where it
    /// answered and named one. A peer that did not answer keeps what was seen of it before.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn record(
        &self,
        name: &str,
        status: &str,
        seen: Option<Option<&str>>,
        now_ms: i64,
    ) -> Result<(), PeersError> {
        let written = match seen {
            Some(version) => self.connection.execute(
                "UPDATE peers SET last_status = ?2, last_seen_at = ?3,
                                  last_version = coalesce(?4, last_version)
                 WHERE name = ?1",
                params![name, status, now_ms, version],
            ),
            None => self.connection.execute(
                "UPDATE peers SET last_status = ?2 WHERE name = ?1",
                params![name, status],
            ),
        };
        written.map(drop).map_err(|cause| self.failed(cause))
    }

    /// Whether the list in `source` may be read: it never was, and the user has no peer yet.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn wants_import(&self, source: &str) -> Result<bool, PeersError> {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM imports WHERE source = ?1)
                   AND NOT EXISTS (SELECT 1 FROM peers WHERE managed = 0)";
        let answer = self.connection.query_row(sql, [source], |row| row.get(0));
        answer.map_err(|cause| self.failed(cause))
    }

    /// Takes over the list in `source`, unless another command has done so meanwhile; says
    /// whether it did.
    ///
    /// # Errors
    /// A name cannot be a peer's, or the file cannot be written.
    pub fn import(&self, source: &str, list: &Import, now_ms: i64) -> Result<bool, PeersError> {
        if let Some(new) = list.peers.iter().find(|new| !is_name(&new.name)) {
            return Err(PeersError::InvalidName { name: new.name.clone() });
        }
        self.change(|transaction| {
            let marked = transaction.execute(
                "INSERT INTO imports (source, imported_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![source, now_ms],
            )?;
            if marked == 0 {
                return Ok(false);
            }
            for new in &list.peers {
                write(transaction, new, now_ms)?;
            }
            if let Some(default) = &list.default {
                let others = "UPDATE peers SET is_default = 0 WHERE is_default = 1";
                transaction.execute(others, [])?;
                let this = "UPDATE peers SET is_default = 1 WHERE name = ?1";
                transaction.execute(this, [default])?;
            }
            Ok(true)
        })
    }

    /// Runs `work` in a transaction that no other command can come between.
    fn change<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, PeersError> {
        let changed = || {
            let begun =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate);
            let transaction = begun?;
            let answer = work(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        };
        changed().map_err(|cause| self.failed(cause))
    }

    /// The error about a name that no peer has, with those that there are.
    pub fn unknown(&self, name: &str) -> PeersError {
        match self.list() {
            Ok(peers) => {
                let names: Vec<String> = peers.into_iter().map(|peer| peer.name).collect();
                let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                PeersError::Unknown { name: name.to_owned(), known }
            }
            Err(error) => error,
        }
    }
}

fn named(transaction: &Transaction<'_>, name: &str) -> rusqlite::Result<Option<Peer>> {
    let sql = format!("SELECT {COLUMNS} FROM peers WHERE name = ?1");
    transaction.query_row(&sql, [name], peer).optional()
}

/// A replaced peer is another node: what was seen of the one before is forgotten.
fn write(transaction: &Transaction<'_>, new: &NewPeer, now_ms: i64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO peers (name, url, token, description, is_default,
                                  created_at, updated_at)
               VALUES (?1, ?2, ?3, ?4,
                       NOT EXISTS (SELECT 1 FROM peers WHERE managed = 0 OR is_default = 1),
                       ?5, ?5)
               ON CONFLICT (name) DO UPDATE
               SET url = excluded.url, token = excluded.token,
                   description = excluded.description, managed = 0, updated_at = ?5,
                   last_seen_at = NULL, last_version = NULL, last_status = NULL";
    let url = new.url.to_string();
    transaction.execute(sql, params![new.name, url, new.token, new.description, now_ms])?;
    Ok(())
}

#[cfg(test)]
mod tests;
