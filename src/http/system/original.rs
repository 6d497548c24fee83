//! What the original's API tells of a node, under its names and with its spelling.

use actix_web::web;

use super::process::MachineFacts;
use crate::http::answer::answer;
use crate::http::error::ApiResult;
use crate::http::model::settings::{
    OriginalCache, OriginalConfig, OriginalDatabase, OriginalLimits,
};
use crate::http::operator::Operator;
use crate::http::permission::Read;
use crate::node::Node;

/// `GET /api/system/config` and `GET /api/config`.
pub(in crate::http) async fn config(_operator: Operator<Read>, node: web::Data<Node>) -> ApiResult {
    let domain = node.config.domain.as_deref();
    Ok(answer(OriginalConfig {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        domain: domain.unwrap_or("localhost").to_owned(),
        env: super::mode(&node).to_owned(),
        https: node.config.admin_url().starts_with("https:"),
        ntfy: false,
    }))
}

/// `GET /api/system/limits`.
pub(in crate::http) async fn limits(_operator: Operator<Read>, node: web::Data<Node>) -> ApiResult {
    let machine = web::block(MachineFacts::read).await.unwrap_or_default();
    Ok(answer(OriginalLimits {
        total_ram: machine.memory_bytes,
        available_ram: machine.available_bytes,
        cpu_count: std::thread::available_parallelism().map_or(1, usize::from) as u64,
        max_vfs_bytes: node.contents.cache_use().bytes_max,
        max_upload_bytes: node.limits().deploy.archive_bytes_max,
    }))
}

/// `GET /api/system/cache`.
pub(in crate::http) async fn cache(_operator: Operator<Read>, node: web::Data<Node>) -> ApiResult {
    let cache = node.contents.cache_use();
    Ok(answer(OriginalCache { cached_files: cache.entries, cache_size_bytes: cache.bytes }))
}

/// `GET /api/system/db`.
pub(in crate::http) async fn db(_operator: Operator<Read>, node: web::Data<Node>) -> ApiResult {
    let (open, in_use) = node.store.readers.connections();
    Ok(answer(OriginalDatabase {
        open_connections: u64::from(open),
        in_use: u64::from(in_use),
        idle: u64::from(open.saturating_sub(in_use)),
    }))
}
