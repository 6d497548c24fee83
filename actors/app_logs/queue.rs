//! The lines that wait, and how much each app may say.
//!
//! Apps are spread over shards with a lock each, held for as long as a push takes: threads that
//! run code of different apps hardly ever meet. Bounds: lines and bytes of all apps together,
//! and of each app in a second, which also is all that one app can have in the queue.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    BYTES_PER_SECOND, LINES_PER_SECOND, Level, NewLine, WAITING_BYTES_MAX, WAITING_LINES_MAX,
};
use crate::timestamp::Timestamp;

/// Shards, so many that threads rarely wait for each other.
const SHARDS: usize = 16;

/// So many lines are written without waiting for more.
pub(super) const FULL_BATCH_LINES: usize = 512;

/// Bytes that a line takes beside its text.
const LINE_OVERHEAD_BYTES: usize = 128;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It waits. `wakes`: whoever writes has to be told.
    Kept { wakes: bool },
    /// There was no room. `wakes`: as above, because nothing else of the app was dropped.
    Dropped { wakes: bool },
}

/// Lines of an app that were dropped and not yet reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dropped {
    /// The app said too much.
    over_rate: u64,
    /// The node could not write them.
    unwritten: u64,
}

/// All that waited.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The lines, those of each app in their order.
    pub(super) lines: Vec<NewLine>,
    /// Apps of which lines were dropped.
    pub(super) dropped: Vec<(i64, Dropped)>,
    /// Apps of which something else has written lines.
    pub(super) noticed: HashSet<i64>,
}

/// How much an app has said in a second.
#[derive(Debug, Default)]
struct Meter {
    second: i64,
    lines: usize,
    bytes: usize,
    /// Whether what was counted has left the queue.
    is_drained: bool,
    dropped: Dropped,
    /// The second in which the first of those was dropped.
    dropped_in: i64,
}

#[derive(Debug, Default)]
struct Shard {
    lines: Vec<NewLine>,
    meters: HashMap<i64, Meter>,
}

/// The lines that wait.
#[derive(Debug, Default)]
pub(super) struct Queue {
    shards: [Mutex<Shard>; SHARDS],
    /// Lines that wait or are being written.
    lines: AtomicUsize,
    bytes: AtomicUsize,
    /// Apps with dropped lines that no line has reported.
    unreported: AtomicUsize,
    noticed: Mutex<HashSet<i64>>,
    is_closed: AtomicBool,
}

impl Queue {
    /// Takes a line if there is room for it.
    pub(super) fn push(&self, line: NewLine) -> Pushed {
        let (second, bytes) = (line.at.as_secs(), bytes_of(&line));
        let mut shard = lock(self.shard_of(line.app));
        let Shard { lines, meters } = &mut *shard;
        let meter = meters.entry(line.app).or_default();
        if !meter.has_room(second, bytes) {
            let wakes = self.count_dropped(meter, second, |dropped| dropped.over_rate += 1);
            return Pushed::Dropped { wakes };
        }
        let Some(before) = self.reserve(bytes) else {
            let wakes = self.count_dropped(meter, second, |dropped| dropped.unwritten += 1);
            return Pushed::Dropped { wakes };
        };
        meter.lines += 1;
        meter.bytes += bytes;
        meter.is_drained = false;
        lines.push(line);
        Pushed::Kept { wakes: before == 0 || before + 1 == FULL_BATCH_LINES }
    }

    /// Takes room for a line; answers how many had room before.
    fn reserve(&self, bytes: usize) -> Option<usize> {
        let lines_before = self.lines.fetch_add(1, Ordering::SeqCst);
        let bytes_before = self.bytes.fetch_add(bytes, Ordering::SeqCst);
        let is_room = lines_before < WAITING_LINES_MAX && bytes_before + bytes <= WAITING_BYTES_MAX;
        // Looked at after the room was taken: whoever closes waits for what has room.
        if is_room && !self.is_closed() {
            return Some(lines_before);
        }
        self.release(1, bytes);
        None
    }

    /// Gives the room of lines back that are written, or lost.
    pub(super) fn release(&self, lines: usize, bytes: usize) {
        self.lines.fetch_sub(lines, Ordering::SeqCst);
        self.bytes.fetch_sub(bytes, Ordering::SeqCst);
    }

    /// Counts what was dropped; answers whether it is the first since the last report.
    fn count_dropped(
        &self,
        meter: &mut Meter,
        second: i64,
        count: impl FnOnce(&mut Dropped),
    ) -> bool {
        let is_first = meter.dropped == Dropped::default();
        if is_first {
            meter.dropped_in = second;
            self.unreported.fetch_add(1, Ordering::SeqCst);
        }
        count(&mut meter.dropped);
        is_first
    }

