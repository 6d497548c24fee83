use std::{fs, os::unix::fs::PermissionsExt};

use tempfile::TempDir;

use super::*;

fn url(text: &str) -> NodeUrl {
    NodeUrl::parse(text).unwrap()
}

fn fresh() -> (TempDir, PathBuf, Peers) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config/fazt/data.db");
    let peers = Peers::open(&path, 0).unwrap();
    (dir, path, peers)
}

/// Adds a peer, or replaces the one of that name.
fn put(peers: &Peers, name: &str, url: &NodeUrl, token: Option<&str>, now_ms: i64) {
    let token = token.map(str::to_owned);
    let new = NewPeer { name: name.to_owned(), url: url.clone(), token, description: None };
    peers.add(&new, true, now_ms).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_file_is_made_for_its_owner_alone() {
    let (_dir, path, peers) = fresh();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(peers.warning(), None);
    assert_eq!(peers.list().unwrap(), []);
}

#[test]
fn a_wider_mode_is_narrowed_and_told() {
    let (_dir, path, _) = fresh();
    let folder = path.parent().unwrap();
    for (file_mode, folder_mode, part) in
        [(0o644, 0o700, "data.db had mode 0644"), (0o600, 0o755, "fazt had mode 0755")]
    {
        fs::set_permissions(&path, fs::Permissions::from_mode(file_mode)).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(folder_mode)).unwrap();
        let warning = Peers::open(&path, 0).unwrap().warning().unwrap().to_owned();
        assert!(warning.contains(part), "{warning}");
        assert_eq!((mode(&path), mode(folder)), (0o600, 0o700));
    }
    assert_eq!(Peers::open(&path, 0).unwrap().warning(), None);
}

#[test]
fn peers_are_kept_found_and_forgotten() {
    let (_dir, path, peers) = fresh();
    put(&peers, "home", &url("https://Home.example.org/"), Some("fazt_a_b"), 5);
    put(&peers, "work", &url("https://work.example.org"), None, 6);
    drop(peers);

    let peers = Peers::open(&path, 0).unwrap();
    let home = peers.get("home").unwrap().unwrap();
    assert_eq!(home.token.as_deref(), Some("fazt_a_b"));
    assert!(!home.managed);
    assert_eq!(peers.default_peer().unwrap().unwrap().name, "home");
    let found = peers.find_by_url(&url("https://work.example.org:443")).unwrap().unwrap();
    assert_eq!(found.name, "work");

    put(&peers, "home", &url("https://new.example.org"), Some("fazt_c_d"), 7);
    let home = peers.get("home").unwrap().unwrap();
    assert_eq!((home.token.as_deref(), home.is_default), (Some("fazt_c_d"), true));
    peers.remove("home").unwrap();
    assert_eq!(peers.get("home").unwrap(), None);
    let names: Vec<String> = peers.list().unwrap().into_iter().map(|peer| peer.name).collect();
    assert_eq!(names, ["work"]);
    assert_eq!(peers.default_peer().unwrap().unwrap().name, "work", "the only one left");
}

#[test]
fn the_node_of_this_machine_is_remembered_beside_the_users_own_peers() {
    let (_dir, _, peers) = fresh();
    let saved = |port: u16, token: &str, now| {
        peers.remember_local(&url(&format!("http://localhost:{port}")), token, now).unwrap()
    };
    assert_eq!(saved(4698, "one", 1), Remembered::Saved);
    assert_eq!(saved(8080, "two", 2), Remembered::Saved);
    let local = peers.get(LOCAL).unwrap().unwrap();
    assert_eq!(local.token.as_deref(), Some("two"));
    assert_eq!((local.url.port(), local.managed), (8080, true));
    assert!(!local.is_default);

    // A peer that the user wrote is the user's from then on.
    put(&peers, LOCAL, &url("http://localhost:1"), None, 3);
    assert_eq!(saved(9090, "three", 4), Remembered::NameTaken);
    assert_eq!(peers.get(LOCAL).unwrap().unwrap().url.port(), 1);
}

#[test]
fn a_url_finds_the_peer_that_has_a_token() {
    let (_dir, _, peers) = fresh();
    let node = url("http://localhost:4698");
    put(&peers, "bare", &node, None, 9);
    put(&peers, "known", &node, Some("secret"), 1);
    let found = || peers.find_by_url(&node).unwrap().unwrap().name;
    assert_eq!(found(), "known");
    put(&peers, "later", &node, Some("other"), 2);
    assert_eq!(found(), "later");
    put(&peers, "known", &node, Some("again"), 3);
    assert_eq!(found(), "known", "it was changed last");
}

#[test]
fn a_newer_or_a_foreign_file_is_left_alone() {
    let (_dir, path, peers) = fresh();
    peers.connection.pragma_update(None, "user_version", 99).unwrap();
    drop(peers);
    let error = Peers::open(&path, 0).unwrap_err();
    assert_eq!(error.code(), "CLIENT_DATA_NEWER");
    assert!(error.to_string().contains("format 99"), "{error}");

    let original = path.with_file_name("old.db");
    let (_other_dir, other_path, other) = fresh();
    other.connection.pragma_update(None, "application_id", 0).unwrap();
    drop(other);
    fs::copy(&other_path, &original).unwrap();
    assert_eq!(Peers::open(&original, 0).unwrap_err().code(), "CLIENT_DATA_FOREIGN");

    fs::write(&path, "this is no database, but it is long enough to look like one").unwrap();
    assert_eq!(Peers::open(&path, 0).unwrap_err().code(), "CLIENT_DATA_BROKEN");
}

#[test]
fn names_are_plain() {
    let long = "a".repeat(64);
    for (name, expect) in [
        ("local", true),
        ("vps-2_b", true),
        ("", false),
        ("-x", false),
        ("Home", false),
        ("a.b", false),
        ("http://x", false),
        (long.as_str(), false),
    ] {
        assert_eq!(is_name(name), expect, "{name}");
    }
}
