use super::*;

#[test]
fn a_health_of_either_program_is_read() {
    let original = r#"{"status":"healthy","uptime_seconds":11047.5,"version":"0.9.4",
        "mode":"production","memory":{"used_mb":2.9,"limit_mb":24106,"vfs_cache_mb":0.1},
        "database":{"path":"/srv/data.db","open_connections":2,"in_use":1},
        "runtime":{"queued_events":0,"goroutines":11}}"#;
    let health: AnyHealth = serde_json::from_str(original).unwrap();
    assert_eq!((health.version.as_str(), health.memory.used_mb), ("0.9.4", 2.9));
    assert_eq!((health.database.in_use, health.apps), (1, None));
    let health: AnyHealth = serde_json::from_str(r#"{"version":"2.0","new":[]}"#).unwrap();
    assert_eq!((health.version.as_str(), health.status.as_str()), ("2.0", ""));
}

#[test]
fn a_site_of_the_original_is_an_app() {
    let row = r#"{"Name":"blog","Path":"vfs://blog","FileCount":3,"SizeBytes":1200,
                  "ModTime":"2026-01-14 22:20:33"}"#;
    let app = AnyApp::from(serde_json::from_str::<Site>(row).unwrap());
    assert_eq!((app.name.as_str(), app.file_count, app.size_bytes), ("blog", 3, 1200));
    assert_eq!(app.updated_at, "2026-01-14 22:20:33");
}

#[test]
fn a_caller_is_read_in_both_spellings() {
    for text in [
        r#"{"scopes":["read"],"expires_at":"2027-01-01T00:00:00Z"}"#,
        r#"{"scopes":["read"],"expiresAt":"2027-01-01T00:00:00Z","authenticated":true}"#,
    ] {
        let caller: AnyCaller = serde_json::from_str(text).unwrap();
        assert_eq!(caller.scopes.as_deref(), Some(&["read".to_owned()][..]), "{text}");
        assert_eq!(caller.expires_at.as_deref(), Some("2027-01-01T00:00:00Z"), "{text}");
    }
    let silent: AnyCaller = serde_json::from_str(r#"{"authenticated":false}"#).unwrap();
    assert_eq!(silent, AnyCaller::default());
}
