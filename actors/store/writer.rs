//! The one actor that writes: it groups what waits into one transaction.
//!
//! Invariant: nothing else in the process changes the database. Each change runs
//! in a savepoint of its own, so a failure undoes only itself; the answer goes out
//! once the whole group is durable (`synchronous=FULL`).

mod batch;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::{Actor, Arbiter, AsyncContext, Context, Handler, Message, SpawnHandle};
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, Transaction};
use tokio::sync::oneshot;

use super::StoreError;
use super::checkpoint::{Checkpointer, LogCare, WAL_BULK_BYTES_MAX, copy, log_care};
use super::connection::StoreCounters;
use crate::mailbox::{Bound, Mailbox, MailboxError, Permit};
use batch::{Job, Pending};

/// Changes that may wait for the writer, both lanes together.
const BOUND: Bound = Bound { messages: 4096, payload_bytes: 16 * 1024 * 1024 };

/// Interactive changes in one transaction.
const INTERACTIVE_PER_BATCH: usize = 1024;

/// Bytes of bulk changes in one transaction; what an interactive change waits for at most.
const BULK_BYTES_PER_BATCH: usize = 256 * 1024;

/// How long bulk changes wait before the log is looked at again.
const BULK_PAUSE: Duration = Duration::from_millis(2);

/// Pauses in a row, half a second in all, after which bulk changes go on all the same.
const BULK_PAUSES_MAX: u32 = 250;

/// Bulk changes in one transaction, however small.
const BULK_PER_BATCH: usize = 64;

/// How long a bulk change waits for room in the queue.
const BULK_PATIENCE: Duration = Duration::from_secs(60);

/// How long an interactive change waits for room in the queue.
const INTERACTIVE_PATIENCE: Duration = Duration::from_secs(2);

/// One named change. Runs inside the writer's transaction; a failure undoes only itself.
///
/// A refusal by a rule of the product (a name that is taken) is not a failure: it
/// is part of `Output`, decided before anything is written.
pub trait Write: Send + 'static {
    /// What the change answers.
    type Output: Send + 'static;

    /// Makes the change. No network, no waiting, no JavaScript in here.
    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Self::Output>;
}

/// Which queue a change waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for the answer.
    Interactive,
    /// File contents, variants, clean-up: at most 1 MiB of it a transaction.
    Bulk {
        /// Bytes that the change carries or causes to be written.
        bytes: usize,
    },
}

/// Asks for `W` to be applied; the answer arrives once it is durable.
pub struct Commit<W: Write> {
    write: W,
    lane: Lane,
    answer: oneshot::Sender<Result<W::Output, StoreError>>,
    permit: Permit,
}

impl<W: Write> Message for Commit<W> {
    type Result = ();
}

/// Sends changes to the [`Writer`].
#[derive(Clone)]
pub struct WriterHandle {
    mailbox: Mailbox<Writer>,
}

impl WriterHandle {
    /// Applies a change that somebody waits for.
    ///
    /// Once this was polled the change is made even when the future is dropped.
    pub async fn commit<W: Write>(&self, write: W) -> Result<W::Output, StoreError> {
        let permit = match self.mailbox.admit() {
            Ok(permit) => permit,
            Err(_full) => self.mailbox.admit_patiently(0, INTERACTIVE_PATIENCE).await?,
        };
        self.submit(write, Lane::Interactive, permit).await
    }

    /// Applies a change that moves `bytes` and may wait for its turn.
    pub async fn commit_bulk<W: Write>(
        &self,
        write: W,
        bytes: usize,
    ) -> Result<W::Output, StoreError> {
        let permit = self.mailbox.admit_patiently(bytes, BULK_PATIENCE).await?;
        self.submit(write, Lane::Bulk { bytes }, permit).await
    }

    /// Changes that wait for the writer.
    pub fn queued(&self) -> usize {
        self.mailbox.queued()
    }

    /// Changes that may wait for the writer.
    pub fn queue_max(&self) -> usize {
        self.mailbox.messages_max()
    }

    async fn submit<W: Write>(
        &self,
        write: W,
        lane: Lane,
        permit: Permit,
    ) -> Result<W::Output, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.mailbox.tell(Commit { write, lane, answer, permit });
        answered.await.unwrap_or(Err(StoreError::Mailbox(MailboxError::Closed)))
    }

    pub(crate) async fn close(&self) {
        if let Err(error) = self.mailbox.ask(Close).await {
            tracing::error!(error = %error, "the writer did not close in order");
        }
    }
}

/// The actor. See the module's documentation.
pub struct Writer {
    connection: Connection,
    interactive: VecDeque<Box<dyn Pending>>,
    bulk: VecDeque<(usize, Box<dyn Pending>)>,
    flush_is_due: bool,
    /// The flush that comes when bulk changes have waited for a shorter log.
    pause: Option<SpawnHandle>,
    /// Pauses since the log was last short.
    pauses: u32,
    /// Set while the last changes are applied: nothing waits for the log any more.
    is_closing: bool,
    /// Set once the log was emptied for good: whoever comes later is refused.
    is_closed: bool,
    counters: Arc<StoreCounters>,
    checkpointer: Checkpointer,
}

