use proptest::prelude::*;

use super::{if_match, if_none_match, if_range, modified_since_equal};

/// Checks `If-None-Match` and `If-Match` side by side.
#[track_caller]
fn check(header: &str, etag: &str, weak: bool, strong: bool) {
    assert_eq!(if_none_match(header, etag), weak, "If-None-Match: {header} against {etag}");
    assert_eq!(if_match(header, etag), strong, "If-Match: {header} against {etag}");
}

#[test]
fn tags_in_lists() {
    check("\"a\"", "\"a\"", true, true);
    check(" \"a\" ", "\"a\"", true, true);
    check("\"b\", \"a\"", "\"a\"", true, true);
    check(",,\"b\",\"a\",", "\"a\"", true, true);
    check("\"a,b\"", "\"a,b\"", true, true);
    check("\"x,\", \"a\"", "\"a\"", true, true);
    check("\"b\"", "\"a\"", false, false);
    check("\"ab\"", "\"a\"", false, false);
    check("*", "\"a\"", true, true);
    check(" * ", "\"a\"", true, true);
    check("\"\"", "\"\"", true, true);
}

#[test]
fn weak_tags_match_weakly_only() {
    check("W/\"a\"", "\"a\"", true, false);
    check("\"a\"", "W/\"a\"", true, false);
    check("W/\"a\"", "W/\"a\"", true, false);
    check("W/\"b\", W/\"a\"", "\"a\"", true, false);
    check("w/\"a\"", "\"a\"", false, false);
}

#[test]
fn nothing_is_read_behind_a_mistake() {
    for header in ["", "a", "\"a", "a, \"a\"", "\"b\"\"a\"", "\"b\"x, \"a\"", "W/a", "W/", "\"*\""]
    {
        check(header, "\"a\"", false, false);
    }
    check("\"*\"", "\"*\"", true, true);
    // A tag inside another's quotes is not a tag of its own.
    check("\", \"a\"", "\"a\"", false, false);
    check("é\"a\"", "\"a\"", false, false);
}

#[test]
fn ranges_are_given_for_the_very_same_bytes() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (header, expect) in [
        ("\"a\"", true),
        (" \"a\" ", true),
        ("\"b\"", false),
        ("W/\"a\"", false),
        ("\"a\", \"b\"", false),
        ("a", false),
        (date, true),
        ("Sun, 06 Nov 1994 08:49:38 GMT", false),
        ("Sunday, 06-Nov-94 08:49:37 GMT", false),
        ("", false),
        ("*", false),
    ] {
        assert_eq!(if_range(header, "\"a\"", date), expect, "{header}");
    }
    assert!(!if_range("W/\"a\"", "W/\"a\"", date));
    assert!(!if_range("", "\"a\"", ""));
}

#[test]
fn dates_must_be_equal() {
    let at = 784_111_777;
    for (header, expect) in [
        ("Sun, 06 Nov 1994 08:49:37 GMT", true),
        ("Sunday, 06-Nov-94 08:49:37 GMT", true),
        ("Sun Nov  6 08:49:37 1994", true),
        // Later than the current version: what a rollback leaves behind.
        ("Sun, 06 Nov 1994 08:49:38 GMT", false),
        ("Sun, 06 Nov 1994 08:49:36 GMT", false),
        ("yesterday", false),
        ("", false),
    ] {
        assert_eq!(modified_since_equal(header, at), expect, "{header}");
    }
    assert!(!modified_since_equal("Sun, 06 Nov 1994 08:49:37 GMT", u64::MAX));
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn any_header_has_an_answer(header in prop_oneof![any::<String>(), "[Ww/\"a, *]{0,20}"]) {
        let weak = if_none_match(&header, "\"a\"");
        // Strong comparison is the stricter one.
        prop_assert!(weak || !if_match(&header, "\"a\""));
        prop_assert!(weak || !if_range(&header, "\"a\"", "Sun, 06 Nov 1994 08:49:37 GMT"));
        modified_since_equal(&header, 0);
    }

    #[test]
    fn a_tag_is_found_wherever_it_stands(
        before in prop::collection::vec("(W/)?\"[!#-~é]{0,6}\"", 0..5),
        tag in "\"[!#-~]{1,6}\"",
        after in prop::collection::vec("(W/)?\"[!#-~]{0,6}\"", 0..5),
    ) {
        let list: Vec<String> = before.into_iter().chain([tag.clone()]).chain(after).collect();
        prop_assert!(if_none_match(&list.join(", "), &tag));
        prop_assert!(if_match(&list.join(","), &tag));
    }

    #[test]
    fn a_date_is_equal_to_itself_alone(at in 0_u64..4_000_000_000, other in 0_u64..4_000_000_000) {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(at);
        let header = httpdate::fmt_http_date(time);
        prop_assert!(modified_since_equal(&header, at));
        prop_assert_eq!(modified_since_equal(&header, other), at == other);
    }
}
