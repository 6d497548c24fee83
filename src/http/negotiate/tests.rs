use fazt_actors::encoding::{Encoding, Encodings};
use proptest::prelude::*;

use super::choose;

#[track_caller]
fn check(header: &str, expect: Encoding) {
    assert_eq!(choose(Some(header), Encodings::COMPRESSED), expect, "{header:?}");
}

#[test]
fn what_browsers_send() {
    check("gzip, deflate, br, zstd", Encoding::Brotli);
    check("gzip, deflate, zstd", Encoding::Zstd);
    check("gzip, deflate", Encoding::Gzip);
    check("x-gzip", Encoding::Gzip);
    check("GZIP;Q=1", Encoding::Gzip);
    check("deflate", Encoding::Identity);
    check("identity", Encoding::Identity);
    check("", Encoding::Identity);
    assert_eq!(choose(None, Encodings::COMPRESSED), Encoding::Identity);
}

#[test]
fn weights_decide_and_ties_are_ours() {
    check("br;q=0.5, gzip;q=0.8, zstd;q=0.7", Encoding::Gzip);
    check("br;q=0.5,gzip;q=0.5", Encoding::Brotli);
    check("gzip ; q=0.001", Encoding::Gzip);
    check("br;q=0, gzip", Encoding::Gzip);
    check("br;q=0.000", Encoding::Identity);
    check("identity;q=0.9, gzip;q=0.5", Encoding::Identity);
    check("identity, gzip", Encoding::Gzip);
    check("identity;q=0.5, gzip;q=0.4, br;q=0.5", Encoding::Brotli);
}

#[test]
fn the_star_is_everything_that_is_not_named() {
    check("*", Encoding::Brotli);
    check("*;q=0.1", Encoding::Brotli);
    check("br;q=0, *", Encoding::Zstd);
    check("gzip;q=0.9, *;q=0.5", Encoding::Gzip);
    check("gzip, *;q=0", Encoding::Gzip);
    // Nothing is acceptable: identity, never 406.
    check("*;q=0", Encoding::Identity);
    check("identity;q=0", Encoding::Identity);
    check("identity;q=0, gzip;q=0.1", Encoding::Gzip);
}

#[test]
fn wrong_elements_are_passed_over() {
    check("br;q=2, gzip", Encoding::Gzip);
    check("br;q=, gzip", Encoding::Gzip);
    check("br;q=0.1234, gzip;q=0.1", Encoding::Gzip);
    check("br;q=-1,gzip", Encoding::Gzip);
    check("br;level=1,gzip", Encoding::Gzip);
    check(",,;,gzip,", Encoding::Gzip);
}

#[test]
fn only_what_is_stored_is_chosen() {
    let gzip_only = Encodings::NONE.with(Encoding::Gzip);
    assert_eq!(choose(Some("br, gzip;q=0.1"), gzip_only), Encoding::Gzip);
    assert_eq!(choose(Some("br"), gzip_only), Encoding::Identity);
    assert_eq!(choose(Some("gzip"), Encodings::NONE), Encoding::Identity);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn the_choice_exists_and_was_not_refused(
        header in prop_oneof![
            any::<String>(),
            "((br|gzip|zstd|identity|\\*|x-gzip|deflate)( ?; ?q=[01](\\.[0-9]{0,4})?)?, ?){0,6}",
        ],
        codes in prop::collection::vec(1_u8..4, 0..4),
    ) {
        let available: Encodings = codes.into_iter().filter_map(Encoding::from_code).collect();
        let chosen = choose(Some(&header), available);
        if chosen != Encoding::Identity {
            prop_assert!(available.contains(chosen));
            let lower = header.to_ascii_lowercase();
            prop_assert!(lower.contains(chosen.token()) || lower.contains('*'));
        }
    }
}
