//! What must not be reached is not connected to, on no way.

use super::*;

/// Whether the guard refused, and what it named.
fn refused(result: Result<(FetchHead, String), FetchError>) -> Option<String> {
    match result {
        Err(FetchError::NotPublic { address, .. }) => Some(address.to_string()),
        Err(other) => panic!("{other}"),
        Ok(_) => None,
    }
}

#[test]
fn every_spelling_of_a_local_address_is_refused() {
    run(async {
        let server = Server::fixed(&ok("secret")).await;
        let session = session("");
        for (host, address) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.1", "127.0.0.1"),
            ("2130706433", "127.0.0.1"),
            ("0x7f000001", "127.0.0.1"),
            ("0177.0.0.1", "127.0.0.1"),
            ("017700000001", "127.0.0.1"),
            ("127.0.0.1.", "127.0.0.1"),
            ("%31%32%37.0.0.1", "127.0.0.1"),
            ("１２７.0.0.1", "127.0.0.1"),
            ("0.0.0.0", "0.0.0.0"),
            ("0", "0.0.0.0"),
            ("[::]", "::"),
            ("[::1]", "::1"),
            ("[0:0:0:0:0:0:0:1]", "::1"),
            ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
            ("[::ffff:7f00:1]", "::ffff:127.0.0.1"),
            ("[::ffff:10.0.0.1]", "::ffff:10.0.0.1"),
            ("[64:ff9b::7f00:1]", "64:ff9b::7f00:1"),
            ("[2002:7f00:1::]", "2002:7f00:1::"),
            ("10.0.0.1", "10.0.0.1"),
            ("169.254.169.254", "169.254.169.254"),
            ("[fe80::1]", "fe80::1"),
            ("[fd00:ec2::254]", "fd00:ec2::254"),
            ("anything.test", "127.0.0.1"),
        ] {
            let url = server.url(host, "/");
            assert_eq!(refused(got(&session, &url).await).as_deref(), Some(address), "{host}");
        }
        assert_eq!(server.connections.get(), 0, "nobody connected");
    });
}

#[test]
fn the_refusal_says_what_to_do() {
    run(async {
        let error = got(&session(""), "http://db.test:5432/").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "db.test is not on the public internet: 127.0.0.1 is an address of the machine \
             itself; the owner of this node may allow it in the setting \
             functions.fetch_allowed_hosts"
        );
    });
}

#[test]
fn what_the_owner_allows_is_reached() {
    run(async {
        let server = Server::fixed(&ok("hello")).await;
        let port = server.port;
        for (allowed, host, expect) in [
            ("db.test", "db.test", true),
            ("*.test", "db.test", true),
            ("127.0.0.1", "db.test", true),
            ("127.0.0.1", "0x7f.1", true),
            (&*format!("db.test:{port}"), "db.test", true),
            (&*format!("127.0.0.1:{port}"), "127.0.0.1", true),
            ("db.test:1", "db.test", false),
            ("other.test", "db.test", false),
            ("db.test", "127.0.0.1", false),
        ] {
            let result = got(&session(allowed), &server.url(host, "/")).await;
            assert_eq!(refused(result).is_none(), expect, "{allowed} {host}");
        }
    });
}

#[test]
fn a_redirect_leads_nowhere_that_a_fetch_may_not_go() {
    run(async {
        let secret = Server::fixed(&ok("secret")).await;
        let port = secret.port;
        for target in [
            format!("http://127.0.0.1:{port}/"),
            format!("http://2130706433:{port}/"),
            format!("http://[::ffff:127.0.0.1]:{port}/"),
            format!("http://inner.test:{port}/"),
            format!("//inner.test:{port}/"),
        ] {
            let answer =
                format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
            let server = Server::fixed(&answer).await;
            let allowed = format!("front.test:{}", server.port);
            let result = got(&session(&allowed), &server.url("front.test", "/")).await;
            assert!(refused(result).is_some(), "{target}");
        }
        assert_eq!(secret.connections.get(), 0, "nobody connected");
    });
}

