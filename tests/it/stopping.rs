//! A node that is told to stop finishes what it began, and loses no connection on the way.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::process::{Files, Machine, PATIENCE, Server, SetAtEnd, files, noise, until, within};
use crate::wire::{self, Answer, Request};

/// How long requests have once the node was told to stop, and some time to be gone.
const GRACE: Duration = Duration::from_secs(13);

/// "At once", on a machine that is busy with other tests.
const AT_ONCE: Duration = Duration::from_secs(5);

/// How long a client may take to send the head of a request, and some time.
const HEAD_MAX: Duration = Duration::from_secs(15);

/// More than the buffers between a node and a client that does not read.
const LARGE_BYTES: usize = 24 * 1024 * 1024;

/// Connections that ask all the time while the node is replaced.
const CLIENTS: usize = 4;

#[track_caller]
fn assert_ends_well(server: &mut Server, patience: Duration) {
    let status = server.wait(patience);
    assert_eq!(status.code(), Some(0), "{}", server.log());
}

/// A node with a small page and a large file.
fn with_site(machine: &Machine) -> (Server, Files) {
    let mut site = files(&[("index.html", "<h1>hello</h1>")]);
    site.insert("large.bin".to_owned(), noise(1, LARGE_BYTES));
    let server = machine.start();
    server.deploy("site", &site);
    (server, site)
}

#[test]
fn a_slow_download_is_finished() {
    let machine = Machine::new();
    let (mut server, site) = with_site(&machine);
    let mut connection = wire::tcp(server.port).unwrap();
    connection.write_all(&Request::get("site.localhost", "/large.bin").head()).unwrap();
    let answer = Answer::read_head(connection).unwrap();
    server.signal(Signal::TERM);
    // Nobody is let in any more, and the old guest is still there.
    until("the end of new connections", || wire::tcp(server.port).is_err().then_some(()));
    assert!(server.ended().is_none());
    let reply = answer.rest().unwrap();
    assert!(reply.body == site["large.bin"], "the bytes differ");
    assert_ends_well(&mut server, AT_ONCE);
    machine.assert_closed();
}

#[test]
fn a_slow_upload_is_finished() {
    let machine = Machine::new();
    let (mut server, mut site) = with_site(&machine);
    site.insert("index.html".to_owned(), b"<h1>goodbye</h1>".to_vec());
    let upload = wire::deploy_form("site", &site).closing();
    let mut connection = wire::unix(&machine.beside(".sock")).unwrap();
    let (first, second) = upload.body.split_at(upload.body.len() / 2);
    connection.write_all(&upload.head()).unwrap();
    connection.write_all(first).unwrap();
    server.signal(Signal::TERM);
    until("the end of new connections", || wire::tcp(server.port).is_err().then_some(()));
    connection.write_all(second).unwrap();
    let reply = Answer::read_head(connection).unwrap().rest().unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["data"]["release"], 2);
    assert_ends_well(&mut server, AT_ONCE);
    machine.assert_closed();
    let server = machine.start();
    assert_eq!(server.get("site.localhost", "/").text(), "<h1>goodbye</h1>");
    server.stop();
}

#[test]
fn a_client_that_never_reads_is_left_behind() {
    let machine = Machine::new();
    let (mut server, _site) = with_site(&machine);
    let mut connection = wire::tcp(server.port).unwrap();
    connection.write_all(&Request::get("site.localhost", "/large.bin").head()).unwrap();
    let stalled = Answer::read_head(connection).unwrap();
    server.signal(Signal::TERM);
    assert_ends_well(&mut server, GRACE);
    machine.assert_closed();
    drop(stalled);
}

#[test]
fn idle_connections_are_closed_at_once() {
    let machine = Machine::new();
    let (mut server, _site) = with_site(&machine);
    let mut idle = wire::tcp(server.port).unwrap();
    idle.write_all(&Request::get("site.localhost", "/").head()).unwrap();
    let (reply, mut idle) = Answer::read_head(idle).unwrap().body().unwrap();
    assert_eq!(reply.status, 200);
    let mut silent = wire::tcp(server.port).unwrap();
    let told = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(idle.read(&mut [0]).unwrap(), 0, "closed without another byte");
    assert!(told.elapsed() < AT_ONCE, "closed after {:?}", told.elapsed());
    assert_ends_well(&mut server, AT_ONCE);
    // It never asked for anything; what it gets is an end, however spelled.
    assert!(matches!(silent.read(&mut [0]), Ok(0) | Err(_)));
    machine.assert_closed();
}

