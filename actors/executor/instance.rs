//! An isolate with its app: the calls that it serves, step by step.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::call::{Body, CallError, CallId, CallRequest, Job, Limit};
use super::code::Code;
use super::counters::Counters;
use super::engine::{EngineError, Entry, Interrupt, Isolate, Stop};
use super::host::Host;
use super::host::fetch::FetchState;
use super::host::operations::Ended;
use super::host::value::Value;
use super::lane::{Budget, Lane};
use super::limits::FunctionLimits;
use crate::app_logs::{AppLogs, Level};
use crate::limits::LiveLimits;

/// Calls that share an isolate while they wait.
pub(super) const CALLS_MAX: usize = 32;

/// Answers that are delivered before other isolates of the thread have their turn.
const DELIVERIES_PER_TURN: usize = 32;

/// Calls after which an isolate is replaced once another is ready: what a leaking app keeps goes
/// with it. A busy lane has no moment for making one ahead, and all its callers would wait for it.
const CALLS_PER_ISOLATE: u64 = 10_000;

/// Calls after which it is replaced whatever that costs.
const CALLS_PER_ISOLATE_MAX: u64 = 2 * CALLS_PER_ISOLATE;

/// How long calls may go on whose isolate another call broke.
const NEIGHBOURS_GRACE: Duration = Duration::from_secs(1);

/// How long an isolate without calls is kept.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// Why an isolate takes no new calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retirement {
    /// Other code took the place of its own.
    Replaced,
    /// A call broke a limit.
    Broken,
    /// It served its number of calls.
    Worn,
    /// Nobody called it.
    Idle,
    /// Its memory was wanted elsewhere.
    Evicted,
}

/// What an instance shares with its lane.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) lane: Arc<Lane>,
    pub(super) counters: Arc<Counters>,
    pub(super) limits: Arc<FunctionLimits>,
    pub(super) live_limits: LiveLimits,
    pub(super) logs: AppLogs,
}

/// An isolate that serves an app.
pub(super) struct Instance {
    pub(super) code: Arc<Code>,
    host: Rc<RefCell<Host>>,
    waiting: FuturesUnordered<LocalBoxFuture<'static, Ended>>,
    around: Surroundings,
    /// Files that were called, and the numbers that the prelude knows them by.
    files: HashMap<Arc<str>, u32, foldhash::fast::RandomState>,
    served: u64,
    last_used: Instant,
    retirement: Option<(Retirement, Instant)>,
    memory_bytes: usize,
    /// When its memory was last asked for.
    measured: Instant,
    interrupt: Arc<dyn Interrupt>,
    waker: Option<Waker>,
    // Last: what stands above may refer into it.
    isolate: Box<dyn Isolate>,
}

impl Instance {
    pub(super) fn new(
        mut isolate: Box<dyn Isolate>,
        code: Arc<Code>,
        around: Surroundings,
        fetch: FetchState,
    ) -> Result<Instance, EngineError> {
        let mut host = Host::new(Arc::clone(&code), around.logs.clone(), fetch);
        host.lane = Some(Arc::clone(&around.lane));
        let host = Rc::new(RefCell::new(host));
        isolate.adopt(Arc::clone(&code), Rc::clone(&host))?;
        let memory_bytes = isolate.memory_bytes();
        let interrupt = isolate.interrupt();
        around.counters.isolate_made(memory_bytes);
        Ok(Instance {
            code,
            host,
            waiting: FuturesUnordered::new(),
            around,
            files: HashMap::default(),
            served: 0,
            last_used: Instant::now(),
            retirement: None,
            memory_bytes,
            measured: Instant::now(),
            interrupt,
            waker: None,
            isolate,
        })
    }

    /// Whether another call may come in.
    pub(super) fn has_room(&self) -> bool {
        self.retirement.is_none() && self.calls() < CALLS_MAX
    }

    /// Calls that are under way.
    pub(super) fn calls(&self) -> usize {
        self.host.borrow().calls.len()
    }

    pub(super) fn last_used(&self) -> Instant {
        self.last_used
    }

    /// Whether the instance can go: it takes no calls, and none is under way.
    pub(super) fn is_finished(&self) -> bool {
        self.retirement.is_some() && self.host.borrow().calls.is_empty()
    }

