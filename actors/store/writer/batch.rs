//! One transaction with many changes in it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::Write;
use crate::killpoint;
use crate::mailbox::Permit;
use crate::store::StoreError;
use crate::store::connection::StoreCounters;

/// The exit code of a process whose disk or database cannot be trusted (sysexits: `EX_SOFTWARE`).
const EXIT_BROKEN_STORE: i32 = 70;

/// A change with somebody who waits for its answer.
pub(super) trait Pending: Send {
    /// Makes the change and keeps its answer back.
    fn apply(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError>;

    /// Gives the answer; called once, after the commit or the failure.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

enum Progress<W: Write> {
    Waiting(W),
    Applied(W::Output),
    Taken,
}

/// A [`Write`] on its way through the writer.
pub(super) struct Job<W: Write> {
    progress: Progress<W>,
    answer: oneshot::Sender<Result<W::Output, StoreError>>,
    _permit: Permit,
}

impl<W: Write> Job<W> {
    pub(super) fn new(
        write: W,
        answer: oneshot::Sender<Result<W::Output, StoreError>>,
        permit: Permit,
    ) -> Job<W> {
        Job { progress: Progress::Waiting(write), answer, _permit: permit }
    }
}

impl<W: Write> Pending for Job<W> {
    fn apply(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        let Progress::Waiting(write) = std::mem::replace(&mut self.progress, Progress::Taken)
        else {
            return Ok(());
        };
        match catch_unwind(AssertUnwindSafe(|| write.apply(tx))) {
            Ok(Ok(output)) => {
                self.progress = Progress::Applied(output);
                Ok(())
            }
            Ok(Err(error)) => Err(StoreError::from_sqlite(error)),
            Err(_panic) => Err(StoreError::Panicked),
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let outcome = match (committed, self.progress) {
            (Ok(()), Progress::Applied(output)) => Ok(output),
            (Ok(()), Progress::Waiting(_) | Progress::Taken) => Err(StoreError::Panicked),
            (Err(error), _) => Err(error),
        };
        let _caller_left = self.answer.send(outcome);
    }
}

/// Applies `batch` in one transaction and answers each of its members.
pub(super) fn run(connection: &Connection, batch: Vec<Box<dyn Pending>>, counters: &StoreCounters) {
    let transaction = match Transaction::new_unchecked(connection, TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => return fail_all(batch, &error, counters),
    };
    let mut applied = Vec::with_capacity(batch.len());
    let mut waiting = batch.into_iter();
    for mut pending in waiting.by_ref() {
        match apply_one(&transaction, pending.as_mut()) {
            Ok(()) => applied.push(pending),
            Err(error) => {
                let cause = undo_lost(&transaction, &error);
                count_failure(counters, &error);
                pending.answer(Err(error));
                if let Some(cause) = cause {
                    // SQLite gave up the whole transaction (a full disk does that).
                    drop(transaction);
                    applied.extend(waiting);
                    return fail_all(applied, &cause, counters);
                }
            }
        }
    }
    killpoint::reach("store.applied");
    match transaction.commit() {
        Ok(()) => {
            counters.commits.fetch_add(1, Ordering::Relaxed);
            counters.writes.fetch_add(applied.len() as u64, Ordering::Relaxed);
            applied.into_iter().for_each(|pending| pending.answer(Ok(())));
        }
        Err(error) => {
            ensure_rolled_back(connection);
            fail_all(applied, &error, counters);
        }
    }
}

fn apply_one(tx: &Transaction<'_>, pending: &mut dyn Pending) -> Result<(), StoreError> {
    savepoint(tx, "SAVEPOINT change")?;
    match pending.apply(tx) {
        Ok(()) => savepoint(tx, "RELEASE change"),
        Err(error) => {
            if !tx.is_autocommit() {
                savepoint(tx, "ROLLBACK TO change")?;
                savepoint(tx, "RELEASE change")?;
            }
            Err(error)
        }
    }
}

fn savepoint(tx: &Transaction<'_>, sql: &str) -> Result<(), StoreError> {
    let done = tx.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
    done.map(drop).map_err(StoreError::from_sqlite)
}

/// The reason, when the failure of one change took the whole transaction with it.
fn undo_lost(tx: &Transaction<'_>, error: &StoreError) -> Option<rusqlite::Error> {
    if !tx.is_autocommit() {
        return None;
    }
    let code = match error {
        StoreError::Full(_) => rusqlite::ffi::SQLITE_FULL,
        _ => rusqlite::ffi::SQLITE_ABORT,
    };
    Some(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None))
}

fn fail_all(batch: Vec<Box<dyn Pending>>, error: &rusqlite::Error, counters: &StoreCounters) {
    tracing::error!(error = %error, changes = batch.len(), "a group of changes was undone");
    let code = error.sqlite_error().map_or(rusqlite::ffi::SQLITE_ERROR, |e| e.extended_code);
    for pending in batch {
        let own = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        let failure = StoreError::from_sqlite(own);
        count_failure(counters, &failure);
        pending.answer(Err(failure));
    }
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::SystemIoFailure) {
        give_up("the disk failed under the database");
    }
}

fn count_failure(counters: &StoreCounters, error: &StoreError) {
    counters.writes_failed.fetch_add(1, Ordering::Relaxed);
    if matches!(error, StoreError::Panicked) {
        counters.panics.fetch_add(1, Ordering::Relaxed);
        tracing::error!("a change of the database panicked and was undone");
    }
}

fn ensure_rolled_back(connection: &Connection) {
    if !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err() {
        give_up("a failed transaction could not be rolled back");
    }
}

/// Ends the process: to go on could acknowledge what is not durable.
fn give_up(reason: &str) {
    tracing::error!(reason, "the store cannot go on; the process ends");
    std::process::exit(EXIT_BROKEN_STORE);
}
