//! The owner: one name and one password, and the browsers that signed in with them.

pub mod password;
pub mod sessions;
pub mod throttle;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction};
use subtle::ConstantTimeEq;

use crate::content::ContentHash;
use crate::kind::{ErrorKind, Fault};
use crate::store::{Ordered, Published, Store, StoreError, Write};
use crate::timestamp::Timestamp;
pub use password::{Hasher, Password};
pub use sessions::{NewSession, Session, Sessions};
use throttle::{Throttle, network};

/// The name of an owner who chose none.
pub const DEFAULT_USERNAME: &str = "admin";

/// Characters of the owner's name.
const USERNAME_CHARS_MAX: usize = 100;

/// Why somebody is not signed in, or the account not changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Name or password are wrong; which of them is not said.
    #[error("the name or the password is wrong")]
    WrongCredentials,
    /// The address has failed too often.
    #[error("too many failed attempts from your address; wait {} s and try again", wait.as_secs())]
    Throttled {
        /// How long it must still wait; whole seconds, at least one.
        wait: Duration,
    },
    /// Too many passwords are being checked.
    #[error("too many people sign in right now; try again in a moment")]
    HashesBusy,
    /// No password has been set yet.
    #[error("this node has no owner yet; set one with `fazt server set-credentials`")]
    NoOwner,
    /// The name cannot be an owner's.
    #[error("the owner's name has 1 to {USERNAME_CHARS_MAX} characters, none of them a control")]
    Username,
    /// The password cannot be one.
    #[error("a password has at least {chars_min} characters and at most {bytes_max} bytes")]
    Password {
        /// Characters at least.
        chars_min: usize,
        /// Bytes at most.
        bytes_max: usize,
    },
    /// A hash could not be computed or read.
    #[error("the password could not be checked: {cause}")]
    Hash {
        /// The library's reason; it implements no `Error` in all builds.
        cause: argon2::password_hash::Error,
    },
    /// The threads that hash could not be started.
    #[error("cannot start the threads that check passwords")]
    Threads(#[source] std::io::Error),
    /// A hash failed by a defect, or its thread has ended.
    #[error("the check of the password ended without an answer")]
    Unanswered,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for AccountError {
    fn kind(&self) -> ErrorKind {
        match self {
            AccountError::WrongCredentials => ErrorKind::Unauthenticated,
            AccountError::Throttled { .. } | AccountError::HashesBusy => ErrorKind::Busy,
            AccountError::NoOwner => ErrorKind::Conflict,
            AccountError::Username | AccountError::Password { .. } => ErrorKind::Invalid,
            AccountError::Hash { .. } | AccountError::Threads(_) | AccountError::Unanswered => {
                ErrorKind::Internal
            }
            AccountError::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            AccountError::WrongCredentials => "INVALID_CREDENTIALS",
            AccountError::Throttled { .. } | AccountError::HashesBusy => "RATE_LIMIT_EXCEEDED",
            AccountError::NoOwner => "NO_OWNER",
            AccountError::Username | AccountError::Password { .. } => "VALIDATION_FAILED",
            AccountError::Hash { .. } | AccountError::Threads(_) | AccountError::Unanswered => {
                "INTERNAL_ERROR"
            }
            AccountError::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            AccountError::Throttled { wait } => Some(*wait),
            AccountError::HashesBusy => Some(password::BUSY_RETRY),
            _ => None,
        }
    }
}

#[derive(Clone)]
struct Credentials {
    username: Arc<str>,
    password_hash: Arc<str>,
}

/// The owner's account. One for all workers.
pub struct Account {
    credentials: Published<Option<Credentials>>,
    hasher: Hasher,
    throttle: Throttle<IpAddr>,
    confirmations: Throttle<Box<str>>,
    /// Browsers that are signed in.
    pub sessions: Sessions,
    store: Store,
}

/// Somebody who wants to be signed in.
#[derive(Debug)]
pub struct Attempt {
    /// The name that was typed.
    pub username: String,
    /// The password that was typed.
    pub password: String,
    /// Where the connection comes from; no header is believed.
    pub address: IpAddr,
    /// The session that begins where the two are right.
    pub session: NewSession,
}

/// A change of the owner's name, password, or both.
#[derive(Debug, Default)]
pub struct Change {
    /// The new name.
    pub username: Option<String>,
    /// The new password.
    pub password: Option<Password>,
}

impl Account {
    /// Reads the account and its sessions.
    pub fn open(store: &Store) -> Result<Account, AccountError> {
        let credentials = store.readers.read_blocking(read)?;
        Ok(Account {
            credentials: Published::new(credentials),
            hasher: Hasher::start().map_err(AccountError::Threads)?,
            throttle: Throttle::default(),
            confirmations: Throttle::default(),
            sessions: Sessions::open(store)?,
            store: store.clone(),
        })
    }

    /// The owner's name; `None` before a password was set.
    pub fn username(&self) -> Option<Arc<str>> {
        self.credentials().map(|credentials| credentials.username)
    }

    /// Passwords that are being checked or wait for it.
    pub fn hashes_queued(&self) -> usize {
        self.hasher.queued()
    }

    /// Checks a name and a password, and begins a session where both are right.
    ///
    /// The password is hashed whatever the name is, so that the time tells nothing.
    pub async fn sign_in(&self, attempt: Attempt) -> Result<(Arc<Session>, String), AccountError> {
        let (network, now) = (network(attempt.address), attempt.session.at);
        self.throttle.begin(&network, now).map_err(|wait| AccountError::Throttled { wait })?;
        let checked = match self.check(&attempt.username, attempt.password).await {
            Ok(Some(password_hash)) => password_hash,
            Ok(None) => return Err(AccountError::WrongCredentials),
            Err(error) => {
                self.throttle.take_back(&network, now);
                return Err(error);
            }
        };
        let begun = self.sessions.begin(attempt.session, checked).await?;
        // The password was another one by the time that it was found right.
        let begun = begun.ok_or(AccountError::WrongCredentials)?;
        self.throttle.forgive(&network);
        Ok(begun)
    }

    /// Checks the password of somebody who is signed in. Others' failures do not count.
    pub async fn confirm(
        &self,
        password: String,
        session: &Session,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let username = self.username().ok_or(AccountError::NoOwner)?;
        let id = &session.id;
        self.confirmations.begin(id, now).map_err(|wait| AccountError::Throttled { wait })?;
        match self.check(&username, password).await {
            Ok(Some(_)) => {
                self.confirmations.forgive(id);
                Ok(())
            }
            Ok(None) => Err(AccountError::WrongCredentials),
            Err(error) => {
                self.confirmations.take_back(id, now);
                Err(error)
            }
        }
    }

    fn credentials(&self) -> Option<Credentials> {
        Option::clone(&self.credentials.load())
    }

    /// The hash of the owner's password, where name and password are right.
    async fn check(
        &self,
        username: &str,
        password: String,
    ) -> Result<Option<Arc<str>>, AccountError> {
        let credentials = self.credentials().ok_or(AccountError::NoOwner)?;
        let Some(password) = Password::typed(password) else { return Ok(None) };
        let hash = Arc::clone(&credentials.password_hash);
        let is_password = self.hasher.matches(password, Arc::clone(&hash)).await?;
        let digest = |name: &str| ContentHash::of(name.as_bytes());
        let (given, right) = (digest(username), digest(&credentials.username));
        let is_owner = bool::from(given.as_bytes().ct_eq(right.as_bytes())) && is_password;
        Ok(is_owner.then_some(hash))
    }

    /// Changes the owner's name or password. A new password ends all sessions in the same
    /// transaction, but for the one named `kept`.
    pub async fn change(
        &self,
        change: Change,
        kept: Option<&str>,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let username = change.username.as_deref().map(parse_username).transpose()?;
        let password_hash = match change.password {
            Some(password) => Some(self.hasher.hash(password).await?),
            None => None,
        };
        let kept = kept.map(Box::from);
        let set = SetCredentials { username, password_hash, kept, at: now };
        let (credentials, sessions) = self.store.writer.commit(set).await?;
        if let Some(sessions) = sessions {
            self.sessions.publish(sessions);
        }
        let has_owner = credentials.is_some();
        self.credentials.publish(credentials);
        if has_owner { Ok(()) } else { Err(AccountError::NoOwner) }
    }
}

/// Reads the name of an owner.
///
/// # Errors
/// It is empty, too long, or has control characters.
pub fn parse_username(name: &str) -> Result<String, AccountError> {
    let name = name.trim();
    let is_fine = (1..=USERNAME_CHARS_MAX).contains(&name.chars().count())
        && !name.chars().any(char::is_control);
    if is_fine { Ok(name.to_owned()) } else { Err(AccountError::Username) }
}

fn read(connection: &Connection) -> rusqlite::Result<Ordered<Option<Credentials>>> {
    let credentials = connection
        .prepare_cached("SELECT username, password_hash FROM owner WHERE id = 1")?
        .query_row([], |row| {
            let (username, hash): (String, String) = (row.get(0)?, row.get(1)?);
            Ok(Credentials { username: username.into(), password_hash: hash.into() })
        })
        .optional()?;
    Ok(Ordered::read(credentials))
}

/// Sets what is given and keeps the rest; `None` while there is no password at all.
struct SetCredentials {
    username: Option<String>,
    password_hash: Option<String>,
    kept: Option<Box<str>>,
    at: Timestamp,
}

impl Write for SetCredentials {
    type Output = (Ordered<Option<Credentials>>, Option<sessions::Snapshot>);

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Self::Output> {
        let changed = tx
            .prepare_cached(
                "UPDATE owner SET username = ifnull(?1, username),
                     password_hash = ifnull(?2, password_hash), changed_at = ?3 WHERE id = 1",
            )?
            .execute((&self.username, &self.password_hash, self.at))?;
        if let (0, Some(hash)) = (changed, &self.password_hash) {
            let username = self.username.as_deref().unwrap_or(DEFAULT_USERNAME);
            tx.prepare_cached(
                "INSERT INTO owner (id, username, password_hash, changed_at)
                 VALUES (1, ?1, ?2, ?3)",
            )?
            .execute((username, hash, self.at))?;
        }
        let left = match self.password_hash {
            Some(_) => Some(sessions::end_others(tx, self.kept.as_deref())?),
            None => None,
        };
        Ok((read(tx)?, left))
    }
}
