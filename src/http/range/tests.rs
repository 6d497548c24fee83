use proptest::prelude::*;

use super::{RANGES_MAX, Ranges, content_range, length, multipart, parse, unsatisfied};

/// Checks against 100 bytes; the expectation is `first-last` by commas, `ignore` or `416`.
#[track_caller]
fn check(header: &str, expect: &str) {
    check_size(header, 100, expect);
}

#[track_caller]
fn check_size(header: &str, size: u64, expect: &str) {
    let found = match parse(header, size) {
        Ranges::Ignore => "ignore".to_owned(),
        Ranges::Unsatisfiable => "416".to_owned(),
        Ranges::Parts(parts) => {
            let parts = parts.iter().map(|part| format!("{}-{}", part.start(), part.end()));
            parts.collect::<Vec<_>>().join(",")
        }
    };
    assert_eq!(found, expect, "{header:?} of {size}");
}

#[test]
fn single_ranges() {
    check("bytes=0-0", "0-0");
    check("bytes=0-", "0-99");
    check("bytes=99-", "99-99");
    check("bytes=10-19", "10-19");
    check("bytes=10-1000", "10-99");
    check("bytes=-1", "99-99");
    check("bytes=-100", "0-99");
    check("bytes=-1000", "0-99");
    check("Bytes = 1-2", "1-2");
    check("bytes=0-99999999999999999999999", "0-99");
    check_size("bytes=-1", u64::MAX, "18446744073709551614-18446744073709551614");
}

#[test]
fn several_ranges_keep_their_order() {
    check("bytes=50-59, 0-9", "50-59,0-9");
    check("bytes=,0-0 ,\t, -1,", "0-0,99-99");
    check("bytes=0-9,10-19", "0-9,10-19");
    // What lies behind the end is left out.
    check("bytes=200-,0-0", "0-0");
}

#[test]
fn nothing_to_give() {
    check("bytes=100-", "416");
    check("bytes=100-200,300-", "416");
    check("bytes=-0", "416");
    check("bytes=99999999999999999999999-", "416");
}

#[test]
fn what_is_wrong_or_greedy_is_ignored() {
    for header in [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=a-b",
        "bytes=+1-2",
        "bytes=1-+2",
        "bytes=0x1-2",
        "bytes=1 - 2",
        "bytes=9-1",
        "bytes=1",
        "bytes=--1",
        "bytes=0-0,x",
        "items=0-1",
        // Overlapping.
        "bytes=0-10,10-20",
        "bytes=0-,-1",
        "bytes=5-6,5-6",
    ] {
        check(header, "ignore");
    }
    check_size("bytes=0-", 0, "ignore");
    check_size("bytes=-1", 0, "ignore");
    let ranges = |count: usize| {
        let specs: Vec<String> = (0..count).map(|n| format!("{}-{}", 2 * n, 2 * n)).collect();
        parse(&format!("bytes={}", specs.join(",")), 100)
    };
    assert!(matches!(ranges(RANGES_MAX), Ranges::Parts(parts) if parts.len() == RANGES_MAX));
    assert_eq!(ranges(RANGES_MAX + 1), Ranges::Ignore);
}

#[test]
fn the_frame_of_several_ranges() {
    let framed = multipart(&[0..=1, 97..=99], 100, "text/plain", "Frontier");
    assert_eq!(
        framed.heads,
        [
            "--Frontier\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/100\r\n\r\n",
            "\r\n--Frontier\r\nContent-Type: text/plain\r\nContent-Range: bytes 97-99/100\r\n\r\n",
        ]
    );
    assert_eq!(framed.tail, "\r\n--Frontier--\r\n");
    assert_eq!(framed.content_type, "multipart/byteranges; boundary=Frontier");
    assert_eq!(content_range(&(0..=1), 100), "bytes 0-1/100");
    assert_eq!(unsatisfied(100), "bytes */100");
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn parts_lie_inside_and_apart(
        header in prop_oneof![
            any::<String>(),
            "bytes=([0-9]{0,3}-[0-9]{0,3}, ?){0,5}([0-9]{0,3}-[0-9]{0,3})?",
            "bytes=[0-9]{0,25}-[0-9]{0,25}",
        ],
        size in prop_oneof![Just(0), 0_u64..1000, any::<u64>()],
    ) {
        let Ranges::Parts(parts) = parse(&header, size) else { return Ok(()) };
        prop_assert!(!parts.is_empty() && parts.len() <= RANGES_MAX);
        let mut sorted = parts.clone();
        sorted.sort_by_key(|part| *part.start());
        for pair in sorted.windows(2) {
            prop_assert!(pair[0].end() < pair[1].start());
        }
        for part in &parts {
            prop_assert!(part.start() <= part.end() && *part.end() < size);
        }
        let total: u128 = parts.iter().map(|part| u128::from(length(part))).sum();
        prop_assert!(total <= u128::from(size));
    }

    #[test]
    fn the_announced_length_is_the_length(
        bounds in prop::collection::vec((0_u64..50, 0_u64..50), 1..16),
        content_type in "[a-z]{1,8}/[a-z]{1,8}",
    ) {
        let content = [b'x'; 100];
        let parts: Vec<_> = bounds.iter().map(|(start, more)| *start..=start + more).collect();
        let framed = multipart(&parts, 100, &content_type, "b0undary");
        let mut body = Vec::new();
        for (head, part) in framed.heads.iter().zip(&parts) {
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(&content[*part.start() as usize..=*part.end() as usize]);
        }
        body.extend_from_slice(framed.tail.as_bytes());
        prop_assert_eq!(body.len() as u64, framed.length);
        prop_assert_eq!(framed.heads.len(), parts.len());
    }
}
