use std::collections::BTreeSet;

use super::table::{SETTINGS, find, widest};
use super::value::{Kind, Value};
use super::*;
use crate::limits::Limits;

fn rows(list: &[(&str, &str)]) -> Rows {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_table_is_sound() {
    let mut keys = BTreeSet::new();
    let defaults = Values::default();
    for setting in SETTINGS {
        let key = setting.key;
        assert!(keys.insert(key), "{key} is there twice");
        let is_number =
            !matches!(setting.kind, Kind::Address | Kind::HostName | Kind::HostList | Kind::Bool);
        assert_eq!(setting.bounds.is_some(), is_number, "{key}: numbers have bounds");
        assert!(setting.bounds.is_none_or(|bounds| bounds.min < bounds.max), "{key}");
        assert!(!setting.help.ends_with('.') && setting.help.len() < 90, "{key}: {}", setting.help);
        // Its default keeps its own rule, in the kept form and in the one for people.
        let default = setting.of(&defaults);
        assert_eq!(setting.parse(&default.to_string()), Ok(default.clone()), "{key}");
        assert_eq!(setting.parse(&setting.shown(&default)), Ok(default.clone()), "{key}");
        // Both bounds fit the type of the field.
        for number in setting.bounds.iter().flat_map(|bounds| [bounds.min, bounds.max]) {
            let mut values = defaults.clone();
            setting.put(&mut values, &Value::Number(number));
            assert_eq!(setting.of(&values), Value::Number(number), "{key}");
        }
    }
}

#[test]
fn a_row_reaches_its_own_field_and_no_other() {
    let defaults = Values::default();
    for setting in SETTINGS {
        let text = match setting.of(&defaults) {
            Value::Bool(value) => (!value).to_string(),
            Value::Number(_) | Value::Nothing if setting.bounds.is_some() => {
                setting.bounds.unwrap().max.to_string()
            }
            Value::Text(_) => "::1".to_owned(),
            _ => "example.org".to_owned(),
        };
        let resolved = resolve(&defaults, &rows(&[(setting.key, &text)]));
        assert_eq!(resolved.refused, BTreeMap::new(), "{}", setting.key);
        for other in SETTINGS {
            let is_changed = other.of(&resolved.values) != other.of(&defaults);
            assert_eq!(is_changed, other.key == setting.key, "{} {}", setting.key, other.key);
        }
    }
}

#[test]
fn every_limit_can_be_set() {
    let (before, after) = (format!("{:#?}", Limits::default()), format!("{:#?}", widest()));
    let unchanged: Vec<&str> =
        before.lines().zip(after.lines()).filter(|(a, b)| a == b).map(|(a, _)| a.trim()).collect();
    let unchanged: Vec<&&str> = unchanged.iter().filter(|line| line.contains(": ")).collect();
    // What opens a group is not a limit, a node does not become another kind of node, and no
    // number of hosts is the most.
    let no_limits = [
        "deploy: DeployLimits {",
        "is_throwaway: false,",
        "functions: FunctionLimits {",
        "fetch_allowed_hosts: AllowedHosts(",
    ];
    assert_eq!(unchanged, no_limits.each_ref());
}

#[test]
fn rows_that_break_a_rule_or_are_unknown_do_not_count() {
    let base = Values {
        limits: Limits { releases_kept: 7, ..Limits::default() },
        port: 1,
        ..Values::default()
    };
    let found = resolve(
        &base,
        &rows(&[
            ("server.port", "0"),
            ("server.domain", "example.org"),
            ("apps.releases_kept", "many"),
            ("deploy.files_max", "12"),
            ("theme.colour", "blue"),
        ]),
    );
    assert_eq!(found.unknown, ["theme.colour"]);
    assert_eq!(found.refused.keys().collect::<Vec<_>>(), [&"apps.releases_kept", &"server.port"]);
    assert!(found.refused["server.port"].contains("from 1 to 65535"));
    assert_eq!((found.values.port, found.values.limits.releases_kept), (1, 7));
    assert_eq!(found.values.domain.as_deref(), Some("example.org"));
    assert_eq!(found.values.limits.deploy.files_max, 12);
}

#[test]
fn only_what_may_have_no_value_takes_none() {
    for (key, expect) in [
        ("server.domain", "none"),
        ("store.database_bytes_max", "none"),
        ("functions.fetch_allowed_hosts", "none"),
        ("server.port", "server.port must be a whole number from 1 to 65535"),
        ("server.access_log", "server.access_log must be true or false"),
        ("nothing", "there is no setting `nothing`; `fazt server config` shows those there are"),
    ] {
        let found = match parse(key, "none") {
            Ok((_, value)) => value.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expect, "{key}");
    }
    let said = parse("store.database_bytes_max", "1").unwrap_err().to_string();
    assert!(said.ends_with("or `none`"), "{said}");
    assert!(find("server.PORT").is_none());
    assert!(parse(&"x".repeat(1_000), "1").unwrap_err().to_string().len() < 200);
}
