//! The task that makes lines durable: it collects for a moment, writes, and then shows.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::queue::{Dropped, FULL_BATCH_LINES, Taken, bytes_of};
use super::writes::{ForgetUpTo, StoreLines};
use super::{NewLine, Shared, stored};
use crate::store::{Store, StoreError};
use crate::timestamp::Timestamp;

/// How long lines wait for others to be written with.
const COLLECTING_TIME: Duration = Duration::from_millis(250);

/// Bytes of one change: what a transaction of the bulk lane holds.
const BYTES_PER_CHANGE: usize = 256 * 1024;

/// Lines that are read at once to be shown.
const SHOWN_AT_ONCE: usize = 512;

/// Lines of an app after which it is looked whether it has too many.
const LINES_PER_LOOK: usize = 1_000;

/// A long line counts as one more for each so many bytes.
const BYTES_AS_A_LINE: usize = 2 * 1024;

/// Apps whose lines are counted; of more, all are looked at anew.
const APPS_KNOWN_MAX: usize = 10_000;

/// Steps of removing one app's lines in a row; what is left waits for the next look.
const STEPS_PER_LOOK: usize = 20;

/// What a step of removing counts in the writer's bulk lane: more than the rows it deletes.
const STEP_BYTES: usize = 256 * 1024;

pub(super) struct Flusher {
    shared: Arc<Shared>,
    store: Store,
    /// The newest row that readers were shown, or that was there before they came.
    shown: i64,
    /// Lines of apps since it was looked whether they have too many.
    since_look: HashMap<i64, usize>,
    /// Whether the last change failed: the log of the node says so once.
    is_failing: bool,
}

impl Flusher {
    pub(super) fn new(shared: Arc<Shared>, store: Store, newest: i64) -> Flusher {
        Flusher { shared, store, shown: newest, since_look: HashMap::new(), is_failing: false }
    }

    /// Works until the queue is closed and empty.
    pub(super) async fn run(mut self) {
        // Also when this future is dropped, so that nobody waits for it in vain.
        let shared = Arc::clone(&self.shared);
        let _end = End(&shared);
        loop {
            self.something_to_do().await;
            let now = Timestamp::now();
            // Looked at before the queue is emptied: what came before the end is in it.
            let is_last = self.shared.queue.is_closed();
            let taken = self.shared.queue.take(now);
            self.keep(taken, now).await;
            if is_last && self.shared.queue.waiting() == 0 {
                return;
            }
            // Somebody who closes the queue may still be about to put a line into it.
            tokio::task::yield_now().await;
        }
    }

    /// Returns when enough waits, or has waited for long enough.
    async fn something_to_do(&self) {
        let queue = &self.shared.queue;
        let mut deadline = None;
        loop {
            if queue.is_closed() || queue.has_noticed() || queue.waiting() >= FULL_BATCH_LINES {
                return;
            }
            if queue.waiting() == 0 && !queue.has_unreported() {
                self.shared.wake.notified().await;
                continue;
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + COLLECTING_TIME);
            if tokio::time::timeout_at(deadline, self.shared.wake.notified()).await.is_err() {
                return;
            }
        }
    }

    async fn keep(&mut self, taken: Taken, now: Timestamp) {
        let Taken { lines, dropped, noticed } = taken;
        if !noticed.is_empty() {
            self.show(None).await;
        }
        let mut apps: HashMap<i64, usize> = noticed.into_iter().map(|app| (app, 1)).collect();
        for line in &lines {
            *apps.entry(line.app).or_default() += 1 + bytes_of(line) / BYTES_AS_A_LINE;
        }
        for chunk in chunks(lines) {
            self.write(chunk).await;
        }
        if !dropped.is_empty() {
            self.report(dropped, now).await;
        }
        for (app, lines) in apps {
            self.look_after(app, lines).await;
        }
    }

    /// Writes lines and shows them. Lines that cannot be written are counted as dropped.
    async fn write(&mut self, lines: Vec<NewLine>) {
        let count = lines.len();
        let bytes = lines.iter().map(bytes_of).sum();
        let origins: Vec<_> = lines.iter().map(|line| (line.app, line.at)).collect();
        let written = self.store.writer.commit_bulk(StoreLines(lines), bytes).await;
        self.shared.queue.release(count, bytes);
        match written {
            Ok(newest) => self.wrote(count, newest).await,
            Err(error) => {
                self.shared.queue.lost(&origins);
                self.shared.dropped.fetch_add(count as u64, Ordering::Relaxed);
                self.failed(&error);
            }
        }
    }

