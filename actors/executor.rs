//! Functions: the JavaScript of apps, run on the server.
//!
//! Four parts. `engine.rs` is what an engine must do; the engine behind it knows V8 and
//! nothing of HTTP or of threads. `host` is everything that JavaScript may ask of us, each
//! function written once over plain values; `prelude` is the Web API on top of it, written
//! once in JavaScript. `lane.rs`, `worker.rs` and `instance.rs` are the threads, and where on
//! them a call runs. The actor here watches them.
//!
//! A call takes two hops: into the queue of a lane, and back through a channel of its own. It
//! does not pass through the actor: which lane it goes to is read from a snapshot.

pub mod bundle;
pub mod call;
pub mod code;
pub mod codes;
pub mod counters;
pub mod engine;
pub mod functions;
pub mod host;
mod instance;
pub mod lane;
pub mod limits;
mod outbox;
pub mod prelude;
mod ringing;
pub mod routes;
pub mod standing;
#[cfg(feature = "v8")]
pub mod v8;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix::{Actor, ActorFutureExt, Arbiter, AsyncContext, Context, Handler, Message, WrapFuture};
use arc_swap::ArcSwap;
use tokio::sync::Notify;

use crate::app_logs::{AppLogs, Level, NewLine};
use crate::limits::LiveLimits;
use crate::mailbox::{Bound, Mailbox};
use crate::timestamp::Timestamp;
use call::{CallError, CallId, Job};
use code::Code;
use counters::Counters;
use engine::Engine;
use instance::Surroundings;
use lane::{Lane, LaneKind, Watched};
use limits::FunctionLimits;
use ringing::Ringing;

/// Messages that may wait for the executor.
const BOUND: Bound = Bound { messages: 64, payload_bytes: 1024 };

/// How often lanes are looked at while one of them runs something.
const WATCH_EVERY: Duration = Duration::from_millis(5);

/// Looks at lanes that do nothing before the watch goes to sleep.
const IDLE_LOOKS: u32 = 200;

/// Threads that were given up and have not come back. Above it no further is replaced: each
/// holds memory, and the machine's processors.
const LOST_LANES_MAX: usize = 8;

/// How often a thread that ended by itself is replaced: one that cannot start would end at once.
const REVIVE_EVERY: Duration = Duration::from_secs(1);

/// Lanes of each kind.
const LANES_MAX: usize = 32;

/// What the hot path and the lanes share with the actor.
pub(super) struct Shared {
    /// All lanes; a lost one is replaced at its place.
    lanes: ArcSwap<Vec<Arc<Lane>>>,
    /// Rung when a lane was given up, for those who wait for its calls.
    lost: Notify,
    /// How many lanes were given up.
    losses: AtomicU64,
    /// Rung when something runs while the watch sleeps.
    watch: Notify,
    watch_sleeps: AtomicBool,
    counters: Arc<Counters>,
    /// As they were when the executor started; lanes live by them.
    limits: Arc<FunctionLimits>,
    /// As they are now, for what may change meanwhile.
    live_limits: LiveLimits,
    logs: AppLogs,
    is_closed: AtomicBool,
}

/// The actor: it starts the lanes, watches their steps, and replaces those that are lost.
pub struct Executor {
    shared: Arc<Shared>,
    make_engine: MakeEngine,
    /// Lanes that were given up; their threads may come back.
    lost: Vec<std::thread::JoinHandle<()>>,
    threads: Vec<Option<std::thread::JoinHandle<()>>>,
    /// When a thread was last replaced that had ended by itself.
    revived: Instant,
}

/// Makes the engine of a lane, on its thread.
pub type MakeEngine = Arc<dyn Fn() -> Option<Box<dyn Engine>> + Send + Sync>;

impl Executor {
    /// Starts the lanes and the actor, on a thread of its own.
    pub(super) fn start(
        make_engine: MakeEngine,
        live_limits: LiveLimits,
        logs: AppLogs,
    ) -> (Mailbox<Executor>, Arc<Shared>) {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let limits = live_limits.now().functions.clone();
        let swift = match limits.threads {
            0 => processors,
            threads => threads,
        }
        .min(LANES_MAX);
        let aside = (swift / 2).max(1);
        let kinds = std::iter::repeat_n(LaneKind::Swift, swift)
            .chain(std::iter::repeat_n(LaneKind::Aside, aside));
        let lanes = kinds.enumerate().map(|(place, kind)| Lane::new(place, kind)).collect();
        let shared = Arc::new(Shared {
            lanes: ArcSwap::from_pointee(lanes),
            lost: Notify::new(),
            losses: AtomicU64::new(0),
            watch: Notify::new(),
            watch_sleeps: AtomicBool::new(true),
            counters: Arc::default(),
            limits: Arc::new(limits),
            live_limits,
            logs,
            is_closed: AtomicBool::new(false),
        });
        let arbiter = Arbiter::new();
        let actor_shared = Arc::clone(&shared);
        let address = Executor::start_in_arbiter(&arbiter.handle(), move |_| {
            let mut executor = Executor {
                shared: actor_shared,
                make_engine,
                lost: Vec::new(),
                threads: Vec::new(),
                revived: Instant::now(),
            };
            for lane in executor.shared.lanes.load().iter() {
                let thread = executor.run(lane);
                executor.threads.push(thread);
            }
            executor
        });
        (Mailbox::new(address, BOUND), shared)
    }

