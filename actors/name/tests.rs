//! The rules of names and ids, each with the text that breaks it.

use proptest::prelude::*;

use super::*;

#[test]
fn names_are_read_as_people_write_them() {
    fn check(text: &str, main: Option<&str>, expect: &str) {
        assert_eq!(AppName::parse(text, main).unwrap().as_str(), expect, "{text} on {main:?}");
    }
    check("blog", None, "blog");
    check("Blog", None, "blog");
    check("a", None, "a");
    check("7", None, "7");
    check("my-site-2", None, "my-site-2");
    check(&"a".repeat(63), None, &"a".repeat(63));
    check("blog.localhost", None, "blog");
    check("blog.example.org", Some("example.org"), "blog");
    check("BLOG.Example.ORG", Some("eXample.org."), "blog");
    check("blog.localhost", Some("example.org"), "blog");
    check("root", None, "root");
    check("404.example.org", Some("example.org"), "404");
}

#[test]
fn the_message_names_the_broken_rule() {
    fn check(text: &str, expect: &str) {
        let error = AppName::parse(text, Some("example.org")).unwrap_err();
        assert_eq!(error.to_string(), expect, "{text}");
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
    check("", "an app name must not be empty");
    check(".localhost", "an app name must not be empty");
    check(&"a".repeat(64), "an app name has at most 63 characters, this one has 64");
    check("my site", "app name `my site` has ' '; allowed are a-z, 0-9 and `-`");
    check("blog\0", "app name `blog\0` has '\\0'; allowed are a-z, 0-9 and `-`");
    check("bücher", "app name `bücher` has 'ü'; allowed are a-z, 0-9 and `-`");
    check("a.b", "app name `a.b` has '.'; allowed are a-z, 0-9 and `-`");
    check("a.b.example.org", "app name `a.b` has '.'; allowed are a-z, 0-9 and `-`");
    check("example.org", "app name `example.org` has '.'; allowed are a-z, 0-9 and `-`");
    check("-blog", "app name `-blog` must not begin or end with `-`");
    check("blog-", "app name `blog-` must not begin or end with `-`");
    check(
        "v1--blog",
        "app name `v1--blog` must not contain `--`, which marks a release in a host name",
    );
    for name in RESERVED {
        let expect = format!("app name `{name}` is reserved; choose another one");
        check(name, &expect);
        check(&name.to_uppercase(), &expect);
    }
}

#[test]
fn an_endless_name_gives_a_short_message() {
    let error = AppName::parse(&"é".repeat(100_000), None).unwrap_err();
    assert!(error.to_string().len() < 300);
}

#[test]
fn system_names_are_told_from_others() {
    fn check(name: &str, expect: bool) {
        assert_eq!(AppName::parse(name, None).unwrap().is_system(), expect, "{name}");
    }
    check("root", true);
    check("404", true);
    check("roots", false);
    check("405", false);
}

#[test]
fn a_name_in_json_obeys_the_same_rules() {
    assert_eq!(serde_json::from_str::<AppName>("\"Blog\"").unwrap().as_str(), "blog");
    assert_eq!(serde_json::to_string(&AppName::parse("blog", None).unwrap()).unwrap(), "\"blog\"");
    assert!(serde_json::from_str::<AppName>("\"a b\"").is_err());
}

#[test]
fn an_id_reads_back_what_was_generated() {
    let low = AppId::generate([0; 16]);
    assert_eq!(low.as_str(), "app_000000000000");
    let high = AppId::generate([255; 16]);
    assert_eq!(high.as_str().parse(), Ok(high.clone()));
    assert_ne!(low, high);
    for text in
        ["", "app_", "app_00000000000", "app_0000000000000", "App_000000000000", "app_é0000000000"]
    {
        assert!(text.parse::<AppId>().is_err(), "{text}");
    }
}

/// Many cases, and no file of failures beside the source.
fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn whatever_is_accepted_is_a_label(text in ".{0,70}", main in proptest::option::of(".{0,12}")) {
        if let Ok(name) = AppName::parse(&text, main.as_deref()) {
            let name = name.as_str();
            prop_assert!((1..=63).contains(&name.len()));
            prop_assert!(name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')));
            let again = AppName::parse(name, None).unwrap();
            prop_assert_eq!(again.as_str(), name);
        }
    }

    #[test]
    fn every_generated_id_is_an_id(random in any::<[u8; 16]>()) {
        let id = AppId::generate(random);
        prop_assert_eq!(id.as_str().parse::<AppId>().unwrap(), id);
    }
}
