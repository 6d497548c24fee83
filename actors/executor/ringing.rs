//! When lanes are told of new jobs: not at each of them, but when the thread that brings them has
//! brought all it has.
//!
//! Waking a thread is a system call, and where both share a processor it takes the processor away
//! from the one that calls; sixty requests that arrive together would be sixty such changes.

use std::cell::RefCell;
use std::sync::Arc;

use super::lane::Lane;

thread_local! {
    /// Lanes that this thread gave a job to and has not rung for. At most all there are.
    static QUIET: RefCell<Vec<Arc<Lane>>> = const { RefCell::new(Vec::new()) };
}

/// The duty to ring for the jobs of this thread; it is done when this is dropped.
#[derive(Debug)]
pub(super) struct Ringing(());

impl Ringing {
    /// Notes that `lane` has a new job. The first one since the bells were rung gets the duty.
    pub(super) fn owed_to(lane: &Arc<Lane>) -> Option<Ringing> {
        QUIET.with_borrow_mut(|lanes| {
            let is_first = lanes.is_empty();
            if !lanes.iter().any(|known| Arc::ptr_eq(known, lane)) {
                lanes.push(Arc::clone(lane));
            }
            is_first.then(|| Ringing(()))
        })
    }

    /// Rings once the thread has nothing else to do: whatever has arrived is brought first. A task
    /// of its own does this, since a server may poll the future of a request twice in a row.
    pub(super) async fn when_idle(self) {
        tokio::task::yield_now().await;
    }
}

impl Drop for Ringing {
    fn drop(&mut self) {
        let lanes = QUIET.with_borrow_mut(std::mem::take);
        for lane in lanes {
            lane.bell.notify_one();
        }
    }
}
