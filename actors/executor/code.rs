//! One release's functions, ready to run: what isolates of an app share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::bundle::Bundle;
use super::standing::Standing;

/// Bytes of compiled code kept of one release.
const COMPILED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Codes made so far.
static MADE: AtomicU64 = AtomicU64::new(0);

/// The app that code belongs to.
#[derive(Clone, Debug)]
pub struct AppIdentity {
    /// Its row.
    pub row: i64,
    /// Its id: `app_` and 12 characters, the same for ever.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The number of the release.
    pub release: u32,
    /// Whether it is seen on the release's own host, beside the live one.
    pub is_preview: bool,
}

/// The functions of one release, with what they may read. Two isolates run the same code when
/// they hold the same `Arc`: a deploy or a changed variable makes another.
#[derive(Debug)]
pub struct Code {
    /// Whose it is.
    pub app: AppIdentity,
    /// The files.
    pub bundle: Bundle,
    /// The app's variables by name.
    pub env: Vec<(String, String)>,
    /// How the app behaved so far.
    pub standing: Arc<Standing>,
    /// Lanes, bit by bit, that have an isolate of this code.
    lanes: AtomicU64,
    compiled: Mutex<Compiled>,
    /// Microseconds that the first step of its calls takes, as a moving average.
    step_micros: AtomicU32,
    /// Rises with every code that is made.
    made: u64,
}

/// What the engine made of the sources, so that the next isolate need not.
#[derive(Debug, Default)]
struct Compiled {
    files: HashMap<Box<str>, Arc<[u8]>>,
    bytes: usize,
}

impl Code {
    /// The code of a release.
    pub fn new(
        app: AppIdentity,
        bundle: Bundle,
        env: Vec<(String, String)>,
        standing: Arc<Standing>,
    ) -> Code {
        Code {
            app,
            bundle,
            env,
            standing,
            lanes: AtomicU64::new(0),
            compiled: Mutex::default(),
            step_micros: AtomicU32::new(u32::MAX),
            made: MADE.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Whether `other` is newer code of the same app, seen from the same host.
    pub(super) fn is_replaced_by(&self, other: &Code) -> bool {
        self.app.row == other.app.row
            && self.app.is_preview == other.app.is_preview
            && self.made < other.made
    }

    /// Lanes that have an isolate of this code, bit by bit.
    pub(super) fn lanes(&self) -> u64 {
        self.lanes.load(Ordering::Relaxed)
    }

    /// Notes that a lane has an isolate of this code, or has none any more.
    pub(super) fn set_lane(&self, lane: usize, is_there: bool) {
        let bit = 1u64.checked_shl(u32::try_from(lane).unwrap_or(u32::MAX)).unwrap_or(0);
        if is_there {
            self.lanes.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.lanes.fetch_and(!bit, Ordering::Relaxed);
        }
    }

    /// How long the first step of a call is likely to take; very long before the first call.
    pub(super) fn step_time(&self) -> Duration {
        Duration::from_micros(self.step_micros.load(Ordering::Relaxed).into())
    }

    /// Notes how long the first step of a call took.
    pub(super) fn took_step(&self, time: Duration) {
        let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        let known = self.step_micros.load(Ordering::Relaxed);
        let average = if known == u32::MAX { micros } else { known - known / 8 + micros / 8 };
        self.step_micros.store(average, Ordering::Relaxed);
    }

    /// What the engine keeps of a compiled file.
    pub fn compiled(&self, file: &str) -> Option<Arc<[u8]>> {
        self.lock().files.get(file).cloned()
    }

    /// Keeps what the engine made of a file, while there is room.
    pub fn keep_compiled(&self, file: &str, bytes: &[u8]) {
        let mut compiled = self.lock();
        let old = compiled.files.get(file).map_or(0, |old| old.len());
        let total = compiled.bytes - old + bytes.len();
        if total <= COMPILED_BYTES_MAX {
            compiled.files.insert(file.into(), bytes.into());
            compiled.bytes = total;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Compiled> {
        // A panic while it was held left a map that is still a map.
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
