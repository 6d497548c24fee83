//! The signals that end `fazt dev`: from the keyboard, from a supervisor, and from a terminal
//! that is closed.

use actix_web::rt::signal::unix::{Signal, SignalKind, signal};
use anyhow::Context;

/// Those signals, which no longer end the process by themselves.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl StopSignals {
    /// From here on the process ends in order.
    pub(super) fn listen() -> anyhow::Result<StopSignals> {
        let listen = |kind| signal(kind).context("cannot wait for signals");
        Ok(StopSignals {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// Returns when one of them has arrived.
    pub(super) async fn received(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
