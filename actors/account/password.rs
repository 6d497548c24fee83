//! Passwords: what may be one, and the slow hash that is all that is kept of it.
//!
//! Argon2id (RFC 9106) takes 19 MiB and some tens of milliseconds on purpose. Promises
//! that no more than [`HASHES_AT_ONCE`] run, on threads of the lowest priority, however
//! many people sign in, so that sites are served meanwhile and memory stays bounded.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{Error, Result as HashResult};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::{Semaphore, oneshot};

use super::AccountError;
use crate::priority;

/// Hashes that are computed side by side.
pub const HASHES_AT_ONCE: usize = 2;

/// Hashes that wait for their turn before the next is refused.
pub const HASHES_WAITING: usize = 8;

/// What a client that was refused waits before it tries again.
pub const BUSY_RETRY: Duration = Duration::from_secs(2);

/// Memory of one hash in kibibytes, as OWASP's cheat sheet on password storage asks.
const MEMORY_KIB: u32 = 19 * 1024;

/// Passes over that memory.
const PASSES: u32 = 2;

/// Lanes of one hash.
const LANES: u32 = 1;

/// Bytes of a salt (RFC 9106 section 3.1 recommends 16).
const SALT_BYTES: usize = 16;

/// Characters of a new password.
const CHARS_MIN: usize = 8;

/// Bytes of a password: more only costs time.
const BYTES_MAX: usize = 1024;

/// Characters of a generated password: 119 random bits.
const GENERATED_CHARS: usize = 20;

/// How long a thread keeps the memory of its last hash.
const MEMORY_KEPT_FOR: Duration = Duration::from_secs(60);

/// The nice value of a thread that hashes: the lowest priority there is.
const NICE: i32 = 19;

/// A password as it was typed. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// What somebody typed to sign in. `None` where it is longer than any password.
    pub fn typed(text: String) -> Option<Password> {
        (text.len() <= BYTES_MAX).then_some(Password(text))
    }

    /// A password that shall be somebody's from now on.
    ///
    /// # Errors
    /// It is shorter than 8 characters or longer than 1,024 bytes.
    pub fn chosen(text: String) -> Result<Password, AccountError> {
        if text.chars().count() < CHARS_MIN || text.len() > BYTES_MAX {
            return Err(AccountError::Password { chars_min: CHARS_MIN, bytes_max: BYTES_MAX });
        }
        Ok(Password(text))
    }

    /// A random password.
    pub fn generate() -> Password {
        Password(crate::random::base62(GENERATED_CHARS))
    }

    /// The password itself, for the one time that it is shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// A hash to compute, in the memory of a thread.
type Job = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

/// Computes hashes within the bounds of this module.
#[derive(Clone, Debug)]
pub struct Hasher {
    admitted: Arc<Semaphore>,
    jobs: Sender<Job>,
}

impl Hasher {
    /// Starts the threads. They sleep until somebody signs in, and end with the last clone.
    ///
    /// Each keeps the memory of a hash for the next ones of the same minute: given back to the
    /// heap it would lie there in pieces, and each new hash would take more from the system.
    pub fn start() -> std::io::Result<Hasher> {
        let (jobs, waiting) = channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..HASHES_AT_ONCE {
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new()
                .name("password".to_owned())
                .spawn(move || compute(&waiting))?;
        }
        Ok(Hasher { admitted: Arc::new(Semaphore::new(HASHES_AT_ONCE + HASHES_WAITING)), jobs })
    }

    /// The hash of a password, as a PHC string.
    ///
    /// # Errors
    /// Too many hashes wait already, or the machine has no memory for one.
    pub async fn hash(&self, password: Password) -> Result<String, AccountError> {
        let salt: [u8; SALT_BYTES] = crate::random::bytes();
        let hashed = self.run(move |memory| new_hash(&password, &salt, memory));
        hashed.await?.map_err(|cause| AccountError::Hash { cause })
    }

    /// Whether a password has this hash.
    ///
    /// # Errors
    /// Too many hashes wait already, or `hash` is none.
    pub async fn matches(&self, password: Password, hash: Arc<str>) -> Result<bool, AccountError> {
        let matched = self.run(move |memory| has_hash(&password, &hash, memory));
        matched.await?.map_err(|cause| AccountError::Hash { cause })
    }

