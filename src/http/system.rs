//! `/api/system`: what the node knows about itself, and how it is told to stop.

mod functions;
pub(super) mod original;
pub(super) mod process;

use actix_web::{HttpResponse, web};

use super::answer::answer;
use super::error::ApiResult;
use super::model::{DatabaseHealth, Discovery, MemoryHealth, NodeHealth, RuntimeHealth, Stopping};
use super::operator::Operator;
use super::permission::{OwnersSocket, Read};
use crate::node::Node;
use process::{MachineFacts, ProcessFacts};

/// One mebibyte in bytes.
const MIB: u64 = 1024 * 1024;

/// `GET /.well-known/fazt` on any host.
pub(super) fn discovery(node: &Node) -> HttpResponse {
    HttpResponse::Ok().json(Discovery {
        name: "fazt".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        admin_url: node.config.admin_url(),
        node_id: node.id.clone(),
    })
}

/// `GET /api/system/health`.
pub(super) async fn health(_operator: Operator<Read>, node: web::Data<Node>) -> ApiResult {
    let answers = node.store.is_healthy().await;
    let read = || (ProcessFacts::read(), MachineFacts::read());
    let (process, machine) = web::block(read).await.unwrap_or_default();
    let (open_connections, in_use) = node.store.readers.connections();
    let database = DatabaseHealth {
        path: node.store.path().display().to_string(),
        open_connections: u64::from(open_connections),
        in_use: u64::from(in_use),
        wal_bytes: node.store.counters().wal_bytes(),
        wal_bytes_peak: node.store.counters().wal_bytes_peak(),
        size_bytes: std::fs::metadata(node.store.path()).map_or(0, |file| file.len()),
    };
    Ok(answer(NodeHealth {
        status: if answers { "healthy" } else { "degraded" }.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: mode(&node).to_owned(),
        uptime_seconds: node.started_at.elapsed().as_secs(),
        memory: MemoryHealth {
            used_mb: process.resident_bytes / MIB,
            limit_mb: machine.memory_bytes / MIB,
            vfs_cache_mb: node.contents.cache_use().bytes / MIB,
        },
        database,
        runtime: RuntimeHealth {
            queued_events: node.store.writer.queued() as u64,
            goroutines: process.threads,
        },
        apps: node.routes.table().len() as u64,
        functions: functions::health(&node).await,
    }))
}

/// `POST /api/system/stop`, through the node's socket.
pub(super) async fn stop(_operator: Operator<OwnersSocket>, node: web::Data<Node>) -> ApiResult {
    node.stop.notify_one();
    Ok(answer(Stopping { message: "stopping".to_owned(), pid: std::process::id() }))
}

/// What the original called a node's environment.
fn mode(node: &Node) -> &'static str {
    if node.config.domain.is_some() { "production" } else { "development" }
}