/// Whoever connects has ten seconds to ask: no number of silent clients keeps others out.
#[test]
fn a_silent_connection_does_not_stay() {
    let machine = Machine::new();
    let server = machine.start();
    let mut silent = wire::tcp(server.port).unwrap();
    let mut slow = wire::tcp(server.port).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: loc").unwrap();
    for (connection, name) in [(&mut silent, "silent"), (&mut slow, "slow")] {
        let mut said = Vec::new();
        connection.set_read_timeout(Some(HEAD_MAX)).unwrap();
        connection.read_to_end(&mut said).unwrap_or_else(|error| panic!("{name}: {error}"));
        let said = String::from_utf8_lossy(&said);
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408 "), "{name}: {said}");
    }
    server.stop();
}

#[test]
fn every_way_to_stop_is_orderly() {
    for way in ["TERM", "INT", "stop", "stop through HTTP"] {
        let machine = Machine::new();
        let mut server = machine.start();
        server.deploy("site", &files(&[("index.html", "hello")]));
        match way {
            "TERM" => server.signal(Signal::TERM),
            "INT" => server.signal(Signal::INT),
            "stop" => {
                let said = machine.run(&["server", "stop", "--db", &machine.db()]).ok();
                assert!(said.contains(&server.pid().to_string()), "{said}");
                // The command answers when the node is gone, not before.
                machine.assert_closed();
            }
            _ => {
                let mut request = Request::get("localhost", "/api/system/stop");
                request.method = "POST";
                let refused = request.exchange(wire::tcp(server.port).unwrap()).unwrap();
                assert!(matches!(refused.status, 401 | 403), "{}", refused.text());
                assert!(server.ended().is_none());
                server.signal(Signal::TERM);
            }
        }
        assert_ends_well(&mut server, AT_ONCE);
        machine.assert_closed();
        assert!(server.log().contains("stopped"), "{}", server.log());
    }
}

#[test]
fn stopping_what_does_not_run_says_so() {
    let machine = Machine::new();
    let complaint = machine.run(&["server", "stop", "--db", &machine.db()]).fails(1);
    assert!(complaint.contains("no node runs"), "{complaint}");
}

/// Starts the node with a listener of ours as its file descriptor 3, as a supervisor does.
fn start_with(machine: &Machine, listener: &TcpListener) -> Server {
    let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\" 3<&0 0</dev/null";
    let program = env!("CARGO_BIN_EXE_fazt");
    let db = machine.db();
    let words = ["-c", script, program, "server", "start", "--db", &db];
    let mut command: Command = machine.isolated("sh", &words);
    command.stdin(Stdio::from(OwnedFd::from(listener.try_clone().unwrap())));
    let mut server = machine.spawn(command);
    server.wait_until_ready();
    server
}

#[test]
fn a_restart_with_an_inherited_listener_loses_no_connection() {
    let machine = Machine::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut first = start_with(&machine, &listener);
    assert_eq!(first.port, port);
    first.deploy("site", &files(&[("index.html", "hello")]));

    let is_over = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    let ask_all_the_time = || {
        while !is_over.load(Ordering::Relaxed) {
            let request = Request::get("site.localhost", "/");
            let reply = request.exchange(wire::tcp(port).unwrap()).unwrap();
            assert_eq!(reply.text(), "hello");
            answered.fetch_add(1, Ordering::Relaxed);
        }
    };
    let more_answers = |than: usize| {
        until("more answers", || (answered.load(Ordering::Relaxed) > than + 20).then_some(()));
    };
    std::thread::scope(|scope| {
        let over = SetAtEnd(&is_over);
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(ask_all_the_time)).collect();
        more_answers(0);
        first.signal(Signal::TERM);
        assert_ends_well(&mut first, AT_ONCE);
        // Nobody listens now; whoever comes is let in all the same, and waits.
        let mut early = wire::tcp(port).unwrap();
        early.write_all(&Request::get("site.localhost", "/").closing().head()).unwrap();
        let second = start_with(&machine, &listener);
        assert_eq!(Answer::read_head(early).unwrap().rest().unwrap().text(), "hello");
        more_answers(answered.load(Ordering::Relaxed));
        drop(over);
        within(PATIENCE, "the end of the clients", || {
            clients.iter().all(|client| client.is_finished()).then_some(())
        });
        second.stop();
    });
}
