//! `/api/system/metrics`: what the node counts about itself, for Prometheus.
//!
//! All numbers are kept by the parts that they are about; this reads them, and so is the
//! one place where names and units of metrics are decided.

mod exposition;
mod functions;

use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use fazt_actors::account::password::{HASHES_AT_ONCE, HASHES_WAITING};
use fazt_actors::app_logs::WAITING_LINES_MAX;
use fazt_actors::contents::CacheUse;
use fazt_actors::kind::ErrorKind;
use fazt_actors::timestamp::Timestamp;

use super::error::{ApiError, ApiResult};
use super::operator::Operator;
use super::permission::Read;
use super::stream::STREAMS_MAX;
use super::system::process::ProcessFacts;
use crate::node::Node;
use crate::request_counters::{
    Answered, BOUNDS_MICROS, BUCKETS, CLASSES, KINDS, RequestKind, Totals,
};
use exposition::{Family, Histogram, Labels, Number};

/// The format that Prometheus has always read.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Names of the classes of statuses.
const CLASS_NAMES: [&str; CLASSES] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// `GET /api/system/metrics`.
pub(super) async fn show(_operator: Operator<Read>, node: web::Data<Node>) -> ApiResult {
    let process = web::block(ProcessFacts::read).await.unwrap_or_default();
    let mut families = Vec::new();
    about_node(&node, &mut families);
    about_requests(&node, &mut families);
    about_queues(&node, &mut families);
    about_logs(&node, &mut families);
    functions::about_functions(&node, &mut families);
    about_store(&node, &mut families);
    about_readers(&node, &mut families);
    about_caches(&node, &mut families);
    about_process(process, &mut families);
    let text = exposition::text(families).map_err(|_| {
        ApiError::new(ErrorKind::Internal, "INTERNAL_ERROR", "the metrics cannot be written")
    })?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}

/// Counts an answer of the API.
pub(super) fn count_api(response: &ServiceResponse<impl MessageBody>, took: Duration) {
    let request = response.request();
    if let Some(node) = request.app_data::<web::Data<Node>>() {
        node.requests.count(Answered {
            kind: RequestKind::Api,
            status: response.status().as_u16(),
            took,
            body_bytes: body_bytes(request.method(), response.response().body().size()),
        });
    }
}

/// Bytes that go out after the head of an answer, where that is known beforehand.
pub(super) fn body_bytes(method: &Method, size: BodySize) -> u64 {
    match size {
        BodySize::Sized(bytes) if *method != Method::HEAD => bytes,
        BodySize::Sized(_) | BodySize::None | BodySize::Stream => 0,
    }
}

fn about_node(node: &Node, families: &mut Vec<Family>) {
    let version = vec![("version", env!("CARGO_PKG_VERSION"))];
    families.extend([
        Family::gauges("build_info", "Version of the node.", vec![(version, 1_u64.into())]),
        Family::gauge(
            "uptime_seconds",
            "Time since the node was started.",
            node.started_at.elapsed().as_secs_f64(),
        ),
        Family::gauge("apps", "Apps on the air.", node.routes.table().len() as u64),
        Family::gauge("tokens", "Tokens that exist.", node.tokens.list().len() as u64),
        Family::gauge(
            "sessions",
            "Browsers that are signed in.",
            node.account.sessions.list(Timestamp::now()).len() as u64,
        ),
    ]);
}

