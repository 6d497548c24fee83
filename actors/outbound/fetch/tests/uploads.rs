//! Bodies that are written, and fetches that are ended.

use super::*;

fn post(url: &str, body: FetchBody) -> FetchRequest {
    FetchRequest { body, ..request("POST", url) }
}

#[test]
fn bytes_are_sent_with_their_length() {
    run(async {
        let server = Server::fixed(&ok("thanks")).await;
        let data = "0123456789".repeat(30_000);
        let body = FetchBody::Bytes(Bytes::from(data.clone()));
        let (_, answer) =
            fetched(&session("a.test"), post(&server.url("a.test", "/"), body)).await.unwrap();
        assert_eq!(answer, "thanks");
        let seen = server.seen().pop().unwrap();
        assert!(seen.contains("\r\ncontent-length: 300000\r\n"));
        assert!(seen.ends_with(&format!("\r\n\r\n{data}")));
        assert!(!seen.contains("chunked"));
        let empty = FetchBody::Bytes(Bytes::new());
        fetched(&session("a.test"), post(&server.url("a.test", "/"), empty)).await.unwrap();
        assert!(server.seen().pop().unwrap().contains("\r\ncontent-length: 0\r\n"));
    });
}

#[test]
fn a_stream_is_sent_as_it_is_written() {
    run(async {
        let server = Server::fixed(&ok("thanks")).await;
        let session = session("a.test");
        let request = post(&server.url("a.test", "/"), FetchBody::Stream);
        let (mut fetch, writer) = session.start(request).unwrap();
        let mut writer = writer.unwrap();
        for part in ["one", "", "two"] {
            writer.write(Bytes::from(part)).await.unwrap();
        }
        writer.end();
        assert_eq!(fetch.head().await.unwrap().status, 200);
        let seen = server.seen().pop().unwrap();
        assert!(seen.contains("\r\ntransfer-encoding: chunked\r\n"), "{seen}");
        assert!(seen.ends_with("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"), "{seen}");
        assert_eq!(writer.write(Bytes::from("late")).await, Err(FetchError::Aborted));
    });
}

#[test]
fn a_writer_waits_for_its_reader() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let session = session("127.0.0.1");
        let request = post(&format!("http://127.0.0.1:{port}/"), FetchBody::Stream);
        let (_fetch, writer) = session.start(request).unwrap();
        let writer = writer.unwrap();
        let (_stream, _) = listener.accept().await.unwrap();
        let chunk = Bytes::from(vec![b'x'; 1 << 20]);
        let mut accepted = 0;
        // Nobody reads: after the sockets are full a write does not return.
        loop {
            let mut write = std::pin::pin!(writer.write(chunk.clone()));
            let mut turns = 0;
            let is_done = std::future::poll_fn(|cx| {
                if write.as_mut().poll(cx).is_ready() {
                    return std::task::Poll::Ready(true);
                }
                turns += 1;
                cx.waker().wake_by_ref();
                if turns > 2_000 { std::task::Poll::Ready(false) } else { std::task::Poll::Pending }
            })
            .await;
            if !is_done {
                break;
            }
            accepted += 1;
            assert!(accepted < 64, "64 MiB were taken and nobody read them");
        }
    });
}

#[test]
fn a_body_has_a_bound() {
    run(async {
        let server = Server::fixed(&ok("thanks")).await;
        let bounds = FetchLimits { request_bytes_max: 10, ..FetchLimits::default() };
        let session = session_with("a.test", bounds);
        let url = server.url("a.test", "/");
        let large = FetchBody::Bytes(Bytes::from_static(b"12345678901"));
        let error = session.start(post(&url, large)).unwrap_err();
        assert_eq!(error, FetchError::RequestTooLarge(10));
        let (mut fetch, writer) = session.start(post(&url, FetchBody::Stream)).unwrap();
        let writer = writer.unwrap();
        writer.write(Bytes::from_static(b"123456")).await.unwrap();
        writer.write(Bytes::from_static(b"123456")).await.unwrap();
        assert_eq!(fetch.head().await, Err(FetchError::RequestTooLarge(10)));
        assert_eq!(writer.write(Bytes::from_static(b"1")).await, Err(FetchError::Aborted));
    });
}

/// A server of one connection that says when that has ended, and whether the request was whole.
async fn watched() -> (u16, oneshot::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, ended) = oneshot::channel();
    tokio::task::spawn_local(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        let mut is_answered = false;
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            seen.extend_from_slice(&buffer[..count]);
            if !is_answered && seen.starts_with(b"GET") {
                is_answered = true;
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
                    .await
                    .unwrap();
            }
        }
        let _ = sender.send(seen);
    });
    (port, ended)
}

#[test]
fn who_lets_go_of_a_fetch_ends_it() {
    run(async {
        let session = session("127.0.0.1");
        let (port, ended) = watched().await;
        let (mut fetch, _) =
            session.start(request("GET", &format!("http://127.0.0.1:{port}/"))).unwrap();
        fetch.head().await.unwrap();
        let body = fetch.body();
        assert_eq!(body.read().await.unwrap().as_deref(), Some(&b"half"[..]));
        assert_eq!(session.client.open.get(), 1);
        drop(fetch);
        assert_eq!(body.read().await, Err(FetchError::Aborted), "who still reads learns of it");
        ended.await.unwrap();
        assert_eq!(session.client.open.get(), 0);
        assert_eq!(session.client.places.available_permits(), 512);
    });
}

#[test]
fn a_part_is_never_taken_for_the_whole() {
    run(async {
        let session = session("127.0.0.1");
        for lets_go_of_the_fetch in [true, false] {
            let (port, ended) = watched().await;
            let url = format!("http://127.0.0.1:{port}/");
            let (fetch, writer) = session.start(post(&url, FetchBody::Stream)).unwrap();
            let writer = writer.unwrap();
            // More than is kept back until there is more.
            writer.write(Bytes::from(vec![b'x'; 100_000])).await.unwrap();
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let mut kept = None;
            if lets_go_of_the_fetch {
                drop(fetch);
            } else {
                kept = Some(fetch);
                drop(writer);
            }
            let seen = ended.await.unwrap();
            assert!(seen.starts_with(b"POST / "), "the request was begun");
            assert!(!seen.ends_with(b"0\r\n\r\n"), "and not ended");
            if let Some(mut fetch) = kept {
                assert_eq!(fetch.head().await, Err(FetchError::Aborted));
            }
        }
    });
}

#[test]
fn a_slow_writer_is_not_the_hosts_fault() {
    run(async {
        let server = Server::fixed(&ok("thanks")).await;
        let session = session("a.test");
        let url = server.url("a.test", "/");
        let (mut fetch, writer) = session.start(post(&url, FetchBody::Stream)).unwrap();
        let mut writer = writer.unwrap();
        writer.write(Bytes::from_static(b"one")).await.unwrap();
        tokio::time::pause();
        tokio::time::sleep(Duration::from_secs(120)).await;
        tokio::time::resume();
        writer.write(Bytes::from_static(b"two")).await.unwrap();
        writer.end();
        assert_eq!(fetch.head().await.unwrap().status, 200);
    });
}