    /// Starts the thread of a lane.
    fn run(&self, lane: &Arc<Lane>) -> Option<std::thread::JoinHandle<()>> {
        let around = Surroundings {
            lane: Arc::clone(lane),
            counters: Arc::clone(&self.shared.counters),
            limits: Arc::clone(&self.shared.limits),
            live_limits: self.shared.live_limits.clone(),
            logs: self.shared.logs.clone(),
        };
        let make_engine = Arc::clone(&self.make_engine);
        let spawned = std::thread::Builder::new()
            .name(format!("functions-{}", lane.place))
            .stack_size(worker::STACK_BYTES)
            .spawn(move || worker::run(around, || make_engine()));
        match spawned {
            Ok(thread) => Some(thread),
            Err(error) => {
                tracing::error!(error = %error, "a thread for functions does not start");
                None
            }
        }
    }

    /// One look at all lanes; whether one of them runs something.
    fn look(&mut self) -> bool {
        let now = Instant::now();
        let mut is_busy = false;
        let lanes = self.shared.lanes.load_full();
        self.revive(&lanes, now);
        for lane in lanes.iter() {
            match lane.watch(now) {
                Watched::Idle => is_busy |= lane.load() > 0,
                Watched::Swift => is_busy = true,
                Watched::Slow => {
                    is_busy = true;
                    self.move_queue(lane);
                }
                Watched::Lost(call, code) => {
                    is_busy = true;
                    if self.replace(lane, call) {
                        self.tell_suspended(&code);
                    }
                }
            }
        }
        is_busy
    }

    /// Replaces a thread that ended by itself, which only a defect does.
    fn revive(&mut self, lanes: &[Arc<Lane>], now: Instant) {
        let is_closed = self.shared.is_closed.load(Ordering::Acquire);
        if is_closed || now.saturating_duration_since(self.revived) < REVIVE_EVERY {
            return;
        }
        let has_ended = |lane: &&Arc<Lane>| {
            let thread = self.threads.get(lane.place).and_then(Option::as_ref);
            thread.is_none_or(std::thread::JoinHandle::is_finished)
        };
        if let Some(lane) = lanes.iter().find(has_ended) {
            self.revived = now;
            self.replace(lane, CallId(0));
        }
    }

    /// What waits behind a slow step goes to lanes that are not in one.
    fn move_queue(&self, lane: &Lane) {
        let jobs = lane.take_all();
        if jobs.is_empty() {
            return;
        }
        self.shared.counters.moved(jobs.len());
        let _rings_at_the_end: Vec<_> = jobs.into_iter().map(|job| self.shared.push(job)).collect();
    }

    /// Gives a lane up whose step cannot be ended, and puts another in its place; not when too
    /// many were given up already.
    fn replace(&mut self, lane: &Arc<Lane>, culprit: CallId) -> bool {
        self.lost.retain(|thread| !thread.is_finished());
        if self.lost.len() >= LOST_LANES_MAX {
            return false;
        }
        tracing::error!(
            lane = lane.place,
            call = culprit.0,
            "a thread for functions ended, or could not be interrupted; it is replaced"
        );
        lane.abandon(culprit);
        let fresh = Lane::new(lane.place, lane.kind);
        let mut lanes = Vec::clone(&self.shared.lanes.load());
        if let Some(slot) = lanes.get_mut(lane.place) {
            *slot = Arc::clone(&fresh);
        }
        self.shared.lanes.store(Arc::new(lanes));
        let thread = self.run(&fresh);
        if let Some(slot) = self.threads.get_mut(lane.place) {
            self.lost.extend(std::mem::replace(slot, thread));
        }
        self.move_queue(lane);
        self.shared.counters.lane_lost();
        self.shared.losses.fetch_add(1, Ordering::Release);
        self.shared.lost.notify_waiters();
        true
    }

    /// Says in an app's log why it does not run for a moment.
    fn tell_suspended(&self, code: &Code) {
        let seconds = standing::SUSPENSION.as_secs();
        self.shared.logs.tell(NewLine {
            app: code.app.row,
            level: Level::Error,
            message: format!(
                "the function ran for too long and could not be interrupted; the app is suspended \
                 for {seconds} s"
            ),
            source: None,
            request_id: None,
            at: Timestamp::now(),
        });
    }

