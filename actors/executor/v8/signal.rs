//! How V8 says that it has something to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake};

use futures_util::task::AtomicWaker;

/// Set when V8's event loop is to be polled: a module began to load or came on, or a task of
/// V8's own threads came back. Polling it costs more than a short call, so it is not polled else.
#[derive(Debug, Default)]
pub(super) struct Signal {
    is_set: AtomicBool,
    task: AtomicWaker,
}

impl Signal {
    /// A signal that is set: the first poll tells V8 whom to wake.
    pub(super) fn set() -> Arc<Signal> {
        Arc::new(Signal { is_set: AtomicBool::new(true), task: AtomicWaker::new() })
    }

    /// Whether it was set. From here on `context` is woken when it is.
    pub(super) fn take(&self, context: &Context<'_>) -> bool {
        self.task.register(context.waker());
        self.is_set.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_set.store(true, Ordering::Release);
        self.task.wake();
    }
}