/// A resolver with a list of answers, the last for good; counts how often it was asked.
fn in_turn(answers: Vec<Vec<IpAddr>>) -> (Resolve, Rc<Cell<usize>>) {
    let asked = Rc::new(Cell::new(0));
    let count = Rc::clone(&asked);
    let resolve: Resolve = Rc::new(move |_, _place| {
        let place = count.get().min(answers.len() - 1);
        count.set(count.get() + 1);
        std::future::ready(Ok(answers[place].clone())).boxed_local()
    });
    (resolve, asked)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_name_that_changes_after_it_was_judged_changes_nothing() {
    run(async {
        // Its first answer is allowed, every other is not. Who judges one and connects to another
        // would reach 127.0.0.2, where the same server listens.
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::task::spawn_local(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let own = stream.local_addr().unwrap().ip().to_string();
                if read_request(&mut stream).await.is_some() {
                    let answer = ok(&own).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        let (resolve, asked) = in_turn(vec![vec![ip("127.0.0.1")], vec![ip("127.0.0.2")]]);
        let limits = allowing("127.0.0.1");
        let client = FetchClient::with(limits, FetchLimits::default(), resolve);
        let session = FetchSession::new(Rc::new(client));
        let url = format!("http://rebinding.example:{port}/");
        assert_eq!(got(&session, &url).await.unwrap().1, "127.0.0.1");
        assert_eq!(asked.get(), 1, "once for a connection");
        assert_eq!(refused(got(&session, &url).await).as_deref(), Some("127.0.0.2"));
        assert_eq!(asked.get(), 2);
    });
}

#[test]
fn of_several_addresses_only_those_that_may_be_are_tried() {
    run(async {
        let server = Server::fixed(&ok("hello")).await;
        let (resolve, _) =
            in_turn(vec![vec![ip("10.0.0.1"), ip("127.0.0.1")], vec![ip("10.0.0.1")]]);
        let client = FetchClient::with(allowing("127.0.0.1"), FetchLimits::default(), resolve);
        let session = FetchSession::new(Rc::new(client));
        assert_eq!(got(&session, &server.url("one.example", "/")).await.unwrap().1, "hello");
        let result = got(&session, &server.url("two.example", "/")).await;
        assert_eq!(refused(result).as_deref(), Some("10.0.0.1"));
    });
}

#[test]
fn the_next_address_is_tried_where_one_does_not_answer() {
    run(async {
        let server = Server::fixed(&ok("hello")).await;
        let (resolve, _) = in_turn(vec![vec![ip("127.0.0.2"), ip("127.0.0.1")]]);
        let client = FetchClient::with(allowing("a.example"), FetchLimits::default(), resolve);
        let session = FetchSession::new(Rc::new(client));
        assert_eq!(got(&session, &server.url("a.example", "/")).await.unwrap().1, "hello");
    });
}

#[test]
fn a_host_that_is_no_longer_allowed_is_not_reached_over_a_kept_connection() {
    run(async {
        let server = Server::fixed(&ok("hello")).await;
        let limits = allowing("db.test");
        let client = FetchClient::with(limits.clone(), FetchLimits::default(), resolve_test());
        let session = FetchSession::new(Rc::new(client));
        let url = server.url("db.test", "/");
        for _ in 0..2 {
            got(&session, &url).await.unwrap();
        }
        assert_eq!(server.connections.get(), 1, "the second uses the first one's connection");
        limits.replace(Limits::default());
        assert_eq!(refused(got(&session, &url).await).as_deref(), Some("127.0.0.1"));
        limits.replace((*allowing("db.test").now()).clone());
        got(&session, &url).await.unwrap();
        assert_eq!(server.connections.get(), 2, "and a new one later");
    });
}

#[test]
fn a_kept_connection_serves_its_own_host_and_its_own_app_alone() {
    run(async {
        let server = Server::fixed(&ok("hello")).await;
        let client =
            Rc::new(FetchClient::with(allowing("a.test"), FetchLimits::default(), resolve_test()));
        let (one, other) = (FetchSession::new(Rc::clone(&client)), FetchSession::new(client));
        got(&one, &server.url("a.test", "/")).await.unwrap();
        let result = got(&one, &server.url("b.test", "/")).await;
        assert!(refused(result).is_some(), "same address, other name");
        let tls = format!("https://a.test:{}/", server.port);
        let error = got(&one, &tls).await.unwrap_err();
        assert!(error.to_string().contains("does not answer in TLS"), "{error}");
        assert_eq!(server.connections.get(), 2, "TLS never goes over a plain connection");
        got(&other, &server.url("a.test", "/")).await.unwrap();
        assert_eq!(server.connections.get(), 3, "apps share no connection");
    });
}

#[test]
fn ports_of_other_protocols_are_refused_unless_named() {
    run(async {
        let error = got(&session("*.test"), "http://a.test:25/").await.unwrap_err();
        assert!(error.to_string().contains("port 25 belongs to another protocol"), "{error}");
        let error = got(&session("*.test, *.test:1"), "http://a.test:1/").await.unwrap_err();
        assert!(error.to_string().contains("refused"), "{error}");
    });
}

#[test]
fn a_name_that_is_none_is_told_apart() {
    run(async {
        let error = got(&session(""), "http://nowhere.invalid/").await.unwrap_err();
        assert_eq!(error.to_string(), "the host nowhere.invalid cannot be found: no such name");
        let (resolve, _) = in_turn(vec![Vec::new()]);
        let client = FetchClient::with(allowing(""), FetchLimits::default(), resolve);
        let error =
            got(&FetchSession::new(Rc::new(client)), "http://empty.example/").await.unwrap_err();
        assert!(error.to_string().contains("has no address"), "{error}");
    });
}

#[test]
fn the_systems_resolver_finds_this_machine_and_it_is_refused() {
    run(async {
        let session = FetchSession::new(Rc::new(FetchClient::new(allowing(""))));
        assert!(refused(got(&session, "http://localhost:4698/").await).is_some());
    });
}

#[test]
fn a_name_that_does_not_answer_ends_in_a_timeout() {
    run(async {
        tokio::time::pause();
        let silent: Resolve = Rc::new(|_, _place| std::future::pending().boxed_local());
        let client = FetchClient::with(allowing(""), FetchLimits::default(), silent);
        let error =
            got(&FetchSession::new(Rc::new(client)), "http://silent.example/").await.unwrap_err();
        assert_eq!(error.to_string(), "waited 5 s in vain for the address of the host");
    });
}
