use std::net::IpAddr;

use proptest::prelude::*;

use super::{HOST_BYTES_MAX, HostBuffer, HostRules, Target, is_app_name};

/// Checks against a node without and with the main domain `example.org`.
#[track_caller]
fn check(host: &str, without_main: Target<'_>, with_main: Target<'_>) {
    let local_ip: Option<IpAddr> = Some("192.168.1.20".parse().unwrap());
    for (main, expect) in [(None, without_main), (Some("Example.org."), with_main)] {
        let mut buffer = HostBuffer::new();
        let target = HostRules::new(main).classify(host, local_ip, &mut buffer);
        assert_eq!(target, expect, "{host:?} with main domain {main:?}");
    }
}

#[track_caller]
fn check_both(host: &str, expect: Target<'_>) {
    check(host, expect, expect);
}

#[test]
fn the_dashboard() {
    for host in [
        "localhost",
        "LOCALHOST:4698",
        "localhost.",
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]",
        "[::1]:8080",
        "[0:0:0:0:0:0:0:1]",
        "admin.localhost",
        "admin.localhost.:1",
    ] {
        check_both(host, Target::Admin);
    }
    check("admin.example.org", Target::Other("admin.example.org"), Target::Admin);
    check("ADMIN.example.ORG.:443", Target::Other("admin.example.org"), Target::Admin);
}

#[test]
fn the_address_of_the_connection_counts_until_there_is_a_main_domain() {
    check("192.168.1.20:4698", Target::Admin, Target::Other("192.168.1.20"));
    check("[::ffff:192.168.1.20]", Target::Admin, Target::Other(""));
    check_both("192.168.1.21", Target::Other("192.168.1.21"));
    check_both("[fe80::1]", Target::Other(""));
    let mut buffer = HostBuffer::new();
    let nowhere = HostRules::new(None).classify("192.168.1.20", None, &mut buffer);
    assert_eq!(nowhere, Target::Other("192.168.1.20"));
}

#[test]
fn the_main_domain_and_its_two_aliases_are_root() {
    for host in ["example.org", "www.example.org", "root.example.org:8443"] {
        let name = host.split(':').next().unwrap();
        check(host, Target::Other(name), Target::Root);
    }
    check_both("root.localhost", Target::App("root"));
    check_both("www.localhost", Target::App("www"));
    assert_eq!(HostRules::new(Some("localhost")), HostRules::new(None));
}

#[test]
fn apps_and_previews() {
    check_both("blog.localhost", Target::App("blog"));
    check_both("Blog.LocalHost:4698", Target::App("blog"));
    check_both("404.localhost", Target::App("404"));
    check("blog.example.org", Target::Other("blog.example.org"), Target::App("blog"));
    check_both("v7--blog.localhost", Target::Preview { app: "blog", release: 7 });
    check_both(
        "V4294967295--my-app.localhost.",
        Target::Preview { app: "my-app", release: u32::MAX },
    );
    // Without a `--` it is an ordinary name.
    check_both("v7.localhost", Target::App("v7"));
    check_both("v7-blog.localhost", Target::App("v7-blog"));
}

#[test]
fn names_that_no_app_can_have_are_left_to_the_mapped_domains() {
    for host in [
        "v0--blog.localhost",
        "v01--blog.localhost",
        "v4294967296--blog.localhost",
        "v--blog.localhost",
        "v+1--blog.localhost",
        "v1--a--b.localhost",
        "v1---a.localhost",
        "x1--blog.localhost",
        "a--b.localhost",
        "-a.localhost",
        "a-.localhost",
        "a_b.localhost",
        "a.b.localhost",
        ".localhost",
        "notlocalhost",
        "example.com",
        "localhost.evil.org",
    ] {
        let name = if host.contains('+') { "" } else { host };
        check_both(host, Target::Other(name));
    }
    check_both("notexample.org", Target::Other("notexample.org"));
    let long = format!("{}.localhost", "a".repeat(64));
    check_both(&long, Target::Other(&long));
}

#[test]
fn what_is_no_host_name_is_empty() {
    for host in [
        "",
        ".",
        ":80",
        "a b",
        "blog.localhost ",
        "bücher.localhost",
        "a/b",
        "a@localhost",
        "localhost:80:80",
        "localhost:x",
        "::1",
        "[::1",
        "[::1]x",
        "[::1]:x",
        "[nonsense]",
        "a\0.localhost",
    ] {
        check_both(host, Target::Other(""));
    }
    let longest = "a".repeat(HOST_BYTES_MAX);
    check_both(&longest, Target::Other(&longest));
    check_both(&format!("{longest}a"), Target::Other(""));
    // One dot is dropped, not two.
    check_both("localhost..", Target::Other("localhost."));
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn any_host_has_an_answer_with_a_usable_name(
        host in prop_oneof![
            any::<String>(),
            "(\\[::1\\]|[vV]?[0-9]{0,11}(--)?[a-zA-Z0-9._-]{0,70}\
             (\\.localhost|\\.example\\.org)?)\\.?(:[0-9]{0,6})?",
        ],
        main in proptest::option::of(Just("example.org")),
    ) {
        let mut buffer = HostBuffer::new();
        match HostRules::new(main).classify(&host, None, &mut buffer) {
            Target::App(app) => prop_assert!(is_app_name(app)),
            Target::Preview { app, release } => prop_assert!(is_app_name(app) && release > 0),
            Target::Other(name) => prop_assert_eq!(name, name.to_ascii_lowercase()),
            Target::Admin | Target::Root => {}
        }
    }

    #[test]
    fn case_port_and_one_dot_do_not_matter(
        host in "[a-z0-9._-]{1,30}(\\.localhost|\\.example\\.org|)",
        port in 0..=u16::MAX,
    ) {
        prop_assume!(!host.ends_with('.'));
        let rules = HostRules::new(Some("example.org"));
        let (mut plain, mut dressed) = (HostBuffer::new(), HostBuffer::new());
        let other = format!("{}.:{port}", host.to_ascii_uppercase());
        prop_assert_eq!(
            rules.classify(&host, None, &mut plain),
            rules.classify(&other, None, &mut dressed)
        );
    }
}