    /// Writes lines about lines that were dropped.
    async fn report(&mut self, dropped: Vec<(i64, Dropped)>, now: Timestamp) {
        for part in dropped.chunks(FULL_BATCH_LINES) {
            let lines: Vec<NewLine> =
                part.iter().map(|(app, lost)| lost.report(*app, now)).collect();
            let bytes = lines.iter().map(bytes_of).sum();
            match self.store.writer.commit_bulk(StoreLines(lines), bytes).await {
                Ok(newest) => self.wrote(part.len(), newest).await,
                Err(error) => {
                    // Whoever stops does not wait for a disk that is full.
                    if !self.shared.queue.is_closed() {
                        self.shared.queue.give_back(part, now);
                    }
                    self.failed(&error);
                }
            }
        }
    }

    async fn wrote(&mut self, lines: usize, newest: i64) {
        self.is_failing = false;
        self.shared.written.fetch_add(lines as u64, Ordering::Relaxed);
        self.show(Some(newest)).await;
    }

    fn failed(&mut self, error: &StoreError) {
        if !self.is_failing {
            tracing::error!(error = %crate::kind::chain(error), "cannot store lines of apps");
        }
        self.is_failing = true;
    }

    /// Shows readers all that is durable and that they have not seen, whoever wrote it, in the
    /// order of the rows. `newest` is the row that was written last, where it was here.
    async fn show(&mut self, newest: Option<i64>) {
        if self.shared.tail.receiver_count() == 0 {
            // Whoever comes later reads what is there from the database.
            self.shown = self.shown.max(newest.unwrap_or(0));
            return;
        }
        loop {
            let after = self.shown;
            let read =
                move |c: &rusqlite::Connection| stored::following_of_all(c, after, SHOWN_AT_ONCE);
            let lines = match self.store.readers.read(read).await {
                Ok(lines) => lines,
                // They are shown with the next ones.
                Err(error) => return self.failed(&error),
            };
            let is_all = lines.len() < SHOWN_AT_ONCE;
            for line in lines {
                self.shown = line.id;
                let _nobody_reads = self.shared.tail.send(Arc::new(line));
            }
            if is_all {
                return;
            }
        }
    }

    /// Removes the oldest lines of an app that has too many. Looked at every now and then, and
    /// at the first line since the start: nobody knows how many there are.
    async fn look_after(&mut self, app: i64, lines: usize) {
        if self.since_look.len() >= APPS_KNOWN_MAX {
            self.since_look.clear();
        }
        let since_look = self.since_look.entry(app).or_insert(LINES_PER_LOOK);
        *since_look = since_look.saturating_add(lines);
        if *since_look < LINES_PER_LOOK {
            return;
        }
        *since_look = 0;
        if let Err(error) = self.remove_excess(app).await {
            self.failed(&error);
        }
    }

    async fn remove_excess(&self, app: i64) -> Result<(), StoreError> {
        let found = self.store.readers.read(move |c| stored::newest_excess(c, app)).await?;
        let Some(row) = found else { return Ok(()) };
        for _ in 0..STEPS_PER_LOOK {
            if !self.store.writer.commit_bulk(ForgetUpTo { app, row }, STEP_BYTES).await? {
                break;
            }
        }
        Ok(())
    }
}

/// Lines in parts that are short enough for one change each.
fn chunks(lines: Vec<NewLine>) -> Vec<Vec<NewLine>> {
    let mut chunks: Vec<Vec<NewLine>> = Vec::new();
    let mut bytes = 0;
    for line in lines {
        bytes += bytes_of(&line);
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < FULL_BATCH_LINES && bytes <= BYTES_PER_CHANGE => {
                chunk.push(line);
            }
            _ => {
                bytes = bytes_of(&line);
                chunks.push(vec![line]);
            }
        }
    }
    chunks
}

/// Tells whoever waits that the task is over.
struct End<'a>(&'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.is_over.send_replace(true);
    }
}