    /// Hashes that are computed or wait.
    pub fn queued(&self) -> usize {
        (HASHES_AT_ONCE + HASHES_WAITING).saturating_sub(self.admitted.available_permits())
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, AccountError> {
        // The permit is the bound of the channel: it is given back when the work is done.
        let admitted =
            Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| AccountError::HashesBusy)?;
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move |memory: &mut Vec<Block>| {
            let done = work(memory);
            drop(admitted);
            let _caller_left = answer.send(done);
        });
        self.jobs.send(job).map_err(|_ended| AccountError::Unanswered)?;
        answered.await.map_err(|_panicked| AccountError::Unanswered)
    }
}

/// The life of a thread that hashes.
fn compute(waiting: &Mutex<Receiver<Job>>) {
    priority::lower(NICE, "passwords are checked");
    let mut memory = Vec::new();
    loop {
        // Whoever waits for a job holds the lock; the other thread waits for the lock.
        let job =
            waiting.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(MEMORY_KEPT_FOR);
        match job {
            // A defect in one hash must not cost the node its thread.
            Ok(job) => drop(catch_unwind(AssertUnwindSafe(|| job(&mut memory)))),
            Err(RecvTimeoutError::Timeout) => memory = Vec::new(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The hash of a new password, with the costs of this module.
fn new_hash(password: &Password, salt: &[u8], memory: &mut Vec<Block>) -> HashResult<String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    let mut hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(Salt::new(salt)?),
        hash: None,
    };
    hash.hash = Some(digest(password, &hash, Params::DEFAULT_OUTPUT_LEN, memory)?);
    Ok(hash.to_string())
}

/// Whether a password has this hash, whatever its costs are.
fn has_hash(password: &Password, hash: &str, memory: &mut Vec<Block>) -> HashResult<bool> {
    let hash = PasswordHash::new(hash)?;
    let expected = hash.hash.ok_or(Error::PasswordInvalid)?;
    let computed = digest(password, &hash, expected.len(), memory)?;
    // Two outputs are compared in constant time.
    Ok(computed == expected)
}

fn digest(
    password: &Password,
    recipe: &PasswordHash,
    length: usize,
    memory: &mut Vec<Block>,
) -> HashResult<Output> {
    let algorithm = Algorithm::try_from(recipe.algorithm.as_str())?;
    let version = recipe.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let params = Params::try_from(recipe)?;
    let salt = recipe.salt.ok_or(Error::SaltInvalid)?;
    let mut output = [0; Output::MAX_LENGTH];
    let output = output.get_mut(..length).ok_or(Error::OutputSize)?;
    memory.resize(params.block_count(), Block::default());
    Argon2::new(algorithm, version, params).hash_password_into_with_memory(
        password.0.as_bytes(),
        &salt,
        output,
        memory.as_mut_slice(),
    )?;
    Ok(Output::new(output)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        block_on(async {
            let hasher = Hasher::start().unwrap();
            let typed = |text: &str| Password::typed(text.to_owned()).unwrap();
            let hash: Arc<str> = hasher.hash(typed("correct horse")).await.unwrap().into();
            assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
            assert!(hasher.matches(typed("correct horse"), Arc::clone(&hash)).await.unwrap());
            for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
                assert!(!hasher.matches(typed(wrong), Arc::clone(&hash)).await.unwrap());
            }
            let again = hasher.hash(typed("correct horse")).await.unwrap();
            assert_ne!(*hash, *again, "two hashes share a salt");
            assert!(hasher.matches(typed("x"), "no hash".into()).await.is_err());
        });
    }

    #[test]
    fn more_than_ten_at_once_are_refused() {
        block_on(async {
            let hasher = Hasher::start().unwrap();
            let hash = |_| hasher.hash(Password::generate());
            let done = futures_util::future::join_all((0..30).map(hash)).await;
            let refused = done.iter().filter(|done| done.is_err()).count();
            assert_eq!(refused, 30 - HASHES_AT_ONCE - HASHES_WAITING);
            assert_eq!(hasher.queued(), 0);
            assert!(hasher.hash(Password::generate()).await.is_ok());
        });
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        for wrong in ["", "1234567", "äääääää", &"x".repeat(1025)] {
            assert!(Password::chosen(wrong.to_owned()).is_err(), "{wrong}");
        }
        for right in ["12345678", "ääääääää", &"x".repeat(1024)] {
            assert!(Password::chosen(right.to_owned()).is_ok(), "{right}");
        }
        assert!(Password::typed("x".repeat(1025)).is_none());
        assert!(!format!("{:?}", Password::generate()).contains(Password::generate().reveal()));
    }
}
