//! What the front asks: run this function for this request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use tokio::sync::oneshot;

use super::call::{CallError, CallId, CallRequest, CallResponse, CallResult, Job, Limit, Place};
use super::code::Code;
use super::counters::Counts;
use super::lane::Lane;
use super::{Close, Executor, MakeEngine, Observe, Observed, Shared};
use crate::app_logs::AppLogs;
use crate::limits::LiveLimits;
use crate::mailbox::{Mailbox, MailboxError};

/// Runs functions. Cheap to clone.
#[derive(Clone)]
pub struct Functions {
    executor: Mailbox<Executor>,
    shared: Arc<Shared>,
    last_call: Arc<AtomicU64>,
    waiting: Arc<AtomicUsize>,
}

impl Functions {
    /// Starts the executor. Must be called inside an actix system.
    pub fn start(make_engine: MakeEngine, limits: LiveLimits, logs: AppLogs) -> Functions {
        let (executor, shared) = Executor::start(make_engine, limits, logs);
        Functions { executor, shared, last_call: Arc::default(), waiting: Arc::default() }
    }

    /// Runs a function, and waits for the head of its response. Must be called on a thread with
    /// an actix system.
    ///
    /// When the future is dropped the call is aborted; so is one whose response is dropped, by
    /// its guard.
    pub async fn call(
        &self,
        code: Arc<Code>,
        request: CallRequest,
    ) -> Result<(CallResponse, CallGuard), CallError> {
        let counters = &self.shared.counters;
        if let Some(left) = code.standing.suspended_for(Instant::now()) {
            counters.refused();
            return Err(CallError::Suspended(left));
        }
        let _turn = self.turn().inspect_err(|_| counters.refused())?;
        counters.call();
        let id = CallId(self.last_call.fetch_add(1, Ordering::Relaxed) + 1);
        let (answer, answered) = oneshot::channel();
        let place = Place::default();
        let job = Job { id, code, request, answer, place: place.clone() };
        let losses = self.shared.losses.load(Ordering::Acquire);
        let ringing = self.shared.push(job);
        let guard = CallGuard { call: Some((id, place)), shared: Arc::clone(&self.shared) };
        if let Some(ringing) = ringing {
            tokio::task::spawn_local(ringing.when_idle());
        }
        let answer_time = self.shared.limits.answer_time;
        let waited = tokio::time::timeout(answer_time, self.wait(answered, &guard, losses)).await;
        match waited {
            Ok(Ok(response)) => Ok((response, guard)),
            // The isolate has said so itself, or is gone: nothing is left to abort.
            Ok(Err(error)) => {
                guard.finish();
                Err(error)
            }
            Err(_) => {
                counters.broke(Limit::Answer);
                Err(CallError::Limit(Limit::Answer))
            }
        }
    }

    /// Waits for the answer, or for the loss of the lane that the call is in.
    async fn wait(
        &self,
        mut answered: oneshot::Receiver<CallResult>,
        guard: &CallGuard,
        mut losses: u64,
    ) -> CallResult {
        loop {
            let lost = self.shared.lost.notified();
            if self.shared.losses.load(Ordering::Acquire) == losses {
                tokio::select! {
                    biased;
                    result = &mut answered => {
                        return result.unwrap_or_else(|_| Err(guard.why_lost()));
                    }
                    () = lost => {}
                }
            }
            losses = self.shared.losses.load(Ordering::Acquire);
            if let Ok(result) = answered.try_recv() {
                return result;
            }
            if guard.is_lost() {
                return Err(guard.why_lost());
            }
        }
    }

    /// Takes one of the places of calls that wait.
    fn turn(&self) -> Result<Turn, CallError> {
        let max = self.shared.limits.waiting_max;
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= max {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(CallError::Busy);
        }
        Ok(Turn(Arc::clone(&self.waiting)))
    }

    /// What the executor is doing.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn observe(&self) -> Result<Observed, MailboxError> {
        self.executor.ask(Observe).await
    }

    /// The counters alone, without waiting for anybody.
    pub fn counts(&self) -> Counts {
        self.shared.counters.now()
    }

    /// Ends everything that runs.
    pub async fn close(&self) {
        if let Err(error) = self.executor.ask(Close).await {
            tracing::error!(error = %error, "functions did not stop in order");
        }
    }
}

/// A place among the calls that wait; dropping it gives it back.
struct Turn(Arc<AtomicUsize>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Aborts its call when it is dropped, unless the call has ended.
pub struct CallGuard {
    call: Option<(CallId, Place)>,
    shared: Arc<Shared>,
}

impl CallGuard {
    /// The whole response has gone out: nothing is to be aborted.
    pub fn finish(mut self) {
        self.call = None;
    }

    fn lane(&self) -> Option<(CallId, Arc<Lane>)> {
        let (id, place) = self.call.as_ref()?;
        Some((*id, place.lane()?))
    }

    /// Whether the lane of the call was given up, or all of them.
    fn is_lost(&self) -> bool {
        self.shared.is_closed.load(Ordering::Acquire)
            || self.lane().is_some_and(|(_, lane)| lane.is_abandoned())
    }

    fn why_lost(&self) -> CallError {
        match self.lane() {
            _ if self.shared.is_closed.load(Ordering::Acquire) => CallError::Stopped,
            Some((id, lane)) if lane.was_lost_by(id) => CallError::Limit(Limit::RunningTime),
            Some((_, lane)) if lane.is_abandoned() => CallError::Neighbour,
            _ => CallError::Stopped,
        }
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        if let Some((id, lane)) = self.lane() {
            lane.cancel(id);
        }
    }
}
