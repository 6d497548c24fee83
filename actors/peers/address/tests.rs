use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, expect: Result<&str, &str>) {
    let got = NodeUrl::parse(text).map(|url| url.to_string());
    match (got, expect) {
        (Ok(url), Ok(expected)) => assert_eq!(url, expected, "{text}"),
        (Err(error), Err(part)) => assert!(error.reason.contains(part), "{text}: {error}"),
        (got, expect) => panic!("{text}: got {got:?}, expected {expect:?}"),
    }
}

#[test]
fn one_origin_has_one_spelling() {
    for (text, expect) in [
        ("https://example.org", "https://example.org"),
        ("HTTPS://Example.ORG/", "https://example.org"),
        ("https://example.org.:443//", "https://example.org"),
        ("http://localhost:4698", "http://localhost:4698"),
        ("http://localhost:80", "http://localhost"),
        ("https://example.org:80", "https://example.org:80"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:4698", "http://[::1]:4698"),
        (" http://box_1.lan ", "http://box_1.lan"),
    ] {
        check(text, Ok(expect));
    }
}

#[test]
fn what_is_not_an_origin_is_refused() {
    for (text, part) in [
        ("example.org", "begin with http"),
        ("ftp://example.org", "begin with http"),
        ("https://user:pass@example.org", "password"),
        ("https://example.org/api", "follows the host"),
        ("https://example.org?x=1", "follows the host"),
        ("https://example.org#x", "follows the host"),
        ("https://example.org:0", "port"),
        ("https://example.org:65536", "port"),
        ("https://example.org:+80", "port"),
        ("https://example.org:", "port"),
        ("https://[::1", "port"),
        ("https://", "host"),
        ("https://a..b", "host"),
        ("https://exa mple.org", "host"),
        ("https://[::g]", "host"),
    ] {
        check(text, Err(part));
    }
    check(&format!("https://{}.org", "a".repeat(600)), Err("too long"));
}

#[test]
fn a_node_leads_only_to_itself_or_its_admin_host() {
    for (from, to, expect) in [
        ("https://example.org", "https://admin.example.org", true),
        ("https://example.org", "https://example.org:8443", true),
        ("http://example.org", "https://admin.example.org", true),
        ("https://example.org", "http://admin.example.org", false),
        ("https://example.org", "https://admin.evil.org", false),
        ("https://example.org", "https://admin.example.org.evil.org", false),
        ("https://example.org", "https://evil.org", false),
        ("https://blog.example.org", "https://admin.example.org", false),
        ("http://localhost:4698", "http://localhost:8080", true),
    ] {
        let from = NodeUrl::parse(from).unwrap();
        let to = NodeUrl::parse(to).unwrap();
        assert_eq!(from.may_lead_to(&to), expect, "{from} to {to}");
    }
}

#[test]
fn some_hosts_are_admin_hosts_by_their_name() {
    for (url, expect) in [
        ("http://localhost:4698", true),
        ("http://127.0.0.1", true),
        ("http://[::1]:1", true),
        ("https://admin.example.org", true),
        ("https://example.org", false),
        ("https://administrator.org", false),
    ] {
        assert_eq!(NodeUrl::parse(url).unwrap().is_admin_host(), expect, "{url}");
    }
}

#[test]
fn this_machine_has_many_names() {
    for (text, is_loopback, on_localhost, twins) in [
        ("http://127.0.0.1:4698", true, None, &["http://localhost:4698"][..]),
        ("http://127.8.9.1", true, None, &[]),
        ("http://[::1]:1", true, None, &[]),
        ("http://blog.localhost:4698", true, Some("http://localhost:4698"), &[]),
        ("http://localhost:4698", true, None, &["http://127.0.0.1:4698", "http://[::1]:4698"]),
        ("http://192.168.0.1", false, None, &[]),
        ("http://notlocalhost", false, None, &[]),
        ("http://localhost.example.org", false, None, &[]),
    ] {
        let url = NodeUrl::parse(text).unwrap();
        assert_eq!(url.is_loopback(), is_loopback, "{text}");
        let found = url.on_localhost().map(|url| url.to_string());
        assert_eq!(found.as_deref(), on_localhost, "{text}");
        let found: Vec<String> = url.twins().map(|url| url.to_string()).collect();
        assert_eq!(found, twins, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    /// What is shown reads back as the same address, and nothing makes the parser panic.
    #[test]
    fn an_address_survives_its_own_spelling(
        text in "(https?://)?[a-zA-Z0-9.:@/\\[\\]\\-_é]{0,40}",
    ) {
        if let Ok(url) = NodeUrl::parse(&text) {
            prop_assert_eq!(NodeUrl::parse(&url.to_string()), Ok(url));
        }
    }
}

#[test]
fn the_admin_host_tells_where_apps_are() {
    for (text, expect) in [
        ("https://admin.example.org", Some("https://blog.example.org/")),
        ("http://localhost:4698", Some("http://blog.localhost:4698/")),
        ("http://127.0.0.1:4698", None),
        ("https://example.org", None),
    ] {
        let url = NodeUrl::parse(text).unwrap();
        assert_eq!(url.app_url("blog").as_deref(), expect, "{text}");
    }
    let url = NodeUrl::parse("http://example.org:8080").unwrap();
    assert_eq!(url.on_admin_host().to_string(), "http://admin.example.org:8080");
}
