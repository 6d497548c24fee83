use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn addresses_that_are_not_the_internet_are_refused() {
    // Both ends of every range, and the neighbours that are no longer in it.
    for (first, last, before, after) in [
        ("0.0.0.0", "0.255.255.255", None, Some("1.0.0.0")),
        ("10.0.0.0", "10.255.255.255", Some("9.255.255.255"), Some("11.0.0.0")),
        ("100.64.0.0", "100.127.255.255", Some("100.63.255.255"), Some("100.128.0.0")),
        ("100.100.100.200", "100.100.100.200", None, None),
        ("127.0.0.0", "127.255.255.255", Some("126.255.255.255"), Some("128.0.0.0")),
        ("168.63.129.16", "168.63.129.16", Some("168.63.129.15"), Some("168.63.129.17")),
        ("169.254.0.0", "169.254.255.255", Some("169.253.255.255"), Some("169.255.0.0")),
        ("169.254.169.254", "169.254.169.254", None, None),
        ("172.16.0.0", "172.31.255.255", Some("172.15.255.255"), Some("172.32.0.0")),
        ("192.0.0.0", "192.0.0.255", Some("191.255.255.255"), Some("192.0.1.0")),
        ("192.0.2.0", "192.0.2.255", Some("192.0.1.255"), Some("192.0.3.0")),
        ("192.88.99.0", "192.88.99.255", Some("192.88.98.255"), Some("192.88.100.0")),
        ("192.168.0.0", "192.168.255.255", Some("192.167.255.255"), Some("192.169.0.0")),
        ("198.18.0.0", "198.19.255.255", Some("198.17.255.255"), Some("198.20.0.0")),
        ("198.51.100.0", "198.51.100.255", Some("198.51.99.255"), Some("198.51.101.0")),
        ("203.0.113.0", "203.0.113.255", Some("203.0.112.255"), Some("203.0.114.0")),
        ("224.0.0.0", "239.255.255.255", Some("223.255.255.255"), None),
        ("240.0.0.0", "255.255.255.255", None, None),
        ("::", "::1", None, None),
        ("::2", "::ffff:ffff", None, None),
        ("::127.0.0.1", "::8.8.8.8", None, None),
        ("::ffff:0.0.0.0", "::ffff:255.255.255.255", None, None),
        ("::ffff:8.8.8.8", "::ffff:10.0.0.1", None, None),
        ("::ffff:0:0:0", "::ffff:0:8.8.8.8", None, None),
        ("64:ff9b::", "64:ff9b::ffff:ffff", None, None),
        ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", None, None),
        ("100::", "100::ffff:ffff:ffff:ffff", None, None),
        ("1fff:ffff::", "1fff:ffff::1", None, Some("2000::")),
        ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", Some("2000:ffff::1"), None),
        ("2001:2::", "2001:2:0:ffff::", None, None),
        ("2001:10::", "2001:1ff:ffff::", None, Some("2001:200::")),
        ("2001:db8::", "2001:db8:ffff::1", Some("2001:db7:ffff::1"), Some("2001:db9::")),
        ("2002::", "2002:ffff::1", Some("2001:ffff::1"), Some("2003::")),
        ("2002:7f00:1::", "2002:808:808::", None, None),
        ("3fff::", "3fff:fff::1", Some("3ffe::1"), Some("3fff:1000::")),
        ("4000::", "fbff::1", Some("3fff:ffff::1"), None),
        ("5f00::1", "5f00::2", None, None),
        ("fc00::", "fdff:ffff::1", None, None),
        ("fd00:ec2::254", "fd00:ec2::254", None, None),
        ("fe00::", "fe7f::1", None, None),
        ("fe80::", "febf:ffff::1", None, None),
        ("fec0::", "feff:ffff::1", None, None),
        ("ff00::", "ffff:ffff::1", None, None),
    ] {
        assert!(!is_public(ip(first)) && !is_public(ip(last)), "{first} - {last}");
        for outside in [before, after].into_iter().flatten() {
            assert!(is_public(ip(outside)), "{outside}: {:?}", refusal(ip(outside)));
        }
    }
}

#[test]
fn public_addresses_are_taken() {
    for address in ["1.1.1.1", "8.8.8.8", "185.199.108.153", "2606:4700::1111", "2a00:1450::1"] {
        assert_eq!(refusal(ip(address)), None, "{address}");
    }
}

#[test]
fn what_is_refused_is_called_by_its_name() {
    for (address, part) in [
        ("169.254.169.254", "secrets"),
        ("100.100.100.200", "secrets"),
        ("fd00:ec2::254", "secrets"),
        ("169.254.1.1", "local link"),
        ("127.0.0.2", "machine itself"),
        ("::1", "machine itself"),
        ("255.255.255.255", "broadcast"),
        ("241.0.0.1", "reserved"),
        ("9000::1", "reserved"),
        ("::ffff:8.8.8.8", "IPv4 address inside"),
        ("64:ff9b::8.8.8.8", "IPv4 address inside"),
        ("fd12::1", "private"),
    ] {
        let said = refusal(ip(address)).unwrap();
        assert!(said.contains(part), "{address}: {said}");
    }
}

#[test]
fn ports_of_other_protocols_are_known() {
    assert!(BAD_PORTS.is_sorted());
    for port in [0, 22, 25, 587, 6667, 10080] {
        assert!(is_bad_port(port), "{port}");
    }
    for port in [80, 443, 3000, 4698, 8080, 8443, 65535] {
        assert!(!is_bad_port(port), "{port}");
    }
}

