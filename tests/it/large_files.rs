//! Large files stream: they cost no memory, and whoever does not read them holds nobody up.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fazt_actors::content::{ContentHash, Hasher};

use crate::process::{Machine, Server, SetAtEnd, files, noise};
use crate::wire::{self, Answer, Request};

/// The largest file that a release may have.
const LARGE_BYTES: usize = 100 * 1024 * 1024;

/// What a download may add to the node's memory.
const DOWNLOAD_KIB_MAX: u64 = 8 * 1024;

/// Clients that ask for the large file and do not read it.
const STALLED: usize = 200;

/// Of those, the ones that read on in the end.
const RESUMED: usize = 3;

/// Requests of others meanwhile, and how long each may take.
const SMALL_REQUESTS: usize = 50;
const SMALL_REQUEST_MAX: Duration = Duration::from_secs(1);

/// Bytes that are deployed meanwhile, in files of 2.5 MiB.
const MORE_FILES: u64 = 12;
const MORE_FILE_BYTES: usize = 2_621_440;

/// The bound of the write-ahead log.
const LOG_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes that a client reads at a time.
const READ_BYTES: usize = 256 * 1024;

/// A value of the kernel's about a process, in KiB.
fn status_kib(server: &Server, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_start_matches(':').split_whitespace().next().unwrap().parse().unwrap()
}

/// Forgets the most memory that the process ever had (proc(5), `clear_refs`).
fn reset_peak(server: &Server) {
    fs::write(format!("/proc/{}/clear_refs", server.pid()), "5").unwrap();
}

fn ask_for_large(server: &Server) -> Answer<TcpStream> {
    let mut connection = wire::tcp(server.port).unwrap();
    let request = Request::get("site.localhost", "/large.bin").closing();
    connection.write_all(&request.head()).unwrap();
    let answer = Answer::read_head(connection).unwrap();
    assert_eq!((answer.reply.status, answer.length()), (200, LARGE_BYTES as u64));
    answer
}

/// Reads what is left of the body, in pieces.
fn hash_of(mut answer: Answer<TcpStream>) -> ContentHash {
    let mut hasher = Hasher::new();
    let mut piece = vec![0; READ_BYTES];
    loop {
        match answer.connection.read(&mut piece).unwrap() {
            0 => return hasher.finish(),
            read => hasher.update(&piece[..read]),
        }
    }
}

/// Deploys 30 MiB by the command line and watches the log; answers the most that it held.
fn deploy_more(machine: &Machine, server: &Server) -> u64 {
    let more: BTreeMap<_, _> =
        (0..MORE_FILES).map(|n| (format!("{n}.bin"), noise(100 + n, MORE_FILE_BYTES))).collect();
    let folder = machine.folder("more", &more);
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut most = 0;
            while !is_done.load(Ordering::Relaxed) {
                let health = server.api("/api/system/health");
                let said = health["database"]["wal_bytes"].as_u64().unwrap();
                let found = fs::metadata(machine.beside("-wal")).map_or(0, |file| file.len());
                most = most.max(said).max(found);
            }
            most
        });
        let done = SetAtEnd(&is_done);
        machine.run(&["deploy", &folder]).ok();
        drop(done);
        watching.join().unwrap()
    })
}

#[track_caller]
fn assert_prompt(server: &Server) {
    for _ in 0..SMALL_REQUESTS {
        let asked = Instant::now();
        assert_eq!(server.get("site.localhost", "/").text(), "<h1>small</h1>");
        let took = asked.elapsed();
        assert!(took < SMALL_REQUEST_MAX, "a small request took {took:?}");
    }
}

/// One test, so that the large file is made and deployed once.
#[test]
fn a_large_file_costs_no_memory_and_stalled_readers_hold_nobody_up() {
    let machine = Machine::new();
    let mut site = files(&[("index.html", "<h1>small</h1>")]);
    site.insert("large.bin".to_owned(), noise(1, LARGE_BYTES));
    let wanted = ContentHash::of(&site["large.bin"]);
    let folder = machine.folder("site", &site);
    drop(site);
    let server = machine.start();
    machine.run(&["deploy", &folder]).ok();

    reset_peak(&server);
    let before = status_kib(&server, "VmRSS");
    assert_eq!(hash_of(ask_for_large(&server)), wanted, "the first download");
    let added = status_kib(&server, "VmHWM").saturating_sub(before);
    assert!(added < DOWNLOAD_KIB_MAX, "a download added {added} KiB to {before} KiB");

    let mut stalled: Vec<_> = (0..STALLED).map(|_| ask_for_large(&server)).collect();
    assert_prompt(&server);
    let log_bytes = deploy_more(&machine, &server);
    assert!(log_bytes < LOG_BYTES_MAX, "the log grew to {log_bytes} bytes");
    assert_prompt(&server);
    for answer in stalled.drain(..RESUMED) {
        assert_eq!(hash_of(answer), wanted, "a download that goes on");
    }
}
