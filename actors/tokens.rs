//! Tokens: who may do what, by a credential that is looked up and never searched for.
//!
//! A token reads `fazt_<id>_<secret>`. The id finds its row; of the secret only the
//! SHA-256 is stored, which is enough for 190 random bits. All tokens are held as one
//! snapshot, replaced after each durable change, so a check costs no query.

mod scope;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use rusqlite::{Connection, Row, Transaction};
use subtle::ConstantTimeEq;

use crate::content::ContentHash;
use crate::kind::{ErrorKind, Fault};
use crate::store::{Store, StoreError, Write};
use crate::timestamp::Timestamp;
pub use scope::{Scope, ScopeError};

/// Base62 characters of an id.
const ID_CHARS: usize = 12;

/// Base62 characters of a secret: 190 bits.
const SECRET_CHARS: usize = 32;

/// Tokens that a node keeps.
const TOKENS_MAX: usize = 10_000;

/// Characters of a token's name.
const NAME_CHARS_MAX: usize = 100;

/// The time of last use is written down at most this often.
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);

/// Why a token was not accepted, or could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It is no token of this node, or its secret is wrong.
    #[error(
        "this token is not known here; make one with `fazt server create-key` on the node's machine"
    )]
    Unknown,
    /// Its time is over.
    #[error("this token has expired; make a new one")]
    Expired,
    /// Its name is empty or too long.
    #[error("a token needs a name of 1 to {NAME_CHARS_MAX} characters")]
    Name,
    /// It would open nothing.
    #[error("a token needs a scope: read, deploy, deploy:<app> or admin")]
    NoScope,
    /// There are as many as may be.
    #[error("this node has {TOKENS_MAX} tokens already; revoke some")]
    TooMany,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for TokenError {
    fn kind(&self) -> ErrorKind {
        match self {
            TokenError::Unknown | TokenError::Expired => ErrorKind::Unauthenticated,
            TokenError::Name | TokenError::NoScope => ErrorKind::Invalid,
            TokenError::TooMany => ErrorKind::Conflict,
            TokenError::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            TokenError::Unknown => "INVALID_API_KEY",
            TokenError::Expired => "TOKEN_EXPIRED",
            TokenError::Name | TokenError::NoScope => "VALIDATION_FAILED",
            TokenError::TooMany => "TOO_MANY_TOKENS",
            TokenError::Store(error) => error.code(),
        }
    }
}

/// A token as the node knows it, without its secret.
#[derive(Debug)]
pub struct Token {
    /// The public half.
    pub id: Box<str>,
    /// What the owner calls it.
    pub name: Box<str>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    secret_hash: ContentHash,
    /// Milliseconds since 1970; 0 for never.
    last_used_at: AtomicI64,
}

impl Token {
    /// When it was last presented, to the minute.
    pub fn last_used_at(&self) -> Option<Timestamp> {
        match self.last_used_at.load(Ordering::Relaxed) {
            0 => None,
            at => Some(Timestamp(at)),
        }
    }
}

/// What a new token shall be.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What the owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it stops working; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// Now.
    pub at: Timestamp,
}

type Snapshot = HashMap<Box<str>, Arc<Token>>;

/// The tokens of a node.
#[derive(Clone)]
pub struct Tokens {
    snapshot: Arc<ArcSwap<Snapshot>>,
    store: Store,
}

impl Tokens {
    /// Reads all tokens.
    pub fn open(store: &Store) -> Result<Tokens, StoreError> {
        let snapshot = store.readers.read_blocking(read_all)?;
        Ok(Tokens { snapshot: Arc::new(ArcSwap::from_pointee(snapshot)), store: store.clone() })
    }

