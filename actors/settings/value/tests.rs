use proptest::prelude::*;

use super::*;

const ANY: Option<Bounds> = Some(Bounds { min: 0, max: 1 << 50 });

/// What comes of a text: the kept form, or the rule that it breaks.
fn read(kind: Kind, text: &str) -> String {
    parse(kind, ANY, text).map_or_else(|rule| rule, |value| value.to_string())
}

#[test]
fn values_are_read_as_people_write_them() {
    for (kind, text, expect) in [
        (Kind::Port, "8080", "8080"),
        (Kind::Count, " 7 ", "7"),
        (Kind::Bool, "on", "true"),
        (Kind::Bool, "0", "false"),
        (Kind::Bytes, "1024", "1024"),
        (Kind::Bytes, "64MB", "67108864"),
        (Kind::Bytes, "64 MiB", "67108864"),
        (Kind::Bytes, "64m", "67108864"),
        (Kind::Bytes, "3b", "3"),
        (Kind::Bytes, "1G", "1073741824"),
        (Kind::Duration, "90", "90"),
        (Kind::Duration, "10m", "600"),
        (Kind::Duration, "30 d", "2592000"),
        (Kind::Duration, "2w", "1209600"),
        (Kind::Address, "127.0.0.1", "127.0.0.1"),
        (Kind::Address, "[::1]", "::1"),
        (Kind::Address, "0:0:0:0:0:0:0:0", "::"),
        (Kind::HostName, "Example.ORG.", "example.org"),
        (Kind::HostName, "box", "box"),
        (Kind::HostName, "xn--bcher-kva.example", "xn--bcher-kva.example"),
        (Kind::HostName, "localhost", "none"),
        (Kind::HostList, "DB.lan:5432 ,*.Lan", "db.lan:5432, *.lan"),
        (Kind::HostList, " ", "none"),
    ] {
        assert_eq!(read(kind, text), expect, "{kind:?} {text}");
    }
}

#[test]
fn what_is_no_value_breaks_a_rule_that_is_named() {
    for (kind, text, part) in [
        (Kind::Port, "", "whole number"),
        (Kind::Port, "http", "whole number"),
        (Kind::Count, "-1", "whole number"),
        (Kind::Count, "1.5", "whole number"),
        (Kind::Bool, "maybe", "true or false"),
        (Kind::Bytes, "1.5MB", "size from 0B to 1024TB"),
        (Kind::Bytes, "MB", "size"),
        (Kind::Bytes, "12 parsecs", "size"),
        (Kind::Bytes, "99999999999999TB", "size"),
        (Kind::Duration, "30D", "duration"),
        (Kind::Duration, "1y", "duration"),
        (Kind::Address, "example.org", "IP address"),
        (Kind::Address, "127.0.0.1:80", "IP address"),
        (Kind::HostName, "", "host name"),
        (Kind::HostName, "https://example.org", "host name"),
        (Kind::HostName, "example.org:80", "host name"),
        (Kind::HostName, "exa mple.org", "host name"),
        (Kind::HostName, "-a.org", "host name"),
        (Kind::HostName, "a..org", "host name"),
        (Kind::HostName, "192.168.1.1", "address"),
        (Kind::HostName, "[::1]", "address"),
        (Kind::HostList, "a.lan, http://b.lan", "`http://b.lan` is none"),
    ] {
        let said = read(kind, text);
        assert!(said.starts_with("must be") && said.contains(part), "{kind:?} {text:?}: {said}");
    }
    let bounds = Some(Bounds { min: 1, max: 65_535 });
    for text in ["0", "65536", "18446744073709551616"] {
        let said = parse(Kind::Port, bounds, text).unwrap_err();
        assert_eq!(said, "must be a whole number from 1 to 65535", "{text}");
    }
}

#[test]
fn values_are_shown_with_the_unit_that_fits() {
    for (kind, number, expect) in [
        (Kind::Bytes, 0, "0B"),
        (Kind::Bytes, 1023, "1023B"),
        (Kind::Bytes, 1024, "1KB"),
        (Kind::Bytes, 1025, "1025B"),
        (Kind::Bytes, 100 << 20, "100MB"),
        (Kind::Duration, 0, "0s"),
        (Kind::Duration, 600, "10m"),
        (Kind::Duration, 601, "601s"),
        (Kind::Duration, 30 * 24 * 3600, "30d"),
        (Kind::Count, 1024, "1024"),
        (Kind::Port, 4698, "4698"),
    ] {
        assert_eq!(shown(kind, &Value::Number(number)), expect);
    }
    assert_eq!(shown(Kind::HostName, &Value::Nothing), "none");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn what_is_shown_and_what_is_kept_read_as_the_same(number in 0_u64..=(1 << 50)) {
        for kind in [Kind::Bytes, Kind::Duration, Kind::Count] {
            let value = Value::Number(number);
            prop_assert_eq!(parse(kind, ANY, &shown(kind, &value)), Ok(value.clone()));
            prop_assert_eq!(parse(kind, ANY, &value.to_string()), Ok(value));
        }
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,40}") {
        for kind in [
            Kind::Port, Kind::Address, Kind::HostName, Kind::HostList, Kind::Bool, Kind::Bytes,
            Kind::Count, Kind::Duration,
        ] {
            // What was taken is kept in a form that is taken again.
            if let Ok(value @ (Value::Bool(_) | Value::Number(_) | Value::Text(_))) =
                parse(kind, ANY, &text)
            {
                prop_assert_eq!(parse(kind, ANY, &value.to_string()), Ok(value));
            }
        }
    }
}
