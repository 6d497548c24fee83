//! What runs on the thread of a lane: it places calls in isolates, and isolates in memory.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;
use tokio::time::MissedTickBehavior;

use super::call::{CallError, Job};
use super::code::Code;
use super::engine::{Engine, Isolate};
use super::host::fetch::FetchState;
use super::instance::{Instance, Retirement, Surroundings};
use super::lane::LaneKind;
use crate::outbound::fetch::FetchClient;

/// Calls that are begun before the isolates that wait have their turn.
const BEGINNINGS_PER_TURN: usize = 16;

/// How often isolates are looked at that nobody asks for.
const TIDY_EVERY: Duration = Duration::from_secs(1);

/// How long a lane is quiet before it makes a spare isolate.
const QUIET: Duration = Duration::from_millis(3);

/// Isolates that a lane may have however many the others hold: what they do not use is theirs to
/// send away, and this lane's calls would wait for that.
const ISOLATES_MIN: usize = 2;

/// Bytes that a new isolate takes, before anybody knows.
const ISOLATE_BYTES: usize = 3 * 1024 * 1024;

/// Isolates that go before memory is given back to the system.
const DEPARTURES_PER_TRIM: u32 = 32;

/// The stack of a lane's thread: V8's own bound of 1 MiB, and room for what it calls.
pub(super) const STACK_BYTES: usize = 8 * 1024 * 1024;

/// How far the priority of lanes for slow apps is lowered.
const ASIDE_NICE: i32 = 10;

/// An instance, shared by the lane and the task that delivers answers to it.
struct Tenancy {
    instance: RefCell<Option<Instance>>,
}

/// The state of a lane's thread.
struct Worker {
    around: Surroundings,
    /// The way out, for all isolates of the thread.
    fetch_client: Rc<FetchClient>,
    engine: Box<dyn Engine>,
    /// Tenancies by the address of their code.
    tenancies: HashMap<*const Code, Vec<Rc<Tenancy>>>,
    /// Calls for which there is no room in memory yet.
    backlog: VecDeque<Job>,
    spare: Option<Box<dyn Isolate>>,
    /// Whether the engine failed to give a spare one since the lane was last tidied.
    is_refused: bool,
    /// Isolates that went since memory was last given back.
    departures: u32,
}

/// Runs a lane until it is abandoned or closed. Must be called on the lane's own thread.
pub(super) fn run(around: Surroundings, engine: impl FnOnce() -> Option<Box<dyn Engine>>) {
    around.lane.runs_here();
    if around.lane.kind == LaneKind::Aside {
        crate::priority::lower(ASIDE_NICE, "slow apps run");
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(error = %error, "a thread for functions does not start");
            return;
        }
    };
    let entered = runtime.enter();
    let Some(engine) = engine() else { return };
    drop(entered);
    let fetch_client = Rc::new(FetchClient::new(around.live_limits.clone()));
    let mut worker = Worker {
        around,
        fetch_client,
        engine,
        tenancies: HashMap::new(),
        backlog: VecDeque::new(),
        spare: None,
        is_refused: false,
        departures: 0,
    };
    let local = LocalSet::new();
    local.block_on(&runtime, worker.serve());
    drop(worker);
    drop(local);
    // A look-up of a name that hangs must not hold the thread.
    runtime.shutdown_background();
}

impl Worker {
    async fn serve(&mut self) {
        let mut tidy = tokio::time::interval(TIDY_EVERY);
        tidy.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let lane = Arc::clone(&self.around.lane);
        while !lane.is_abandoned() {
            self.cancel();
            if self.begin() {
                tokio::task::yield_now().await;
                continue;
            }
            let wants_spare = self.wants_spare();
            tokio::select! {
                () = lane.bell.notified() => {}
                _ = tidy.tick() => self.tidy(),
                () = tokio::time::sleep(QUIET), if wants_spare => self.make_spare(),
            }
        }
    }

    /// Begins some of the calls that wait; whether there are more.
    fn begin(&mut self) -> bool {
        let lane = Arc::clone(&self.around.lane);
        let mut has_more = true;
        for _ in 0..BEGINNINGS_PER_TURN {
            let Some(job) = lane.pop() else {
                has_more = false;
                break;
            };
            lane.outbox.deliver_before(job.code.step_time());
            self.place(job);
            if lane.is_abandoned() {
                return false;
            }
        }
        lane.outbox.deliver();
        has_more
    }

    /// Finds an isolate for a call, or lets it wait for one.
    fn place(&mut self, job: Job) {
        if job.answer.is_closed() {
            return;
        }
        if let Some(tenancy) = self.find(&job.code) {
            return self.start(&tenancy, job);
        }
        if !self.make_room() {
            self.backlog.push_back(job);
            return;
        }
        match self.admit(&job.code) {
            Some(tenancy) => self.start(&tenancy, job),
            None => {
                let _caller_left = job.answer.send(Err(CallError::Stopped));
            }
        }
    }

    fn start(&self, tenancy: &Tenancy, job: Job) {
        if let Some(instance) = &mut *tenancy.instance.borrow_mut() {
            instance.start(job, self.spare.is_some());
        }
    }

    /// An isolate of this code that has room.
    fn find(&self, code: &Arc<Code>) -> Option<Rc<Tenancy>> {
        let tenancies = self.tenancies.get(&Arc::as_ptr(code))?;
        let has_room = |tenancy: &&Rc<Tenancy>| {
            tenancy.instance.borrow().as_ref().is_some_and(Instance::has_room)
        };
        tenancies.iter().find(has_room).cloned()
    }