/// What a list says of a host that has this address.
fn permits(list: &str, host: &str, port: u16, address: &str) -> bool {
    AllowedHosts::parse(list).unwrap().permits(host, port, ip(address))
}

#[test]
fn an_owner_opens_what_is_named_and_nothing_beside_it() {
    for (list, host, port, address, expect) in [
        ("", "example.org", 80, "93.184.215.14", true),
        ("", "example.org", 80, "10.0.0.1", false),
        ("db.lan", "db.lan", 80, "10.0.0.1", true),
        ("DB.Lan.", "db.lan", 81, "10.0.0.1", true),
        ("db.lan", "db.lan.", 80, "127.0.0.1", true),
        ("db.lan", "xdb.lan", 80, "10.0.0.1", false),
        ("db.lan", "a.db.lan", 80, "10.0.0.1", false),
        ("db.lan:81", "db.lan", 81, "10.0.0.1", true),
        ("db.lan:81", "db.lan", 80, "10.0.0.1", false),
        ("*.lan", "db.lan", 80, "10.0.0.1", true),
        ("*.lan", "a.db.lan", 80, "10.0.0.1", true),
        ("*.lan", "lan", 80, "10.0.0.1", false),
        ("*.lan", ".lan", 80, "10.0.0.1", false),
        ("*.lan", "plan", 80, "10.0.0.1", false),
        ("*.lan:8080", "db.lan", 8080, "10.0.0.1", true),
        ("*.lan:8080", "db.lan", 8081, "10.0.0.1", false),
        ("10.0.0.1", "10.0.0.1", 80, "10.0.0.1", true),
        ("10.0.0.1", "10.0.0.2", 80, "10.0.0.2", false),
        ("10.0.0.1", "anything.example", 80, "10.0.0.1", true),
        ("10.0.0.1", "[::ffff:10.0.0.1]", 80, "::ffff:10.0.0.1", false),
        ("0x7f.1:5432", "127.0.0.1", 5432, "127.0.0.1", true),
        ("::1", "[::1]", 80, "::1", true),
        ("[::1]:81", "[::1]", 81, "::1", true),
        ("[::1]:81", "[::1]", 80, "::1", false),
        ("localhost, db.lan", "localhost", 80, "::1", true),
        ("bücher.lan", "xn--bcher-kva.lan", 80, "10.0.0.1", true),
    ] {
        assert_eq!(permits(list, host, port, address), expect, "{list}: {host}:{port} {address}");
    }
}

#[test]
fn only_a_port_that_is_named_is_named() {
    let hosts = AllowedHosts::parse("mail.lan:25, other.lan, 10.0.0.1:25, [fd00::5]:25").unwrap();
    for (host, port, expect) in [
        ("mail.lan", 25, true),
        ("mail.lan", 22, false),
        ("other.lan", 25, false),
        ("10.0.0.1", 25, true),
        ("[fd00::5]", 25, true),
        ("[fd00::6]", 25, false),
    ] {
        assert_eq!(hosts.names_port(host, port), expect, "{host}:{port}");
    }
}

#[test]
fn a_list_is_kept_in_one_form() {
    for (text, expect) in [
        ("", ""),
        (" , ,", ""),
        (
            "A.Example:080, *.B. ,fd00::5, [FD00::5]:81",
            "a.example:80, *.b, [fd00::5], [fd00::5]:81",
        ),
        ("a,a , A", "a"),
        ("2130706433", "127.0.0.1"),
    ] {
        assert_eq!(AllowedHosts::parse(text).unwrap().to_string(), expect, "{text}");
    }
}

#[test]
fn what_is_no_host_breaks_a_rule_that_is_named() {
    for text in [
        "*",
        "*.",
        "*.*",
        "a.*.b",
        "http://a",
        "a/b",
        "a:0",
        "a:x",
        "a:65536",
        "a:+1",
        "a:",
        "a b",
        "*.10.0.0.1",
        "[::1",
        "::1]",
        "a@b",
        "10.0.0.0/8",
        "ex%20ample",
        "\u{1f101}",
        ".",
        "..",
    ] {
        let said = AllowedHosts::parse(text).expect_err(text);
        assert!(said.starts_with("must be host names") && said.contains(text), "{said}");
    }
    let many: Vec<String> = (0..65).map(|number| format!("h{number}.lan")).collect();
    let said = AllowedHosts::parse(&many.join(",")).unwrap_err();
    assert_eq!(said, "must name at most 64 hosts");
    assert!(AllowedHosts::parse(&format!("{}/", "x".repeat(9_000))).unwrap_err().len() < 400);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn what_is_inside_of_an_ipv6_address_never_gets_through(bits: u32) {
        let [a, b, c, d] = bits.to_be_bytes().map(u16::from);
        let (high, low) = (a << 8 | b, c << 8 | d);
        for address in [
            Ipv4Addr::from(bits).to_ipv6_mapped(),
            Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            Ipv6Addr::new(0x2001, 0, high, low, 0, 0, 0, 1),
        ] {
            prop_assert!(!is_public(address.into()), "{address}");
        }
    }

    #[test]
    fn what_was_taken_is_taken_again(text in "[a-z0-9.:*\\[\\], -]{0,24}") {
        if let Ok(hosts) = AllowedHosts::parse(&text) {
            prop_assert_eq!(AllowedHosts::parse(&hosts.to_string()), Ok(hosts));
        }
    }
}
