//! The metrics: well-formed by every rule of the format, and true.

use std::collections::{BTreeMap, BTreeSet};

use crate::node::client::Request;
use crate::node::{ADMIN, TestNode};

/// A family of metrics.
#[derive(Debug)]
struct Family {
    kind: String,
    /// Values by their whole names, labels included.
    samples: BTreeMap<String, f64>,
}

/// Reads a page as strictly as the format is written
/// (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
#[track_caller]
fn parse(text: &str) -> BTreeMap<String, Family> {
    assert!(text.ends_with('\n'), "ends with a line break");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut helped = BTreeSet::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(words.ends_with('.') && words.len() > 5, "a sentence: {line}");
            assert!(helped.insert(name.to_owned()), "described twice: {line}");
            name.clone_into(&mut current);
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(name, current, "HELP stands before TYPE: {line}");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            let family = Family { kind: kind.to_owned(), samples: BTreeMap::new() };
            assert!(families.insert(name.to_owned(), family).is_none(), "twice: {line}");
        } else {
            assert!(!line.starts_with('#'), "{line}");
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let name = sample.split('{').next().unwrap();
            let family = families.get_mut(&current).unwrap_or_else(|| panic!("no TYPE: {line}"));
            let suffix = name.strip_prefix(&*current).unwrap_or_else(|| panic!("{line}"));
            let is_histogram = family.kind == "histogram";
            let is_part = ["_bucket", "_sum", "_count"].contains(&suffix);
            assert!(if is_histogram { is_part } else { suffix.is_empty() }, "{line}");
            check_name(name);
            check_labels(&sample[name.len()..], line);
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
            assert!(family.samples.insert(sample.to_owned(), value).is_none(), "twice: {line}");
        }
    }
    for (name, family) in &families {
        assert!(!family.samples.is_empty(), "{name} has no samples");
        assert_eq!(family.kind == "counter", name.ends_with("_total"), "{name}");
        assert!(family.samples.values().all(|value| *value >= 0.0), "{name}: {family:?}");
    }
    families
}

#[track_caller]
fn check_name(name: &str) {
    let is_sound = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    assert!(name.starts_with("fazt_") && is_sound && !name.contains("__"), "{name}");
}

#[track_caller]
fn check_labels(labels: &str, line: &str) {
    if labels.is_empty() {
        return;
    }
    let inner = labels.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let mut names = BTreeSet::new();
    for label in inner.unwrap_or_else(|| panic!("{line}")).split(',') {
        let (name, value) = label.split_once('=').unwrap_or_else(|| panic!("{line}"));
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{line}");
        assert!(value.starts_with('"') && value.ends_with('"') && value.len() > 2, "{line}");
        assert!(names.insert(name), "a label twice: {line}");
    }
}

#[track_caller]
fn scrape(node: &TestNode) -> BTreeMap<String, Family> {
    let token = node.token(&["read"], None);
    let request = Request::new("GET", ADMIN, "/api/system/metrics").bearer(&token);
    let response = node.send(&request);
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    parse(&response.text())
}

/// The value of a sample by its whole name.
#[track_caller]
fn value(families: &BTreeMap<String, Family>, sample: &str) -> f64 {
    let found = families.values().find_map(|family| family.samples.get(sample));
    *found.unwrap_or_else(|| panic!("{sample} is not in {families:#?}"))
}

fn requests(kind: &str, class: &str) -> String {
    format!("fazt_requests_total{{kind=\"{kind}\",class=\"{class}\"}}")
}

#[test]
fn the_page_is_well_formed_from_the_start() {
    let node = TestNode::start();
    let families = scrape(&node);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(value(&families, &format!("fazt_build_info{{version=\"{version}\"}}")), 1.0);
    // What an operator asks first is there: load, queues, store, memory.
    for name in [
        "fazt_requests_total",
        "fazt_request_duration_seconds",
        "fazt_response_body_bytes_total",
        "fazt_queue_length",
        "fazt_queue_max_length",
        "fazt_store_commits_total",
        "fazt_store_wal_bytes",
        "fazt_cache_bytes",
        "fazt_reader_connections",
        "fazt_reads_waited_total",
        "fazt_process_resident_memory_bytes",
        "fazt_process_cpu_seconds_total",
    ] {
        assert!(families.contains_key(name), "{name}");
    }
    assert!(value(&families, "fazt_process_resident_memory_bytes") > 1e6);
    assert!(value(&families, "fazt_process_open_fds") > 3.0);
    for (queue, bound) in
        [("writer", 4_096.0), ("deployer", 18.0), ("passwords", 10.0), ("streams", 64.0)]
    {
        let sample = |name: &str| value(&families, &format!("{name}{{queue=\"{queue}\"}}"));
        assert_eq!(sample("fazt_queue_max_length"), bound, "{queue}");
        assert!(sample("fazt_queue_length") < bound, "{queue}");
    }
    assert_eq!(value(&families, "fazt_cache_max_bytes{cache=\"contents\"}"), 67_108_864.0);
    assert_eq!(value(&families, &requests("site", "2xx")), 0.0, "there from the start");
}

