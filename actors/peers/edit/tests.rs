use tempfile::TempDir;

use super::*;
use crate::kind::{ErrorKind, Fault};

fn fresh() -> (TempDir, Peers) {
    let dir = tempfile::tempdir().unwrap();
    let peers = Peers::open(&dir.path().join("fazt/data.db"), 0).unwrap();
    (dir, peers)
}

fn new(name: &str) -> NewPeer {
    NewPeer {
        name: name.to_owned(),
        url: NodeUrl::parse(&format!("https://{name}.example.org")).unwrap(),
        token: Some(format!("fazt_{name}_secret")),
        description: None,
    }
}

fn default(peers: &Peers) -> Option<String> {
    peers.default_peer().unwrap().map(|peer| peer.name)
}

#[test]
fn a_name_is_taken_once() {
    let (_dir, peers) = fresh();
    assert!(peers.add(&new("home"), false, 1).unwrap().is_default);
    peers.record("home", "healthy", Some(Some("0.1.0")), 2).unwrap();
    let error = peers.add(&new("home"), false, 3).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("PEER_NAME_TAKEN", ErrorKind::Conflict));
    assert!(error.to_string().contains("fazt remote remove home"), "{error}");

    let elsewhere = NewPeer { url: NodeUrl::parse("https://else.org").unwrap(), ..new("home") };
    let replaced = peers.add(&elsewhere, true, 4).unwrap();
    assert_eq!((replaced.url, replaced.is_default), (elsewhere.url, true));
    assert_eq!((replaced.last_version, replaced.last_status), (None, None));

    let error = peers.add(&new("Upper"), true, 5).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("INVALID_PEER_NAME", ErrorKind::Invalid));
}

#[test]
fn the_default_is_the_first_the_chosen_or_the_last_one() {
    let (_dir, peers) = fresh();
    for name in ["one", "two", "three"] {
        peers.add(&new(name), false, 1).unwrap();
    }
    assert_eq!(default(&peers).as_deref(), Some("one"));
    peers.set_default("two").unwrap();
    assert_eq!(default(&peers).as_deref(), Some("two"));
    let error = peers.set_default("four").unwrap_err();
    assert_eq!((error.code(), error.kind()), ("PEER_NOT_FOUND", ErrorKind::NotFound));
    assert!(error.to_string().contains("known: one, three, two"), "{error}");
    assert_eq!(default(&peers).as_deref(), Some("two"), "a slip changes nothing");

    // With two left nobody can know which is meant.
    assert_eq!(
        peers.remove("two").unwrap(),
        Removed { was_default: true, default: None, is_last: false }
    );
    peers.set_default("one").unwrap();
    let left = Removed { was_default: true, default: Some("three".to_owned()), is_last: false };
    assert_eq!(peers.remove("one").unwrap(), left);
    assert_eq!(peers.remove("one").unwrap_err().code(), "PEER_NOT_FOUND");
}

#[test]
fn the_node_of_this_machine_does_not_become_the_default_by_itself() {
    let (_dir, peers) = fresh();
    let local = NodeUrl::parse("http://localhost:4698").unwrap();
    peers.remember_local(&local, "fazt_a_b", 1).unwrap();
    peers.add(&new("home"), false, 2).unwrap();
    let left = Removed { was_default: true, default: None, is_last: false };
    assert_eq!(peers.remove("home").unwrap(), left);
    let left = Removed { was_default: false, default: None, is_last: true };
    assert_eq!(peers.remove("local").unwrap(), left);
}

#[test]
fn what_was_seen_is_kept_until_more_is_seen() {
    let (_dir, peers) = fresh();
    peers.add(&new("home"), false, 1).unwrap();
    let seen = |peers: &Peers| {
        let peer = peers.get("home").unwrap().unwrap();
        (peer.last_status, peer.last_seen_at, peer.last_version)
    };
    assert_eq!(seen(&peers), (None, None, None));
    let text = |text: &str| Some(text.to_owned());
    peers.record("home", "healthy", Some(Some("0.1.0")), 5).unwrap();
    assert_eq!(seen(&peers), (text("healthy"), Some(5), text("0.1.0")));
    peers.record("home", "unreachable", None, 6).unwrap();
    assert_eq!(seen(&peers), (text("unreachable"), Some(5), text("0.1.0")));
    peers.record("home", "token refused", Some(None), 7).unwrap();
    assert_eq!(seen(&peers), (text("token refused"), Some(7), text("0.1.0")));
}

#[test]
fn a_list_is_taken_over_once() {
    let (_dir, peers) = fresh();
    let list = Import { peers: vec![new("a"), new("b")], default: Some("b".to_owned()) };
    assert!(peers.wants_import("old.json").unwrap());
    assert!(peers.import("old.json", &list, 1).unwrap());
    assert!(!peers.import("old.json", &list, 2).unwrap(), "another command came first");
    assert_eq!(default(&peers).as_deref(), Some("b"));
    assert!(!peers.wants_import("old.json").unwrap());
    peers.remove("a").unwrap();
    peers.remove("b").unwrap();
    assert!(!peers.wants_import("old.json").unwrap(), "what was removed stays away");
    assert!(peers.wants_import("other.json").unwrap());
    peers.add(&new("c"), false, 3).unwrap();
    assert!(!peers.wants_import("other.json").unwrap(), "the user has peers");

    let list = Import { peers: vec![new("Upper")], default: None };
    assert_eq!(peers.import("third.json", &list, 4).unwrap_err().code(), "INVALID_PEER_NAME");
}

#[test]
fn a_file_of_the_first_format_keeps_its_peers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fazt/data.db");
    let older = Peers::open(&path, 0).unwrap().connection;
    // Back to the first format, as its program left it.
    older.execute_batch("DROP TABLE peers; DROP TABLE imports;").unwrap();
    older.execute_batch(include_str!("../../../migrations/client/0001_peers.sql")).unwrap();
    older
        .execute_batch(
            "INSERT INTO peers (name, url, token, is_default, created_at, updated_at)
             VALUES ('home', 'https://home.example.org', 'fazt_a_b', 1, 1, 1)",
        )
        .unwrap();
    older.pragma_update(None, "user_version", 1).unwrap();
    drop(older);

    let peers = Peers::open(&path, 0).unwrap();
    let home = peers.default_peer().unwrap().unwrap();
    assert_eq!((home.name.as_str(), home.token.as_deref()), ("home", Some("fazt_a_b")));
    assert_eq!((home.last_seen_at, home.description), (None, None));
    peers.record("home", "healthy", Some(None), 2).unwrap();
}

#[test]
fn a_forgotten_token_is_in_the_file_no_more() {
    let (dir, peers) = fresh();
    let path = dir.path().join("fazt/data.db");
    peers.add(&new("home"), false, 1).unwrap();
    peers.add(&new("work"), false, 1).unwrap();
    let holds = |text: &str| {
        let bytes = std::fs::read(&path).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    assert!(holds("fazt_home_secret") && holds("fazt_work_secret"));
    peers.remove("home").unwrap();
    assert!(!holds("fazt_home_secret"));
    let replaced = NewPeer { token: Some("x".to_owned()), ..new("work") };
    peers.add(&replaced, true, 2).unwrap();
    assert!(!holds("fazt_work_secret"));
}
