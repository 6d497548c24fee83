//! Settings as they travel, and what the original's API tells of a node.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::Object;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

/// A setting: what counts, where that comes from, and what it may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Setting {
    /// Its name.
    pub key: String,
    /// The value in force: bytes and seconds as numbers; null for none.
    pub value: Value,
    /// The value without flag, environment and database.
    pub default: Value,
    /// `port`, `address`, `host_name`, `host_list`, `bool`, `bytes`, `count`, `duration` (in
    /// seconds), or `unknown` for a row that this version of fazt does not know and keeps as
    /// it is.
    pub kind: String,
    /// What it is for.
    pub help: String,
    /// The least that a number may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub min: Option<u64>,
    /// The most that a number may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max: Option<u64>,
    /// Where the value in force comes from: `flag`, `environment`, `database` or `default`.
    pub source: String,
    /// What the database holds, as text; null when it was not set.
    #[schema(required)]
    pub stored: Option<String>,
    /// Whether a change waits for the node's next start.
    pub needs_restart: bool,
    /// Whether the next start brings another value.
    pub pending_restart: bool,
    /// Who may change it: `admin`, or `owner` for the owner on the node's machine alone.
    pub changed_by: String,
    /// Why the stored value does not count; null when it does.
    #[schema(required)]
    pub problem: Option<String>,
}

/// Body of `PUT /api/settings/{key}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SettingChange {
    /// The new value: as its kind has it, or as text with a unit (`64MB`, `30d`); null for
    /// none.
    #[schema(schema_with = new_value)]
    pub value: Value,
}

fn new_value() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([
            Type::Null,
            Type::Boolean,
            Type::Integer,
            Type::String,
        ]))
        .description(Some("As the setting's kind has it, or as text with a unit: `64MB`, `30d`."))
        .examples([20])
        .build()
}

/// `GET /api/config` and `GET /api/system/config`, as the original had them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OriginalConfig {
    /// Version of the node.
    pub version: String,
    /// Main domain; `localhost` for none.
    pub domain: String,
    /// `production` with a main domain, else `development`.
    pub env: String,
    /// Whether visitors come by https.
    pub https: bool,
    /// Whether notifications are sent; never.
    pub ntfy: bool,
}

/// `GET /api/system/limits`, with the original's field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct OriginalLimits {
    /// Bytes of memory of the machine, or of the process's control group.
    #[serde(rename = "TotalRAM")]
    pub total_ram: u64,
    /// Bytes of it that are free for programs.
    #[serde(rename = "AvailableRAM")]
    pub available_ram: u64,
    /// Processors that the node may use.
    #[serde(rename = "CPUCount")]
    pub cpu_count: u64,
    /// Bytes of memory for the contents of files.
    #[serde(rename = "MaxVFSBytes")]
    pub max_vfs_bytes: u64,
    /// Bytes of an uploaded archive.
    pub max_upload_bytes: u64,
}

/// `GET /api/system/cache`, with the original's field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct OriginalCache {
    /// Contents in memory.
    pub cached_files: u64,
    /// Bytes that they take.
    pub cache_size_bytes: u64,
}

/// `GET /api/system/db`, with the original's field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct OriginalDatabase {
    /// Open connections that read.
    pub open_connections: u64,
    /// Those that run a query right now.
    pub in_use: u64,
    /// The others.
    pub idle: u64,
}
