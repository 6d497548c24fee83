use proptest::prelude::*;

use super::*;

/// `function add` of a bundle, as bundlers map it.
const MAP: &str = r#"{"version":3,"sourceRoot":"src","sources":["add.ts","b.ts"],"names":[],
    "mappings":"AAAA;;IAEI,KAAK;CCGT"}"#;

#[test]
fn places_are_looked_up() {
    let map = SourceMap::parse(MAP.as_bytes()).unwrap();
    let check = |line, column, expect: Option<(&str, u32, u32)>| {
        let found = map.lookup(line, column).map(|place| (place.file, place.line, place.column));
        assert_eq!(found, expect, "{line}:{column}");
    };
    check(1, 1, Some(("src/add.ts", 1, 1)));
    check(1, 500, Some(("src/add.ts", 1, 1)));
    check(2, 1, None);
    check(3, 1, Some(("src/add.ts", 3, 5)));
    check(3, 5, Some(("src/add.ts", 3, 5)));
    check(3, 10, Some(("src/add.ts", 3, 10)));
    check(4, 9, Some(("src/b.ts", 6, 1)));
    check(5, 1, None);
    check(0, 0, None);
    check(u32::MAX, u32::MAX, None);
}

#[test]
fn data_urls_are_read() {
    let base64 =
        format!("data:application/json;charset=utf-8;base64,{}", BASE64.encode(MAP.as_bytes()));
    let plain = format!("data:application/json,{}", MAP.replace('"', "%22"));
    for url in [base64, plain] {
        assert_eq!(SourceMap::parse_data_url(&url).unwrap().lookup(4, 1).unwrap().line, 6);
    }
    for url in ["", "data:", "data:;base64,*", "https://example.org/a.map"] {
        assert!(SourceMap::parse_data_url(url).is_err(), "{url}");
    }
}

#[test]
fn bad_maps_are_refused() {
    for json in [
        "",
        "[]",
        r#"{"version":2,"sources":[],"mappings":""}"#,
        r#"{"version":3,"sources":[],"mappings":"!"}"#,
        r#"{"version":3,"sources":[],"mappings":"AAAA"}"#,
        r#"{"version":3,"sections":[]}"#,
    ] {
        assert!(SourceMap::parse(json.as_bytes()).is_err(), "{json}");
    }
    let large = vec![b' '; SOURCE_MAP_BYTES_MAX + 1];
    assert!(matches!(SourceMap::parse(&large), Err(SourceMapError::TooLarge { .. })));
}

#[test]
fn the_last_comment_names_the_map() {
    fn check(source: &str, expect: Option<&str>) {
        assert_eq!(url_of(source), expect, "{source}");
    }
    check("a\n//# sourceMappingURL=a.js.map\n", Some("a.js.map"));
    check("a //# sourceMappingURL=b.map", Some("b.map"));
    check("a\n/*# sourceMappingURL=a.css.map */", Some("a.css.map"));
    check("//# sourceMappingURL=a.map\nf()", None);
    check("'# sourceMappingURL=a.map'", None);
    check("// # sourceMappingURL=a.map", None);
    check("//# sourceMappingURL=", None);
    check("", None);
}

/// Many cases, and no file of failures beside the source.
fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_map_panics(mappings in "[A-Za-z0-9+/,;!]{0,60}", line in 0_u32..20, column in 0_u32..50) {
        let head = r#"{"version":3,"sources":["a"],"names":["n"],"mappings":"#;
        let json = format!("{head}\"{mappings}\"}}");
        if let Ok(map) = SourceMap::parse(json.as_bytes()) {
            let _ = map.lookup(line, column);
        }
    }
}
