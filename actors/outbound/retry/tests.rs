use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bytes::Bytes;

use super::*;
use crate::{kind::Fault, outbound::HEAD_TIMEOUT};

/// A server that gives each of its connections one of these answers, the last one from then
/// on, and counts them. An empty answer closes the connection.
fn server(answers: &'static [&'static str]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let number = counter.fetch_add(1, Ordering::SeqCst);
            // One read is a whole request here: they are shorter than a packet.
            let _request = stream.read(&mut [0; 4096]).unwrap();
            let answer = answers.get(number).or(answers.last()).unwrap();
            let _gone = stream.write_all(answer.as_bytes());
        }
    });
    (url, asked)
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0\r\n\
                    connection: close\r\n\r\n";
const BUSY_FOR_LONG: &str = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 60\r\n\
                             content-length: 0\r\nconnection: close\r\n\r\n";
const BAD_GATEWAY: &str =
    "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const BROKEN: &str =
    "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What a client that does not wait long makes of these answers, and how often it asked.
async fn check(
    verb: Verb,
    answers: &'static [&'static str],
    expect: Result<u16, &str>,
    times: usize,
) {
    let (url, asked) = server(answers);
    let client = Client { first_pause: Duration::from_millis(1), ..Client::tcp() };
    let body = match verb {
        Verb::Get => Body::Empty,
        _ => Body::Json(Bytes::from_static(b"{}")),
    };
    let request = Request { verb, url, bearer: None, body, timeout: HEAD_TIMEOUT };
    let answer = client.send_patiently(request).await;
    let answer = answer.map(|response| response.status()).map_err(|error| error.code());
    assert_eq!(answer, expect, "{verb:?} {answers:?}");
    assert_eq!(asked.load(Ordering::SeqCst), times, "{verb:?} {answers:?}");
}

#[actix::test]
async fn a_read_is_asked_again_where_that_may_help() {
    check(Verb::Get, &[OK], Ok(200), 1).await;
    check(Verb::Get, &["", OK], Ok(200), 2).await;
    check(Verb::Get, &[BUSY, OK], Ok(200), 2).await;
    check(Verb::Get, &["", BAD_GATEWAY, OK], Ok(200), 3).await;
    // Three times is enough.
    check(Verb::Get, &[""], Err("CONNECTION_BROKEN"), 3).await;
    check(Verb::Get, &[BAD_GATEWAY], Ok(502), 3).await;
}

#[actix::test]
async fn what_is_decided_is_not_asked_again() {
    check(Verb::Get, &[BROKEN], Ok(500), 1).await;
    check(Verb::Get, &[BUSY_FOR_LONG], Ok(503), 1).await;
    check(Verb::Get, &["SSH-2.0-OpenSSH_9.9\r\n\r\n"], Err("NOT_HTTP"), 1).await;
}

#[actix::test]
async fn a_change_is_sent_once() {
    for verb in [Verb::Post, Verb::Put, Verb::Delete] {
        check(verb, &["", OK], Err("CONNECTION_BROKEN"), 1).await;
        check(verb, &[BUSY, OK], Ok(503), 1).await;
    }
}

#[test]
fn pauses_differ() {
    let pause = Duration::from_secs(2);
    let drawn: Vec<Duration> = (0..50).map(|_| jittered(pause)).collect();
    assert!(drawn.iter().all(|drawn| (pause / 2..pause * 3 / 2).contains(drawn)), "{drawn:?}");
    assert!(drawn.iter().any(|other| *other != drawn[0]));
}
