//! Differential uploads that are not committed yet. They live in memory: after a
//! restart the client simply begins again, and finds its contents still there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::UploadError;
use super::writes::ReleaseEntry;
use crate::content::ContentHash;
use crate::limits::Limits;
use crate::name::AppName;
use crate::timestamp::Timestamp;

/// Uploads of all apps together.
const UPLOADS_MAX: usize = 64;

/// One upload between its beginning and its commit.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub(super) app: AppName,
    /// The release that was live when it began.
    pub(super) base: Option<i64>,
    pub(super) entries: Arc<Vec<ReleaseEntry>>,
    /// The contents that the client has to send, with their sizes.
    pub(super) missing: Arc<HashMap<ContentHash, u64>>,
    pub(super) expires_at: Timestamp,
}

/// The uploads of a node.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    open: HashMap<String, OpenUpload>,
}

#[derive(Debug)]
struct OpenUpload {
    upload: Upload,
    sent: HashSet<ContentHash>,
}

impl Uploads {
    pub(super) fn begin(
        &mut self,
        id: String,
        upload: Upload,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<(), UploadError> {
        self.open.retain(|_, open| now < open.upload.expires_at);
        let of_app = self.open.values().filter(|open| open.upload.app == upload.app).count();
        if self.open.len() >= UPLOADS_MAX || of_app >= limits.uploads_per_app {
            return Err(UploadError::TooMany);
        }
        self.open.insert(id, OpenUpload { upload, sent: HashSet::new() });
        Ok(())
    }

    /// The upload with this id of this app.
    pub(super) fn get(
        &self,
        id: &str,
        app: &AppName,
        now: Timestamp,
    ) -> Result<Upload, UploadError> {
        self.open
            .get(id)
            .filter(|open| open.upload.app == *app && now < open.upload.expires_at)
            .map(|open| open.upload.clone())
            .ok_or(UploadError::Unknown)
    }

    pub(super) fn record_sent(&mut self, id: &str, hashes: &[ContentHash]) {
        if let Some(open) = self.open.get_mut(id) {
            open.sent.extend(hashes);
        }
    }

    /// Contents that the client has to send still.
    pub(super) fn unsent(&self, id: &str) -> usize {
        self.open.get(id).map_or(0, |open| {
            open.upload.missing.keys().filter(|hash| !open.sent.contains(*hash)).count()
        })
    }

    pub(super) fn end(&mut self, id: &str) {
        self.open.remove(id);
    }
}
