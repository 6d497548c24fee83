//! Many isolates on one thread: each is entered for a step and left after it.
//!
//! V8 keeps a stack of the isolates that a thread has entered, and a new isolate is entered
//! when it is made. Here none stays entered between two steps, so isolates can be used and
//! dropped in any order.

#![expect(unsafe_code, reason = "entering and leaving an isolate is unsafe in V8's interface")]

use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

use deno_core::JsRuntime;

/// A runtime that is entered only while it is borrowed by [`Parked::enter`].
pub(super) struct Parked(ManuallyDrop<JsRuntime>);

impl Parked {
    /// Takes a runtime that was just made on this thread, and leaves it.
    pub(super) fn new(mut runtime: JsRuntime) -> Parked {
        // SAFETY: making the runtime entered its isolate, and nothing was entered since, so it
        // is the current one, which is what `exit` requires.
        unsafe { runtime.v8_isolate().exit() };
        Parked(ManuallyDrop::new(runtime))
    }

    /// Enters the isolate until the guard is dropped.
    pub(super) fn enter(&mut self) -> Entered<'_> {
        // SAFETY: `Parked` is not `Send`, so this is the thread that made the isolate. The
        // guard leaves it, and guards are dropped in reverse order of their making.
        unsafe { self.0.v8_isolate().enter() };
        Entered(&mut self.0)
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        // SAFETY: dropping an isolate requires that it is the current one of its thread. The
        // runtime is taken out once, here, and not touched afterwards.
        unsafe {
            self.0.v8_isolate().enter();
            ManuallyDrop::drop(&mut self.0);
        }
    }
}

/// An entered runtime; leaves it when dropped.
pub(super) struct Entered<'a>(&'a mut JsRuntime);

impl Deref for Entered<'_> {
    type Target = JsRuntime;

    fn deref(&self) -> &JsRuntime {
        self.0
    }
}

impl DerefMut for Entered<'_> {
    fn deref_mut(&mut self) -> &mut JsRuntime {
        self.0
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        // SAFETY: the isolate was entered when the guard was made, and whatever was entered
        // since has been left, so it is the current one.
        unsafe { self.0.v8_isolate().exit() };
    }
}
