//! What an engine must do: keep JavaScript in isolates, and run one step of it at a time.
//!
//! Nothing above these two traits knows which engine runs. An isolate is entered only through
//! [`Isolate::enter`], [`Isolate::deliver`] and [`Isolate::pump`]; between them no JavaScript
//! runs, so the time of a step belongs to the call that it was made for.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Context;

use super::code::Code;
use super::host::value::Value;
use super::host::{Answer, Host, OperationId};

/// Makes isolates. One for each thread.
pub trait Engine {
    /// The engine's name and version, for people.
    fn name(&self) -> String;

    /// An isolate with the prelude in it, and nothing of any app yet. Takes milliseconds.
    ///
    /// # Errors
    /// The engine gives no further isolate.
    fn isolate(&self, memory_bytes_max: usize) -> Result<Box<dyn Isolate>, EngineError>;

    /// Gives the memory of isolates that are gone back to the system.
    fn return_memory(&self);
}

/// One JavaScript heap, which runs the code of one app.
pub trait Isolate {
    /// Gives the isolate to an app, for good.
    ///
    /// # Errors
    /// The prelude does not take the app; the isolate cannot be used.
    fn adopt(&mut self, code: Arc<Code>, host: Rc<RefCell<Host>>) -> Result<(), EngineError>;

    /// Calls an entry of the prelude.
    ///
    /// # Errors
    /// The step was interrupted, or the prelude failed.
    fn enter(&mut self, entry: Entry, arguments: &[Value]) -> Result<(), Stop>;

    /// Hands over what an operation of the host came to.
    ///
    /// # Errors
    /// As [`Isolate::enter`].
    fn deliver(&mut self, operation: OperationId, answer: Answer) -> Result<(), Stop>;

    /// Whether the engine itself has something to do: modules that are loading, WebAssembly that
    /// was compiled aside. `context` is woken when it has, from now on.
    fn has_work(&mut self, context: &Context<'_>) -> bool;

    /// Does it, as far as it can be done now.
    ///
    /// # Errors
    /// As [`Isolate::enter`].
    fn pump(&mut self) -> Result<(), Stop>;

    /// What interrupts the isolate from another thread.
    fn interrupt(&self) -> Arc<dyn Interrupt>;

    /// Lets JavaScript run again after an interrupt.
    fn resume(&mut self);

    /// Memory of the isolate's values in bytes, buffers included.
    fn memory_bytes(&mut self) -> usize;

    /// Whether a step met the bound of the isolate's memory, so that it must not be used again.
    fn is_out_of_memory(&self) -> bool;

    /// Gives back what the isolate does not need while it waits.
    fn trim(&mut self);
}

/// What the prelude is entered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `fz.call(…)`: a call begins.
    Call,
    /// `fz.abort(call)`: nobody waits for a call any more.
    Abort,
}

/// Ends the step that an isolate is in.
pub trait Interrupt: Send + Sync {
    /// Asks the engine to stop; returns at once. A step that is inside a long builtin of the
    /// engine may go on for a while.
    fn interrupt(&self);
}

/// Why a step did not end by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// [`Interrupt::interrupt`] was called, or memory ran out.
    #[error("the step was interrupted")]
    Interrupted,
    /// An exception that nobody caught.
    #[error("uncaught {0}")]
    Uncaught(String),
}

/// Why there is no isolate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The engine did not start.
    #[error("the JavaScript engine does not start: {0}")]
    Start(String),
    /// The prelude failed, which is a defect of fazt.
    #[error("the prelude failed: {0}")]
    Prelude(String),
}
