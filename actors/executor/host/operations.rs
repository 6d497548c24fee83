//! Operations: what a script asked of its host and has no answer to yet.

use futures_util::future::{AbortHandle, Abortable, Aborted};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, future::LocalBoxFuture};
use std::collections::HashMap;

use super::value::{Args, HostError};
use super::{Answer, Host, HostFunction, Kind};
use crate::executor::call::CallId;

/// Operations of one isolate that may be under way.
const OPERATIONS_MAX: usize = 20_000;

/// Number of an operation in its isolate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OperationId(pub u32);

/// An operation that has ended; none where it was cancelled.
pub(in crate::executor) type Ended = Option<(OperationId, CallId, Answer)>;

/// The operations of one isolate.
#[derive(Default)]
pub struct Operations {
    last: u32,
    running: HashMap<OperationId, AbortHandle>,
    /// Begun since the isolate's task last looked.
    begun: Vec<LocalBoxFuture<'static, Ended>>,
}

impl Operations {
    /// Whether some were begun that nobody waits for yet.
    pub fn has_begun(&self) -> bool {
        !self.begun.is_empty()
    }

    /// Moves what was begun to where it is waited for.
    pub(in crate::executor) fn take_begun(
        &mut self,
        waiting: &mut FuturesUnordered<LocalBoxFuture<'static, Ended>>,
    ) {
        waiting.extend(self.begun.drain(..));
    }

    /// Notes that an operation has ended.
    pub fn end(&mut self, id: OperationId) {
        self.running.remove(&id);
    }

    /// Drops an operation; its answer never comes.
    pub fn cancel(&mut self, id: OperationId) {
        if let Some(handle) = self.running.remove(&id) {
            handle.abort();
        }
    }
}

impl Host {
    /// Begins an operation for the current call.
    ///
    /// # Errors
    /// The arguments are wrong, or too many operations are under way.
    pub fn begin(
        &mut self,
        function: &HostFunction,
        args: Args<'_>,
    ) -> Result<OperationId, HostError> {
        if self.operations.running.len() >= OPERATIONS_MAX {
            let message = format!("more than {OPERATIONS_MAX} operations are under way");
            return Err(HostError::range_error(message));
        }
        let pending = match function.kind {
            Kind::Later(call) => call(self, args)?,
            Kind::Now(call) => std::future::ready(call(self, args)).boxed_local(),
        };
        let operations = &mut self.operations;
        operations.last = operations.last.wrapping_add(1);
        let (id, call) = (OperationId(operations.last), self.current);
        let (handle, registration) = AbortHandle::new_pair();
        operations.running.insert(id, handle);
        let ended = Abortable::new(pending, registration)
            .map(move |outcome: Result<Answer, Aborted>| Some((id, call, outcome.ok()?)));
        operations.begun.push(ended.boxed_local());
        Ok(id)
    }
}
