use std::io::{Read, Write};
use std::net::TcpListener;
use std::slice::from_ref;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::LocalSet;

use super::super::Kind;
use super::*;
use crate::limits::{Limits, LiveLimits};
use crate::outbound::fetch::FetchLimits;
use crate::outbound::guard::AllowedHosts;

/// Runs a test as an executor thread runs: one thread, and no actix system.
fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test)
}

/// An isolate's host that may reach this machine, with other bounds than the usual.
fn host_with(bounds: FetchLimits) -> Host {
    let fetch_allowed_hosts = AllowedHosts::parse("127.0.0.1").unwrap();
    let limits = LiveLimits::new(Limits { fetch_allowed_hosts, ..Limits::default() });
    let resolve: crate::outbound::fetch::Resolve =
        Rc::new(|_, _place| std::future::ready(Err("no such name".to_owned())).boxed_local());
    let client = Rc::new(FetchClient::with(limits, bounds, resolve));
    let mut host = Host::default();
    host.fetch.session = FetchState::new(client).session;
    host
}

fn host() -> Host {
    host_with(FetchLimits::default())
}

/// A server on a thread of its own: reads until `until` was sent, answers, and says what it saw.
fn server(until: &'static str, answer: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let seen = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = String::new();
        let mut buffer = [0; 4096];
        while !seen.ends_with(until) {
            let count = stream.read(&mut buffer).unwrap();
            assert!(count > 0, "the client went away after {seen}");
            seen.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        }
        stream.write_all(answer.as_bytes()).unwrap();
        seen
    });
    (url, seen)
}

/// Calls a host function by its name, as an engine does.
async fn call(host: &mut Host, name: &str, args: &[Value]) -> Answer {
    let function = FUNCTIONS.iter().find(|function| function.name == name).expect(name);
    match function.kind {
        Kind::Now(function) => function(host, Args(args)),
        Kind::Later(function) => function(host, Args(args))?.await,
    }
}

fn list(texts: &[&str]) -> Value {
    texts.iter().map(|text| Value::from(*text)).collect::<Vec<Value>>().into()
}

async fn start(host: &mut Host, method: &str, url: &str, body: Value) -> Answer {
    let headers = list(&["x-a", "b"]);
    let args = [method.into(), url.into(), headers, body, "follow".into()];
    call(host, "fetchStart", &args).await
}

const ANSWER: &str = "HTTP/1.1 201 Created\r\nX-C: d\r\nContent-Length: 5\r\n\r\nhello";

#[test]
fn a_script_gets_head_and_body() {
    run(async {
        let (url, seen) = server("\r\n\r\n", ANSWER);
        let mut host = host();
        let handle = start(&mut host, "GET", &url, Value::Null).await.unwrap();
        let head = call(&mut host, "fetchHead", from_ref(&handle)).await.unwrap();
        let headers = list(&["x-c", "d", "content-length", "5"]);
        let Value::List(mut head) = head else { panic!("{head:?}") };
        // Their order is awc's.
        let Some(Value::List(own)) = head.pop() else { panic!("no headers") };
        let Value::List(expect) = headers else { unreachable!() };
        assert!(expect.iter().all(|value| own.contains(value)) && own.len() == 4, "{own:?}");
        assert_eq!(head, [201_u32.into(), "Created".into(), url.as_str().into(), false.into()]);
        let mut body = Vec::new();
        while let Value::Bytes(chunk) =
            call(&mut host, "fetchRead", from_ref(&handle)).await.unwrap()
        {
            body.extend_from_slice(&chunk);
        }
        assert_eq!(body, b"hello");
        assert!(seen.join().unwrap().contains("x-a: b\r\n"));
        assert_eq!(host.fetch.open_count(), 0, "what was read is over");
        for _ in 0..2 {
            assert_eq!(call(&mut host, "fetchAbort", from_ref(&handle)).await, Ok(Value::Null));
        }
        let error = call(&mut host, "fetchRead", &[handle]).await.unwrap_err();
        assert_eq!(error, HostError::type_error("the fetch was aborted"));
    });
}

#[test]
fn a_script_writes_a_body() {
    run(async {
        let (url, seen) = server("0\r\n\r\n", ANSWER);
        let mut host = host();
        let handle = start(&mut host, "POST", &url, Value::Bool(true)).await.unwrap();
        for part in [&b"one"[..], b"two"] {
            let args = [handle.clone(), Bytes::from_static(part).into()];
            call(&mut host, "fetchWrite", &args).await.unwrap();
        }
        call(&mut host, "fetchWriteEnd", from_ref(&handle)).await.unwrap();
        call(&mut host, "fetchWriteEnd", from_ref(&handle)).await.unwrap();
        let late = [handle.clone(), Bytes::from_static(b"late").into()];
        assert!(call(&mut host, "fetchWrite", &late).await.is_err());
        call(&mut host, "fetchHead", &[handle]).await.unwrap();
        assert!(seen.join().unwrap().ends_with("\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"));
        let (url, seen) = server("data", ANSWER);
        let bytes = Value::Bytes(Bytes::from_static(b"data"));
        let handle = start(&mut host, "PUT", &url, bytes).await.unwrap();
        call(&mut host, "fetchHead", &[handle]).await.unwrap();
        assert!(seen.join().unwrap().contains("content-length: 4\r\n"));
    });
}

