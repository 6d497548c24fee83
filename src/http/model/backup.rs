//! The values of `POST /api/system/backup`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /api/system/backup`: where the node writes its backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupRequest {
    /// Absolute path of the file; without one, a name made of the time in `backups` beside the
    /// database.
    #[serde(default)]
    pub file: Option<String>,
    /// Whether a file of that name may be replaced.
    #[serde(default)]
    pub force: bool,
    /// Whether it is read back, all of it, before it takes its name.
    #[serde(default)]
    pub verify: bool,
}

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupMade {
    /// Absolute path of the file.
    pub file: String,
    /// When it was asked for, RFC 3339: what is in it is what the node held then.
    pub created_at: String,
    /// Bytes of the file.
    pub size_bytes: u64,
    /// The hash in the file's seal, in hexadecimal.
    pub sha256: String,
    /// Version of the fazt that made it.
    pub fazt_version: String,
    /// Version of the schema in it.
    pub schema_version: i64,
    /// Apps on the air.
    pub apps: u64,
    /// Their releases.
    pub releases: u64,
    /// Files of all releases.
    pub files: u64,
    /// Different contents.
    pub contents: u64,
    /// Bytes of these, as they were deployed.
    pub content_bytes: u64,
}
