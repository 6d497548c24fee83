//! The bytes of files: content-addressed, in chunks, shared by apps and releases.
//!
//! A content is known by its SHA-256 and stored once. Its identity form and its
//! encoded variants are rows of at most [`CHUNK_BYTES`], so that a large file is
//! read in short steps and no reader pins the write-ahead log for long.

mod read;
mod sweep;
mod writes;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use quick_cache::Weighter;

use crate::encoding::Encoding;
use crate::limits::Limits;
use crate::store::{Readers, StoreError};

pub use read::read_whole;
pub use sweep::{ReturnPages, SweepContents, Swept};
pub use writes::{ContentPiece, PutPieces, PutVariant, pieces_of};

/// Bytes of one stored chunk, and of one read of a streamed file.
pub const CHUNK_BYTES: usize = 256 * 1024;

/// A content of average size, from which the cache guesses how many it will hold.
const TYPICAL_CONTENT_BYTES: u64 = 16 * 1024;

/// Bytes that an entry of the cache costs beside its content.
const ENTRY_BYTES: u64 = 96;

/// A content's row in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentId(pub i64);

type CacheKey = (ContentId, Encoding);

#[derive(Clone, Debug)]
struct ByteWeight;

impl Weighter<CacheKey, Bytes> for ByteWeight {
    fn weight(&self, _key: &CacheKey, content: &Bytes) -> u64 {
        content.len() as u64 + ENTRY_BYTES
    }
}

/// How full a cache is, and how often it could not help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheUse {
    /// What it holds.
    pub entries: u64,
    /// Bytes that the entries take.
    pub bytes: u64,
    /// Bytes that they may take.
    pub bytes_max: u64,
    /// Times that something had to be read from the database.
    pub misses: u64,
}

/// Reads contents, the often used ones from memory.
#[derive(Clone)]
pub struct Contents {
    cache: Arc<quick_cache::sync::Cache<CacheKey, Bytes, ByteWeight>>,
    readers: Readers,
    cached_bytes_max: u64,
    misses: Arc<AtomicU64>,
}

impl Contents {
    /// A reader of the contents behind `readers`, with a cache of its own.
    pub fn new(readers: Readers, limits: &Limits) -> Contents {
        let capacity = limits.content_cache_bytes;
        let items = usize::try_from(capacity / TYPICAL_CONTENT_BYTES).unwrap_or(1).max(1);
        Contents {
            cache: Arc::new(quick_cache::sync::Cache::with_weighter(items, capacity, ByteWeight)),
            readers,
            cached_bytes_max: limits.cached_content_bytes_max,
            misses: Arc::default(),
        }
    }

    /// How full the cache is.
    pub fn cache_use(&self) -> CacheUse {
        CacheUse {
            entries: self.cache.len() as u64,
            bytes: self.cache.weight(),
            bytes_max: self.cache.capacity(),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }

    /// The content, if it is in memory. Never waits.
    pub fn cached(&self, id: ContentId, encoding: Encoding) -> Option<Bytes> {
        self.cache.get(&(id, encoding))
    }

    /// Whether a form of this size is kept in memory; larger ones are read chunk by chunk.
    pub fn is_cacheable(&self, size: u64) -> bool {
        size <= self.cached_bytes_max
    }

    /// The whole of a content that [`Contents::is_cacheable`]; read once however many ask at once.
    ///
    /// `None` when the database does not have that form (any more).
    pub async fn load(
        &self,
        id: ContentId,
        encoding: Encoding,
    ) -> Result<Option<Bytes>, StoreError> {
        let read = async {
            self.misses.fetch_add(1, Ordering::Relaxed);
            let bytes = self.readers.read(move |c| read_whole(c, id, encoding)).await;
            bytes.map_err(LoadFailure::Store)?.ok_or(LoadFailure::Missing)
        };
        match self.cache.get_or_insert_async(&(id, encoding), read).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(LoadFailure::Missing) => Ok(None),
            Err(LoadFailure::Store(error)) => Err(error),
        }
    }

    /// Chunk number `position` of a content; `None` past its end.
    pub async fn chunk(
        &self,
        id: ContentId,
        encoding: Encoding,
        position: u64,
    ) -> Result<Option<Bytes>, StoreError> {
        self.readers.read(move |c| read::read_chunk(c, id, encoding, position)).await
    }
}

enum LoadFailure {
    Missing,
    Store(StoreError),
}