impl Writer {
    /// Starts the writer on a thread of its own.
    pub(crate) fn start(
        connection: Connection,
        counters: Arc<StoreCounters>,
        checkpointer: Checkpointer,
    ) -> WriterHandle {
        let arbiter = Arbiter::new();
        let address = Writer::start_in_arbiter(&arbiter.handle(), |ctx| {
            // The permits are the bound; the channel itself must never be full.
            ctx.set_mailbox_capacity(BOUND.messages * 2);
            Writer {
                connection,
                interactive: VecDeque::new(),
                bulk: VecDeque::new(),
                flush_is_due: false,
                pause: None,
                pauses: 0,
                is_closing: false,
                is_closed: false,
                counters,
                checkpointer,
            }
        });
        WriterHandle { mailbox: Mailbox::new(address, BOUND) }
    }

    fn take_batch(&mut self) -> Vec<Box<dyn Pending>> {
        let interactive = self.interactive.len().min(INTERACTIVE_PER_BATCH);
        let mut batch: Vec<Box<dyn Pending>> = self.interactive.drain(..interactive).collect();
        if self.bulk_must_wait() {
            return batch;
        }
        let mut bulk_bytes = 0;
        for _ in 0..BULK_PER_BATCH {
            let Some((bytes, _)) = self.bulk.front() else { break };
            // The first one always goes, so that one larger than the bound is not stuck.
            if bulk_bytes > 0 && bulk_bytes + bytes > BULK_BYTES_PER_BATCH {
                break;
            }
            bulk_bytes += bytes;
            batch.extend(self.bulk.pop_front().map(|(_, pending)| pending));
        }
        batch
    }

    /// Whether bulk changes wait until the log is shorter. They do not wait for ever:
    /// another program that reads the file may keep the log from starting over. Nor do they
    /// wait while a backup does that: nothing that they wait for would happen.
    fn bulk_must_wait(&mut self) -> bool {
        if self.counters.wal_bytes() < WAL_BULK_BYTES_MAX || self.counters.is_log_held() {
            self.pauses = 0;
            return false;
        }
        !self.is_closing && self.pauses < BULK_PAUSES_MAX
    }

    /// Ends a pause, so that there is never more than one flush on its way.
    fn end_pause(&mut self, ctx: &mut Context<Writer>) -> bool {
        match self.pause.take() {
            Some(pause) => ctx.cancel_future(pause),
            None => false,
        }
    }

    fn tend_log(&self) {
        if self.counters.is_log_held() {
            return;
        }
        match log_care(self.counters.wal_bytes(), self.counters.copied_bytes()) {
            LogCare::Nothing => {}
            LogCare::WakeThread => self.checkpointer.wake(),
            LogCare::Finish => copy(&self.connection, &self.counters, CheckpointMode::PASSIVE),
        }
    }
}

impl Actor for Writer {
    type Context = Context<Writer>;
}

impl<W: Write> Handler<Commit<W>> for Writer {
    type Result = ();

    fn handle(&mut self, commit: Commit<W>, ctx: &mut Context<Writer>) {
        let pending = Box::new(Job::new(commit.write, commit.answer, commit.permit));
        if self.is_closed {
            return pending.answer(Err(MailboxError::Closed.into()));
        }
        match commit.lane {
            Lane::Interactive => {
                self.counters.sent_interactive.fetch_add(1, Ordering::Relaxed);
                self.interactive.push_back(pending);
            }
            Lane::Bulk { bytes } => {
                self.counters.sent_bulk.fetch_add(1, Ordering::Relaxed);
                self.bulk.push_back((bytes, pending));
            }
        }
        // While only bulk changes wait for a shorter log, nobody else waits with them.
        let ends_pause = commit.lane == Lane::Interactive && self.end_pause(ctx);
        if !self.flush_is_due || ends_pause {
            self.flush_is_due = true;
            // Runs after the mailbox has been drained: whoever waits shares one commit.
            ctx.notify(Flush);
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Flush;

impl Handler<Flush> for Writer {
    type Result = ();

    fn handle(&mut self, _flush: Flush, ctx: &mut Context<Writer>) {
        if self.is_closed {
            return;
        }
        self.end_pause(ctx);
        let batch = self.take_batch();
        if !batch.is_empty() {
            batch::run(&self.connection, batch, &self.counters);
        }
        self.tend_log();
        self.flush_is_due = !(self.interactive.is_empty() && self.bulk.is_empty());
        if !self.flush_is_due {
            return;
        }
        if self.interactive.is_empty() && self.bulk_must_wait() {
            self.pauses += 1;
            self.pause = Some(ctx.notify_later(Flush, BULK_PAUSE));
        } else {
            ctx.notify(Flush);
        }
    }
}

/// Applies all that waits, empties the log, and lets later changes fail.
#[derive(Message)]
#[rtype(result = "()")]
struct Close;

impl Handler<Close> for Writer {
    type Result = ();

    fn handle(&mut self, _close: Close, _ctx: &mut Context<Writer>) {
        self.is_closing = true;
        while !(self.interactive.is_empty() && self.bulk.is_empty()) {
            let batch = self.take_batch();
            batch::run(&self.connection, batch, &self.counters);
        }
        self.is_closed = true;
        copy(&self.connection, &self.counters, CheckpointMode::TRUNCATE);
        tracing::debug!(
            commits = self.counters.commits.load(Ordering::Relaxed),
            "the writer has closed"
        );
    }
}

#[cfg(test)]
mod tests;
