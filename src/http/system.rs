//! `/api/system`: what the node knows about itself, and how it is told to stop.

use actix_web::{HttpResponse, web};

use super::answer::answer;
use super::error::ApiResult;
use super::model::{DatabaseHealth, Discovery, MemoryHealth, NodeHealth, RuntimeHealth, Stopping};
use super::operator::Operator;
use super::permission::{OwnersSocket, Read};
use crate::node::Node;

/// One mebibyte in bytes.
const MIB: u64 = 1024 * 1024;

/// `GET /.well-known/fazt` on any host.
pub(super) fn discovery(node: &Node) -> HttpResponse {
    HttpResponse::Ok().json(Discovery {
        name: "fazt".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        admin_url: node.config.admin_url(),
    })
}

/// `GET /api/system/health`.
pub(super) async fn health(_operator: Operator<Read>, node: web::Data<Node>) -> ApiResult {
    let answers = node.store.is_healthy().await;
    let process = web::block(ProcessStatus::read).await.unwrap_or_default();
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
        mode: if node.config.domain.is_some() { "production" } else { "development" }.to_owned(),
        uptime_seconds: node.started_at.elapsed().as_secs(),
        memory: MemoryHealth { used_mb: process.resident_mb, limit_mb: process.limit_mb },
        database,
        runtime: RuntimeHealth {
            queued_events: node.store.writer.queued() as u64,
            goroutines: process.threads,
        },
        apps: node.routes.table().len() as u64,
    }))
}

/// `POST /api/system/stop`, through the node's socket.
pub(super) async fn stop(_operator: Operator<OwnersSocket>, node: web::Data<Node>) -> ApiResult {
    node.stop.notify_one();
    Ok(answer(Stopping { message: "stopping".to_owned(), pid: std::process::id() }))
}

/// What the kernel says of this process. Zero where it does not say.
#[derive(Default)]
struct ProcessStatus {
    resident_mb: u64,
    threads: u64,
    limit_mb: u64,
}

impl ProcessStatus {
    fn read() -> ProcessStatus {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| -> u64 {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
                .unwrap_or(0)
        };
        let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let machine_kib: u64 = meminfo
            .lines()
            .find_map(|line| {
                line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok()
            })
            .unwrap_or(0);
        let cgroup_mb = std::fs::read_to_string("/sys/fs/cgroup/memory.max")
            .ok()
            .and_then(|limit| limit.trim().parse::<u64>().ok())
            .map(|bytes| bytes / MIB);
        ProcessStatus {
            resident_mb: field("VmRSS:") / 1024,
            threads: field("Threads:"),
            limit_mb: cgroup_mb.unwrap_or(machine_kib / 1024),
        }
    }
}
