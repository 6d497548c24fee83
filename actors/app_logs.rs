//! What happened to an app, and what its code says: lines with a level, kept within a bound.
//!
//! Lines about a change of the app are written with that change ([`append`]). Lines of its code
//! are told to [`AppLogs`], which never makes anybody wait: a task collects them and writes
//! them in batches. Of an app that says too much, lines are dropped, counted, and one line says
//! so; lines of others are not touched by that. A line is shown to readers once it is durable,
//! in the order of the rows.

mod flusher;
mod queue;
pub mod stored;
mod writes;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Transaction;
use tokio::sync::{Notify, broadcast, watch};

use crate::store::{Store, StoreError};
use crate::timestamp::Timestamp;
use flusher::Flusher;
use queue::{Pushed, Queue};
use stored::LogLine;
pub use writes::ForgetOld;

/// Lines that may wait to be written, of all apps together.
pub const WAITING_LINES_MAX: usize = 8_192;

/// Bytes of the lines that may wait to be written.
pub const WAITING_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Lines of one app in a second.
pub const LINES_PER_SECOND: usize = 1_000;

/// Bytes of one app's lines in a second: a quarter of what may wait, so that long lines of one
/// app leave room for the others.
pub const BYTES_PER_SECOND: usize = 1024 * 1024;

/// Bytes of one line; the rest of a longer one is cut off.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Lines kept of one app; the oldest go first.
pub const LINES_KEPT: usize = 10_000;

/// Bytes of the lines kept of one app.
pub const BYTES_KEPT: usize = 16 * 1024 * 1024;

/// How long a line is kept.
pub const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Lines kept for readers that are behind; whoever is further behind reads the database.
const TAIL_LINES: usize = 1_024;

/// How long a node that stops waits for its last lines.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

/// How much a line matters, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Of use to whoever looks for a mistake.
    Debug,
    /// What happens.
    Info,
    /// What should not happen often.
    Warn,
    /// What went wrong.
    Error,
}

impl Level {
    /// All of them, the least first.
    pub const ALL: [Level; 4] = [Level::Debug, Level::Info, Level::Warn, Level::Error];

    /// Its name in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }

    /// The level of this name.
    pub fn parse(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

/// A line that an app's code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// Row of the app.
    pub app: i64,
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub message: String,
    /// `file:line` of the statement, such as `api/hello.js:12`.
    pub source: Option<String>,
    /// The request during which it was said.
    pub request_id: Option<Arc<str>>,
    /// When it was said.
    pub at: Timestamp,
}

/// Adds a line inside a transaction that changes the app. [`AppLogs::noticed`] shows it.
pub(crate) fn append(
    tx: &Transaction<'_>,
    app: i64,
    level: &str,
    message: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT INTO app_logs (app_id, at, level, message) VALUES (?1, ?2, ?3, ?4)")?
        .execute((app, at, level, message))
        .map(drop)
}

/// Where lines are told and followed. Every clone is the same one.
#[derive(Clone)]
pub struct AppLogs {
    shared: Arc<Shared>,
}

/// What the handles and the task behind them share.
struct Shared {
    queue: Queue,
    /// Wakes the task: something waits, or enough of it.
    wake: Notify,
    /// Lines that are durable, in the order of their rows.
    tail: broadcast::Sender<Arc<LogLine>>,
    written: AtomicU64,
    dropped: AtomicU64,
    /// Turns true when the task has ended.
    is_over: watch::Sender<bool>,
}

impl Shared {
    fn new() -> Shared {
        Shared {
            queue: Queue::default(),
            wake: Notify::new(),
            tail: broadcast::Sender::new(TAIL_LINES),
            written: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            is_over: watch::Sender::new(false),
        }
    }
}

impl AppLogs {
    /// Starts the task that writes. Must be called inside an actix system.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn start(store: &Store) -> Result<AppLogs, StoreError> {
        let shared = Arc::new(Shared::new());
        let newest = store.readers.read_blocking(stored::newest_id)?;
        actix::spawn(Flusher::new(Arc::clone(&shared), store.clone(), newest).run());
        Ok(AppLogs { shared })
    }

    /// Takes lines that nobody will write.
    #[cfg(test)]
    pub(crate) fn unread() -> AppLogs {
        AppLogs { shared: Arc::new(Shared::new()) }
    }

    /// Takes a line that an app's code says. Never waits: above a bound the line is dropped and
    /// counted, and later one line of the app's log says how many were.
    pub fn tell(&self, line: NewLine) {
        let wakes = match self.shared.queue.push(cut(line)) {
            Pushed::Kept { wakes } => wakes,
            Pushed::Dropped { wakes } => {
                self.shared.dropped.fetch_add(1, Ordering::Relaxed);
                wakes
            }
        };
        if wakes {
            self.shared.wake.notify_one();
        }
    }

    /// A change of this app, durable by now, has written lines by itself: readers want them.
    pub fn noticed(&self, app: i64) {
        self.shared.queue.notice(app);
        self.shared.wake.notify_one();
    }

    /// All lines from now on, of every app, in the order of their rows; the first ones may have
    /// been there before. A reader that falls behind loses some and is told; the database has
    /// them.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<LogLine>> {
        self.shared.tail.subscribe()
    }

    /// Lines that wait to be written.
    pub fn waiting(&self) -> usize {
        self.shared.queue.waiting()
    }

    /// Lines made durable since the start, those about dropped ones included.
    pub fn written(&self) -> u64 {
        self.shared.written.load(Ordering::Relaxed)
    }

    /// Lines dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Writes what waits. What is told from here on is dropped. May be called again.
    pub async fn close(&self) {
        self.shared.queue.close();
        self.shared.wake.notify_one();
        let mut is_over = self.shared.is_over.subscribe();
        let ended = tokio::time::timeout(CLOSE_PATIENCE, is_over.wait_for(|is_over| *is_over));
        if ended.await.is_err() {
            tracing::warn!(waiting = self.waiting(), "the last lines of apps are not written");
        }
    }
}

/// Cuts a line that is too long at the end of a letter.
fn cut(mut line: NewLine) -> NewLine {
    if line.message.len() > MESSAGE_BYTES_MAX {
        let end = line.message.floor_char_boundary(MESSAGE_BYTES_MAX);
        line.message.truncate(end);
        line.message.push('…');
    }
    line
}

#[cfg(test)]
mod tests;
