use std::net::IpAddr;

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

use super::*;
use crate::limits::Limits;
use crate::outbound::guard::AllowedHosts;

mod bodies;
mod guarding;
mod lookups;
mod many;
mod redirects;
mod requests;
mod secure;
mod uploads;

/// Runs a test as an executor thread runs: one thread, and no actix system.
fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test)
}

/// How a test server treats a connection after it has answered.
enum Then {
    Keep,
    Close,
}

/// A host on this machine that keeps what it was sent.
struct Server {
    port: u16,
    seen: Rc<RefCell<Vec<String>>>,
    connections: Rc<Cell<usize>>,
}

impl Server {
    async fn start(answer: impl Fn(&str) -> (Vec<u8>, Then) + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, connections) = (Rc::<RefCell<Vec<String>>>::default(), Rc::new(Cell::new(0)));
        let server = Server { port, seen: Rc::clone(&seen), connections: Rc::clone(&connections) };
        let answer = Rc::new(answer);
        tokio::task::spawn_local(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                connections.set(connections.get() + 1);
                let (answer, seen) = (Rc::clone(&answer), Rc::clone(&seen));
                tokio::task::spawn_local(async move {
                    while let Some(request) = read_request(&mut stream).await {
                        let (bytes, then) = answer(&request);
                        seen.borrow_mut().push(request);
                        if stream.write_all(&bytes).await.is_err() || matches!(then, Then::Close) {
                            return;
                        }
                    }
                });
            }
        });
        server
    }

    /// A server with one answer for all.
    async fn fixed(answer: &str) -> Server {
        let answer = answer.as_bytes().to_vec();
        Server::start(move |_| (answer.clone(), Then::Keep)).await
    }

    /// A server that closes after its one answer.
    async fn closing(answer: &str) -> Server {
        let answer = answer.as_bytes().to_vec();
        Server::start(move |_| (answer.clone(), Then::Close)).await
    }

    fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }

    /// The requests, in lower case.
    fn seen(&self) -> Vec<String> {
        self.seen.borrow().iter().map(|request| request.to_lowercase()).collect()
    }
}

/// Reads one request to the end of its body; none once the client has gone.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let is_whole = match length {
                Some(length) => body.len() >= length.parse::<usize>().unwrap(),
                None if head.contains("transfer-encoding: chunked") => body.ends_with("0\r\n\r\n"),
                None => true,
            };
            if is_whole {
                return Some(text);
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            // The first word of TLS.
            Ok(_) if buffer[0] == 0x16 && seen.is_empty() => return Some("hello".to_owned()),
            Ok(count) => seen.extend_from_slice(&buffer[..count]),
        }
    }
}

/// An answer with a body.
fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Every name that ends with `.test` is this machine.
fn resolve_test() -> Resolve {
    Rc::new(|host: &str, _place| {
        let is_test = host.ends_with(".test");
        let found: Result<Vec<IpAddr>, String> =
            if is_test { Ok(vec![[127, 0, 0, 1].into()]) } else { Err("no such name".to_owned()) };
        std::future::ready(found).boxed_local()
    })
}

fn allowing(hosts: &str) -> LiveLimits {
    let fetch_allowed_hosts = AllowedHosts::parse(hosts).unwrap();
    LiveLimits::new(Limits { fetch_allowed_hosts, ..Limits::default() })
}

/// A session that may reach these hosts besides the internet.
fn session(allowed: &str) -> FetchSession {
    session_with(allowed, FetchLimits::default())
}

fn session_with(allowed: &str, bounds: FetchLimits) -> FetchSession {
    FetchSession::new(Rc::new(FetchClient::with(allowing(allowed), bounds, resolve_test())))
}

fn request(method: &str, url: &str) -> FetchRequest {
    FetchRequest {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: FetchBody::Empty,
        redirect: RedirectMode::Follow,
    }
}

/// Fetches to the end of the body.
async fn fetched(
    session: &FetchSession,
    request: FetchRequest,
) -> Result<(FetchHead, String), FetchError> {
    let (mut fetch, _) = session.start(request)?;
    let head = fetch.head().await?;
    let mut whole = Vec::new();
    while let Some(chunk) = fetch.body().read().await? {
        whole.extend_from_slice(&chunk);
    }
    Ok((head, String::from_utf8(whole).unwrap()))
}

async fn got(session: &FetchSession, url: &str) -> Result<(FetchHead, String), FetchError> {
    fetched(session, request("GET", url)).await
}

/// The value of a header.
fn header_of<'a>(head: &'a FetchHead, name: &str) -> Option<&'a str> {
    head.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}
