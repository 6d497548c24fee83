//! The values of the HTTP API, as they travel.
//!
//! The server writes these types and the command line reads them, so that the two
//! cannot drift apart. Field names are the API's: `snake_case`, times as RFC 3339 in
//! UTC, lists never null. Fields that a newer node adds are ignored by older clients.

mod account;
pub mod backup;
mod functions;
pub mod original;
pub mod settings;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use account::{
    AuditEntry, AuthStatus, CredentialsRequest, LoginRequest, MappedDomain, MappedDomainRequest,
    SessionInfo, StreamEvent, UserInfo,
};
pub use functions::FunctionsHealth;

/// A successful answer: `{"data": …}`, and `"meta"` beside it where a list is paged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// What was asked for.
    pub data: T,
    /// Where the list goes on; only on paged lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<PageMeta>,
}

/// The position of a page in its list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageMeta {
    /// What to send as `cursor` for the next page; null on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// Entries of the whole list; absent where nobody counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total: Option<u64>,
}

/// A failed answer: `{"error": {…}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// What went wrong, for a program (`code`) and for a person (`message`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// A stable name in capitals, such as `APP_NOT_FOUND`.
    pub code: String,
    /// A sentence that says what, where, and what to do.
    pub message: String,
    /// Which field of the request broke which rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub details: Option<FieldError>,
}

/// The field of a request that was refused, and the rule it broke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Name of the field.
    pub field: String,
    /// The rule, in words.
    pub constraint: String,
}

/// Answer of an action that has nothing else to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// What was done.
    pub message: String,
}

/// `GET /.well-known/fazt`, the one answer without an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Discovery {
    /// Always `fazt`.
    pub name: String,
    /// Version of the node.
    pub version: String,
    /// Origin of the dashboard and the API, without a slash at its end.
    pub admin_url: String,
    /// 22 base62 characters that no other node has, drawn anew at each start; empty from a node
    /// that tells none.
    #[serde(default)]
    pub node_id: String,
}

/// `GET /api/system/health`: what a node knows about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeHealth {
    /// `healthy`, or `degraded` while the database does not answer.
    pub status: String,
    /// Version of the node.
    pub version: String,
    /// `production` with a main domain, else `development`.
    pub mode: String,
    /// Seconds since the node started.
    pub uptime_seconds: u64,
    /// Memory of the process and of the machine.
    pub memory: MemoryHealth,
    /// The state of the database file.
    pub database: DatabaseHealth,
    /// The state of the program.
    pub runtime: RuntimeHealth,
    /// Apps on the air.
    pub apps: u64,
    /// The state of functions; older nodes do not tell it.
    #[serde(default)]
    pub functions: FunctionsHealth,
}

/// Memory, in mebibytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemoryHealth {
    /// Resident memory of the process.
    pub used_mb: u64,
    /// Memory of the machine, or the limit of the process's control group.
    pub limit_mb: u64,
    /// Of the resident memory, what holds the contents of files.
    #[serde(default)]
    pub vfs_cache_mb: u64,
}

/// The database file and its connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatabaseHealth {
    /// Path of the file.
    pub path: String,
    /// Open connections.
    pub open_connections: u64,
    /// Connections that run a query right now.
    pub in_use: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// The most that it has been since the node was started.
    pub wal_bytes_peak: u64,
    /// Bytes of the file itself.
    pub size_bytes: u64,
}

/// Work in the program, under the names of the original's API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuntimeHealth {
    /// Messages that wait in a queue.
    pub queued_events: u64,
    /// Threads of the process.
    pub goroutines: u64,
}

/// Answer of `POST /api/system/stop`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stopping {
    /// Always `stopping`.
    pub message: String,
    /// Process id of the node that stops.
    pub pid: u32,
}

/// An app, on the air or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct App {
    /// `app_` and 12 base62 characters; never changes.
    pub id: String,
    /// The label of its host name.
    pub name: String,
    /// Where a browser on the node's machine opens it.
    pub url: String,
    /// Number of the release that visitors see; null before the first one.
    #[schema(required)]
    pub live_release: Option<u64>,
    /// Files of the live release.
    pub file_count: u64,
    /// Bytes of the live release's files together.
    pub size_bytes: u64,
    /// When the app came to be.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When its live release last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// When it was deleted; null while it is on the air.
    #[schema(format = DateTime, required)]
    pub deleted_at: Option<String>,
    /// Where the app came from: `deploy`.
    pub source: String,
}

