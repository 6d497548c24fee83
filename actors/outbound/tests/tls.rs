//! A host whose certificate nobody vouches for.
//!
//! The key and the certificates (for `localhost`, until 2126) belong to these tests alone.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::Arc,
    thread,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};

use super::super::*;
use crate::kind::{ErrorKind, Fault};

/// A TLS server that reads what its one client sends; returns its port and what it got.
fn tls_server(certificate: &[u8]) -> (u16, thread::JoinHandle<Vec<u8>>) {
    let certificate = CertificateDer::from(certificate.to_vec());
    let key = PrivatePkcs8KeyDer::from(include_bytes!("self-signed.key.der").to_vec());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::from(key))
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let got = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let session = ServerConnection::new(Arc::new(config)).unwrap();
        let mut seen = Vec::new();
        // It ends with the client's alert, which is an error here.
        let _refused = StreamOwned::new(session, stream).read_to_end(&mut seen);
        seen
    });
    (port, got)
}

fn request(url: String) -> Request {
    let bearer = Some("fazt_a_secret".into());
    Request { verb: Verb::Get, url, bearer, body: Body::Empty, timeout: HEAD_TIMEOUT }
}

#[actix::test]
async fn a_host_that_cannot_prove_itself_gets_no_token() {
    for (certificate, reason) in [
        (&include_bytes!("self-signed.der")[..], "no authority that is known here has signed it"),
        (&include_bytes!("own-authority.der")[..], "it has signed itself"),
    ] {
        let (port, got) = tls_server(certificate);
        let url = format!("https://localhost:{port}");
        let error = Client::tcp().send_patiently(request(format!("{url}/x"))).await.unwrap_err();
        assert_eq!((error.code(), error.kind()), ("CERTIFICATE_REFUSED", ErrorKind::Upstream));
        let expect =
            format!("the certificate of {url} cannot be trusted: {reason}; nothing was sent");
        assert_eq!(error.to_string(), expect);
        assert_eq!(got.join().unwrap(), b"", "not a byte of the request");
    }
}

#[actix::test]
async fn plain_http_is_told_from_a_broken_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/x", listener.local_addr().unwrap().port());
    let answering = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _hello = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").unwrap();
    });
    let error = Client::tcp().send_patiently(request(url)).await.unwrap_err();
    assert_eq!(error.code(), "CONNECTION_FAILED", "{error:?}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("write http://"), "{cause}");
    answering.join().unwrap();
}
