//! Asks again what may be asked again.
//!
//! Only what can be done twice is repeated: reads, and contents that are stored under their
//! hash. A deploy or a removal whose answer got lost may have happened. Also only what passes
//! by itself: a connection that broke, a node that says it is busy, a proxy whose node
//! restarts. A host that is unknown, a port where nobody listens, and an answer that did not
//! come in its time are told at once.

use std::{
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use super::{Body, Client, OutboundError, Request, Response, Verb};
use crate::random;

/// How often something is asked again after its first failure.
const RETRIES_MAX: u32 = 2;
/// The pause before the first repetition; each later one is twice as long.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause that a node may ask for; with a longer one the user decides.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);
/// Age of a read after which it is not repeated: somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(15);

/// The repetitions that are left, and the pauses before them.
#[derive(Debug)]
pub struct Retries {
    left: u32,
    pause: Duration,
}

impl Default for Retries {
    fn default() -> Retries {
        Retries::after(FIRST_PAUSE)
    }
}

impl Retries {
    fn after(pause: Duration) -> Retries {
        Retries { left: RETRIES_MAX, pause }
    }

    /// Whether to try again what failed with `error` and can be done twice; the pause before
    /// it is over then.
    pub async fn again(&mut self, error: &OutboundError) -> bool {
        passes(error) && self.pause_for(self.pause).await
    }

    /// Waits for about `pause`, if a repetition is left.
    async fn pause_for(&mut self, pause: Duration) -> bool {
        let Some(left) = self.left.checked_sub(1) else { return false };
        tokio::time::sleep(jittered(pause)).await;
        self.left = left;
        self.pause *= 2;
        true
    }
}

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
        let mut retries = Retries::after(self.first_pause);
        loop {
            let (url, bearer) = (url.clone(), bearer.as_ref().map(Rc::clone));
            let again = Request { verb: Verb::Get, url, bearer, body: Body::Empty, timeout };
            let answer = self.send(again).await;
            if began.elapsed() > PATIENCE {
                return answer;
            }
            let is_paused = match &answer {
                Ok(response) => match pause_of(response, retries.pause) {
                    Some(pause) => retries.pause_for(pause).await,
                    None => false,
                },
                Err(error) => retries.again(error).await,
            };
            if !is_paused {
                return answer;
            }
        }
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
