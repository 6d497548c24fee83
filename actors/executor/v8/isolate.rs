//! One V8 isolate: a heap of its own, made from the snapshot of the prelude.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use deno_core::error::CoreErrorKind;
use deno_core::{JsRuntime, PollEventLoopOptions, RuntimeOptions, v8};

use super::alloc::{BufferMeter, allocator};
use super::bridge::{self, Bridge, Tenant};
use super::convert::{text_to_v8, to_v8};
use super::guard::Parked;
use super::loader::Loader;
use super::signal::Signal;
use crate::executor::code::Code;
use crate::executor::engine::{EngineError, Entry, Interrupt, Isolate, Stop};
use crate::executor::host::value::Value;
use crate::executor::host::{Answer, Host, OperationId};

/// How far the heap may grow beyond its bound until the interrupt is seen. V8 ends the process
/// when a single piece of memory does not fit, so this is more than the largest one that scripts
/// can ask for: a string of 512 MiB. What is not used of it costs nothing.
const HEAP_SLACK_BYTES: usize = 1024 * 1024 * 1024;

/// The heap of a new isolate.
const HEAP_INITIAL_BYTES: usize = 0;

/// Times that a step tells of rejected promises and runs what comes of it.
const SETTLEMENTS_MAX: u32 = 8;

/// A function of the prelude.
type Callback = v8::Global<v8::Function>;

/// An isolate of V8. See [`Isolate`].
pub(super) struct V8Isolate {
    call: Callback,
    abort: Callback,
    deliver: Callback,
    settle: Callback,
    adopt: Callback,
    bridge: Rc<Bridge>,
    signal: Arc<Signal>,
    interrupt: Arc<V8Interrupt>,
    heap_is_full: Arc<AtomicBool>,
    memory_bytes_max: usize,
    // The last field: everything above refers into it, and goes first.
    runtime: Parked,
}

struct V8Interrupt(v8::IsolateHandle);

impl Interrupt for V8Interrupt {
    fn interrupt(&self) {
        self.0.terminate_execution();
    }
}

impl V8Isolate {
    pub(super) fn new(
        snapshot: &'static [u8],
        memory_bytes_max: usize,
    ) -> Result<V8Isolate, EngineError> {
        let meter = BufferMeter::new(memory_bytes_max);
        let bridge = Bridge::new(Arc::clone(&meter));
        let params = v8::CreateParams::default()
            .heap_limits(HEAP_INITIAL_BYTES, memory_bytes_max)
            .array_buffer_allocator(allocator(&meter).make_shared());
        let mut runtime = JsRuntime::try_new(RuntimeOptions {
            extensions: vec![bridge::fazt::init()],
            startup_snapshot: Some(snapshot),
            module_loader: Some(Rc::new(Loader::new(Rc::clone(&bridge)))),
            create_params: Some(params),
            ..RuntimeOptions::default()
        })
        .map_err(|error| EngineError::Start(error.to_string()))?;
        let heap_is_full = bound_heap(&mut runtime);
        let isolate = runtime.v8_isolate();
        isolate.set_allow_atomics_wait(false);
        isolate.set_slot::<Rc<Bridge>>(Rc::clone(&bridge));
        let interrupt = Arc::new(V8Interrupt(isolate.thread_safe_handle()));
        let taken = take_entries(&mut runtime);
        // Left whatever comes: an isolate that stays entered must not be dropped under others.
        let runtime = Parked::new(runtime);
        let [call, abort, deliver, settle, adopt, make_error] =
            taken.ok_or_else(|| EngineError::Prelude("an entry is missing".to_owned()))?;
        *bridge.make_error.borrow_mut() = Some(make_error);
        Ok(V8Isolate {
            call,
            abort,
            deliver,
            settle,
            adopt,
            bridge,
            signal: Signal::set(),
            interrupt,
            heap_is_full,
            memory_bytes_max,
            runtime,
        })
    }

    /// Calls a function of the prelude, and then whatever became due by it.
    fn step(
        &mut self,
        entry: &Callback,
        arguments: impl for<'s> FnOnce(
            &mut v8::PinScope<'s, '_>,
            &BufferMeter,
        ) -> Vec<v8::Local<'s, v8::Value>>,
    ) -> Result<(), Stop> {
        let mut runtime = self.runtime.enter();
        deno_core::scope!(scope, &mut *runtime);
        v8::tc_scope!(let scope, scope);
        let arguments = arguments(scope, &self.bridge.meter);
        let entry = v8::Local::new(scope, entry);
        let receiver = v8::undefined(scope).into();
        entry.call(scope, receiver, &arguments);
        let settle = v8::Local::new(scope, &self.settle);
        for _ in 0..SETTLEMENTS_MAX {
            if scope.has_terminated() || scope.has_caught() {
                break;
            }
            scope.perform_microtask_checkpoint();
            let settled = settle.call(scope, receiver, &[]);
            if settled.is_none_or(|was_needed| was_needed.is_false()) {
                break;
            }
        }
        if scope.has_terminated() || scope.is_execution_terminating() {
            return Err(Stop::Interrupted);
        }
        match scope.exception() {
            Some(exception) => Err(Stop::Uncaught(exception.to_rust_string_lossy(scope))),
            None => Ok(()),
        }
    }
}

