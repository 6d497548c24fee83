//! What a deploy sends, worked out from two lists. Pure.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use fazt_actors::content::ContentHash;

use crate::http::model::{ChangedFile, ReleaseFile, UploadRequest};

/// Bytes before each blob: its hash and its length.
pub(super) const FRAME_HEAD_BYTES: u64 = 32 + 8;
/// Bytes of frames after which a request is full. One larger blob travels alone.
const BATCH_BYTES: u64 = 8 * 1024 * 1024;

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LocalEntry {
    /// Where it will be in the app.
    pub(super) path: String,
    /// Where it is now.
    pub(super) full_path: PathBuf,
    /// Bytes.
    pub(super) size: u64,
    /// Their hash.
    pub(super) hash: ContentHash,
}

/// A content to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blob {
    /// Its identity.
    pub(super) hash: ContentHash,
    /// Bytes.
    pub(super) size: u64,
    /// A file that holds it.
    pub(super) full_path: PathBuf,
}

impl Blob {
    /// Bytes that it takes in a request.
    pub(super) fn frame_bytes(&self) -> u64 {
        FRAME_HEAD_BYTES + self.size
    }
}

/// How the folder differs from the live release `base` and its files.
pub(super) fn difference(
    base: Option<u64>,
    entries: &[LocalEntry],
    live: &[ReleaseFile],
) -> UploadRequest {
    let live_hashes: HashMap<&str, &str> =
        live.iter().map(|file| (file.path.as_str(), file.sha256.as_str())).collect();
    let local_paths: HashSet<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
    let changed = entries.iter().filter_map(|entry| {
        let sha256 = entry.hash.to_string();
        let is_live = live_hashes.get(entry.path.as_str()) == Some(&sha256.as_str());
        (!is_live).then(|| ChangedFile { path: entry.path.clone(), sha256, size: entry.size })
    });
    let removed = live.iter().filter(|file| !local_paths.contains(file.path.as_str()));
    UploadRequest {
        base,
        changed: changed.collect(),
        removed: removed.map(|file| file.path.clone()).collect(),
    }
}

/// The contents that the node asked for, each once.
///
/// # Errors
/// The node asks for something that this deploy did not offer: whatever runs there, it gets
/// nothing else of the folder.
pub(super) fn blobs(
    entries: &[LocalEntry],
    offered: &UploadRequest,
    missing: &[String],
) -> anyhow::Result<Vec<Blob>> {
    let offered: HashSet<&str> = offered.changed.iter().map(|file| file.sha256.as_str()).collect();
    let by_hash: HashMap<ContentHash, &LocalEntry> =
        entries.iter().map(|entry| (entry.hash, entry)).collect();
    let mut seen = HashSet::new();
    let mut blobs = Vec::with_capacity(missing.len());
    for text in missing {
        let entry = match text.parse().ok().and_then(|hash| by_hash.get(&hash)) {
            Some(entry) if offered.contains(text.as_str()) => entry,
            _ => anyhow::bail!("the node asks for a content that was not offered: {text}"),
        };
        if seen.insert(entry.hash) {
            let full_path = entry.full_path.clone();
            blobs.push(Blob { hash: entry.hash, size: entry.size, full_path });
        }
    }
    Ok(blobs)
}

/// Groups blobs into requests of about [`BATCH_BYTES`], in their order.
pub(super) fn batches(blobs: Vec<Blob>) -> Vec<Vec<Blob>> {
    let mut batches: Vec<Vec<Blob>> = Vec::new();
    let mut room = 0;
    for blob in blobs {
        let needed = blob.frame_bytes();
        match batches.last_mut() {
            Some(batch) if needed <= room => {
                room -= needed;
                batch.push(blob);
            }
            _ => {
                room = BATCH_BYTES.saturating_sub(needed);
                batches.push(vec![blob]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests;
