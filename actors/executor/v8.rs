//! V8, through `deno_core`.
//!
//! The prelude is evaluated once and kept as a snapshot; every isolate starts from it. See
//! `guard.rs` for how many isolates share a thread, and `alloc.rs` for their buffers.

mod alloc;
mod bridge;
mod convert;
mod guard;
mod isolate;
mod loader;
mod signal;

use std::rc::Rc;
use std::sync::OnceLock;

use deno_core::{JsRuntime, JsRuntimeForSnapshot, RuntimeOptions, v8};

use super::engine::{Engine, EngineError, Isolate};
use super::prelude;
use crate::priority;
use alloc::BufferMeter;
use bridge::Bridge;
use isolate::V8Isolate;

/// What V8 is told before it starts. WebAssembly memory lies outside the heap that V8 bounds,
/// so its pages (64 KiB each) are bounded here; `eval` stays, since it is the app's own heap.
/// Garbage is collected on the lane's own thread, where it counts as the app's time and waits for
/// nobody.
const FLAGS: &str = "--wasm-max-mem-pages=1024 --wasm-max-table-size=1000000 --stack-size=984 \
                     --no-memory-pool-share-memory-on-teardown --single-threaded-gc";

/// How far the priority of V8's own threads is lowered. What is left to them is compiling: code
/// that will be faster must not hold up the code that runs.
const COMPILER_NICE: i32 = 15;

/// Starts V8. Comes first in the process: the memory protection of V8's threads wants them to
/// descend from the thread that did it, and its flags cannot be changed later.
pub fn initialise() {
    v8::V8::set_flags_from_string(FLAGS);
    let start = || JsRuntime::init_platform(None);
    priority::lower_threads_of(start, COMPILER_NICE, "V8 compiles");
}

/// Makes isolates from one snapshot of the prelude.
#[derive(Clone, Copy)]
pub struct V8Engine {
    snapshot: &'static [u8],
}

impl V8Engine {
    /// The engine of this process. The first call evaluates the prelude, which takes some
    /// 50 ms; it wants a tokio runtime around it.
    ///
    /// # Errors
    /// The prelude failed.
    pub fn get() -> Result<V8Engine, EngineError> {
        static SNAPSHOT: OnceLock<Result<&'static [u8], EngineError>> = OnceLock::new();
        // The bytes live as long as the process, since isolates refer to them.
        let made = SNAPSHOT.get_or_init(|| snapshot().map(|bytes| &*Box::leak(bytes)));
        made.clone().map(|snapshot| V8Engine { snapshot })
    }
}

impl Engine for V8Engine {
    fn name(&self) -> String {
        format!("V8 {}", v8::V8::get_version())
    }

    fn isolate(&self, memory_bytes_max: usize) -> Result<Box<dyn Isolate>, EngineError> {
        Ok(Box::new(V8Isolate::new(self.snapshot, memory_bytes_max)?))
    }

    fn return_memory(&self) {
        alloc::return_memory();
    }
}

/// Evaluates the prelude and freezes what it made.
fn snapshot() -> Result<Box<[u8]>, EngineError> {
    let failed = |error: &dyn std::fmt::Display| EngineError::Prelude(error.to_string());
    let mut runtime = JsRuntimeForSnapshot::try_new(RuntimeOptions {
        extensions: vec![bridge::fazt::init()],
        ..RuntimeOptions::default()
    })
    .map_err(|error| failed(&error))?;
    // Nothing of any app runs here, so the buffers need no bound.
    let blank = Bridge::new(BufferMeter::new(usize::MAX));
    runtime.v8_isolate().set_slot::<Rc<Bridge>>(blank);
    runtime
        .execute_script("fazt:bridge", include_str!("v8/bridge.js"))
        .map_err(|error| failed(&error))?;
    for file in prelude::FILES {
        let text = format!(
            "(function (host, fz) {{ \"use strict\"; {}\n}})(__fazt.host, __fazt.fz);",
            file.text
        );
        runtime.execute_script(file.name, text).map_err(|error| failed(&error))?;
    }
    Ok(runtime.snapshot())
}