/// Ends the step that would take more than the heap's bound, in place of the process.
fn bound_heap(runtime: &mut JsRuntime) -> Arc<AtomicBool> {
    let is_full = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&is_full);
    let handle = runtime.v8_isolate().thread_safe_handle();
    runtime.add_near_heap_limit_callback(move |current, _initial| {
        noted.store(true, Ordering::Relaxed);
        handle.terminate_execution();
        current + HEAP_SLACK_BYTES
    });
    is_full
}

/// Takes the prelude's entries out of the global object, so that no script finds them.
fn take_entries(runtime: &mut JsRuntime) -> Option<[Callback; 6]> {
    deno_core::scope!(scope, runtime);
    let context = scope.get_current_context();
    let global = context.global(scope);
    let holder_name = text_to_v8(scope, "__fazt").ok()?;
    let holder: v8::Local<'_, v8::Object> =
        global.get(scope, holder_name.into())?.try_into().ok()?;
    let fz_name = text_to_v8(scope, "fz").ok()?;
    let fz: v8::Local<'_, v8::Object> = holder.get(scope, fz_name.into())?.try_into().ok()?;
    let mut entry = |name: &str| -> Option<Callback> {
        let key = text_to_v8(scope, name).ok()?;
        let function: v8::Local<'_, v8::Function> = fz.get(scope, key.into())?.try_into().ok()?;
        Some(v8::Global::new(scope, function))
    };
    let entries = [
        entry("call")?,
        entry("abort")?,
        entry("deliver")?,
        entry("settle")?,
        entry("adopt")?,
        entry("makeError")?,
    ];
    for name in ["__fazt", "Deno", "__bootstrap", "SharedArrayBuffer"] {
        let key = text_to_v8(scope, name).ok()?;
        global.delete(scope, key.into());
    }
    Some(entries)
}

impl Isolate for V8Isolate {
    fn adopt(&mut self, code: Arc<Code>, host: Rc<RefCell<Host>>) -> Result<(), EngineError> {
        *self.bridge.tenant.borrow_mut() = Some(Tenant { code, host });
        let entry = self.adopt.clone();
        self.step(&entry, |_, _| Vec::new()).map_err(|stop| EngineError::Prelude(stop.to_string()))
    }

    fn enter(&mut self, entry: Entry, arguments: &[Value]) -> Result<(), Stop> {
        let entry = match entry {
            Entry::Call => self.call.clone(),
            Entry::Abort => self.abort.clone(),
        };
        self.step(&entry, |scope, meter| {
            let mut values = Vec::with_capacity(arguments.len());
            for argument in arguments {
                let null = v8::null(scope).into();
                values.push(to_v8(scope, argument, meter).unwrap_or(null));
            }
            values
        })
    }

    fn deliver(&mut self, operation: OperationId, answer: Answer) -> Result<(), Stop> {
        let entry = self.deliver.clone();
        self.step(&entry, |scope, meter| {
            let id = v8::Number::new(scope, f64::from(operation.0)).into();
            let null: v8::Local<'_, v8::Value> = v8::null(scope).into();
            match answer.and_then(|value| to_v8(scope, &value, meter)) {
                Ok(value) => vec![id, null, null, value],
                Err(error) => {
                    let mut text = |text: &str| text_to_v8(scope, text).map_or(null, Into::into);
                    vec![id, text(error.name), text(&error.message), null]
                }
            }
        })
    }

    fn has_work(&mut self, context: &Context<'_>) -> bool {
        self.signal.take(context)
    }

    fn pump(&mut self) -> Result<(), Stop> {
        let waker = Waker::from(Arc::clone(&self.signal));
        let mut runtime = self.runtime.enter();
        let polled = runtime
            .poll_event_loop(&mut Context::from_waker(&waker), PollEventLoopOptions::default());
        if runtime.v8_isolate().is_execution_terminating() {
            return Err(Stop::Interrupted);
        }
        match polled {
            Poll::Pending | Poll::Ready(Ok(())) => Ok(()),
            Poll::Ready(Err(error)) => Err(Stop::Uncaught(match error.as_kind() {
                CoreErrorKind::Js(error) => error.to_string(),
                other => other.to_string(),
            })),
        }
    }

    fn interrupt(&self) -> Arc<dyn Interrupt> {
        Arc::clone(&self.interrupt) as Arc<dyn Interrupt>
    }

    fn resume(&mut self) {
        self.interrupt.0.cancel_terminate_execution();
    }

    fn memory_bytes(&mut self) -> usize {
        let mut runtime = self.runtime.enter();
        let statistics = runtime.v8_isolate().get_heap_statistics();
        let outside = statistics.external_memory().max(self.bridge.meter.used());
        statistics.used_heap_size() + outside
    }

    fn is_out_of_memory(&self) -> bool {
        self.heap_is_full.load(Ordering::Relaxed)
            || self.bridge.meter.used() > self.memory_bytes_max
    }

    fn trim(&mut self) {
        self.runtime.enter().v8_isolate().low_memory_notification();
    }
}
