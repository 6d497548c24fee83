//! Signed-in browsers: a random cookie each, of which only the hash is kept.
//!
//! All sessions are held as one snapshot, replaced after each durable change, so a check
//! costs no query; and they outlive a restart.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, Row, Transaction};

use crate::content::ContentHash;
use crate::store::{Ordered, Published, Store, StoreError, Write};
use crate::timestamp::Timestamp;

/// Base62 characters of a session's public id.
const ID_CHARS: usize = 12;

/// Base62 characters of a cookie: 256 bits.
const COOKIE_CHARS: usize = 43;

/// Sessions of a node; of more, the oldest end.
const SESSIONS_MAX: usize = 1_000;

/// Bytes kept of what a browser calls itself.
const USER_AGENT_BYTES_MAX: usize = 300;

/// How long a session lasts.
const SESSION_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// How long it lasts where the owner asked to be remembered.
const REMEMBERED_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

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

/// All sessions by their cookies, as one transaction left them.
pub(super) type Snapshot = Ordered<HashMap<ContentHash, Arc<Session>>>;

/// The sessions of a node.
pub struct Sessions {
    snapshot: Published<HashMap<ContentHash, Arc<Session>>>,
    store: Store,
}

impl Sessions {
    /// Reads all sessions.
    pub fn open(store: &Store) -> Result<Sessions, StoreError> {
        let snapshot = store.readers.read_blocking(read_all)?;
        Ok(Sessions { snapshot: Published::new(snapshot), store: store.clone() })
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

    /// Begins a session, if the owner's password still has the hash that was checked. The
    /// cookie's value goes to the browser and is kept nowhere.
    pub(super) async fn begin(
        &self,
        new: NewSession,
        password_hash: Arc<str>,
    ) -> Result<Option<(Arc<Session>, String)>, StoreError> {
        let cookie = crate::random::base62(COOKIE_CHARS);
        let time = if new.is_remembered { REMEMBERED_TIME } else { SESSION_TIME };
        let user_agent_end = new.user_agent.floor_char_boundary(USER_AGENT_BYTES_MAX);
        let session = Arc::new(Session {
            id: crate::random::base62(ID_CHARS).into(),
            created_at: new.at,
            expires_at: new.at.after(time),
            address: new.address.into(),
            user_agent: new.user_agent[..user_agent_end].into(),
            cookie_hash: ContentHash::of(cookie.as_bytes()),
        });
        let begin = BeginSession { session: Arc::clone(&session), password_hash };
        let Some(left) = self.store.writer.commit(begin).await? else { return Ok(None) };
        self.publish(left);
        Ok(Some((session, cookie)))
    }

    /// Ends one session. Answers whether it was there.
    pub async fn end(&self, id: &str) -> Result<bool, StoreError> {
        let (left, ended) = self.store.writer.commit(EndSession(id.into())).await?;
        self.publish(left);
        Ok(ended)
    }

    /// Shows what a transaction left.
    pub(super) fn publish(&self, left: Snapshot) {
        self.snapshot.publish(left);
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

fn read_all(connection: &Connection) -> rusqlite::Result<Snapshot> {
    let by_cookie = connection
        .prepare_cached(
            "SELECT id, cookie_sha256, created_at, expires_at, address, user_agent FROM sessions",
        )?
        .query_map([], |row| {
            let session = read_session(row)?;
            Ok((session.cookie_hash, Arc::new(session)))
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Ordered::read(by_cookie))
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

/// Answers all sessions there are then, or `None` where the password has changed meanwhile.
struct BeginSession {
    session: Arc<Session>,
    password_hash: Arc<str>,
}

impl Write for BeginSession {
    type Output = Option<Snapshot>;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Option<Snapshot>> {
        let session = self.session;
        let is_current: bool = tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM owner WHERE password_hash = ?1)")?
            .query_row([&*self.password_hash], |row| row.get(0))?;
        if !is_current {
            return Ok(None);
        }
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
        ))?;
        read_all(tx).map(Some)
    }
}

struct EndSession(Box<str>);

impl Write for EndSession {
    type Output = (Snapshot, bool);

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Self::Output> {
        let ended = tx.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([&*self.0])?;
        Ok((read_all(tx)?, ended > 0))
    }
}

/// Ends all sessions but one, inside the transaction that makes them worthless.
pub(super) fn end_others(tx: &Transaction<'_>, kept: Option<&str>) -> rusqlite::Result<Snapshot> {
    tx.prepare_cached("DELETE FROM sessions WHERE id IS NOT ?1")?.execute([kept])?;
    read_all(tx)
}
