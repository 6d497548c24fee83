//! Answers on their way from a lane to those who asked.
//!
//! Each answer wakes the thread of its caller, and on a processor that both share takes it from
//! the lane. While calls wait in the lane's queue, answers go out several at a time instead.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::call::CallResult;

/// How long an answer may wait for others to go with. An answer never waits for a step that is
/// likely to take longer than this.
pub(super) const PATIENCE: Duration = Duration::from_micros(500);

/// Answers that wait for the end of their lane's turn, which bounds them.
#[derive(Debug, Default)]
pub(super) struct Outbox(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    answers: Vec<(oneshot::Sender<CallResult>, CallResult)>,
    /// When the first of them came.
    since: Option<Instant>,
}

impl Outbox {
    /// Takes an answer in.
    pub(super) fn post(&self, answer: oneshot::Sender<CallResult>, result: CallResult) {
        let mut waiting = self.lock();
        waiting.since.get_or_insert_with(Instant::now);
        waiting.answers.push((answer, result));
    }

    /// Sends the answers when the first of them has waited long enough, or when what comes next
    /// takes some `next` long.
    pub(super) fn deliver_before(&self, next: Duration) {
        let is_due = |since: Instant| next > PATIENCE || since.elapsed() > PATIENCE;
        let since = self.lock().since;
        if since.is_some_and(is_due) {
            self.deliver();
        }
    }

    /// Sends all answers.
    pub(super) fn deliver(&self) {
        let mut waiting = self.lock();
        waiting.since = None;
        for (answer, result) in waiting.answers.drain(..) {
            let _caller_left = answer.send(result);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A panic while it was held left a list that is still a list.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::call::CallError;

    #[test]
    fn answers_wait_for_each_other_and_not_for_a_long_step() {
        let outbox = Outbox::default();
        let post = || {
            let (answer, answered) = oneshot::channel();
            outbox.post(answer, Err(CallError::Busy));
            answered
        };
        let mut first = post();
        outbox.deliver_before(PATIENCE * 2);
        assert!(first.try_recv().is_ok());
        let (mut second, mut third) = (post(), post());
        outbox.deliver();
        assert!(second.try_recv().is_ok() && third.try_recv().is_ok());
        // One that has waited goes whatever comes next.
        let mut fourth = post();
        outbox.lock().since = Instant::now().checked_sub(PATIENCE * 2);
        outbox.deliver_before(Duration::ZERO);
        assert!(fourth.try_recv().is_ok());
    }
}
