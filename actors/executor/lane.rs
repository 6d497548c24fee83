//! A lane: one thread that runs JavaScript, the queue before it, and the step it is in.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::sync::Notify;

use super::call::{CallId, Job};
use super::code::Code;
use super::engine::Interrupt;
use super::outbox::Outbox;
use super::standing::LONG_STEP;

/// A lane gets no new work while a step of it takes longer than this.
pub(super) const SLOW_STEP: Duration = Duration::from_millis(20);

/// What a lane is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// Apps whose steps are short.
    Swift,
    /// Apps whose steps were long, at a lower priority.
    Aside,
}

/// A thread that runs JavaScript, as others see it.
pub(super) struct Lane {
    /// Its place in the table.
    pub(super) place: usize,
    /// What it is for.
    pub(super) kind: LaneKind,
    queue: Mutex<VecDeque<Job>>,
    cancelled: Mutex<Vec<CallId>>,
    /// Answers that have not gone out.
    pub(super) outbox: Outbox,
    /// Rung when there is something in the queue, or something else to look at.
    pub(super) bell: Notify,
    /// Jobs that wait for the thread.
    load: AtomicUsize,
    steps: Mutex<Steps>,
    is_slow: AtomicBool,
    is_abandoned: AtomicBool,
    culprit: AtomicU64,
    /// The thread's number at the system; 0 until it runs.
    thread: AtomicUsize,
}

/// Asking the system for processor time costs more than a short step, so it is asked this seldom
/// at most; a step of less than this is taken to have used the processor all the time.
const CPU_LOOK_EVERY: Duration = Duration::from_millis(1);

/// What is known of a lane's steps.
#[derive(Default)]
struct Steps {
    now: Option<Step>,
    /// When the thread's processor time was asked for last, and what it was.
    cpu_look: Option<(Instant, Duration)>,
}

/// The step that a lane is in.
struct Step {
    /// The call that it is made for.
    call: CallId,
    began: Instant,
    /// Processor time of the thread shortly before it began.
    cpu_began: Duration,
    budget: Budget,
    interrupt: Arc<dyn Interrupt>,
    code: Arc<Code>,
    /// When it was interrupted first.
    interrupted: Option<Instant>,
}

/// What one step may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// Processor time.
    pub(super) cpu: Duration,
    /// Time by the clock.
    pub(super) clock: Duration,
}

/// What a step took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent {
    /// Processor time.
    pub(super) cpu: Duration,
    /// Time by the clock.
    pub(super) clock: Duration,
    /// Whether its time was up.
    pub(super) was_interrupted: bool,
}

impl fmt::Debug for Lane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Lane")
            .field("place", &self.place)
            .field("kind", &self.kind)
            .field("load", &self.load())
            .finish_non_exhaustive()
    }
}

impl Lane {
    pub(super) fn new(place: usize, kind: LaneKind) -> Arc<Lane> {
        Arc::new(Lane {
            place,
            kind,
            queue: Mutex::default(),
            cancelled: Mutex::default(),
            outbox: Outbox::default(),
            bell: Notify::new(),
            load: AtomicUsize::new(0),
            steps: Mutex::default(),
            is_slow: AtomicBool::new(false),
            is_abandoned: AtomicBool::new(false),
            culprit: AtomicU64::new(0),
            thread: AtomicUsize::new(0),
        })
    }

    /// Jobs that wait for the thread.
    pub(super) fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    /// Whether the thread is in a step that takes long.
    pub(super) fn is_slow(&self) -> bool {
        self.is_slow.load(Ordering::Relaxed)
    }

    /// Whether the thread was given up.
    pub(super) fn is_abandoned(&self) -> bool {
        self.is_abandoned.load(Ordering::Acquire)
    }

    /// Gives the thread up; `culprit` is the call in whose step it is stuck.
    pub(super) fn abandon(&self, culprit: CallId) {
        self.culprit.store(culprit.0, Ordering::Relaxed);
        self.is_abandoned.store(true, Ordering::Release);
    }

    /// Whether the thread was given up because of this call.
    pub(super) fn was_lost_by(&self, call: CallId) -> bool {
        self.is_abandoned() && self.culprit.load(Ordering::Relaxed) == call.0
    }

    /// Puts a job into the queue. The thread comes to it once the bell is rung.
    pub(super) fn push(self: &Arc<Self>, job: Job) {
        job.place.set(Arc::clone(self));
        self.load.fetch_add(1, Ordering::Relaxed);
        lock(&self.queue).push_back(job);
    }

    /// The next job.
    pub(super) fn pop(&self) -> Option<Job> {
        let job = lock(&self.queue).pop_front()?;
        self.load.fetch_sub(1, Ordering::Relaxed);
        Some(job)
    }

    /// All jobs that wait.
    pub(super) fn take_all(&self) -> VecDeque<Job> {
        let jobs = std::mem::take(&mut *lock(&self.queue));
        self.load.fetch_sub(jobs.len(), Ordering::Relaxed);
        jobs
    }

