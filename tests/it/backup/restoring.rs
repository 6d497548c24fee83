//! `fazt backup restore`: everything comes back, nothing is lost, nobody is signed in.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

use super::{
    assert_serves_sites, back_up, change, deploy_sites, machine_with_sites, open, seal, text,
};
use crate::process::{Machine, files, until};
use crate::wire::{self, Request};

/// What lies in the database's folder and is called after an earlier database.
fn previous(machine: &Machine) -> Vec<PathBuf> {
    let is_previous = |name: &String| name.starts_with("data.db.before-restore-");
    let names = machine.node_folder().into_iter().filter(is_previous);
    names.map(|name| machine.path("node").join(name)).collect()
}

#[test]
fn all_apps_come_back_byte_for_byte() {
    let machine = Machine::new();
    let server = machine.start();
    deploy_sites(&server);
    let key = machine.run(&["server", "create-key", "--name", "mine", "--db", &machine.db()]).ok();
    // Once the encoded forms are there they belong to the node as well.
    until("the encoded forms", || {
        let request = Request::get("shop.localhost", "/app.js").with("Accept-Encoding: br");
        let reply = request.exchange(wire::tcp(server.port).unwrap()).unwrap();
        (reply.header("content-encoding") == Some("br")).then_some(())
    });
    let file = back_up(&machine, "all.backup");
    let backup = fs::read(&file).unwrap();
    server.deploy("late", &files(&[("index.html", "after the backup")]));
    server.stop();
    for name in machine.node_folder() {
        fs::remove_file(machine.path("node").join(name)).unwrap();
    }

    let said = machine.run(&["backup", "restore", text(&file), "--db", &machine.db()]).ok();
    assert!(said.contains("3 apps") && said.contains(&machine.db()), "{said}");
    assert_eq!(machine.node_folder(), ["data.db", "data.db.lock"]);
    let mode = fs::metadata(machine.database()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(fs::read(&file).unwrap() == backup, "the backup stays as it is");
    assert!(open(&machine.database()).prepare("SELECT 1 FROM backup_manifest").is_err());

    let server = machine.start();
    assert_serves_sites(&server);
    assert_eq!(server.get("late.localhost", "/").status, 404);
    let request = Request::get("shop.localhost", "/app.js").with("Accept-Encoding: br");
    let reply = request.exchange(wire::tcp(server.port).unwrap()).unwrap();
    assert_eq!(reply.header("content-encoding"), Some("br"));
    // Credentials and history too, and the node goes on from there.
    let request = Request::get("localhost", "/api/apps")
        .with(&format!("Authorization: Bearer {}", key.trim()));
    let reply = request.exchange(wire::tcp(server.port).unwrap()).unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    machine.run(&["app", "rollback", "blog", "--db", &machine.db()]).ok();
    assert_eq!(server.get("blog.localhost", "/").text(), "<h1>first</h1>");
    server.deploy("blog", &files(&[("index.html", "third")]));
    assert_eq!(server.get("blog.localhost", "/").text(), "third");
    back_up(&machine, "next.backup");
    server.stop();
}

#[test]
fn what_was_there_is_kept() {
    let machine = machine_with_sites();
    let file = back_up(&machine, "early.backup");
    let server = machine.start();
    server.deploy("late", &files(&[("index.html", "after the backup")]));
    server.stop();
    let words = ["backup", "restore", text(&file), "--db", &machine.db()];
    let before = fs::read(machine.database()).unwrap();
    let complaint = machine.run(&words).fails(1);
    assert!(complaint.contains("exists already") && complaint.contains("--force"), "{complaint}");
    assert!(fs::read(machine.database()).unwrap() == before);

    let put = machine.run(&[&words[..], &["--force", "--json"]].concat()).json();
    let kept = previous(&machine);
    assert_eq!(put["previous"], text(&kept[0]), "{put}");
    assert_eq!(kept.len(), 1);
    assert!(fs::read(&kept[0]).unwrap() == before);
    let server = machine.start();
    assert_serves_sites(&server);
    assert_eq!(server.get("late.localhost", "/").status, 404);
    server.stop();
    // And back again: the one that was put aside is a database like any other.
    fs::rename(&kept[0], machine.database()).unwrap();
    let server = machine.start();
    assert_eq!(server.get("late.localhost", "/").text(), "after the backup");
    server.stop();
}

#[test]
fn the_log_of_a_killed_node_is_kept_with_its_database() {
    let machine = machine_with_sites();
    let file = back_up(&machine, "early.backup");
    let mut server = machine.start();
    server.deploy("late", &files(&[("index.html", "only in the log")]));
    server.signal(rustix::process::Signal::KILL);
    let _killed = server.wait(crate::process::PATIENCE);
    assert!(fs::metadata(machine.beside("-wal")).unwrap().len() > 0);
    let words = ["backup", "restore", text(&file), "--force", "--db", &machine.db()];
    machine.run(&words).ok();
    assert!(!machine.beside("-wal").exists());
    let server = machine.start();
    assert_serves_sites(&server);
    assert_eq!(server.get("late.localhost", "/").status, 404);
    server.stop();
    fs::rename(&previous(&machine)[0], machine.database()).unwrap();
    let server = machine.start();
    assert_eq!(server.get("late.localhost", "/").text(), "only in the log");
    server.stop();
}

#[test]
fn a_database_that_nobody_can_read_is_put_aside_with_its_log() {
    let machine = machine_with_sites();
    let file = back_up(&machine, "early.backup");
    let (broken, log) = (b"not a database ".repeat(1000), b"not a log ".repeat(1000));
    fs::write(machine.database(), &broken).unwrap();
    fs::write(machine.beside("-wal"), &log).unwrap();
    let words = ["backup", "restore", text(&file), "--force", "--db", &machine.db()];
    machine.run(&words).ok();
    let kept = previous(&machine);
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(fs::read(&kept[0]).unwrap() == broken && fs::read(&kept[1]).unwrap() == log);
    let server = machine.start();
    assert_serves_sites(&server);
    server.stop();
}

#[test]
fn a_running_node_keeps_its_database() {
    let machine = machine_with_sites();
    let file = back_up(&machine, "early.backup");
    let server = machine.start();
    let words = ["backup", "restore", text(&file), "--force", "--db", &machine.db()];
    let complaint = machine.run(&words).fails(1);
    for part in ["stop its node", &server.pid().to_string(), &server.url()] {
        assert!(complaint.contains(part), "{part} is not in {complaint}");
    }
    assert_serves_sites(&server);
    assert_eq!(previous(&machine), [""; 0].map(PathBuf::from));
    server.stop();
    machine.assert_closed();
}

#[test]
fn a_killed_restore_leaves_the_old_database_or_the_new_one() {
    let machine = machine_with_sites();
    let file = back_up(&machine, "early.backup");
    let server = machine.start();
    server.deploy("late", &files(&[("index.html", "late")]));
    server.stop();
    let words = ["backup", "restore", text(&file), "--force", "--db", &machine.db()];
    for place in ["restore.unpacked", "restore.aside"] {
        let ran = machine.finish(machine.fazt(&words).env("FAZT_KILL_AT", place));
        assert_eq!(ran.status.signal(), Some(9), "{place}: {ran:?}");
        let server = machine.start();
        assert_serves_sites(&server);
        assert_eq!(server.get("late.localhost", "/").text(), "late", "{place}");
        server.stop();
    }
    machine.run(&words).ok();
    assert!(!machine.beside(".restoring").exists());
    let server = machine.start();
    assert_eq!(server.get("late.localhost", "/").status, 404);
    server.stop();
}

#[test]
fn nobody_is_signed_in_by_a_restore() {
    let machine = machine_with_sites();
    open(&machine.database())
        .execute_batch(
            "INSERT INTO sessions
                 VALUES ('s', zeroblob(32), 1, 9000000000000, '127.0.0.1', 'test')",
        )
        .unwrap();
    let file = back_up(&machine, "early.backup");
    let words = ["backup", "restore", text(&file), "--force", "--json", "--db", &machine.db()];
    assert_eq!(machine.run(&words).json()["sessions_ended"], 1);
    let database = open(&machine.database());
    let left: u64 =
        database.query_row("SELECT count(*) FROM sessions", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[test]
fn a_backup_of_an_older_schema_is_brought_up_to_date() {
    let machine = Machine::new();
    let file = machine.path("old.backup");
    let old = open(&file);
    old.execute_batch(concat!(
        "PRAGMA page_size = 8192;",
        include_str!("../../../migrations/node/0001_hosting.sql"),
        "PRAGMA application_id = 0x66617a74;
         PRAGMA user_version = 1;
         INSERT INTO settings VALUES ('server.domain', 'example.org');
         CREATE TABLE backup_manifest (
             id INTEGER PRIMARY KEY, fazt_version TEXT, schema_version INTEGER,
             created_at INTEGER, apps INTEGER, releases INTEGER, files INTEGER,
             contents INTEGER, content_bytes INTEGER);
         INSERT INTO backup_manifest VALUES (1, '0.1.0', 1, 1000, 0, 0, 0, 0, 0);"
    ))
    .unwrap();
    drop(old);
    seal(&file, fs::read(&file).unwrap());
    let bytes = fs::read(&file).unwrap();
    let verified = machine.run(&["backup", "verify", text(&file), "--json"]).json();
    assert_eq!(verified["older_schema"], true);
    assert_eq!(verified["schema_version"], 1);
    assert!(fs::read(&file).unwrap() == bytes, "verify changes nothing");
    machine.run(&["backup", "restore", text(&file), "--db", &machine.db()]).ok();
    assert_eq!(machine.node_folder(), ["data.db", "data.db.lock"], "no copy before the step");
    let server = machine.start();
    let found = server.get("x.example.org", "/.well-known/fazt").json();
    assert_eq!(found["admin_url"], "https://admin.example.org");
    server.stop();
    // One that cannot be brought there is found before it is needed.
    change(&file, |copy| copy.execute_batch("CREATE TABLE sessions (x)").unwrap());
    machine.run(&["backup", "verify", text(&file)]).fails(1);
    let words = ["backup", "restore", text(&file), "--force", "--db", &machine.db()];
    machine.run(&words).fails(1);
    machine.assert_closed();
}

#[test]
fn a_place_that_is_no_file_is_refused() {
    let machine = machine_with_sites();
    let file = back_up(&machine, "early.backup");
    std::os::unix::fs::symlink(machine.database(), machine.path("link.db")).unwrap();
    for (place, part) in
        [("node", "folder"), ("missing/data.db", "missing"), ("link.db", "is a link")]
    {
        let db = machine.path(place);
        let words = ["backup", "restore", text(&file), "--force", "--db", text(&db)];
        let complaint = machine.run(&words).fails(1);
        assert!(complaint.contains(part), "{place}: {complaint}");
    }
    machine.assert_closed();
}
