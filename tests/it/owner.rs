//! One process owns a database, and nobody else reads it; a file that is not ours stays as it is.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::process::{Machine, PATIENCE, files};

/// The schema version of a far future.
const NEWER_SCHEMA: i64 = 99;

/// Where `user_version` stands in a database file (SQLite file format, section 1.3).
const USER_VERSION_OFFSET: usize = 60;

fn mode(path: &Path) -> u32 {
    let found = fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    found.permissions().mode() & 0o777
}

/// A file of the original: one app, its files, a token.
fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fazt-0.9.4.db")
}

#[test]
fn a_second_node_learns_who_has_the_file() {
    let machine = Machine::new();
    let server = machine.start();
    let complaint =
        machine.run(&["server", "start", "--port", "0", "--db", &machine.db()]).fails(1);
    for part in [&machine.db(), &server.pid().to_string(), &server.url()] {
        assert!(complaint.contains(part.as_str()), "{part} is not in {complaint}");
    }
    // The first one did not notice.
    assert_eq!(server.get("localhost", "/health").status, 200);
    assert_eq!(server.log().matches("is running").count(), 1);
    server.stop();
}

#[test]
fn only_the_owner_reads_what_a_node_writes() {
    let machine = Machine::new();
    let server = machine.start();
    server.deploy("site", &files(&[("index.html", "hello")]));
    for suffix in ["", "-wal", "-shm", ".lock", ".sock"] {
        assert_eq!(mode(&machine.beside(suffix)), 0o600, "data.db{suffix}");
    }
    assert_eq!(mode(&machine.path("config/fazt/data.db")), 0o600, "the client's tokens");
    server.stop();
}

#[test]
fn the_socket_of_a_dead_node_is_replaced() {
    let machine = Machine::new();
    let mut server = machine.start();
    server.signal(Signal::KILL);
    let _killed = server.wait(PATIENCE);
    assert!(machine.beside(".sock").exists(), "a killed node cannot clean up");
    let complaint = machine.run(&["server", "status", "--db", &machine.db()]).fails(1);
    assert!(complaint.contains("no node runs"), "{complaint}");
    let server = machine.start();
    let status = machine.run(&["server", "status", "--db", &machine.db()]).ok();
    assert!(status.contains("Status\thealthy\n"), "{status}");
    server.stop();
    assert!(!machine.beside(".sock").exists(), "an orderly node cleans up");
}

#[test]
fn a_new_database_keeps_its_settings() {
    let machine = Machine::new();
    let db = machine.db();
    let said = machine.run(&["server", "init", "--domain", "example.org", "--db", &db]).ok();
    assert!(said.contains(&db) && said.contains("fazt server start"), "{said}");
    assert_eq!(mode(&machine.database()), 0o600);
    let complaint = machine.run(&["server", "init", "--db", &db]).fails(1);
    assert!(complaint.contains("exists already"), "{complaint}");
    let server = machine.start();
    let found = server.get("anything.example.org", "/.well-known/fazt").json();
    assert_eq!(found["admin_url"], "https://admin.example.org");
    server.stop();
}

/// Every command that would open the file says the same of it, and leaves it alone.
#[track_caller]
fn check_refused(machine: &Machine, content: &[u8], parts: &[&str]) {
    let (db, name) = (machine.db(), "data.db");
    for old in machine.node_folder() {
        fs::remove_file(machine.path("node").join(old)).unwrap();
    }
    fs::write(&db, content).unwrap();
    let folder = machine.folder("site", &files(&[("index.html", "hello")]));
    for words in [
        &["server", "start", "--port", "0", "--db", &db][..],
        &["app", "list", "--db", &db],
        &["deploy", &folder, "--db", &db],
        &["token", "list", "--db", &db],
        &["server", "create-key", "--name", "x", "--db", &db],
    ] {
        let complaint = machine.run(words).fails(1);
        for part in parts {
            assert!(complaint.contains(part), "{words:?}: {part} is not in {complaint}");
        }
        assert!(fs::read(&db).unwrap() == content, "{words:?} changed the file");
        let left: Vec<String> = machine.node_folder();
        assert!(left == [name] || left == [name, "data.db.lock"], "{words:?} left {left:?}");
    }
}

#[test]
fn a_file_of_the_original_is_left_alone() {
    let machine = Machine::new();
    let content = fs::read(fixture()).unwrap();
    check_refused(&machine, &content, &[&machine.db(), "original", "fazt import"]);
}

#[test]
fn a_file_of_a_newer_fazt_is_left_alone() {
    let machine = Machine::new();
    machine.run(&["server", "init", "--db", &machine.db()]).ok();
    let mut content = fs::read(machine.database()).unwrap();
    let version = u32::try_from(NEWER_SCHEMA).unwrap().to_be_bytes();
    content[USER_VERSION_OFFSET..USER_VERSION_OFFSET + 4].copy_from_slice(&version);
    let parts = [&machine.db(), "newer", &NEWER_SCHEMA.to_string(), "upgrade"];
    check_refused(&machine, &content, &parts.map(|part| part as &str));
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let machine = Machine::new();
    let content = b"Dear diary, today I named a text file data.db. ".repeat(100);
    check_refused(&machine, &content, &[&machine.db(), "not a database of fazt", "--db"]);
}

#[test]
fn another_programs_database_is_left_alone() {
    let machine = Machine::new();
    let path = machine.path("other.db");
    #[expect(clippy::disallowed_methods, reason = "plays the other program")]
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    drop(other);
    let content = fs::read(path).unwrap();
    check_refused(&machine, &content, &[&machine.db(), "not a database of fazt", "--db"]);
}

#[test]
fn a_place_that_cannot_hold_a_database_is_named() {
    let machine = Machine::new();
    // Also true for a user whom no permission stops.
    fs::write(machine.path("file"), "in the way").unwrap();
    for (place, part) in [("missing/data.db", "missing/data.db"), ("file/data.db", "file/data.db")]
    {
        let db = machine.path(place).to_str().unwrap().to_owned();
        for command in ["start", "init"] {
            let complaint = machine.run(&["server", command, "--db", &db]).fails(1);
            assert!(complaint.contains(part), "{command}: {complaint}");
            assert!(complaint.contains("folder"), "{command}: {complaint}");
        }
    }
    assert!(!machine.path("missing").exists());
}

#[test]
fn a_taken_port_is_named_with_the_way_out() {
    let machine = Machine::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let complaint =
        machine.run(&["server", "start", "--port", &port, "--db", &machine.db()]).fails(1);
    assert!(complaint.contains(&port) && complaint.contains("--port"), "{complaint}");
    // A node that never ran leaves no database that the user did not have.
    assert!(!machine.database().exists());
}
