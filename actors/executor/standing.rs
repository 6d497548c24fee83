//! How an app behaved: what the next call of it may expect.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A step of this length makes an app one that slows others.
pub const LONG_STEP: Duration = Duration::from_millis(50);

/// How long such an app runs beside the others, with a lower priority.
const ASIDE: Duration = Duration::from_secs(60);

/// How long an app is suspended that cost a thread.
pub const SUSPENSION: Duration = Duration::from_secs(5);

/// The standing of one app, across its releases and threads.
#[derive(Debug)]
pub struct Standing {
    epoch: Instant,
    /// Milliseconds after `epoch`; until then the app runs aside.
    aside_until: AtomicU64,
    /// Milliseconds after `epoch`; until then the app does not run.
    suspended_until: AtomicU64,
}

impl Default for Standing {
    fn default() -> Standing {
        Standing {
            epoch: Instant::now(),
            aside_until: AtomicU64::new(0),
            suspended_until: AtomicU64::new(0),
        }
    }
}

impl Standing {
    /// Notes a step that took longer than [`LONG_STEP`].
    pub fn move_aside(&self, now: Instant) {
        self.aside_until.fetch_max(self.millis(now + ASIDE), Ordering::Relaxed);
    }

    /// Whether the app runs beside the others.
    pub fn is_aside(&self, now: Instant) -> bool {
        self.millis(now) < self.aside_until.load(Ordering::Relaxed)
    }

    /// Notes that the app cost a thread.
    pub fn suspend(&self, now: Instant) {
        self.suspended_until.fetch_max(self.millis(now + SUSPENSION), Ordering::Relaxed);
    }

    /// How long the app does not run yet, where it is suspended.
    pub fn suspended_for(&self, now: Instant) -> Option<Duration> {
        let left = self.suspended_until.load(Ordering::Relaxed).saturating_sub(self.millis(now));
        (left > 0).then(|| Duration::from_millis(left))
    }

    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.epoch).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_aside_for_a_minute_and_suspended_for_seconds() {
        let standing = Standing::default();
        let now = Instant::now();
        assert!(!standing.is_aside(now));
        standing.move_aside(now);
        assert!(standing.is_aside(now + ASIDE / 2));
        assert!(!standing.is_aside(now + ASIDE));
        assert_eq!(standing.suspended_for(now), None);
        standing.suspend(now);
        standing.suspend(now);
        assert_eq!(standing.suspended_for(now), Some(SUSPENSION));
        assert_eq!(standing.suspended_for(now + SUSPENSION), None);
    }
}
