//! The only way to reach an actor, and the place where its queue is bounded.
//!
//! `actix::Addr` does not bound what it queues: `send` retries through a clone of
//! the channel, and a clone is always admitted. So the bound is ours: a [`Permit`]
//! is taken before a message is sent and is given back when it has been handled.
//! A message that was sent is always handled, also when its sender has gone.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::kind::{ErrorKind, Fault};

/// How long [`Mailbox::ask_patiently`] waits for room.
const ASK_PATIENCE: Duration = Duration::from_secs(60);

/// Why an actor did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// As many messages wait as may wait.
    #[error("too many requests wait for this part of the node; try again shortly")]
    Full,
    /// The actor has ended, or failed while it handled the message.
    #[error("this part of the node has stopped")]
    Closed,
}

impl Fault for MailboxError {
    fn kind(&self) -> ErrorKind {
        match self {
            MailboxError::Full => ErrorKind::Busy,
            MailboxError::Closed => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            MailboxError::Full => "SERVICE_UNAVAILABLE",
            MailboxError::Closed => "INTERNAL_ERROR",
        }
    }
}

/// How much may wait for an actor.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// Messages, those being handled included.
    pub messages: usize,
    /// Bytes of the payloads that those messages carry.
    pub payload_bytes: usize,
}

/// Room in a mailbox, taken for one message; dropping it gives the room back.
#[derive(Debug)]
pub struct Permit {
    _message: OwnedSemaphorePermit,
    _payload: Option<OwnedSemaphorePermit>,
}

/// The address of an actor, with the bound of its queue.
pub struct Mailbox<A: Actor> {
    address: Addr<A>,
    messages: Arc<Semaphore>,
    messages_max: usize,
    payload_kib: Arc<Semaphore>,
    payload_kib_max: u32,
}

impl<A: Actor> Clone for Mailbox<A> {
    fn clone(&self) -> Mailbox<A> {
        Mailbox {
            address: self.address.clone(),
            messages: Arc::clone(&self.messages),
            messages_max: self.messages_max,
            payload_kib: Arc::clone(&self.payload_kib),
            payload_kib_max: self.payload_kib_max,
        }
    }
}

impl<A: Actor> Mailbox<A> {
    /// Bounds the queue behind `address`.
    pub fn new(address: Addr<A>, bound: Bound) -> Mailbox<A> {
        let payload_kib_max = u32::try_from(bound.payload_bytes / 1024).unwrap_or(u32::MAX).max(1);
        Mailbox {
            address,
            messages: Arc::new(Semaphore::new(bound.messages)),
            messages_max: bound.messages,
            payload_kib: Arc::new(Semaphore::new(payload_kib_max as usize)),
            payload_kib_max,
        }
    }

    /// Messages that wait or are being handled.
    pub fn queued(&self) -> usize {
        self.messages_max.saturating_sub(self.messages.available_permits())
    }

    /// Messages that may wait or be handled.
    pub fn messages_max(&self) -> usize {
        self.messages_max
    }

    /// Takes room for one message now, or says that there is none.
    pub fn admit(&self) -> Result<Permit, MailboxError> {
        let message =
            Arc::clone(&self.messages).try_acquire_owned().map_err(|_| MailboxError::Full)?;
        Ok(Permit { _message: message, _payload: None })
    }

    /// Waits at most `patience` for room for one message that carries `payload_bytes`.
    ///
    /// A payload above the whole bound is admitted alone.
    pub async fn admit_patiently(
        &self,
        payload_bytes: usize,
        patience: Duration,
    ) -> Result<Permit, MailboxError> {
        let wanted_kib = u32::try_from(payload_bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let payload_kib = wanted_kib.min(self.payload_kib_max);
        let room = async {
            let message = Arc::clone(&self.messages).acquire_owned().await.ok()?;
            let payload =
                Arc::clone(&self.payload_kib).acquire_many_owned(payload_kib).await.ok()?;
            Some(Permit { _message: message, _payload: Some(payload) })
        };
        match tokio::time::timeout(patience, room).await {
            Ok(Some(permit)) => Ok(permit),
            Ok(None) => Err(MailboxError::Closed),
            Err(_elapsed) => Err(MailboxError::Full),
        }
    }

    /// Sends a message that carries its own permit and its own way to answer.
    #[expect(clippy::disallowed_methods, reason = "the permit inside the message is the bound")]
    pub fn tell<M>(&self, message: M)
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message<Result = ()> + Send + 'static,
    {
        self.address.do_send(message);
    }

    /// Sends a message if there is room now, and waits for the answer.
    ///
    /// The message is handled even when the returned future is dropped.
    pub fn ask<M>(
        &self,
        message: M,
    ) -> impl Future<Output = Result<M::Result, MailboxError>> + use<A, M>
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let answer = self.admit().map(|permit| self.send_detached(message, permit));
        async move { answer?.await.map_err(|_dropped| MailboxError::Closed) }
    }

    /// Like [`Mailbox::ask`], but waits a while for room.
    pub async fn ask_patiently<M>(&self, message: M) -> Result<M::Result, MailboxError>
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let permit = self.admit_patiently(0, ASK_PATIENCE).await?;
        self.send_detached(message, permit).await.map_err(|_dropped| MailboxError::Closed)
    }

    /// Sends a message whose answer nobody needs, unless the queue is full: whoever
    /// nudges says "look again", and a full queue says that already.
    pub fn nudge<M>(&self, message: M)
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message<Result = ()> + Send + 'static,
    {
        if let Ok(permit) = self.admit() {
            drop(self.send_detached(message, permit));
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a permit was taken: this is the bounded path")]
    fn send_detached<M>(&self, message: M, permit: Permit) -> oneshot::Receiver<M::Result>
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let (answer_sender, answer) = oneshot::channel();
        let request = self.address.send(message);
        // A dropped `send` future takes an unhandled message with it, so the
        // future lives in a task of its own and outlives an impatient caller.
        tokio::spawn(async move {
            if let Ok(result) = request.await {
                let _caller_left = answer_sender.send(result);
            }
            drop(permit);
        });
        answer
    }
}

#[cfg(test)]
mod tests;