    /// The token that was presented, if it is good.
    pub fn authenticate(&self, presented: &str, now: Timestamp) -> Result<Arc<Token>, TokenError> {
        let (id, secret) = parse(presented).ok_or(TokenError::Unknown)?;
        let token = self.snapshot.load().get(id).cloned().ok_or(TokenError::Unknown)?;
        let hash = ContentHash::of(secret.as_bytes());
        if !bool::from(hash.as_bytes().ct_eq(token.secret_hash.as_bytes())) {
            return Err(TokenError::Unknown);
        }
        if token.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(TokenError::Expired);
        }
        self.note_use(&token, now);
        Ok(token)
    }

    /// Whether a token that was good earlier still is.
    pub fn is_good(&self, token: &Token, now: Timestamp) -> bool {
        self.snapshot.load().contains_key(&token.id)
            && token.expires_at.is_none_or(|expires_at| now < expires_at)
    }

    /// Makes a token. The text is shown to its owner and kept nowhere.
    pub async fn create(&self, new: NewToken) -> Result<(Arc<Token>, String), TokenError> {
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return Err(TokenError::Name);
        }
        if new.scopes.is_empty() {
            return Err(TokenError::NoScope);
        }
        if self.snapshot.load().len() >= TOKENS_MAX {
            return Err(TokenError::TooMany);
        }
        let secret = crate::random::base62(SECRET_CHARS);
        let token = Arc::new(Token {
            id: crate::random::base62(ID_CHARS).into(),
            name: name.into(),
            scopes: new.scopes,
            created_at: new.at,
            expires_at: new.expires_at,
            secret_hash: ContentHash::of(secret.as_bytes()),
            last_used_at: AtomicI64::new(0),
        });
        let text = format!("fazt_{}_{secret}", token.id);
        self.store.writer.commit(InsertToken(Arc::clone(&token))).await?;
        self.snapshot.rcu(|tokens| {
            let mut tokens = Snapshot::clone(tokens);
            tokens.insert(token.id.clone(), Arc::clone(&token));
            tokens
        });
        Ok((token, text))
    }

    /// Ends a token at once. Answers whether it was there.
    pub async fn revoke(&self, id: &str) -> Result<bool, TokenError> {
        let was_there = self.store.writer.commit(DeleteToken(id.into())).await?;
        self.snapshot.rcu(|tokens| {
            let mut tokens = Snapshot::clone(tokens);
            tokens.remove(id);
            tokens
        });
        Ok(was_there)
    }

    /// All tokens, the oldest first.
    pub fn list(&self) -> Vec<Arc<Token>> {
        let mut tokens: Vec<Arc<Token>> = self.snapshot.load().values().cloned().collect();
        tokens.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        tokens
    }

    fn note_use(&self, token: &Arc<Token>, now: Timestamp) {
        let noted = token.last_used_at.load(Ordering::Relaxed);
        if now < Timestamp(noted).after(USE_NOTED_EVERY) {
            return;
        }
        let exchanged =
            token.last_used_at.compare_exchange(noted, now.0, Ordering::Relaxed, Ordering::Relaxed);
        if exchanged.is_ok() {
            let (writer, id) = (self.store.writer.clone(), token.id.clone());
            tokio::spawn(async move {
                if let Err(error) = writer.commit_bulk(NoteUse { id, at: now }, 0).await {
                    tracing::warn!(error = %error, "cannot note that a token was used");
                }
            });
        }
    }
}

/// Splits `fazt_<id>_<secret>`.
fn parse(presented: &str) -> Option<(&str, &str)> {
    let (id, secret) = presented.strip_prefix("fazt_")?.split_once('_')?;
    (id.len() == ID_CHARS && secret.len() == SECRET_CHARS).then_some((id, secret))
}

fn read_all(connection: &Connection) -> rusqlite::Result<Snapshot> {
    connection
        .prepare(
            "SELECT id, secret_sha256, name, scopes, created_at, expires_at, last_used_at
             FROM tokens",
        )?
        .query_map([], |row| {
            let token = read_token(row)?;
            Ok((token.id.clone(), Arc::new(token)))
        })?
        .collect()
}

fn read_token(row: &Row<'_>) -> rusqlite::Result<Token> {
    let scopes: String = row.get(3)?;
    Ok(Token {
        id: row.get::<_, String>(0)?.into(),
        secret_hash: ContentHash::from_bytes(row.get(1)?),
        name: row.get::<_, String>(2)?.into(),
        // A scope that a later version of fazt wrote opens nothing here.
        scopes: scopes.split_whitespace().filter_map(|scope| Scope::parse(scope).ok()).collect(),
        created_at: row.get(4)?,
        expires_at: row.get(5)?,
        last_used_at: AtomicI64::new(row.get::<_, Option<i64>>(6)?.unwrap_or(0)),
    })
}

struct InsertToken(Arc<Token>);

impl Write for InsertToken {
    type Output = ();

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        let token = self.0;
        let scopes: Vec<String> = token.scopes.iter().map(Scope::to_string).collect();
        tx.prepare_cached(
            "INSERT INTO tokens (id, secret_sha256, name, scopes, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            &*token.id,
            token.secret_hash.as_bytes(),
            &*token.name,
            scopes.join(" "),
            token.created_at,
            token.expires_at,
        ))
        .map(drop)
    }
}

struct DeleteToken(Box<str>);

impl Write for DeleteToken {
    type Output = bool;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<bool> {
        let deleted = tx.prepare_cached("DELETE FROM tokens WHERE id = ?1")?.execute([&*self.0])?;
        Ok(deleted == 1)
    }
}

struct NoteUse {
    id: Box<str>,
    at: Timestamp,
}

impl Write for NoteUse {
    type Output = ();

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        tx.prepare_cached("UPDATE tokens SET last_used_at = ?2 WHERE id = ?1")?
            .execute((&*self.id, self.at))
            .map(drop)
    }
}
