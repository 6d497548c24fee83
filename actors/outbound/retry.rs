//! Asks again what may be asked again.
//!
//! Only reads are repeated: a deploy or a removal whose answer got lost may have happened.
//! Also only what passes by itself: a connection that broke, a node that says it is busy, a
//! proxy whose node restarts. A host that is unknown, a port where nobody listens, and an
//! answer that did not come in its time are told at once.

use std::{
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use super::{Body, Client, OutboundError, Request, Response, Verb};
use crate::random;

/// How often a read is asked again after its first failure.
const RETRIES_MAX: u32 = 2;
/// The pause before the first repetition; each later one is twice as long.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause that a node may ask for; with a longer one the user decides.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);
/// Age of a request after which it is not repeated: somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(15);

impl Client {
    /// Sends `request` like [`Client::send`]; a read is repeated a few times when it fails in
    /// a way that passes.
    ///
    /// # Errors
    /// The last failure.
    pub async fn send_patiently(&self, request: Request) -> Result<Response, OutboundError> {
        let Request { verb: Verb::Get, url, bearer, body: Body::Empty, timeout } = request else {
            return self.send(request).await;
        };
        let began = Instant::now();
        let mut pause = self.first_pause;
        for _ in 0..RETRIES_MAX {
            let again = Request {
                verb: Verb::Get,
                url: url.clone(),
                bearer: bearer.as_ref().map(Rc::clone),
                body: Body::Empty,
                timeout,
            };
            let answer = self.send(again).await;
            let wanted = match &answer {
                Ok(response) => pause_of(response, pause),
                Err(error) if passes(error) => Some(pause),
                Err(_) => None,
            };
            let Some(wanted) = wanted.filter(|_| began.elapsed() < PATIENCE) else {
                return answer;
            };
            drop(answer);
            tokio::time::sleep(jittered(wanted)).await;
            pause *= 2;
        }
        self.send(Request { verb: Verb::Get, url, bearer, body: Body::Empty, timeout }).await
    }
}

/// How long to wait before asking again, where the answer says that this may help.
fn pause_of(response: &Response, pause: Duration) -> Option<Duration> {
    match response.status() {
        // 429 and 503 may say when (RFC 9110 section 10.2.3). What is not a number of seconds
        // is a date, which no node sends.
        429 | 503 => {
            let named = response.header("retry-after")?.parse().ok().map(Duration::from_secs)?;
            (named <= RETRY_AFTER_MAX).then(|| named.min(RETRY_AFTER_MAX).max(pause))
        }
        502 | 504 => Some(pause),
        _ => None,
    }
}

/// Whether a failure is one of the moment.
fn passes(error: &OutboundError) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error {
        OutboundError::Broken { .. } => true,
        OutboundError::Connect { source, .. } => {
            matches!(
                source.kind(),
                BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof
            )
        }
        _ => false,
    }
}

/// Half to one and a half times the pause, so that clients which failed together do not
/// come back together.
fn jittered(pause: Duration) -> Duration {
    let [drawn] = random::bytes::<1>();
    pause / 2 + pause.mul_f64(f64::from(drawn) / 256.0)
}

#[cfg(test)]
mod tests;
