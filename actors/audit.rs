//! The audit log: who asked for which change, from where, and what came of it.
//!
//! An entry is durable before the answer to its change goes out. Pages are read from the
//! newest entry back, by an index, however long the log is.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, Transaction, params_from_iter};

use crate::store::Write;
use crate::timestamp::Timestamp;

/// Entries of one page at most.
pub const PAGE_MAX: usize = 1_000;

/// Old entries that one step of the clean-up removes.
const FORGOTTEN_PER_STEP: u32 = 1_000;

/// How somebody had shown who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// The node's own socket.
    Socket,
    /// A signed-in browser.
    Session,
    /// A token.
    Token,
    /// Nobody known: a failed sign-in.
    Nobody,
}

impl ActorKind {
    /// Its name in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            ActorKind::Socket => "socket",
            ActorKind::Session => "session",
            ActorKind::Token => "token",
            ActorKind::Nobody => "nobody",
        }
    }
}

/// What is to be remembered of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// How they had shown who they are.
    pub kind: ActorKind,
    /// Id of the session or the token.
    pub actor_id: Option<String>,
    /// What they are called.
    pub actor: String,
    /// Where the connection came from; `local` for the socket.
    pub address: String,
    /// What was asked for, such as `app.deploy`.
    pub action: &'static str,
    /// Name of the app that it was about.
    pub app: Option<String>,
    /// What else it was about: a token's id, a setting's key.
    pub resource: Option<String>,
    /// `ok`, or the code of the refusal.
    pub result: String,
    /// What else is worth knowing, in words.
    pub details: Option<String>,
}

/// An entry as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its row; rises with time.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// See [`ActorKind::as_str`].
    pub kind: String,
    /// Id of the session or the token.
    pub actor_id: Option<String>,
    /// What they are called.
    pub actor: String,
    /// Where the connection came from.
    pub address: String,
    /// What was asked for.
    pub action: String,
    /// Name of the app.
    pub app: Option<String>,
    /// What else it was about.
    pub resource: Option<String>,
    /// `ok`, or the code of the refusal.
    pub result: String,
    /// In words.
    pub details: Option<String>,
}

/// Stores an entry; answers its row.
pub struct Record(pub Entry);

impl Write for Record {
    type Output = i64;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<i64> {
        let entry = self.0;
        tx.prepare_cached(
            "INSERT INTO audit
                 (at, kind, actor_id, actor, address, action, app, resource, result, details)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .insert((
            entry.at,
            entry.kind.as_str(),
            entry.actor_id,
            entry.actor,
            entry.address,
            entry.action,
            entry.app,
            entry.resource,
            entry.result,
            entry.details,
        ))
    }
}

/// Removes some of the entries from before a time; answers whether there may be more.
pub struct Forget {
    /// Entries from before this are removed.
    pub before: Timestamp,
}

impl Write for Forget {
    type Output = bool;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<bool> {
        let removed = tx
            .prepare_cached(
                "DELETE FROM audit WHERE id IN
                     (SELECT id FROM audit WHERE at < ?1 ORDER BY at LIMIT ?2)",
            )?
            .execute((self.before, FORGOTTEN_PER_STEP))?;
        Ok(removed == FORGOTTEN_PER_STEP as usize)
    }
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of this app alone.
    pub app: Option<String>,
    /// Of this action alone.
    pub action: Option<String>,
    /// By somebody of this name alone.
    pub actor: Option<String>,
    /// From this time on.
    pub since: Option<Timestamp>,
    /// Until this time, itself excluded.
    pub until: Option<Timestamp>,
    /// Older than this entry: its time and its row.
    pub before: Option<(Timestamp, i64)>,
}

/// The newest entries that are wanted, the newest first.
pub fn page(
    connection: &Connection,
    wanted: &Wanted,
    limit: usize,
) -> rusqlite::Result<Vec<AuditRow>> {
    let mut sql = String::from(
        "SELECT id, at, kind, actor_id, actor, address, action, app, resource, result, details
         FROM audit WHERE 1",
    );
    let mut values: Vec<Value> = Vec::new();
    let mut also = |condition: &str, given: Vec<Value>| {
        sql.push_str(" AND ");
        sql.push_str(condition);
        values.extend(given);
    };
    if let Some(app) = &wanted.app {
        also("app = ?", vec![app.clone().into()]);
    }
    if let Some(action) = &wanted.action {
        also("action = ?", vec![action.clone().into()]);
    }
    if let Some(actor) = &wanted.actor {
        also("actor = ?", vec![actor.clone().into()]);
    }
    if let Some(since) = wanted.since {
        also("at >= ?", vec![since.0.into()]);
    }
    if let Some(until) = wanted.until {
        also("at < ?", vec![until.0.into()]);
    }
    if let Some((at, id)) = wanted.before {
        also("(at, id) < (?, ?)", vec![at.0.into(), id.into()]);
    }
    sql.push_str(" ORDER BY at DESC, id DESC LIMIT ?");
    values.push(i64::try_from(limit.min(PAGE_MAX)).unwrap_or(i64::MAX).into());
    connection.prepare_cached(&sql)?.query_map(params_from_iter(values), audit_row)?.collect()
}

fn audit_row(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        id: row.get(0)?,
        at: row.get(1)?,
        kind: row.get(2)?,
        actor_id: row.get(3)?,
        actor: row.get(4)?,
        address: row.get(5)?,
        action: row.get(6)?,
        app: row.get(7)?,
        resource: row.get(8)?,
        result: row.get(9)?,
        details: row.get(10)?,
    })
}
