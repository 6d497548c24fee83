use std::fs;

use super::*;

const REGISTRY: &str = r#"{
  "version": 1,
  "default_server": "Home VPS",
  "servers": {
    "Home VPS": {"url": "https://admin.example.org/", "token": "aaaa"},
    "bad": {"url": "https://u:p@example.org", "token": "bbbb"},
    "home-vps": {"url": "https://other.example.org", "token": "cccc"},
    "zzz": {"url": "http://localhost:4698", "token": ""}
  }
}"#;

#[test]
fn servers_become_peers_or_are_told() {
    let (import, left_out) = fold(servers(serde_json::from_str(REGISTRY).unwrap()));
    let kept: Vec<(&str, String, Option<&str>)> = import
        .peers
        .iter()
        .map(|peer| (peer.name.as_str(), peer.url.to_string(), peer.token.as_deref()))
        .collect();
    let expect = [
        ("home-vps", "https://admin.example.org".to_owned(), Some("aaaa")),
        ("zzz", "http://localhost:4698".to_owned(), None),
    ];
    assert_eq!(kept, expect);
    assert_eq!(import.default.as_deref(), Some("home-vps"));
    assert_eq!(left_out.len(), 2, "{left_out:?}");
    assert!(left_out[0].contains("bad") && left_out[0].contains("password"), "{left_out:?}");
    assert!(left_out[1].contains("home-vps"), "{left_out:?}");
}

#[test]
fn an_empty_registry_is_none() {
    for text in ["{}", r#"{"version":1,"servers":{}}"#, r#"{"servers":null}"#] {
        let (import, left_out) = fold(servers(serde_json::from_str(text).unwrap()));
        assert_eq!((import, left_out), (Default::default(), Vec::new()), "{text}");
    }
}

#[test]
fn a_file_is_taken_over_once_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let peers = Peers::open(&home.path().join(".config/fazt/data.db"), 0).unwrap();
    take_over(&peers, home.path(), 1).unwrap();
    assert_eq!(peers.list().unwrap(), [], "there is no file");

    let path = home.path().join(PATH);
    fs::create_dir(path.parent().unwrap()).unwrap();
    for broken in ["", "{", r#"{"servers": 7}"#] {
        fs::write(&path, broken).unwrap();
        take_over(&peers, home.path(), 2).unwrap();
        assert_eq!(peers.list().unwrap(), [], "{broken}");
    }

    fs::write(&path, REGISTRY).unwrap();
    take_over(&peers, home.path(), 3).unwrap();
    assert_eq!(peers.default_peer().unwrap().unwrap().name, "home-vps");
    for name in ["home-vps", "zzz"] {
        peers.remove(name).unwrap();
    }
    take_over(&peers, home.path(), 4).unwrap();
    assert_eq!(peers.list().unwrap(), [], "what was removed stays away");
    assert_eq!(fs::read_to_string(&path).unwrap(), REGISTRY);
}
