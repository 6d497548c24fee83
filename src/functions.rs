//! The node's functions: the executor, started when the first of them is called.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use fazt_actors::app_logs::AppLogs;
use fazt_actors::executor::Observed;
use fazt_actors::executor::call::{CallError, CallRequest, CallResponse};
use fazt_actors::executor::code::Code;
use fazt_actors::executor::codes::Codes;
use fazt_actors::executor::counters::{Counters, Counts};
use fazt_actors::executor::engine::Engine;
use fazt_actors::executor::functions::{CallGuard, Functions};
use fazt_actors::limits::LiveLimits;
use fazt_actors::store::{Readers, StoreError};

/// Makes ready what engines need of the process. Comes first in it, before any other thread.
pub fn initialise() {
    #[cfg(feature = "v8")]
    {
        fazt_actors::executor::v8::initialise();
        IS_READY.store(true, Ordering::Release);
    }
}

/// Whether the process made ready for engines.
static IS_READY: AtomicBool = AtomicBool::new(false);

/// Runs the functions of apps. A node whose apps have none spends nothing on it.
pub struct FunctionRunner {
    codes: Codes,
    running: OnceLock<Functions>,
    limits: LiveLimits,
    logs: AppLogs,
    /// Whether there is an engine to run them.
    has_engine: bool,
}

impl FunctionRunner {
    /// A runner over the code that `readers` read. In a process that did not call [`initialise`]
    /// every call is refused.
    pub fn new(readers: Readers, limits: LiveLimits, logs: AppLogs) -> FunctionRunner {
        let (running, has_engine) = (OnceLock::new(), IS_READY.load(Ordering::Acquire));
        FunctionRunner { codes: Codes::new(readers), running, limits, logs, has_engine }
    }

    /// The code of a release; `None` when it is gone.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn code(
        &self,
        app: i64,
        release: i64,
        is_preview: bool,
    ) -> Result<Option<Arc<Code>>, StoreError> {
        self.codes.get(app, release, is_preview).await
    }

    /// Runs a function. See [`Functions::call`].
    ///
    /// # Errors
    /// The call has no answer.
    pub async fn call(
        &self,
        code: Arc<Code>,
        request: CallRequest,
    ) -> Result<(CallResponse, CallGuard), CallError> {
        if !self.has_engine {
            return Err(CallError::NoEngine);
        }
        self.start().call(code, request).await
    }

    /// The executor, which is started if it does not run yet. Wants an actix system around it.
    pub fn start(&self) -> &Functions {
        self.running.get_or_init(|| {
            Functions::start(Arc::new(make_engine), self.limits.clone(), self.logs.clone())
        })
    }

    /// What functions did so far. All zero before the first call.
    pub fn counts(&self) -> Counts {
        match self.running.get() {
            Some(functions) => functions.counts(),
            None => Counters::default().now(),
        }
    }

    /// What the executor is doing; `None` before the first call.
    pub async fn observe(&self) -> Option<Observed> {
        self.running.get()?.observe().await.ok()
    }

    /// The engine that functions run on, if there is one.
    pub fn engine(&self) -> Option<&'static str> {
        self.has_engine.then_some("v8")
    }

    /// An app's variables have changed.
    pub fn forget(&self, app: i64) {
        self.codes.forget(app);
    }

    /// Ends all functions.
    pub async fn close(&self) {
        if let Some(functions) = self.running.get() {
            functions.close().await;
        }
    }
}

#[cfg(feature = "v8")]
fn make_engine() -> Option<Box<dyn Engine>> {
    match fazt_actors::executor::v8::V8Engine::get() {
        Ok(engine) => Some(Box::new(engine)),
        Err(error) => {
            tracing::error!(error = %error, "functions do not run");
            None
        }
    }
}

#[cfg(not(feature = "v8"))]
fn make_engine() -> Option<Box<dyn Engine>> {
    None
}
