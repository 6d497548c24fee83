//! A bound on how deeply a source nests, found before anything parses it.
//!
//! A parser recurses, and a stack that overflows ends the whole process. So this counts, with
//! a stack of its own on the heap, at most how deep any parser could go: each open bracket,
//! and each operator and keyword since the last one that ended a statement, may be one step
//! down. It errs upwards only.
//!
//! Whether a `/` begins a regular expression depends on all that came before. It is not
//! decided here: where both can be, both readings are followed, and one that meets a bracket
//! that does not fit, or the end of the line within a string, is given up. There the parser
//! would have stopped too.

mod reading;

use reading::{Reading, Step};

/// Readings followed at the same time.
const READINGS_MAX: usize = 32;

/// Steps of work allowed for each byte: copies made of a reading, and bytes looked ahead.
const WORK_PER_BYTE: usize = 64;

/// Steps of work that any source may take.
const WORK_FREE: usize = 1 << 20;

/// At most how many steps down a parser takes in this source, or `None` when these are
/// more than `max`, or when finding out takes too long.
pub(super) fn depth(source: &str, max: u32) -> Option<u32> {
    let source = source.as_bytes();
    let work_left = source.len().saturating_mul(WORK_PER_BYTE).saturating_add(WORK_FREE);
    let mut search = Search { readings: vec![Reading::new()], work_left };
    let mut deepest = 0;
    // The reading that is furthest behind goes on, so that those which meet can be joined.
    while let Some(behind) = search.furthest_behind() {
        let reading = search.readings.swap_remove(behind);
        search.go_on(reading, source)?;
        let depth = search.readings.iter().map(Reading::depth).max().unwrap_or(0);
        deepest = deepest.max(depth);
        if deepest > max {
            return None;
        }
    }
    Some(deepest)
}

struct Search {
    readings: Vec<Reading>,
    work_left: usize,
}

impl Search {
    fn furthest_behind(&self) -> Option<usize> {
        (0..self.readings.len()).min_by_key(|index| self.readings[*index].at())
    }

    fn go_on(&mut self, mut reading: Reading, source: &[u8]) -> Option<()> {
        match reading.step(source) {
            Step::Dead | Step::End => Some(()),
            Step::On => self.join(reading),
            Step::Slash => {
                let (end, looked_at) = reading::end_of_regex(source, reading.at());
                self.pay(looked_at + reading.size())?;
                if let Some(end) = end {
                    self.join(reading.after_regex(end))?;
                }
                if !reading.may_divide() {
                    return Some(());
                }
                reading.divide();
                self.join(reading)
            }
            Step::HtmlComment => {
                let mut comment = reading.clone();
                comment.skip_line(source);
                self.pay(reading.size() + comment.at() - reading.at())?;
                self.join(comment)?;
                reading.operator(source);
                self.join(reading)
            }
        }
    }

    /// Adds a reading, or lets the one that is in the same place stand for both.
    fn join(&mut self, new: Reading) -> Option<()> {
        if self.readings.iter().any(|old| old.at() == new.at()) {
            self.pay(new.size())?;
            if let Some(old) = self.readings.iter_mut().find(|old| old.meets(&new)) {
                old.absorb(&new);
                return Some(());
            }
        }
        let has_room = self.readings.len() < READINGS_MAX;
        has_room.then(|| self.readings.push(new))
    }

    fn pay(&mut self, work: usize) -> Option<()> {
        self.work_left = self.work_left.checked_sub(work)?;
        Some(())
    }
}

#[cfg(test)]
mod tests;
