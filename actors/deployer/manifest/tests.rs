//! Manifests as people write them, and what is said about wrong ones.

use proptest::prelude::*;

use super::*;

fn read(
    fazt: Option<&str>,
    manifest: Option<&str>,
) -> Result<(Manifest, Option<ManifestFile>), ManifestError> {
    let limits = DeployLimits { config_file_bytes_max: 200, ..DeployLimits::default() };
    Manifest::from_files(fazt.map(str::as_bytes), manifest.map(str::as_bytes), &limits)
}

#[test]
fn which_file_is_the_manifest() {
    fn check(fazt: Option<&str>, manifest: Option<&str>, expect: Option<ManifestFile>) {
        assert_eq!(read(fazt, manifest).unwrap().1, expect, "{fazt:?} {manifest:?}");
    }
    check(None, None, None);
    check(Some("{}"), None, Some(ManifestFile::FaztJson));
    check(Some("{}"), Some("not json"), Some(ManifestFile::FaztJson));
    check(None, Some("{\"name\":\"blog\"}"), Some(ManifestFile::ManifestJson));
    check(None, Some("{}"), Some(ManifestFile::ManifestJson));
    check(None, Some("{\"name\":\"x\",\"icons\":[]}"), None);
    check(None, Some("{\"start_url\":\"/\"}"), None);
    check(None, Some("{\"display\":\"standalone\"}"), None);
    check(None, Some("[1]"), None);
    check(Some("{\"icons\":[]}"), None, Some(ManifestFile::FaztJson));
}

#[test]
fn all_keys_are_read_and_unknown_ones_kept() {
    let text = "\u{feff}{\"name\":\"Blog\",\"spa\":true,\"env\":[\"API_KEY\"],\"analytics\":false,\
        \"crons\":[{\"schedule\":\"0 3 * * *\",\"handler\":\"api/x\"}],\"engine\":\"v8\",\"x\":1}";
    let (manifest, _) = read(Some(text), None).unwrap();
    assert_eq!(manifest.name.unwrap().as_str(), "blog");
    assert!(manifest.spa && !manifest.analytics);
    assert_eq!(manifest.env, ["API_KEY"]);
    assert_eq!(manifest.crons[0].handler, "api/x");
    assert_eq!(manifest.engine, Some(Engine::V8));
    assert_eq!(serde_json::to_string(&manifest.unknown).unwrap(), "{\"x\":1}");
}

#[test]
fn nothing_said_is_the_default() {
    let (manifest, _) = read(Some("{\"name\":null,\"spa\":null,\"env\":null}"), None).unwrap();
    assert_eq!(manifest, Manifest::default());
}

#[test]
fn a_title_in_manifest_json_is_no_app_name() {
    for text in ["{\"name\":\"My Blog\"}", "{\"name\":7}", "{\"name\":\"admin\"}"] {
        assert_eq!(read(None, Some(text)).unwrap().0.name, None, "{text}");
    }
    let others = "{\"index.html\":{\"file\":\"assets/a.js\",\"isEntry\":true}}";
    assert_eq!(read(None, Some(others)).unwrap().0.name, None);
}

#[test]
fn errors_name_file_and_key() {
    fn check(text: &str, expect: &str) {
        let error = read(Some(text), None).unwrap_err();
        assert_eq!(error.to_string(), expect, "{text}");
        assert_eq!(error.code(), "INVALID_MANIFEST");
    }
    check("{\"spa\":\"yes\"}", "fazt.json: key `spa` must be true or false, found a string");
    check("{\"analytics\":1}", "fazt.json: key `analytics` must be true or false, found a number");
    check("{\"name\":[]}", "fazt.json: key `name` must be a string, found a list");
    check("{\"name\":\"a b\"}", "fazt.json: key `name` is no app name");
    check(
        "{\"engine\":\"x\"}",
        "fazt.json: key `engine` must be `v8` or `quickjs`, found another name",
    );
    check(
        "{\"env\":[\"A\",\"1B\"]}",
        "fazt.json: key `env[1]` must be a list of names such as `API_KEY` (letters, digits and \
         `_`), found a string",
    );
    check(
        "{\"crons\":[{\"schedule\":\"* * * * *\"}]}",
        "fazt.json: key `crons[0]` must be an object with the strings `schedule` and `handler`, \
         found an object",
    );
    check("[]", "fazt.json: must be an object, found a list");
    check("{\n\"a\":1,\n}", "fazt.json: trailing comma at line 3 column 1");
    check("", "fazt.json: EOF while parsing a value at line 1 column 0");
    check(&" ".repeat(201), "fazt.json: has 201 bytes, allowed are 200");
    let error = read(None, Some("{")).unwrap_err();
    assert!(error.to_string().starts_with("manifest.json: "), "{error}");
}

#[test]
fn lists_have_an_end() {
    let names = vec!["\"A\""; ENV_NAMES_MAX + 1].join(",");
    let text = format!("{{\"env\":[{names}]}}");
    let limits = DeployLimits::default();
    let error = Manifest::from_files(Some(text.as_bytes()), None, &limits).unwrap_err();
    assert_eq!(error.to_string(), "fazt.json: key `env` has more than 256 entries");
}

/// Many cases, and no file of failures beside the source.
fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_bytes_get_an_answer(
        key in "name|spa|env|crons|analytics|engine|icons|x",
        value in "[\\[{\"]{0,3}[a-z0-9:,\" ]{0,8}[\\]}\"]{0,3}|true|null|-1e9",
        noise in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let limits = DeployLimits::default();
        let text = format!("{{\"{key}\":{value}}}");
        let _ = Manifest::from_files(Some(text.as_bytes()), None, &limits);
        let _ = Manifest::from_files(None, Some(text.as_bytes()), &limits);
        let _ = Manifest::from_files(Some(&noise), Some(&noise), &limits);
    }
}