    /// Gives an isolate to an app.
    fn admit(&mut self, code: &Arc<Code>) -> Option<Rc<Tenancy>> {
        let isolate = match self.spare.take() {
            Some(isolate) => isolate,
            None => {
                self.around.counters.cold_start();
                // Worn ones go in the same pause in which the next one comes.
                self.sweep();
                self.new_isolate()?
            }
        };
        self.retire_other_code(code);
        let fetch = FetchState::new(Rc::clone(&self.fetch_client));
        let instance = match Instance::new(isolate, Arc::clone(code), self.around.clone(), fetch) {
            Ok(instance) => instance,
            Err(error) => {
                tracing::error!(error = %error, app = %code.app.name, "an isolate is of no use");
                return None;
            }
        };
        let tenancy = Rc::new(Tenancy { instance: RefCell::new(Some(instance)) });
        self.tenancies.entry(Arc::as_ptr(code)).or_default().push(Rc::clone(&tenancy));
        code.set_lane(self.around.lane.place, true);
        let polled = Rc::clone(&tenancy);
        // Ends when the lane takes the instance out.
        tokio::task::spawn_local(poll_fn(move |context| {
            match &mut *polled.instance.borrow_mut() {
                Some(instance) => instance.poll(context),
                None => std::task::Poll::Ready(()),
            }
        }));
        Some(tenancy)
    }

    fn new_isolate(&self) -> Option<Box<dyn Isolate>> {
        match self.engine.isolate(self.around.limits.isolate_bytes_max as usize) {
            Ok(isolate) => Some(isolate),
            Err(error) => {
                tracing::error!(error = %error, "there is no isolate for a function");
                None
            }
        }
    }

    /// Earlier releases of an app serve what they have begun, and nothing else.
    fn retire_other_code(&self, code: &Arc<Code>) {
        let now = Instant::now();
        for tenancy in self.tenancies.values().flatten() {
            if let Some(instance) = &mut *tenancy.instance.borrow_mut()
                && instance.code.is_replaced_by(code)
            {
                instance.retire(Retirement::Replaced, now);
            }
        }
    }

    /// Whether one more isolate may be made; sends the one away that waited longest if need be.
    fn make_room(&mut self) -> bool {
        if self.has_memory(1) || self.isolates() < ISOLATES_MIN {
            return true;
        }
        if !self.evict() {
            return false;
        }
        self.sweep();
        true
    }

    fn has_memory(&self, isolates: usize) -> bool {
        let (counters, limits) = (&self.around.counters, &self.around.limits);
        let wanted = counters.isolate_bytes() + isolates * ISOLATE_BYTES;
        counters.isolates() + isolates <= limits.isolates_max
            && wanted as u64 <= limits.memory_bytes_max
    }

    /// Isolates of this lane that serve an app.
    fn isolates(&self) -> usize {
        self.tenancies.values().map(Vec::len).sum()
    }

    /// Whether a spare isolate is to be made. It must not push out another at once.
    fn wants_spare(&self) -> bool {
        self.spare.is_none() && !self.is_refused && self.has_memory(2)
    }

    /// Retires the isolate without calls that was used least recently.
    fn evict(&self) -> bool {
        let mut oldest: Option<(Instant, &Rc<Tenancy>)> = None;
        for tenancy in self.tenancies.values().flatten() {
            let used = match &*tenancy.instance.borrow() {
                Some(instance) if instance.calls() == 0 => instance.last_used(),
                _ => continue,
            };
            if oldest.is_none_or(|(at, _)| used < at) {
                oldest = Some((used, tenancy));
            }
        }
        let Some((_, tenancy)) = oldest else { return false };
        if let Some(instance) = &mut *tenancy.instance.borrow_mut() {
            instance.retire(Retirement::Evicted, Instant::now());
        }
        true
    }

    fn make_spare(&mut self) {
        self.spare = self.new_isolate();
        self.is_refused = self.spare.is_none();
    }

    /// Ends the calls that nobody waits for any more.
    fn cancel(&self) {
        for call in self.around.lane.take_cancelled() {
            for tenancy in self.tenancies.values().flatten() {
                if let Some(instance) = &mut *tenancy.instance.borrow_mut() {
                    instance.cancel(call);
                }
            }
        }
    }

    /// Once a second: deadlines, idle isolates, and calls that waited for memory.
    fn tidy(&mut self) {
        let now = Instant::now();
        self.is_refused = false;
        for tenancy in self.tenancies.values().flatten() {
            if let Some(instance) = &mut *tenancy.instance.borrow_mut() {
                instance.tidy(now);
            }
        }
        self.sweep();
        for job in std::mem::take(&mut self.backlog) {
            self.place(job);
        }
    }

    /// Drops the isolates that have finished.
    fn sweep(&mut self) {
        let mut gone = Vec::new();
        self.tenancies.retain(|_, tenancies| {
            tenancies.retain(|tenancy| {
                let mut slot = tenancy.instance.borrow_mut();
                let is_finished = slot.as_ref().is_none_or(Instance::is_finished);
                if is_finished {
                    gone.extend(slot.take());
                }
                !is_finished
            });
            !tenancies.is_empty()
        });
        // One that broke a limit may have held a lot.
        let weigh =
            |instance: &Instance| if instance.is_broken() { DEPARTURES_PER_TRIM } else { 1 };
        self.departures += gone.iter().map(weigh).sum::<u32>();
        for instance in gone {
            let code = Arc::clone(&instance.code);
            drop(instance);
            if !self.tenancies.contains_key(&Arc::as_ptr(&code)) {
                code.set_lane(self.around.lane.place, false);
            }
        }
        if self.departures >= DEPARTURES_PER_TRIM {
            self.departures = 0;
            self.engine.return_memory();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        for code in self.tenancies.values().flatten() {
            if let Some(instance) = code.instance.borrow_mut().take() {
                instance.code.set_lane(self.around.lane.place, false);
            }
        }
    }
}
