//! Values of signing in, of the audit log, and of mapped domains.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of `POST /api/login`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginRequest {
    /// The owner's name.
    #[schema(examples("admin"))]
    pub username: String,
    /// The owner's password.
    #[schema(examples("correct horse battery"))]
    pub password: String,
    /// Whether the session lasts a week instead of a day.
    #[serde(default)]
    pub remember_me: bool,
}

/// Answer of `GET /api/auth/status`, in the original's spelling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuthStatus {
    /// Whether the request carried a good credential.
    pub authenticated: bool,
    /// The owner's name, or the token's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub username: Option<String>,
    /// What the credential may do; absent without a good one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// When the session or the token ends; absent for never.
    #[serde(default, rename = "expiresAt", skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    pub expires_at: Option<String>,
}

/// Answer of `GET /api/user/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserInfo {
    /// The owner's name, or the token's.
    pub username: String,
    /// Version of the node.
    pub version: String,
    /// What the credential may do.
    pub scopes: Vec<String>,
}

/// Body of `PUT /api/user/credentials`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CredentialsRequest {
    /// The new name; absent to keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(examples("ada"))]
    pub username: Option<String>,
    /// The new password; absent to keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 8, max_length = 1024, examples("a new long password"))]
    pub password: Option<String>,
    /// The password until now; needed from a browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(examples("correct horse battery"))]
    pub current_password: Option<String>,
}

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionInfo {
    /// By which it is ended.
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When its owner signed in.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it ends by itself.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// Where it was begun from.
    pub address: String,
    /// What the browser calls itself.
    pub user_agent: String,
}

/// An entry of the audit log: what its event tells, and where from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// What `GET /api/stream` tells of it.
    #[serde(flatten)]
    pub event: StreamEvent,
    /// `socket`, `session`, `token` or `nobody`.
    pub actor_kind: String,
    /// Id of the session or the token; null otherwise.
    #[schema(required)]
    pub actor_id: Option<String>,
    /// Where the connection came from; `local` for the socket.
    pub address: String,
}

/// Data of an event of `GET /api/stream`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreamEvent {
    /// Of the entry in the audit log.
    pub id: i64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// What was done, such as `app.deploy`.
    pub action: String,
    /// Name of the token, of the owner, `owner` for the socket, or `-`.
    pub actor: String,
    /// Name of the app; null for none.
    #[schema(required)]
    pub app: Option<String>,
    /// What else it was about; null for nothing.
    #[schema(required)]
    pub resource: Option<String>,
    /// `ok`, or the code of the refusal.
    pub result: String,
    /// In words; null for nothing.
    #[schema(required)]
    pub details: Option<String>,
}

/// A host name that leads to an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MappedDomain {
    /// The host name, in lower case.
    pub domain: String,
    /// Name of the app.
    pub app: String,
    /// Id of the app.
    pub app_id: String,
    /// Since when.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// Body of `POST /api/mapped-domains`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MappedDomainRequest {
    /// The host name.
    #[schema(
        max_length = 253,
        pattern = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$",
        examples("shop.example.org")
    )]
    pub domain: String,
    /// Name or id of the app.
    #[schema(examples("blog"))]
    pub app: String,
}
