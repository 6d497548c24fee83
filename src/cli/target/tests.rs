use super::*;

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
    let target = Target::on_database(database.clone());
    let error = with_node(&target, async |node| node.health().await).await.unwrap_err();
    assert!(error.to_string().contains("there is no database"), "{error}");
    assert!(!database.exists());
}
