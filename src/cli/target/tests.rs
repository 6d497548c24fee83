use super::*;

fn peers() -> (tempfile::TempDir, Peers) {
    let dir = tempfile::tempdir().unwrap();
    let peers = Peers::open(&dir.path().join("fazt/data.db")).unwrap();
    (dir, peers)
}

fn url(text: &str) -> NodeUrl {
    NodeUrl::parse(text).unwrap()
}

/// The name of the peer that is chosen, or the URL.
#[track_caller]
fn check(peers: &Peers, to: Option<&str>, expect: Result<&str, &str>) {
    let chosen = choose(peers, to).map(|choice| match choice {
        Choice::Peer(peer) => peer.name,
        Choice::Url(url) => url.to_string(),
    });
    match (chosen, expect) {
        (Ok(chosen), Ok(expect)) => assert_eq!(chosen, expect, "{to:?}"),
        (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{to:?}: {error}"),
        (chosen, _) => panic!("{to:?}: {chosen:?}, expected {expect:?}"),
    }
}

#[test]
fn a_command_finds_its_node() {
    let (_dir, peers) = peers();
    check(&peers, None, Err("fazt server start"));
    check(&peers, Some("home"), Err("known: none"));

    peers.remember_local(&url("http://localhost:4698"), "t", 1).unwrap();
    check(&peers, None, Ok("local"));

    peers.put("home", &url("https://admin.example.org"), None, 2).unwrap();
    check(&peers, None, Ok("home"));
    check(&peers, Some("local"), Ok("local"));
    check(&peers, Some("https://Other.org/"), Ok("https://other.org"));
    check(&peers, Some("other.org"), Err("known: home, local"));
    check(&peers, Some("https://u:p@other.org"), Err("password"));
}

#[test]
fn the_clients_file_is_where_the_environment_says() {
    let path = |text: &str| Some(PathBuf::from(text));
    for (xdg, home, expect) in [
        (path("/x"), path("/home/a"), Some("/x/fazt/data.db")),
        (None, path("/home/a"), Some("/home/a/.config/fazt/data.db")),
        (path("relative"), path("/home/a"), Some("/home/a/.config/fazt/data.db")),
        (path(""), path("/home/a"), Some("/home/a/.config/fazt/data.db")),
        (None, path(""), None),
        (None, None, None),
    ] {
        let found = client_path(xdg.clone(), home.clone()).ok();
        assert_eq!(found, expect.map(PathBuf::from), "{xdg:?} {home:?}");
    }
}

#[test]
fn a_tilde_that_the_shell_left_means_home() {
    let home = Path::new("/home/a");
    for (text, home, expect) in [
        ("~/data.db", Some(home), Some("/home/a/data.db")),
        ("~/data.db", None, None),
        ("~other/x", Some(home), Some("~other/x")),
        ("a/~/b", Some(home), Some("a/~/b")),
        ("/srv/data.db", None, Some("/srv/data.db")),
        ("", Some(home), None),
    ] {
        assert_eq!(expand_home(text, home).ok(), expect.map(PathBuf::from), "{text}");
    }
}

#[actix::test]
async fn a_database_without_a_socket_has_no_node() {
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path().join("data.db");
    assert!(running(&database).await.unwrap().is_none());
    // A socket that its node left behind.
    drop(std::os::unix::net::UnixListener::bind(socket_path(&database)).unwrap());
    assert!(running(&database).await.unwrap().is_none());
    // A slip in the path makes no new database.
    let target = Target { to: None, db: Some(database.clone()) };
    let error = with_node(&target, async |node| node.health().await).await.unwrap_err();
    assert!(error.to_string().contains("there is no database"), "{error}");
    assert!(!database.exists());
}