fn about_requests(node: &Node, families: &mut Vec<Family>) {
    let totals: Vec<(&'static str, Totals)> =
        KINDS.iter().map(|kind| (kind.name(), node.requests.totals(*kind))).collect();
    let by_class = totals.iter().flat_map(|(kind, totals)| {
        CLASS_NAMES
            .iter()
            .zip(totals.by_class)
            .map(|(class, count)| (vec![("kind", *kind), ("class", *class)], count.into()))
    });
    families.push(Family::counters(
        "requests_total",
        "Requests answered, by whom they were for and the class of the answer's status.",
        by_class.collect(),
    ));
    families.push(Family::histograms(
        "request_duration_seconds",
        "From the head of a request to the head of its answer.",
        totals.iter().map(|(kind, totals)| (vec![("kind", *kind)], durations(totals))).collect(),
    ));
    families.push(Family::counters(
        "response_body_bytes_total",
        "Bytes of the bodies of answers, as their heads announce them.",
        totals.iter().map(|(kind, t)| (vec![("kind", *kind)], t.body_bytes.into())).collect(),
    ));
}

fn durations(totals: &Totals) -> Histogram {
    let bound = |bucket: usize| {
        BOUNDS_MICROS.get(bucket).map_or(f64::INFINITY, |micros| *micros as f64 / 1e6)
    };
    let buckets = (0..BUCKETS).map(|bucket| (bound(bucket), totals.by_bucket[bucket])).collect();
    Histogram { sum: totals.nanos as f64 / 1e9, buckets }
}

/// A queue: its name, its length, and its bound.
type Queue = (&'static str, usize, usize);

fn about_queues(node: &Node, families: &mut Vec<Family>) {
    let (writer, deployer, router) = (&node.store.writer, &node.deployer, &node.router);
    let passwords_max = HASHES_AT_ONCE + HASHES_WAITING;
    let queues = [
        ("writer", writer.queued(), writer.queue_max()),
        ("deployer", deployer.queued(), deployer.messages_max()),
        ("router", router.queued(), router.messages_max()),
        ("passwords", node.account.hashes_queued(), passwords_max),
        ("app_logs", node.logs.waiting(), WAITING_LINES_MAX),
        ("streams", node.events.open_streams(), STREAMS_MAX),
    ];
    let of = |count: fn(&Queue) -> usize| -> Vec<(Labels, Number)> {
        let sample = |queue: &Queue| (vec![("queue", queue.0)], (count(queue) as u64).into());
        queues.iter().map(sample).collect()
    };
    families.push(Family::gauges(
        "queue_length",
        "What waits for a part of the node or is in its hands.",
        of(|(_, queued, _)| *queued),
    ));
    families.push(Family::gauges(
        "queue_max_length",
        "Where the next one waits outside or is refused.",
        of(|(_, _, max)| *max),
    ));
}

fn about_logs(node: &Node, families: &mut Vec<Family>) {
    families.extend([
        Family::counter("app_log_lines_total", "Lines of apps made durable.", node.logs.written()),
        Family::counter(
            "app_log_lines_dropped_total",
            "Lines of apps dropped: an app said too much, or the disk was too slow.",
            node.logs.dropped(),
        ),
    ]);
}

fn about_store(node: &Node, families: &mut Vec<Family>) {
    let counters = node.store.counters();
    let file_bytes = std::fs::metadata(node.store.path()).map_or(0, |file| file.len());
    families.extend([
        Family::counter("store_commits_total", "Transactions made durable.", counters.commits()),
        Family::counters(
            "store_changes_sent_total",
            "Changes sent to the writer, by lane.",
            vec![
                (vec![("lane", "interactive")], counters.sent_interactive().into()),
                (vec![("lane", "bulk")], counters.sent_bulk().into()),
            ],
        ),
        Family::counter("store_changes_total", "Changes made durable.", counters.writes()),
        Family::counter(
            "store_changes_failed_total",
            "Changes that failed and were undone.",
            counters.writes_failed(),
        ),
        Family::counter(
            "store_changes_panicked_total",
            "Changes that failed by a defect.",
            counters.panics(),
        ),
        Family::counter(
            "store_checkpoints_total",
            "Times that the log was moved into the database file.",
            counters.checkpoints(),
        ),
        Family::gauge(
            "store_wal_bytes",
            "Log that waits to be moved into the database file.",
            counters.wal_bytes(),
        ),
        Family::gauge(
            "store_wal_peak_bytes",
            "The most that the log has been since the start.",
            counters.wal_bytes_peak(),
        ),
        Family::gauge("store_file_bytes", "Size of the database file.", file_bytes),
    ]);
}

fn about_readers(node: &Node, families: &mut Vec<Family>) {
    let readers = &node.store.readers;
    let (open, in_use) = readers.connections();
    let connections = [("open", open), ("in_use", in_use)];
    families.extend([
        Family::gauges(
            "reader_connections",
            "Connections that read the database.",
            connections
                .map(|(state, count)| (vec![("state", state)], u64::from(count).into()))
                .to_vec(),
        ),
        Family::gauge(
            "reader_max_connections",
            "Connections that there may be.",
            u64::from(readers.connections_max()),
        ),
        Family::counter(
            "reads_waited_total",
            "Reads that found no free connection and waited for one.",
            readers.counters().waited(),
        ),
        Family::counter(
            "reads_refused_total",
            "Reads that waited in vain and were answered \"busy\".",
            readers.counters().refused(),
        ),
    ]);
}

fn about_caches(node: &Node, families: &mut Vec<Family>) {
    let (contents, indexes) = (node.contents.cache_use(), node.routes.cache_use());
    let of = |field: fn(&CacheUse) -> u64| -> Vec<(Labels, Number)> {
        vec![
            (vec![("cache", "contents")], field(&contents).into()),
            (vec![("cache", "indexes")], field(&indexes).into()),
        ]
    };
    families.extend([
        Family::gauges("cache_entries", "Things in a cache.", of(|cache| cache.entries)),
        Family::gauges("cache_bytes", "Memory that they take.", of(|cache| cache.bytes)),
        Family::gauges(
            "cache_max_bytes",
            "Memory that they may take.",
            of(|cache| cache.bytes_max),
        ),
        Family::counters(
            "cache_misses_total",
            "Things that were not in the cache and had to be read.",
            of(|cache| cache.misses),
        ),
    ]);
}

fn about_process(process: ProcessFacts, families: &mut Vec<Family>) {
    families.extend([
        Family::gauge(
            "process_resident_memory_bytes",
            "Resident memory of the process.",
            process.resident_bytes,
        ),
        Family::gauge("process_threads", "Threads of the process.", process.threads),
        Family::gauge("process_open_fds", "Open files and sockets.", process.open_fds),
        Family::counter(
            "process_cpu_seconds_total",
            "Processor time that the process has used.",
            process.cpu_seconds,
        ),
    ]);
}
