//! The code of releases, read once and shared by all isolates that run it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use quick_cache::Weighter;
use rusqlite::{Connection, OptionalExtension};

use super::bundle::Bundle;
use super::code::{AppIdentity, Code};
use super::standing::Standing;
use crate::env;
use crate::store::{Readers, StoreError};

/// Bytes of code kept in memory.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// A release's code of average size, from which the cache guesses how many it will hold.
const TYPICAL_BYTES: usize = 16 * 1024;

/// Bytes that a release's code costs beside its files: what is prepared and compiled of them.
const CODE_BYTES: u64 = 8 * 1024;

/// Which code: of a release, on which kind of host, with which variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct CodeKey {
    release: i64,
    is_preview: bool,
    /// Rises when the app's variables change.
    epoch: u64,
}

#[derive(Clone, Debug)]
struct ByteWeight;

impl Weighter<CodeKey, Arc<Code>> for ByteWeight {
    fn weight(&self, _key: &CodeKey, code: &Arc<Code>) -> u64 {
        // Sources, and about as much again for what is made of them.
        CODE_BYTES + 2 * code.bundle.size_bytes() as u64
    }
}

/// What is known of an app whatever it deploys.
#[derive(Clone, Default)]
struct Kept {
    standing: Arc<Standing>,
    epoch: Arc<AtomicU64>,
    /// The code that the app's own host was answered with last.
    live: Arc<Mutex<Option<CodeKey>>>,
}

/// The code of releases. Cheap to clone.
#[derive(Clone)]
pub struct Codes {
    cache: Arc<quick_cache::sync::Cache<CodeKey, Arc<Code>, ByteWeight>>,
    /// By the app's row. One small entry for each app that was called.
    kept: Arc<Mutex<HashMap<i64, Kept>>>,
    readers: Readers,
}

impl Codes {
    /// Code that is read through `readers`.
    pub fn new(readers: Readers) -> Codes {
        let items = usize::try_from(CACHE_BYTES).unwrap_or(usize::MAX) / TYPICAL_BYTES;
        Codes {
            cache: Arc::new(quick_cache::sync::Cache::with_weighter(
                items,
                CACHE_BYTES,
                ByteWeight,
            )),
            kept: Arc::default(),
            readers,
        }
    }

    /// The code of a release of an app; `None` when the release is gone. Read once, however
    /// many ask. On a preview host it gets no variables.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn get(
        &self,
        app: i64,
        release: i64,
        is_preview: bool,
    ) -> Result<Option<Arc<Code>>, StoreError> {
        let kept = self.kept(app);
        let epoch = kept.epoch.load(Ordering::Acquire);
        let key = CodeKey { release, is_preview, epoch };
        if let Some(code) = self.cache.get(&key) {
            return Ok(Some(code));
        }
        let read = async {
            let standing = Arc::clone(&kept.standing);
            let found =
                self.readers.read(move |c| read_code(c, app, release, is_preview, standing)).await;
            found.map_err(Some)?.map(Arc::new).ok_or(None)
        };
        match self.cache.get_or_insert_async(&key, read).await {
            Ok(code) => {
                if !is_preview {
                    self.replace_live(&kept, key);
                }
                Ok(Some(code))
            }
            Err(None) => Ok(None),
            Err(Some(error)) => Err(error),
        }
    }

    /// Drops the code that other code of its app has taken the place of: nobody asks for it again,
    /// unless the owner goes back to that release.
    fn replace_live(&self, kept: &Kept, key: CodeKey) {
        // Nothing can panic while it is held.
        let mut live = kept.live.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(earlier) = live.replace(key).filter(|earlier| *earlier != key) {
            self.cache.remove(&earlier);
        }
    }

    /// The app's variables have changed: its next call runs in isolates that know them.
    pub fn forget(&self, app: i64) {
        self.kept(app).epoch.fetch_add(1, Ordering::Release);
    }

    fn kept(&self, app: i64) -> Kept {
        // A panic while it was held left a map that is still a map.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry(app).or_default().clone()
    }
}

fn read_code(
    connection: &Connection,
    app: i64,
    release: i64,
    is_preview: bool,
    standing: Arc<Standing>,
) -> rusqlite::Result<Option<Code>> {
    // One snapshot for all of it: a deploy must not pass between two reads.
    let snapshot = connection.unchecked_transaction()?;
    let found: Option<(String, String, u32)> = snapshot
        .prepare_cached(
            "SELECT public_id, name, number FROM releases JOIN apps ON apps.id = app_id
             WHERE releases.id = ?1 AND app_id = ?2 AND state = 'ready'",
        )?
        .query_row((release, app), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((id, name, number)) = found else { return Ok(None) };
    let app =
        AppIdentity { row: app, id: id.into(), name: name.into(), release: number, is_preview };
    let env = if is_preview { Vec::new() } else { env::values(&snapshot, app.row)? };
    let bundle = Bundle::load(&snapshot, release)?;
    Ok(Some(Code::new(app, bundle, env, standing)))
}