    /// Says that nobody waits for a call any more.
    pub(super) fn cancel(&self, call: CallId) {
        lock(&self.cancelled).push(call);
        self.bell.notify_one();
    }

    /// The calls that nobody waits for any more.
    pub(super) fn take_cancelled(&self) -> Vec<CallId> {
        std::mem::take(&mut *lock(&self.cancelled))
    }

    /// Notes the thread that runs this lane; called on it.
    pub(super) fn runs_here(&self) {
        let thread = rustix::thread::gettid().as_raw_nonzero().get();
        self.thread.store(usize::try_from(thread).unwrap_or(0), Ordering::Relaxed);
    }

    /// Notes that a step begins on this thread.
    pub(super) fn begin_step(
        &self,
        call: CallId,
        budget: Budget,
        interrupt: &Arc<dyn Interrupt>,
        code: &Arc<Code>,
    ) {
        let began = Instant::now();
        let mut steps = lock(&self.steps);
        let cpu_began = match steps.cpu_look {
            Some((at, cpu)) if began.saturating_duration_since(at) < CPU_LOOK_EVERY => cpu,
            _ => steps.look_at_cpu(began),
        };
        steps.now = Some(Step {
            call,
            began,
            cpu_began,
            budget,
            interrupt: Arc::clone(interrupt),
            code: Arc::clone(code),
            interrupted: None,
        });
    }

    /// Whether the time of the step that the lane is in was up.
    pub(super) fn is_interrupted(&self) -> bool {
        lock(&self.steps).now.as_ref().is_some_and(|step| step.interrupted.is_some())
    }

    /// Notes its end. After this nobody interrupts it any more.
    pub(super) fn end_step(&self) -> Spent {
        let mut steps = lock(&self.steps);
        let Some(step) = steps.now.take() else {
            return Spent { cpu: Duration::ZERO, clock: Duration::ZERO, was_interrupted: false };
        };
        let now = Instant::now();
        let clock = now.saturating_duration_since(step.began);
        if clock > SLOW_STEP {
            self.is_slow.store(false, Ordering::Relaxed);
        }
        let cpu = match clock < CPU_LOOK_EVERY {
            true => clock,
            // Other steps may lie between the earlier look and the beginning of this one.
            false => steps.look_at_cpu(now).saturating_sub(step.cpu_began).min(clock),
        };
        drop(steps);
        if cpu > LONG_STEP {
            step.code.standing.move_aside(Instant::now());
        }
        Spent { cpu, clock, was_interrupted: step.interrupted.is_some() }
    }

    /// Looks at the step that the lane is in.
    pub(super) fn watch(&self, now: Instant) -> Watched {
        let mut steps = lock(&self.steps);
        let Some(step) = &mut steps.now else { return Watched::Idle };
        let clock = now.saturating_duration_since(step.began);
        if clock < SLOW_STEP {
            return Watched::Swift;
        }
        self.is_slow.store(true, Ordering::Relaxed);
        self.outbox.deliver();
        let cpu = self.cpu_of_thread().unwrap_or_default().saturating_sub(step.cpu_began);
        if cpu > LONG_STEP {
            step.code.standing.move_aside(now);
        }
        if let Some(since) = step.interrupted {
            step.interrupt.interrupt();
            let patience = grace(step.budget.cpu);
            if now.saturating_duration_since(since) > patience {
                step.code.standing.suspend(now);
                return Watched::Lost(step.call, Arc::clone(&step.code));
            }
        } else if cpu >= step.budget.cpu || clock >= step.budget.clock {
            step.interrupted = Some(now);
            step.interrupt.interrupt();
        }
        Watched::Slow
    }

    /// Processor time of the lane's thread, as the system counts it.
    fn cpu_of_thread(&self) -> Option<Duration> {
        let thread = self.thread.load(Ordering::Relaxed);
        let counts = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat"));
        let nanos = counts.ok()?.split(' ').next()?.parse().ok()?;
        Some(Duration::from_nanos(nanos))
    }
}

impl Steps {
    /// Asks for the processor time of the calling thread, which is the lane's.
    fn look_at_cpu(&mut self, now: Instant) -> Duration {
        let cpu = thread_cpu();
        self.cpu_look = Some((now, cpu));
        cpu
    }
}

/// How long an interrupted step may take to end: some builtins of an engine look seldom.
fn grace(budget: Duration) -> Duration {
    (budget / 10).max(Duration::from_millis(120))
}

/// What a look at a lane shows.
#[derive(Debug)]
pub(super) enum Watched {
    /// It is in no step.
    Idle,
    /// It is in a short step.
    Swift,
    /// Its step is slow.
    Slow,
    /// Its step, made for this call of this code, was interrupted and does not end.
    Lost(CallId, Arc<Code>),
}

/// Processor time of the calling thread.
fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What it guards is never left half-changed by a panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