#[test]
fn what_can_be_judged_at_once_is_thrown_at_once() {
    run(async {
        let mut host = host();
        let good = ["GET".into(), "http://a.test/".into(), list(&[]), Value::Null, "follow".into()];
        for (place, value, part) in [
            (0, "TRACE".into(), "`TRACE` is not a method"),
            (1, "file:///x".into(), "neither http nor https"),
            (1, Value::Null, "argument 1"),
            (2, list(&["odd"]), "in turn"),
            (2, vec![Value::Null, Value::Null].into(), "in turn"),
            (2, list(&["x-a", "b\r\nc: d"]), "request header `x-a`"),
            (3, Value::Bytes(Bytes::from_static(b"x")), "cannot have a body"),
            (3, Value::Bool(true), "cannot have a body"),
            (3, "text".into(), "argument 3"),
            (4, "sideways".into(), "redirect mode"),
        ] {
            let mut args = good.clone();
            args[place] = value;
            let error = call(&mut host, "fetchStart", &args).await.unwrap_err();
            assert_eq!(error.name, "TypeError");
            assert!(error.message.contains(part), "{error}");
        }
        assert_eq!((host.fetch.open.len(), host.fetch.begun[&0]), (0, 0), "nothing was begun");
        let mut bare = Host::default();
        let error = call(&mut bare, "fetchStart", &good).await.unwrap_err();
        assert_eq!(error, HostError::type_error("fetch is not available here"));
    });
}

#[test]
fn a_failure_is_a_type_error_with_a_reason() {
    run(async {
        let mut host = host();
        for (url, part) in [
            ("http://nowhere.invalid/", "nowhere.invalid cannot be found"),
            ("http://10.0.0.1/", "functions.fetch_allowed_hosts"),
            ("http://127.0.0.1:9/", "port 9 belongs to another protocol"),
        ] {
            let handle = start(&mut host, "GET", url, Value::Null).await.unwrap();
            let error = call(&mut host, "fetchHead", from_ref(&handle)).await.unwrap_err();
            assert_eq!(error.name, "TypeError");
            assert!(error.message.contains(part), "{error}");
            assert!(call(&mut host, "fetchRead", &[handle]).await.is_err());
        }
    });
}

#[test]
fn a_call_fetches_so_often_and_others_do_not_pay_for_it() {
    run(async {
        let mut host = host();
        let url = "http://nowhere.invalid/";
        host.fetch.begin_call(7);
        for _ in 0..50 {
            let handle = start(&mut host, "GET", url, Value::Null).await.unwrap();
            call(&mut host, "fetchAbort", &[handle]).await.unwrap();
        }
        let error = start(&mut host, "GET", url, Value::Null).await.unwrap_err();
        assert_eq!(error, HostError::type_error("one call may fetch 50 times"));
        host.fetch.begin_call(8);
        start(&mut host, "GET", url, Value::Null).await.unwrap();
        host.fetch.begin_call(7);
        assert!(start(&mut host, "GET", url, Value::Null).await.is_err(), "still the same call");
        host.fetch.end_call(7);
        host.fetch.end_call(8);
        assert!(host.fetch.begun.is_empty() && host.fetch.open.is_empty());
    });
}

#[test]
fn an_isolate_has_so_many_open() {
    run(async {
        let bounds = FetchLimits { open_per_isolate: 3, ..FetchLimits::default() };
        let mut host = host_with(bounds);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = format!("http://{}/", listener.local_addr().unwrap());
        let mut handles = Vec::new();
        for _ in 0..3 {
            handles.push(start(&mut host, "GET", &silent, Value::Null).await.unwrap());
        }
        let error = start(&mut host, "GET", &silent, Value::Null).await.unwrap_err();
        assert!(error.message.starts_with("3 fetches are under way already"), "{error}");
        let last = handles.pop().unwrap();
        call(&mut host, "fetchAbort", &[last]).await.unwrap();
        // One that has failed counts no more, though nobody has let go of it.
        let failed = start(&mut host, "GET", "http://10.0.0.1/", Value::Null).await.unwrap();
        call(&mut host, "fetchHead", &[failed]).await.unwrap_err();
        start(&mut host, "GET", &silent, Value::Null).await.unwrap();
        assert_eq!(host.fetch.open_count(), 3);
    });
}

/// A server that says how often a client has let go of it.
fn letting_go(times: usize) -> (String, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let done = thread::spawn(move || {
        for _ in 0..times {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let mut rest = Vec::new();
            // Ends when the client closes, in whatever way.
            if let Err(error) = stream.read_to_end(&mut rest) {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
            }
        }
    });
    (url, done)
}

#[test]
fn an_abort_the_end_of_a_call_and_that_of_an_isolate_let_go() {
    run(async {
        let (url, done) = letting_go(3);
        let mut host = host();
        host.fetch.begin_call(1);
        for how in 0..3 {
            let handle = start(&mut host, "GET", &url, Value::Null).await.unwrap();
            let [one, other] = [(); 2].map(|()| {
                let Kind::Later(function) = FUNCTIONS[1].kind else { unreachable!() };
                function(&mut host, Args(from_ref(&handle))).unwrap()
            });
            assert!(other.await.is_err(), "the head is had once");
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
            match how {
                0 => drop(call(&mut host, "fetchAbort", &[handle]).await.unwrap()),
                1 => host.fetch.end_call(1),
                _ => drop(std::mem::take(&mut host)),
            }
            assert_eq!(one.await, Err(HostError::type_error("the fetch was aborted")));
        }
        // The connections close as this thread goes on.
        while !done.is_finished() {
            tokio::task::yield_now().await;
        }
        done.join().unwrap();
    });
}