    /// The next look, after `WATCH_EVERY` or when something runs.
    fn watch(&mut self, idle_looks: u32, context: &mut Context<Executor>) {
        let shared = Arc::clone(&self.shared);
        let pause = async move {
            if idle_looks < IDLE_LOOKS {
                tokio::time::sleep(WATCH_EVERY).await;
                return idle_looks + 1;
            }
            shared.watch_sleeps.store(true, Ordering::SeqCst);
            shared.watch.notified().await;
            shared.watch_sleeps.store(false, Ordering::SeqCst);
            0
        };
        context.spawn(pause.into_actor(self).map(|idle_looks, executor, context| {
            let is_busy = executor.look();
            executor.watch(if is_busy { 0 } else { idle_looks }, context);
        }));
    }
}

impl Actor for Executor {
    type Context = Context<Executor>;

    fn started(&mut self, context: &mut Context<Executor>) {
        self.watch(IDLE_LOOKS, context);
    }
}

/// Asks for the counters, and for how many jobs wait in each lane.
#[derive(Debug)]
pub struct Observe;

/// What the executor is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Threads that run JavaScript.
    pub lanes: usize,
    /// Calls that wait for one of them.
    pub waiting: usize,
    /// Threads that were given up and have not come back.
    pub lost: usize,
}

impl Message for Observe {
    type Result = Observed;
}

impl Handler<Observe> for Executor {
    type Result = actix::MessageResult<Observe>;

    fn handle(&mut self, _: Observe, _: &mut Context<Executor>) -> Self::Result {
        self.lost.retain(|thread| !thread.is_finished());
        let lanes = self.shared.lanes.load();
        actix::MessageResult(Observed {
            lanes: lanes.len(),
            waiting: lanes.iter().map(|lane| lane.load()).sum(),
            lost: self.lost.len(),
        })
    }
}

/// Ends all lanes, with whatever they run.
#[derive(Debug)]
pub struct Close;

impl Message for Close {
    type Result = ();
}

impl Handler<Close> for Executor {
    type Result = ();

    fn handle(&mut self, _: Close, _: &mut Context<Executor>) {
        self.shared.is_closed.store(true, Ordering::Release);
        for lane in self.shared.lanes.load().iter() {
            lane.abandon(CallId(0));
            lane.bell.notify_one();
            for job in lane.take_all() {
                let _caller_left = job.answer.send(Err(CallError::Stopped));
            }
        }
        self.shared.losses.fetch_add(1, Ordering::Release);
        self.shared.lost.notify_waiters();
    }
}

impl Shared {
    /// Puts a job into the lane that will come to it first; who gets the duty to ring has to
    /// let go of it soon.
    fn push(&self, job: Job) -> Option<Ringing> {
        let lanes = self.lanes.load();
        let Some(lane) = choose(&lanes, &job.code, Instant::now()) else {
            let _caller_left = job.answer.send(Err(CallError::NoEngine));
            return None;
        };
        lane.push(job);
        if self.watch_sleeps.load(Ordering::SeqCst) {
            self.watch.notify_one();
        }
        Ringing::owed_to(lane)
    }
}

/// Jobs behind which one more is sent to another lane, although that one must make an isolate.
const OVERFLOW: usize = 2;

/// The lane for a call: one that has an isolate of its code, unless others are idle.
fn choose<'a>(lanes: &'a [Arc<Lane>], code: &Code, now: Instant) -> Option<&'a Arc<Lane>> {
    let kind = if code.standing.is_aside(now) { LaneKind::Aside } else { LaneKind::Swift };
    let of_kind = || lanes.iter().filter(move |lane| lane.kind == kind);
    let quick = || of_kind().filter(|lane| !lane.is_slow());
    let has_isolate = |lane: &&Arc<Lane>| code.lanes() & (1 << lane.place) != 0;
    let known = quick().filter(has_isolate).min_by_key(|lane| lane.load());
    if let Some(known) = known {
        if known.load() <= OVERFLOW {
            return Some(known);
        }
        let idle = quick().find(|lane| lane.load() == 0);
        return Some(idle.unwrap_or(known));
    }
    let count = of_kind().count().max(1);
    let home = usize::try_from(code.app.row.unsigned_abs()).unwrap_or(0) % count;
    let home = of_kind().nth(home).filter(|lane| !lane.is_slow() && lane.load() <= OVERFLOW);
    home.or_else(|| quick().min_by_key(|lane| lane.load()))
        .or_else(|| of_kind().min_by_key(|lane| lane.load()))
}
