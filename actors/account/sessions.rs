//! Signed-in browsers: a random cookie each, of which only the hash is kept.
//!
//! All sessions are held as one snapshot, replaced after each durable change, so a check
//! costs no query; and they outlive a restart.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rusqlite::{Connection, Row, Transaction};

use crate::content::ContentHash;
use crate::store::{Store, StoreError, Write};
use crate::timestamp::Timestamp;

/// Base62 characters of a session's public id.
const ID_CHARS: usize = 12;

/// Base62 characters of a cookie: 256 bits.
const COOKIE_CHARS: usize = 43;

/// Sessions of a node; of more, the oldest end.
pub const SESSIONS_MAX: usize = 1_000;

/// Bytes kept of what a browser calls itself.
const USER_AGENT_BYTES_MAX: usize = 300;

/// How long a session lasts.
pub const SESSION_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// How long it lasts where the owner asked to be remembered.
pub const REMEMBERED_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its public id.
    pub id: Box<str>,
    /// When its owner signed in.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Where it was begun from.
    pub address: Box<str>,
    /// What the browser calls itself.
    pub user_agent: Box<str>,
    cookie_hash: ContentHash,
}

/// What a new session shall be.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Where it is begun from.
    pub address: String,
    /// What the browser calls itself.
    pub user_agent: String,
    /// Whether it lasts longer.
    pub is_remembered: bool,
    /// Now.
    pub at: Timestamp,
}

type Snapshot = HashMap<ContentHash, Arc<Session>>;

/// The sessions of a node.
#[derive(Clone)]
pub struct Sessions {
    snapshot: Arc<ArcSwap<Snapshot>>,
    store: Store,
}

impl Sessions {
    /// Reads all sessions.
    pub fn open(store: &Store) -> Result<Sessions, StoreError> {
        let snapshot = store.readers.read_blocking(read_all)?;
        Ok(Sessions { snapshot: Arc::new(ArcSwap::from_pointee(snapshot)), store: store.clone() })
    }

    /// The session with this cookie, while it lasts.
    pub fn find(&self, cookie: &str, now: Timestamp) -> Option<Arc<Session>> {
        if cookie.len() != COOKIE_CHARS {
            return None;
        }
        // The hash of a guess tells nothing about how near the guess was, so a look-up by
        // it needs no constant time.
        let hash = ContentHash::of(cookie.as_bytes());
        let session = self.snapshot.load().get(&hash).cloned()?;
        (now < session.expires_at).then_some(session)
    }

    /// Whether a session that was found earlier still lasts.
    pub fn still_lasts(&self, session: &Session, now: Timestamp) -> bool {
        now < session.expires_at && self.snapshot.load().contains_key(&session.cookie_hash)
    }

    /// Begins a session. The cookie's value goes to the browser and is kept nowhere.
    pub async fn begin(&self, new: NewSession) -> Result<(Arc<Session>, String), StoreError> {
        let cookie = crate::random::base62(COOKIE_CHARS);
        let time = if new.is_remembered { REMEMBERED_TIME } else { SESSION_TIME };
        let user_agent = match new.user_agent.char_indices().nth(USER_AGENT_BYTES_MAX / 4) {
            Some((end, _)) => &new.user_agent[..end],
            None => new.user_agent.as_str(),
        };
        let session = Arc::new(Session {
            id: crate::random::base62(ID_CHARS).into(),
            created_at: new.at,
            expires_at: new.at.after(time),
            address: new.address.into(),
            user_agent: user_agent.into(),
            cookie_hash: ContentHash::of(cookie.as_bytes()),
        });
        self.store.writer.commit(BeginSession(Arc::clone(&session))).await?;
        self.snapshot.rcu(|sessions| with(sessions, &session));
        Ok((session, cookie))
    }