/// Answer of `DELETE /api/apps/{app}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppDeleted {
    /// What was done.
    pub message: String,
    /// The name that is free again.
    pub name: String,
    /// The id by which it can be restored.
    pub id: String,
}

/// One immutable deployed version of an app's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Release {
    /// 1 for an app's first release, then rising.
    pub number: u64,
    /// Whether visitors see this one.
    pub live: bool,
    /// Its files.
    pub file_count: u64,
    /// Bytes of its files together.
    pub size_bytes: u64,
    /// Name of the token that deployed it, or `owner`.
    pub deployed_by: String,
    /// When it was deployed.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Its preview host.
    pub url: String,
}

/// One file of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseFile {
    /// Path from the root of the app, without a slash at its start.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes: 64 hex digits in lower case.
    pub sha256: String,
}

/// What became live: the answer of a deploy and of a rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeployResult {
    /// Name of the app, under the name of the original's API.
    pub site: String,
    /// Id of the app.
    pub app_id: String,
    /// The release that is live now.
    pub release: u64,
    /// The one that was live before; null on an app's first deploy.
    #[schema(required)]
    pub previous_release: Option<u64>,
    /// Files of the live release.
    pub file_count: u64,
    /// Bytes of its files together.
    pub size_bytes: u64,
    /// Where a browser opens it.
    pub url: String,
    /// `Deployment successful`.
    pub message: String,
}

/// Body of `POST /api/apps/{app}/rollback`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RollbackRequest {
    /// The release to go back to; absent for the one before the live one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 4_294_967_295_u32, examples(1))]
    pub release: Option<u64>,
}

/// Body of `POST /api/apps/{app}/uploads`: how the new release differs from `base`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadRequest {
    /// The live release that the client compared with; null for an app without one.
    #[schema(maximum = 4_294_967_295_u32, examples(2))]
    pub base: Option<u64>,
    /// Files that are new or whose bytes differ.
    pub changed: Vec<ChangedFile>,
    /// Paths that the new release does not have.
    pub removed: Vec<String>,
}

/// A file of a new release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedFile {
    /// Path from the root of the app, without a slash at its start.
    #[schema(min_length = 1, max_length = 512, examples("about.html"))]
    pub path: String,
    /// SHA-256 of the bytes: 64 hex digits in lower case.
    #[schema(
        pattern = "^[0-9a-f]{64}$",
        examples("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
    )]
    pub sha256: String,
    /// Bytes.
    #[schema(examples(4))]
    pub size: u64,
}

/// An upload that waits for its blobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadCreated {
    /// Id of the upload, `upl_…`.
    pub upload: String,
    /// The hashes whose bytes the node lacks.
    pub missing: Vec<String>,
}

/// Answer of `PUT …/blobs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlobsReceived {
    /// Blobs taken from this request.
    pub received: u64,
}

/// Body of `POST …/commit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CommitRequest {
    /// Whether files of earlier releases become unreachable at once.
    #[serde(default)]
    pub purge: bool,
}

/// A credential, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// The public half of the token.
    pub id: String,
    /// What the owner called it.
    pub name: String,
    /// `read`, `deploy`, `deploy:<app>` or `admin`.
    pub scopes: Vec<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it stops working; null for never.
    #[schema(format = DateTime, required)]
    pub expires_at: Option<String>,
    /// When it was last presented; null for never.
    #[schema(format = DateTime, required)]
    pub last_used_at: Option<String>,
}

/// Body of `POST /api/tokens`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenRequest {
    /// What the owner calls it.
    #[schema(min_length = 1, max_length = 100, examples("laptop"))]
    pub name: String,
    /// What it may do.
    #[schema(
        min_items = 1,
        max_items = 100,
        max_length = 70,
        pattern = "^(read|deploy|admin|deploy:[a-z0-9]+(-[a-z0-9]+)*)$",
        examples("deploy:blog")
    )]
    pub scopes: Vec<String>,
    /// Seconds until it expires; absent for never; at most a hundred years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 3_153_600_000_u64, examples(86_400))]
    pub expires_in_seconds: Option<u64>,
}

/// A new credential. The only answer that ever holds the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenCreated {
    /// What every later answer shows of it.
    #[serde(flatten)]
    pub info: Token,
    /// `fazt_<id>_<secret>`, shown this once.
    pub token: String,
}