    /// Something else has written lines of this app.
    pub(super) fn notice(&self, app: i64) {
        lock(&self.noticed).insert(app);
    }

    /// Takes all that waits. Its room is not given back yet. Drops are told of once their
    /// second is over, so that a flood makes one line a second; all of them once closed.
    pub(super) fn take(&self, now: Timestamp) -> Taken {
        let is_last = self.is_closed();
        let noticed = std::mem::take(&mut *lock(&self.noticed));
        let mut taken = Taken { noticed, ..Taken::default() };
        for shard in &self.shards {
            let mut shard = lock(shard);
            taken.lines.append(&mut shard.lines);
            shard.meters.retain(|app, meter| {
                meter.is_drained = true;
                let has_dropped = meter.dropped != Dropped::default();
                if has_dropped && (is_last || meter.dropped_in != now.as_secs()) {
                    taken.dropped.push((*app, std::mem::take(&mut meter.dropped)));
                    self.unreported.fetch_sub(1, Ordering::SeqCst);
                }
                meter.dropped != Dropped::default() || meter.second == now.as_secs()
            });
        }
        taken
    }

    /// Counts lines that were taken and could not be written.
    pub(super) fn lost(&self, lines: &[(i64, Timestamp)]) {
        for (app, at) in lines {
            let mut shard = lock(self.shard_of(*app));
            let meter = shard.meters.entry(*app).or_default();
            self.count_dropped(meter, at.as_secs(), |dropped| dropped.unwritten += 1);
        }
    }

    /// Takes reports back that could not be written.
    pub(super) fn give_back(&self, reports: &[(i64, Dropped)], now: Timestamp) {
        for (app, lost) in reports {
            let mut shard = lock(self.shard_of(*app));
            let meter = shard.meters.entry(*app).or_default();
            self.count_dropped(meter, now.as_secs(), |dropped| {
                dropped.over_rate += lost.over_rate;
                dropped.unwritten += lost.unwritten;
            });
        }
    }

    /// Lines that wait or are being written.
    pub(super) fn waiting(&self) -> usize {
        self.lines.load(Ordering::SeqCst)
    }

    /// Whether there are dropped lines to report.
    pub(super) fn has_unreported(&self) -> bool {
        self.unreported.load(Ordering::SeqCst) > 0
    }

    /// Whether something else has written lines.
    pub(super) fn has_noticed(&self) -> bool {
        !lock(&self.noticed).is_empty()
    }

    /// Takes no more lines.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
    }

    /// Whether it takes no more lines.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    fn shard_of(&self, app: i64) -> &Mutex<Shard> {
        let index = usize::try_from(app.unsigned_abs()).unwrap_or(0) % SHARDS;
        &self.shards[index]
    }
}

impl Meter {
    /// Whether the app may say so much more. A new second begins only once the queue was
    /// emptied: a disk that stands still gives nobody more room.
    fn has_room(&mut self, second: i64, bytes: usize) -> bool {
        // Threads may be a moment apart around the end of a second.
        let is_other = second > self.second || second < self.second - 1;
        if is_other && (self.is_drained || self.lines == 0) {
            (self.second, self.lines, self.bytes) = (second, 0, 0);
        }
        self.lines < LINES_PER_SECOND && self.bytes + bytes <= BYTES_PER_SECOND
    }
}

impl Dropped {
    /// The line that says so.
    pub(super) fn report(self, app: i64, at: Timestamp) -> NewLine {
        let mebibytes = BYTES_PER_SECOND / (1024 * 1024);
        let too_much = (
            self.over_rate,
            format!("an app may say {LINES_PER_SECOND} lines or {mebibytes} MiB in a second"),
        );
        let too_slow = (self.unwritten, "the node could not store them in time".to_owned());
        let reasons = [too_much, too_slow].into_iter().filter(|(count, _)| *count > 0);
        let reasons = reasons.map(|(count, why)| {
            let lines = if count == 1 { "line was" } else { "lines were" };
            format!("{count} {lines} dropped: {why}")
        });
        let message = reasons.collect::<Vec<_>>().join("; ");
        NewLine { app, level: Level::Warn, message, source: None, request_id: None, at }
    }
}

/// What a line takes of the room.
pub(super) fn bytes_of(line: &NewLine) -> usize {
    let source = line.source.as_ref().map_or(0, String::len);
    let request_id = line.request_id.as_ref().map_or(0, |id| id.len());
    LINE_OVERHEAD_BYTES + line.message.len() + source + request_id
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while it was held left lines and counts that are still lines and counts.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
