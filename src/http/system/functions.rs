//! What `/api/system/health` says of functions.

use crate::http::model::FunctionsHealth;
use crate::node::Node;

pub(super) async fn health(node: &Node) -> FunctionsHealth {
    let observed = node.functions.observe().await.unwrap_or_default();
    let counts = node.functions.counts();
    let named = |rows: Vec<(&'static str, u64)>| {
        rows.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
    };
    FunctionsHealth {
        engine: node.functions.engine().map(str::to_owned),
        threads: observed.lanes as u64,
        threads_lost: observed.lost as u64,
        waiting: observed.waiting as u64,
        calls: counts.calls,
        calls_refused: counts.refused,
        calls_moved: counts.moved,
        isolates: counts.isolates as u64,
        isolate_bytes: counts.isolate_bytes as u64,
        isolates_made: counts.isolates_made,
        cold_starts: counts.cold_starts,
        retired: named(counts.retired),
        limits_broken: named(counts.broken),
    }
}