    /// Ends one session. Answers whether it was there.
    pub async fn end(&self, id: &str) -> Result<bool, StoreError> {
        let ended = self.store.writer.commit(EndSessions(Which::One(id.into()))).await?;
        self.retain(|session| *session.id != *id);
        Ok(ended > 0)
    }

    /// Ends all sessions, or all but one.
    pub async fn end_others(&self, kept: Option<&str>) -> Result<usize, StoreError> {
        let kept = kept.unwrap_or_default();
        let ended = self.store.writer.commit(EndSessions(Which::AllBut(kept.into()))).await?;
        self.retain(|session| *session.id == *kept);
        Ok(ended)
    }

    fn retain(&self, is_kept: impl Fn(&Session) -> bool) {
        self.snapshot.rcu(|sessions| {
            let mut sessions = Snapshot::clone(sessions);
            sessions.retain(|_hash, session| is_kept(session));
            sessions
        });
    }

    /// All sessions that last, the newest first.
    pub fn list(&self, now: Timestamp) -> Vec<Arc<Session>> {
        let snapshot = self.snapshot.load();
        let lasting = snapshot.values().filter(|session| now < session.expires_at);
        let mut sessions: Vec<Arc<Session>> = lasting.cloned().collect();
        sessions.sort_by(|a, b| (b.created_at, &a.id).cmp(&(a.created_at, &b.id)));
        sessions
    }
}

/// The same sessions and one more, within the bound that the database keeps as well.
fn with(sessions: &Snapshot, new: &Arc<Session>) -> Snapshot {
    let mut sessions = sessions.clone();
    sessions.retain(|_hash, session| new.created_at < session.expires_at);
    while sessions.len() >= SESSIONS_MAX {
        let oldest = sessions.values().min_by_key(|session| session.created_at);
        let Some(oldest) = oldest.map(|session| session.cookie_hash) else { break };
        sessions.remove(&oldest);
    }
    sessions.insert(new.cookie_hash, Arc::clone(new));
    sessions
}

fn read_all(connection: &Connection) -> rusqlite::Result<Snapshot> {
    connection
        .prepare_cached(
            "SELECT id, cookie_sha256, created_at, expires_at, address, user_agent FROM sessions",
        )?
        .query_map([], |row| {
            let session = read_session(row)?;
            Ok((session.cookie_hash, Arc::new(session)))
        })?
        .collect()
}

fn read_session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: row.get::<_, String>(0)?.into(),
        cookie_hash: ContentHash::from_bytes(row.get(1)?),
        created_at: row.get(2)?,
        expires_at: row.get(3)?,
        address: row.get::<_, String>(4)?.into(),
        user_agent: row.get::<_, String>(5)?.into(),
    })
}

struct BeginSession(Arc<Session>);

impl Write for BeginSession {
    type Output = ();

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        let session = self.0;
        tx.prepare_cached("DELETE FROM sessions WHERE expires_at <= ?1")?
            .execute([session.created_at])?;
        tx.prepare_cached(
            "DELETE FROM sessions WHERE id IN
                 (SELECT id FROM sessions ORDER BY created_at DESC LIMIT -1 OFFSET ?1)",
        )?
        .execute([SESSIONS_MAX - 1])?;
        tx.prepare_cached(
            "INSERT INTO sessions (id, cookie_sha256, created_at, expires_at, address, user_agent)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            &*session.id,
            session.cookie_hash.as_bytes(),
            session.created_at,
            session.expires_at,
            &*session.address,
            &*session.user_agent,
        ))
        .map(drop)
    }
}

enum Which {
    One(Box<str>),
    AllBut(Box<str>),
}

struct EndSessions(Which);

impl Write for EndSessions {
    type Output = usize;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<usize> {
        let (sql, id) = match &self.0 {
            Which::One(id) => ("DELETE FROM sessions WHERE id = ?1", id),
            Which::AllBut(id) => ("DELETE FROM sessions WHERE id <> ?1", id),
        };
        tx.prepare_cached(sql)?.execute([&**id])
    }
}
