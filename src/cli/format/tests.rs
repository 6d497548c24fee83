use proptest::prelude::*;

use super::*;

#[test]
fn sizes_are_short() {
    for (bytes, expect) in [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KB"),
        (1536, "1.5 KB"),
        (10_188, "9.9 KB"),
        (10_240, "10 KB"),
        (1_048_575, "1.0 MB"),
        (20 * 1024 * 1024, "20 MB"),
        (u64::MAX, "16384 PB"),
    ] {
        assert_eq!(size(bytes), expect, "{bytes}");
    }
}

#[test]
fn times_are_told_from_now() {
    let now = UtcDateTime::from_unix_timestamp(1_767_225_600).unwrap();
    for (then, expect) in [
        ("2026-01-01T00:00:00Z", "just now"),
        ("2026-01-01T00:00:03Z", "just now"),
        ("2025-12-31T23:59:30Z", "30 seconds ago"),
        ("2025-12-31T23:58:59.5Z", "1 minute ago"),
        ("2025-12-31T21:00:00Z", "3 hours ago"),
        ("2026-01-01T02:00:00+05:00", "3 hours ago"),
        ("2025-12-30T00:00:00Z", "2 days ago"),
        ("2020-01-01T00:00:00Z", "6 years ago"),
        ("2026-01-31T00:00:00Z", "in 30 days"),
        ("soon", "soon"),
    ] {
        assert_eq!(relative(then, now), expect, "{then}");
    }
}

#[test]
fn uptimes_have_two_units() {
    for (seconds, expect) in
        [(0, "0s"), (59, "59s"), (61, "1m 1s"), (3 * 3600 + 240, "3h 4m"), (90_000, "1d 1h")]
    {
        assert_eq!(uptime(seconds), expect, "{seconds}");
    }
}

#[test]
fn durations_need_a_number_and_a_unit() {
    for (text, expect) in [
        ("90s", Some(90)),
        ("45m", Some(2_700)),
        ("12h", Some(43_200)),
        ("30d", Some(2_592_000)),
        ("2w", Some(1_209_600)),
        ("1y", Some(31_536_000)),
        ("100y", Some(3_153_600_000)),
        ("101y", None),
        ("18446744073709551615y", None),
        ("99999999999999999999d", None),
        ("0d", None),
        ("30", None),
        ("d", None),
        ("", None),
        ("-1d", None),
        ("1.5d", None),
        ("1 d", None),
        ("1D", None),
        ("1é", None),
    ] {
        assert_eq!(parse_duration(text).ok(), expect, "{text}");
    }
}

#[test]
fn releases_may_have_their_letter() {
    for (text, expect) in [
        ("v7", Some(7)),
        ("7", Some(7)),
        ("V12", Some(12)),
        ("v0", None),
        ("v", None),
        ("", None),
        ("+7", None),
        ("v-1", None),
        ("live", None),
        ("99999999999999999999", None),
    ] {
        assert_eq!(parse_release(text).ok(), expect, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn any_size_is_at_most_eight_letters(bytes in any::<u64>()) {
        prop_assert!(size(bytes).len() <= 8, "{}", size(bytes));
    }

    #[test]
    fn any_text_is_a_duration_or_an_explanation(text in "\\PC{0,12}") {
        if let Err(explanation) = parse_duration(&text) {
            prop_assert!(!explanation.is_empty());
        }
        let _ = parse_release(&text);
    }
}
