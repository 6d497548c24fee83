use std::borrow::Cow;

use proptest::prelude::*;

use super::{PathError, RAW_PATH_BYTES_MAX, normalise};

#[track_caller]
fn check(raw: &str, expect: &str) {
    assert_eq!(normalise(raw).as_deref(), Ok(expect), "{raw:?}");
}

#[track_caller]
fn refuse(raw: &str, expect: PathError) {
    assert_eq!(normalise(raw), Err(expect), "{raw:?}");
}

#[test]
fn a_canonical_path_is_borrowed() {
    for path in ["/", "/a", "/a/", "/a/b.html", "/a..b/c.", "/.well-known/x", "/é", "/a b"] {
        assert!(matches!(normalise(path), Ok(Cow::Borrowed(same)) if same == path), "{path}");
    }
}

#[test]
fn escapes_are_decoded_once() {
    check("/caf%C3%A9", "/café");
    check("/a%20b", "/a b");
    check("/%252e%252e/x", "/%2e%2e/x");
    check("/a%252Fb", "/a%2Fb");
    check("/a%2Fb", "/a/b");
    check("/a%3Fb%23c", "/a?b#c");
}

#[test]
fn slashes_collapse_and_dots_are_resolved() {
    check("//", "/");
    check("//a///b", "/a/b");
    check("/a/.", "/a/");
    check("/a/./b", "/a/b");
    check("/a/..", "/");
    check("/a/b/..", "/a/");
    check("/a/b/../", "/a/");
    check("/../../etc/passwd", "/etc/passwd");
    check("/%2e%2e/%2e/x", "/x");
    check("/a/%2E%2E%2Fb", "/b");
    check("/...", "/...");
    check("/a/.b", "/a/.b");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    refuse("", PathError::NotAbsolute);
    refuse("a", PathError::NotAbsolute);
    refuse("*", PathError::NotAbsolute);
    refuse("http://x/", PathError::NotAbsolute);
    refuse("/a%", PathError::Escape);
    refuse("/a%2", PathError::Escape);
    refuse("/a%zz", PathError::Escape);
    refuse("/%%41", PathError::Escape);
    refuse("/%u0041", PathError::Escape);
    refuse("/%+1", PathError::Escape);
    refuse("/%00", PathError::Control);
    refuse("/a\0", PathError::Control);
    refuse("/a%0d%0ab", PathError::Control);
    refuse("/a\u{7f}", PathError::Control);
    refuse("/a%C2%85", PathError::Control);
    refuse("/a\\b", PathError::Backslash);
    refuse("/a%5cb", PathError::Backslash);
    // Overlong forms of `/` and `.`, a surrogate, and a lone continuation.
    refuse("/%c0%af", PathError::Utf8);
    refuse("/%e0%80%ae", PathError::Utf8);
    refuse("/%ed%a0%80", PathError::Utf8);
    refuse("/%80", PathError::Utf8);
}

#[test]
fn the_length_has_a_bound() {
    let longest = format!("/{}", "a".repeat(RAW_PATH_BYTES_MAX - 1));
    check(&longest, &longest);
    refuse(&format!("{longest}a"), PathError::TooLong);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn results_are_canonical(
        raw in prop_oneof![
            "/([a-c./\\\\]|%2[eEfF]|%25|%5c|%00|%c3%a9|é|\\.\\.|/){0,24}",
            "\\PC{0,40}",
            any::<String>(),
            "/[ -~]{0,60}",
        ],
    ) {
        let Ok(path) = normalise(&raw) else { return Ok(()) };
        prop_assert!(path.starts_with('/'));
        prop_assert!(!path.contains("//"));
        prop_assert!(!path.contains('\\'));
        prop_assert!(!path.chars().any(char::is_control));
        prop_assert!(!path.split('/').any(|segment| matches!(segment, "." | "..")));
        prop_assert!(path.len() <= raw.len());
        // A second pass changes a path only if it has something left to decode.
        if !path.contains('%') {
            prop_assert_eq!(normalise(&path), Ok(Cow::Borrowed(&*path)));
        }
    }

    #[test]
    fn an_escaped_path_comes_back_as_it_was(name in "[^/\\\\\\x00-\\x1f\\x7f-\\x9f]{1,20}") {
        prop_assume!(name != "." && name != "..");
        let escaped: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let raw = format!("/{escaped}");
        let expected = format!("/{name}");
        prop_assert_eq!(normalise(&raw), Ok(Cow::Owned(expected)));
    }
}
