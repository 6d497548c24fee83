//! Many at once, and connections that are used again.

use super::*;

#[test]
fn five_hundred_at_once_all_get_their_answer() {
    run(async {
        // The usual queue of 128 would overflow, and each connection too many cost a second.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1024).unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::task::spawn_local(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::task::spawn_local(async move {
                    while let Some(request) = read_request(&mut stream).await {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        let path = request.split(' ').nth(1).unwrap();
                        stream.write_all(ok(path).as_bytes()).await.unwrap();
                    }
                });
            }
        });
        let session = session("127.0.0.1");
        for _ in 0..2 {
            let all = (0..500).map(|number| {
                let url = format!("http://127.0.0.1:{port}/{number}");
                let session = &session;
                async move { (number, got(session, &url).await) }
            });
            for (number, result) in futures_util::future::join_all(all).await {
                assert_eq!(result.unwrap().1, format!("/{number}"));
            }
        }
        assert!(session.client.open.get() <= 512, "{}", session.client.open.get());
        drop(session);
    });
}

#[test]
fn others_wait_for_a_place_and_not_for_good() {
    run(async {
        let server = Server::fixed(&ok("hello")).await;
        let bounds = FetchLimits {
            at_once: 1,
            head_timeout: Duration::from_secs(7),
            ..FetchLimits::default()
        };
        let session = session_with("a.test", bounds);
        let large = Server::fixed(&ok(&"x".repeat(1 << 20))).await;
        let (mut holder, _) = session.start(request("GET", &large.url("a.test", "/"))).unwrap();
        holder.head().await.unwrap();
        let (mut waiter, _) = session.start(request("GET", &server.url("a.test", "/"))).unwrap();
        tokio::task::yield_now().await;
        assert_eq!(server.connections.get(), 0, "the only place is taken");
        let (mut late, _) = session.start(request("GET", &server.url("a.test", "/"))).unwrap();
        drop(holder);
        waiter.head().await.unwrap();
        assert_eq!(server.connections.get(), 1);
        drop(waiter);
        late.head().await.unwrap();
        let (mut unlucky, _) = session.start(request("GET", &server.url("a.test", "/"))).unwrap();
        let large_again = request("GET", &large.url("a.test", "/"));
        drop(late);
        let (mut holder, _) = session.start(large_again).unwrap();
        unlucky.head().await.unwrap();
        drop(unlucky);
        holder.head().await.unwrap();
        let (mut unlucky, _) = session.start(request("GET", &server.url("a.test", "/"))).unwrap();
        tokio::time::pause();
        let error = unlucky.head().await.unwrap_err();
        assert_eq!(error.to_string(), "waited 7 s in vain for other fetches to end");
    });
}

#[test]
fn only_so_many_connections_are_kept() {
    run(async {
        let bounds = FetchLimits { kept_alive: 3, ..FetchLimits::default() };
        let session = session_with("*.test", bounds);
        let server = Server::fixed(&ok("hello")).await;
        for number in 0..20 {
            got(&session, &server.url(&format!("h{number}.test"), "/")).await.unwrap();
            assert!(session.client.open.get() <= 4, "{}", session.client.open.get());
        }
        let seen = server.seen();
        assert!(!seen[0].contains("connection: close"), "{}", seen[0]);
        assert!(seen[19].contains("connection: close"), "{}", seen[19]);
    });
}

#[test]
fn connections_that_nobody_uses_are_closed() {
    run(async {
        let server = Server::fixed(&ok("hello")).await;
        let session = session("*.test");
        for number in 0..20 {
            got(&session, &server.url(&format!("h{number}.test"), "/")).await.unwrap();
        }
        assert_eq!(session.client.open.get(), 20);
        tokio::time::pause();
        tokio::time::sleep(POOL_AGE + Duration::from_secs(1)).await;
        assert_eq!(session.client.open.get(), 0);
        tokio::time::resume();
        got(&session, &server.url("h1.test", "/")).await.unwrap();
        drop(session);
    });
}

#[test]
fn a_connection_that_its_host_closes_at_the_wrong_moment_is_replaced() {
    run(async {
        // It answers once, takes the second request, and closes.
        let answered = Rc::new(Cell::new(0));
        let count = Rc::clone(&answered);
        let server = Server::start(move |_| {
            count.set(count.get() + 1);
            match count.get() % 2 {
                1 => (ok("hello").into_bytes(), Then::Keep),
                _ => (Vec::new(), Then::Close),
            }
        })
        .await;
        let session = session("a.test");
        let url = server.url("a.test", "/");
        for method in ["GET", "PUT", "OPTIONS"] {
            got(&session, &url).await.unwrap();
            fetched(&session, request(method, &url)).await.expect(method);
            // Its answer was an odd one again; the next is even, and the last of its connection.
            let error = fetched(&session, request("POST", &url)).await.unwrap_err();
            assert!(matches!(error, FetchError::Broken { .. }), "{error}");
            assert_eq!(answered.get() % 4, 0, "a POST is not repeated");
        }
    });
}