    /// Whether a call of it broke a limit.
    pub(super) fn is_broken(&self) -> bool {
        matches!(self.retirement, Some((Retirement::Broken, _)))
    }

    /// Takes no calls from here on.
    pub(super) fn retire(&mut self, why: Retirement, now: Instant) {
        if self.retirement.is_none() {
            self.retirement = Some((why, now));
            self.around.counters.retired(why);
        }
    }

    /// Takes a call in, and runs it until it waits or ends. `has_spare` says whether another
    /// isolate is ready.
    pub(super) fn start(&mut self, job: Job, has_spare: bool) {
        let Job { id, request, answer, .. } = job;
        let file = self.number_of(&request.file);
        let arguments = arguments(id, file, &request);
        self.host.borrow_mut().calls.insert(id, request, answer);
        self.served += 1;
        self.last_used = Instant::now();
        let took = self.step(id, |isolate| isolate.enter(Entry::Call, &arguments));
        self.code.took_step(took);
        let calls_max = if has_spare { CALLS_PER_ISOLATE } else { CALLS_PER_ISOLATE_MAX };
        if self.served >= calls_max {
            self.retire(Retirement::Worn, self.last_used);
        }
        self.wake_if_begun();
    }

    /// Tells the app that nobody waits for a call any more, and forgets it.
    pub(super) fn cancel(&mut self, id: CallId) {
        if self.host.borrow_mut().calls.get_mut(id).is_none() {
            return;
        }
        let call = [Value::Number(id.0 as f64)];
        self.step(id, |isolate| isolate.enter(Entry::Abort, &call));
        self.host.borrow_mut().fail(id, CallError::Stopped);
        self.wake_if_begun();
    }

    /// Delivers what has come for the calls of this isolate. Never ready: an instance ends when
    /// its lane drops it.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.waker = Some(context.waker().clone());
        for _ in 0..DELIVERIES_PER_TURN {
            self.host.borrow_mut().operations.take_begun(&mut self.waiting);
            match self.waiting.poll_next_unpin(context) {
                Poll::Ready(Some(Some((operation, call, answer)))) => {
                    self.host.borrow_mut().operations.end(operation);
                    self.step(call, |isolate| isolate.deliver(operation, answer));
                }
                // A cancelled one.
                Poll::Ready(Some(None)) => {}
                Poll::Ready(None) | Poll::Pending if self.isolate.has_work(context) => self.pump(),
                Poll::Ready(None) | Poll::Pending => {
                    self.around.lane.outbox.deliver();
                    if self.host.borrow().operations.has_begun() {
                        context.waker().wake_by_ref();
                    }
                    return Poll::Pending;
                }
            }
        }
        self.around.lane.outbox.deliver();
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Lets the engine do what it has to do besides.
    fn pump(&mut self) {
        let call = self.host.borrow().current;
        self.step(call, |isolate| isolate.pump());
    }

    /// Runs one step for a call, within what the call may still take. Answers how long it took.
    fn step(
        &mut self,
        call: CallId,
        run: impl FnOnce(&mut dyn Isolate) -> Result<(), Stop>,
    ) -> Duration {
        let budget = self.budget_of(call);
        {
            let mut host = self.host.borrow_mut();
            host.current = call;
            host.fetch.begin_call(call.0);
        }
        self.around.lane.begin_step(call, budget, &self.interrupt, &self.code);
        let outcome = run(&mut *self.isolate);
        let spent = self.around.lane.end_step();
        if spent.was_interrupted || outcome == Err(Stop::Interrupted) {
            self.isolate.resume();
        }
        // The prelude says so where a step went on with another call.
        let call = self.host.borrow().current;
        {
            let mut host = self.host.borrow_mut();
            if let Some(call) = host.calls.get_mut(call) {
                call.cpu += spent.cpu;
                call.running += spent.clock;
            }
            if let Err(Stop::Uncaught(message)) = &outcome {
                host.say(Level::Error, message);
            }
        }
        if self.isolate.is_out_of_memory() {
            self.break_down(call, Limit::Memory);
        } else if spent.was_interrupted || outcome == Err(Stop::Interrupted) {
            self.break_down(call, Limit::RunningTime);
        }
        spent.clock
    }

