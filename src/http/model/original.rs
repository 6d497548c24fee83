//! Values in the exact spelling of the original's API, which its clients read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An app, under the original's name for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Site {
    /// Name of the app.
    pub name: String,
    /// `vfs://` and the name.
    pub path: String,
    /// Files of the live release.
    pub file_count: u64,
    /// Bytes of the live release's files together.
    pub size_bytes: u64,
    /// When the live release last changed: `2026-01-31 12:00:00`, UTC.
    pub mod_time: String,
}

/// A file of an app's live release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SiteFile {
    /// Path from the root of the app.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// When this path got these bytes.
    #[schema(format = DateTime)]
    pub mod_time: String,
}

/// Answer of `GET /api/deployments`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deployments {
    /// The newest ones, the newest first.
    pub deployments: Vec<Deployment>,
}

/// A release, as something that somebody deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deployment {
    /// Rises with each deploy.
    pub id: i64,
    /// Name of the app.
    pub site_id: String,
    /// Bytes of its files together.
    pub size_bytes: u64,
    /// Its files.
    pub file_count: u64,
    /// Name of the token that deployed it, or of the owner.
    pub deployed_by: String,
    /// When.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// Answer of `GET /api/keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Keys {
    /// All tokens, the oldest first.
    pub keys: Vec<Key>,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Key {
    /// The public half of the token.
    pub id: String,
    /// What the owner called it.
    pub name: String,
    /// Its scopes, with commas between them.
    pub scopes: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last presented; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    pub last_used_at: Option<String>,
}

/// Body of `POST /api/keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyRequest {
    /// What the owner calls it.
    #[schema(min_length = 1, max_length = 100, examples("laptop"))]
    pub name: String,
    /// Scopes with commas or spaces between them; `deploy` where none are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(examples("read,deploy"))]
    pub scopes: Option<String>,
}

/// Answer of `POST /api/keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyCreated {
    /// `fazt_<id>_<secret>`, shown this once.
    pub token: String,
    /// What to do with it.
    pub message: String,
}

/// Answer of `GET /api/envvars`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvVars {
    /// The variables by name.
    pub vars: Vec<EnvVar>,
}

/// A variable, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvVar {
    /// By which it is deleted.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// Body of `POST /api/envvars`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvVarRequest {
    /// Name or id of the app.
    #[schema(min_length = 1, examples("blog"))]
    pub site_id: String,
    /// Name of the variable.
    #[schema(pattern = "^[A-Z][A-Z0-9_]{0,127}$", examples("API_URL"))]
    pub name: String,
    /// Its value.
    #[schema(max_length = 65536, examples("https://api.example.org"))]
    pub value: String,
}

/// Answer of `GET /api/logs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Logs {
    /// The newest lines, the newest first.
    pub logs: Vec<LogLine>,
}

/// A line of an app's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// Rises with time.
    pub id: i64,
    /// `info`, `warn`, `error` or `debug`.
    pub level: String,
    /// What it says.
    pub message: String,
    /// When it was written.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// `file:line` of the statement that wrote it; absent where no code did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source: Option<String>,
    /// The request during which code wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_id: Option<String>,
}

/// `{}`: there is nothing to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Nothing {}
