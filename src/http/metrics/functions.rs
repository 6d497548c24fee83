//! What the node counts of functions.

use fazt_actors::executor::counters::Counts;

use super::exposition::{Family, Labels, Number};
use crate::node::Node;

pub(super) fn about_functions(node: &Node, families: &mut Vec<Family>) {
    let counts = node.functions.counts();
    families.extend([
        Family::counter("function_calls_total", "Calls of functions taken in.", counts.calls),
        Family::counter(
            "function_calls_refused_total",
            "Calls answered that too many wait, or that their app is suspended.",
            counts.refused,
        ),
        Family::counter(
            "function_calls_moved_total",
            "Calls that left a thread because a step on it was slow.",
            counts.moved,
        ),
        Family::counter(
            "function_threads_lost_total",
            "Threads given up because a function could not be interrupted.",
            counts.lanes_lost,
        ),
        Family::gauge("function_isolates", "Isolates that live.", counts.isolates as u64),
        Family::gauge(
            "function_isolate_bytes",
            "Memory that they were last seen to hold.",
            counts.isolate_bytes as u64,
        ),
        Family::counter(
            "function_isolates_made_total",
            "Isolates given to an app.",
            counts.isolates_made,
        ),
        Family::counter(
            "function_cold_starts_total",
            "Isolates that a call had to wait for.",
            counts.cold_starts,
        ),
    ]);
    families.push(Family::counters(
        "function_isolates_retired_total",
        "Isolates that ended, by reason.",
        labelled("reason", &counts, |counts| &counts.retired),
    ));
    families.push(Family::counters(
        "function_limits_broken_total",
        "Limits that calls broke.",
        labelled("limit", &counts, |counts| &counts.broken),
    ));
}

fn labelled(
    label: &'static str,
    counts: &Counts,
    of: fn(&Counts) -> &Vec<(&'static str, u64)>,
) -> Vec<(Labels, Number)> {
    of(counts).iter().map(|(name, count)| (vec![(label, *name)], (*count).into())).collect()
}
