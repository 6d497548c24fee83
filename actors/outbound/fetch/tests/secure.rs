//! TLS. The key and the certificate (for `localhost`, until 2126) belong to the tests alone.

use std::io::{Read, Write};
use std::thread;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::*;

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from(include_bytes!("../../tests/self-signed.der").to_vec())
}

/// A TLS server of one connection: answers each request with the next of these, then says
/// goodbye, or not.
fn tls_server(answers: Vec<&'static str>, is_polite: bool) -> (u16, thread::JoinHandle<String>) {
    let key = include_bytes!("../../tests/self-signed.key.der").to_vec();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate()], key)
        .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let session = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = StreamOwned::new(session, stream);
        let mut seen = String::new();
        let mut buffer = [0; 4096];
        for answer in answers {
            let before = seen.len();
            while !seen[before..].ends_with("\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(count @ 1..) => {
                        seen.push_str(std::str::from_utf8(&buffer[..count]).unwrap())
                    }
                    _ => return seen,
                }
            }
            stream.write_all(answer.as_bytes()).unwrap();
        }
        if is_polite {
            stream.conn.send_close_notify();
        }
        stream.flush().unwrap();
        seen
    });
    (port, seen)
}

/// A session that may reach `localhost`; with the server's certificate for a root, or without.
fn local(is_trusted: bool) -> FetchSession {
    let resolve: Resolve =
        Rc::new(|_, _place| std::future::ready(Ok(vec![[127, 0, 0, 1].into()])).boxed_local());
    let allowed = allowing("localhost, other.test");
    let mut client = FetchClient::with(allowed, FetchLimits::default(), resolve);
    if is_trusted {
        let mut roots = RootCertStore::empty();
        roots.add(certificate()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        client.tls = Arc::new(config);
    }
    FetchSession::new(Rc::new(client))
}

#[test]
fn https_is_fetched_over_one_connection() {
    run(async {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        let (port, seen) = tls_server(vec![answer; 3], true);
        let session = local(true);
        let url = format!("https://localhost:{port}/x");
        for _ in 0..3 {
            let (head, body) = got(&session, &url).await.unwrap();
            assert_eq!((head.status, &*body, &*head.url), (200, "hello", &*url));
        }
        let seen = seen.join().unwrap().to_lowercase();
        assert_eq!(seen.matches(&format!("\r\nhost: localhost:{port}\r\n")).count(), 3, "{seen}");
    });
}

#[test]
fn a_host_that_cannot_prove_itself_gets_nothing() {
    run(async {
        for (is_trusted, host, part) in [
            (false, "localhost", "no authority that is known here has signed it"),
            (true, "other.test", "it is for another host"),
        ] {
            let (port, seen) = tls_server(vec!["HTTP/1.1 200 OK\r\n\r\n"], true);
            let url = format!("https://{host}:{port}/");
            let error = got(&local(is_trusted), &url).await.unwrap_err();
            let said = error.to_string();
            assert!(
                said.contains("certificate cannot be trusted") && said.contains(part),
                "{said}"
            );
            assert_eq!(seen.join().unwrap(), "", "not a byte of the request");
        }
    });
}

#[test]
fn a_body_that_breaks_off_is_told_from_one_that_ends() {
    run(async {
        let (chunks, until_closed) = (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "HTTP/1.1 200 OK\r\n\r\nhello",
        );
        for (answer, is_polite, expect) in [
            (chunks, true, false),
            (chunks, false, false),
            (until_closed, true, true),
            // Without a goodbye anybody on the way may have cut it.
            (until_closed, false, false),
        ] {
            let (port, seen) = tls_server(vec![answer], is_polite);
            let result = got(&local(true), &format!("https://localhost:{port}/")).await;
            seen.join().unwrap();
            assert_eq!(result.is_ok(), expect, "{answer} {is_polite}: {result:?}");
            if let Err(error) = result {
                assert!(matches!(error, FetchError::Broken { .. }), "{error}");
            }
        }
    });
}