    /// The number that the prelude knows a file by.
    fn number_of(&mut self, file: &Arc<str>) -> u32 {
        if let Some(number) = self.files.get(file) {
            return *number;
        }
        let number = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.files.insert(Arc::clone(file), number);
        number
    }

    fn budget_of(&self, call: CallId) -> Budget {
        let limits = &self.around.limits;
        let (cpu, running) = match self.host.borrow_mut().calls.get_mut(call) {
            Some(call) => (call.cpu, call.running),
            None => (Duration::ZERO, Duration::ZERO),
        };
        Budget {
            cpu: limits.running_time().saturating_sub(cpu),
            clock: (limits.running_time() * 3).saturating_sub(running),
        }
    }

    /// A call broke a limit: it fails, and its isolate is not used for others.
    fn break_down(&mut self, call: CallId, limit: Limit) {
        if self.is_broken() {
            self.host.borrow_mut().fail(call, CallError::Neighbour);
            return;
        }
        self.around.counters.broke(limit);
        {
            let mut host = self.host.borrow_mut();
            host.say(Level::Error, &format!("the function {limit}"));
            host.fail(call, CallError::Limit(limit));
        }
        self.retire(Retirement::Broken, Instant::now());
    }

    /// What is to be done by the clock; told about once a second.
    pub(super) fn tidy(&mut self, now: Instant) {
        let limits = Arc::clone(&self.around.limits);
        let overdue = self.host.borrow_mut().calls.overdue(now, &limits);
        for id in overdue {
            self.cancel(id);
        }
        if let Some((Retirement::Broken, since)) = self.retirement
            && now.saturating_duration_since(since) >= NEIGHBOURS_GRACE
        {
            let mut host = self.host.borrow_mut();
            for id in host.calls.ids() {
                host.current = id;
                host.say(Level::Error, "another call of the app broke a limit and ended this one");
                host.fail(id, CallError::Neighbour);
            }
        }
        if self.calls() == 0 {
            let idle = now.saturating_duration_since(self.last_used);
            if idle >= IDLE_MAX {
                self.retire(Retirement::Idle, now);
            }
        }
        // Asking enters the isolate, and one that rests does not change.
        if self.calls() > 0 || self.last_used > self.measured {
            // What the engine keeps for its own event loop and does not wake anybody for.
            self.pump();
            self.wake_if_begun();
            let bytes = self.isolate.memory_bytes();
            self.around.counters.isolate_changed(self.memory_bytes, bytes);
            (self.memory_bytes, self.measured) = (bytes, now);
        }
    }

    /// Has the instance's task wait for what the last step began.
    fn wake_if_begun(&mut self) {
        if self.host.borrow().operations.has_begun() {
            self.wake();
        }
    }

    /// Has the instance's task look at it again.
    fn wake(&mut self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

/// Bit of a call's kind: the method is HEAD. Below it is what the body is.
const IS_HEAD: u8 = 4;

/// What the prelude's `call` takes. Few values cross: the prelude takes the line apart when it is
/// asked what is in it.
fn arguments(id: CallId, file: u32, request: &CallRequest) -> [Value; 6] {
    let body = match request.body {
        Body::Empty => 0,
        Body::Whole(_) => 1,
        Body::Stream(_) => 2,
    };
    let kind = if request.method == "HEAD" { body | IS_HEAD } else { body };
    let line = [&*request.method, "\n", &request.url, "\n", &request.path].concat();
    let params = request.params.iter().flat_map(|(name, value)| [&**name, &**value]);
    let params = match request.params.is_empty() {
        true => Value::Null,
        false => Value::List(params.map(Value::from).collect()),
    };
    let ip = match request.ip {
        Some(IpAddr::V4(ip)) => Value::from(ip.to_bits()),
        Some(IpAddr::V6(ip)) => Value::from(ip.to_string()),
        None => Value::from(""),
    };
    [Value::Number(id.0 as f64), file.into(), u32::from(kind).into(), line.into(), params, ip]
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Its task sees that it is gone, and ends.
        self.wake();
        let mut host = self.host.borrow_mut();
        for id in host.calls.ids() {
            host.fail(id, CallError::Stopped);
        }
        self.around.counters.isolate_gone(self.memory_bytes);
    }
}
