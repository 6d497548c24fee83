use fazt_actors::peers::NewPeer;

use super::*;

fn peers() -> (tempfile::TempDir, Peers) {
    let dir = tempfile::tempdir().unwrap();
    let peers = Peers::open(&dir.path().join("fazt/data.db"), 0).unwrap();
    (dir, peers)
}

fn url(text: &str) -> NodeUrl {
    NodeUrl::parse(text).unwrap()
}

fn add(peers: &Peers, name: &str, url: &NodeUrl, token: Option<&str>) {
    let token = token.map(str::to_owned);
    let new = NewPeer { name: name.to_owned(), url: url.clone(), token, description: None };
    peers.add(&new, false, 2).unwrap();
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

    let home = url("https://admin.example.org");
    add(&peers, "home", &home, None);
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
fn without_a_default_nobody_guesses() {
    let (_dir, peers) = peers();
    for name in ["one", "two", "three"] {
        add(&peers, name, &url(&format!("https://{name}.example.org")), None);
    }
    peers.remove("one").unwrap();
    check(&peers, None, Err("known: three, two"));
    peers.remove("two").unwrap();
    check(&peers, None, Ok("three"));
}

#[test]
fn a_url_finds_its_peer_and_its_token() {
    let (_dir, peers) = peers();
    let home = url("https://admin.example.org");
    add(&peers, "bare", &home, None);
    assert_eq!(kept_for(&peers, &[&home]).unwrap(), None);
    add(&peers, "home", &home, Some("fazt_a_b"));
    let other = url("https://example.org");
    for urls in [&[&home][..], &[&other, &home]] {
        let found = kept_for(&peers, urls).unwrap().unwrap();
        assert_eq!((found.name.as_deref(), &found.url), (Some("home"), urls[0]));
    }
}

#[test]
fn a_token_for_this_machine_goes_where_it_is_kept_for() {
    let (_dir, peers) = peers();
    peers.remember_local(&url("http://127.0.0.1:4698"), "t", 1).unwrap();
    add(&peers, "six", &url("http://[::1]:1"), Some("u"));
    add(&peers, "name", &url("http://localhost:2"), Some("v"));
    for (asked, expect) in [
        ("http://127.0.0.1:4698", Some("http://127.0.0.1:4698")),
        ("http://localhost:4698", Some("http://127.0.0.1:4698")),
        ("http://127.0.0.2:4698", None),
        ("http://[::1]:4698", None),
        ("https://localhost:4698", None),
        ("http://localhost:4699", None),
        ("http://localhost:1", Some("http://[::1]:1")),
        ("http://127.0.0.1:1", None),
        ("http://127.0.0.1:2", Some("http://localhost:2")),
        ("http://127.0.0.2:2", None),
        ("http://[::1]:2", None),
    ] {
        let found = kept_for(&peers, &[&url(asked)]).unwrap().map(|found| found.url.to_string());
        assert_eq!(found.as_deref(), expect, "{asked}");
    }
}

#[test]
fn the_time_to_answer_is_a_number_of_seconds() {
    for (text, expect) in
        [("1", Some(1)), (" 90 ", Some(90)), ("0", None), ("3601", None), ("2s", None)]
    {
        let read = read_timeout(text).map_err(|error| error.to_string());
        match expect {
            Some(seconds) => assert_eq!(read, Ok(Duration::from_secs(seconds)), "{text}"),
            None => assert!(read.unwrap_err().contains("FAZT_TIMEOUT"), "{text}"),
        }
    }
}

#[test]
fn an_error_names_the_node_where_the_node_is_to_blame() {
    let node = "home (https://admin.example.org)";
    let refusal = || Refusal { status: 404, code: "X".to_owned(), message: "no".to_owned() };
    let at = || "https://admin.example.org".to_owned();
    for (error, expect) in [
        (anyhow::Error::from(refusal()), "home (https://admin.example.org) refused"),
        (
            anyhow::Error::from(refusal()).context(format!("cannot deploy blog to {node}")),
            "cannot deploy blog to home (https://admin.example.org)",
        ),
        (
            OutboundError::Refused { at: at() }.into(),
            "cannot reach home (https://admin.example.org)",
        ),
        (
            OutboundError::Broken { at: at(), source: std::io::ErrorKind::UnexpectedEof.into() }
                .into(),
            "home (https://admin.example.org) gave no answer that can be used",
        ),
        (anyhow::anyhow!("index.html changed"), "index.html changed"),
    ] {
        let is_refusal = error.is::<Refusal>();
        let named = name_node(error, node);
        assert_eq!(named.to_string(), expect);
        assert_eq!(named.is::<Refusal>(), is_refusal, "the cause is kept");
    }
}

#[test]
fn a_node_leads_only_to_its_own_admin_host() {
    for (asked, named, expect) in [
        ("https://example.org", "https://admin.example.org", true),
        ("https://example.org", "https://example.org", true),
        ("http://example.org", "https://admin.example.org", true),
        ("https://example.org", "http://admin.example.org", false),
        ("https://example.org", "https://admin.evil.org", false),
        ("https://blog.example.org", "https://admin.example.org", false),
        ("https://example.org", "admin.example.org", false),
        ("https://example.org", "", false),
    ] {
        assert_eq!(led_to(&url(asked), named).is_some(), expect, "{asked} names {named}");
    }
}