#[test]
fn requests_are_counted_by_kind_and_class() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "home"), ("_redirects", "/old /new 302")]);
    let before = scrape(&node);
    for _ in 0..3 {
        assert_eq!(node.get("blog.localhost", "/").status, 200);
    }
    assert_eq!(node.send(&Request::new("HEAD", "blog.localhost", "/")).status, 200);
    assert_eq!(node.get("blog.localhost", "/old").status, 302);
    assert_eq!(node.get("blog.localhost", "/nothing").status, 404);
    assert_eq!(node.get("nobody.localhost", "/").status, 404);
    assert!(node.get(ADMIN, "/").status < 500);
    assert_eq!(node.get(ADMIN, "/health").status, 200);
    assert_eq!(node.get(ADMIN, "/api/none").status, 404);
    let after = scrape(&node);
    let moved = |sample: &str| value(&after, sample) - value(&before, sample);
    for (kind, class, count) in [
        ("site", "2xx", 4.0),
        ("site", "3xx", 1.0),
        ("site", "4xx", 2.0),
        ("site", "5xx", 0.0),
        ("admin", "5xx", 0.0),
        ("api", "4xx", 1.0),
        // The scrape before: it was answered before this one was written.
        ("api", "2xx", 1.0),
    ] {
        assert_eq!(moved(&requests(kind, class)), count, "{kind} {class}");
    }
    let admin: f64 =
        ["2xx", "3xx", "4xx"].iter().map(|class| moved(&requests("admin", class))).sum();
    assert_eq!(admin, 2.0);
    assert_eq!(moved("fazt_request_duration_seconds_count{kind=\"site\"}"), 7.0);
    let seconds = moved("fazt_request_duration_seconds_sum{kind=\"site\"}");
    assert!(seconds > 0.0 && seconds < 30.0, "{seconds}");
}

#[test]
fn bytes_are_counted_as_they_are_sent() {
    const SAMPLE: &str = "fazt_response_body_bytes_total{kind=\"site\"}";
    let node = TestNode::start();
    node.deploy("blog", &[("a.bin", vec![b'x'; 1_000])]);
    let sent = |request: &Request| {
        let before = value(&scrape(&node), SAMPLE);
        assert!(node.send(request).status < 400);
        value(&scrape(&node), SAMPLE) - before
    };
    let get = Request::new("GET", "blog.localhost", "/a.bin").header("Accept-Encoding", "identity");
    assert_eq!(sent(&get), 1_000.0);
    assert_eq!(sent(&get.clone().header("Range", "bytes=0-99")), 100.0);
    assert_eq!(sent(&Request::new("HEAD", "blog.localhost", "/a.bin")), 0.0);
}

#[test]
fn buckets_rise_to_the_count() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "home")]);
    for _ in 0..20 {
        node.get("blog.localhost", "/");
    }
    let families = scrape(&node);
    for kind in ["site", "admin", "api"] {
        let name = "fazt_request_duration_seconds";
        let mut buckets: Vec<(f64, f64)> = families[name]
            .samples
            .iter()
            .filter(|(sample, _)| sample.contains(&format!("kind=\"{kind}\"")))
            .filter_map(|(sample, count)| {
                let bound = sample.split("le=\"").nth(1)?.split('"').next()?;
                Some((bound.replace("+Inf", "inf").parse().unwrap(), *count))
            })
            .collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(buckets.len() > 10 && buckets.last().unwrap().0.is_infinite(), "{buckets:?}");
        assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{kind}: {buckets:?}");
        let count = value(&families, &format!("{name}_count{{kind=\"{kind}\"}}"));
        assert_eq!(buckets.last().unwrap().1, count, "{kind}");
        let by_class: f64 = ["1xx", "2xx", "3xx", "4xx", "5xx"]
            .iter()
            .map(|class| value(&families, &requests(kind, class)))
            .sum();
        assert_eq!(by_class, count, "{kind}");
    }
    assert_eq!(value(&families, "fazt_request_duration_seconds_count{kind=\"site\"}"), 20.0);
}

#[test]
fn the_store_and_the_caches_tell_what_they_do() {
    let node = TestNode::start();
    let before = scrape(&node);
    node.deploy("blog", &[("index.html", "home"), ("a.txt", "a")]);
    for _ in 0..5 {
        node.get("blog.localhost", "/");
        node.get("blog.localhost", "/a.txt");
    }
    let after = scrape(&node);
    let moved = |sample: &str| value(&after, sample) - value(&before, sample);
    assert_eq!(moved("fazt_apps"), 1.0);
    assert!(moved("fazt_tokens") >= 1.0, "the second scrape's own");
    for sample in [
        "fazt_store_commits_total",
        "fazt_store_changes_total",
        "fazt_store_changes_sent_total{lane=\"interactive\"}",
        "fazt_store_changes_sent_total{lane=\"bulk\"}",
        "fazt_uptime_seconds",
    ] {
        assert!(moved(sample) > 0.0, "{sample}");
    }
    for sample in ["fazt_store_changes_failed_total", "fazt_store_changes_panicked_total"] {
        assert_eq!(moved(sample), 0.0, "{sample}");
    }
    assert_eq!(value(&after, "fazt_cache_entries{cache=\"contents\"}"), 2.0);
    assert!(value(&after, "fazt_cache_bytes{cache=\"contents\"}") > 5.0);
    assert_eq!(moved("fazt_cache_misses_total{cache=\"contents\"}"), 2.0, "read once each");
    assert!(moved("fazt_cache_misses_total{cache=\"indexes\"}") >= 1.0);
    assert!(value(&after, "fazt_store_file_bytes") > 0.0);
}
