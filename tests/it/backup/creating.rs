//! `fazt backup create` and `list`: on a node that works, on one that does not, and killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{assert_serves_sites, back_up, deploy_sites, machine_with_sites, open, text};
use crate::process::{Machine, SetAtEnd, files, noise};
use crate::wire::{self, Request};

/// Names of a folder, the hidden ones too.
fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn create_token(name: &str) -> Request<'static> {
    let mut request = Request::get("localhost", "/api/tokens");
    request.method = "POST";
    request.headers.push("Content-Type: application/json".to_owned());
    request.body = format!(r#"{{"name":"{name}","scopes":["read"]}}"#).into_bytes();
    request
}

#[test]
fn a_backup_of_a_busy_node_is_one_moment_of_it() {
    let machine = Machine::new();
    let server = machine.start();
    deploy_sites(&server);
    server.deploy("filler", &[("filler.bin".to_owned(), noise(3, 12_000_000))].into());
    let (is_done, made) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (before, after, file) = std::thread::scope(|scope| {
        let _end = SetAtEnd(&is_done);
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                let number = made.load(Ordering::Relaxed);
                let reply = server.ask(create_token(&format!("n-{number}"))).unwrap();
                assert_eq!(reply.status, 201, "{}", reply.text());
                made.store(number + 1, Ordering::Relaxed);
            }
        });
        scope.spawn(|| {
            for round in 0.. {
                if is_done.load(Ordering::Relaxed) {
                    break;
                }
                server.deploy("moving", &files(&[("index.html", &round.to_string())]));
            }
        });
        let before = made.load(Ordering::Relaxed);
        let file = back_up(&machine, "busy.backup");
        (before, made.load(Ordering::Relaxed), file)
    });
    assert!(after > before, "changes go on while a backup is made");
    // Of a sequence of changes the backup has the first ones, without a gap.
    let copy = open(&file);
    let (tokens, last): (usize, Option<usize>) = copy
        .query_row(
            "SELECT count(*), max(CAST(substr(name, 3) AS INTEGER))
             FROM tokens WHERE name LIKE 'n-%'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(tokens, last.map_or(0, |last| last + 1));
    assert!((before..=after).contains(&tokens), "{before} {tokens} {after}");
    drop(copy);
    machine.run(&["backup", "verify", text(&file)]).ok();
    assert_serves_sites(&server);
    server.stop();
    machine.assert_closed();
}

#[test]
fn a_backup_is_one_private_file_that_any_sqlite_opens() {
    let machine = machine_with_sites();
    let before = fs::read(machine.database()).unwrap();
    let file = back_up(&machine, "out.backup");
    machine.assert_closed();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let copy = open(&file);
    let check: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let apps: u64 =
        copy.query_row("SELECT apps FROM backup_manifest", [], |row| row.get(0)).unwrap();
    assert_eq!(apps, 3);
    drop(copy);
    assert!(!machine.path("out.backup-wal").exists(), "it asks for no log");
    machine.run(&["backup", "verify", text(&file)]).ok();
    // The database itself has no manifest.
    assert!(fs::read(machine.database()).unwrap().len() >= before.len());
    assert!(open(&machine.database()).prepare("SELECT 1 FROM backup_manifest").is_err());
}

#[test]
fn verify_and_list_say_what_is_in_it() {
    let machine = machine_with_sites();
    let made = machine.run(&["backup", "create", "--json", "--db", &machine.db()]).json();
    assert_eq!((&made["apps"], &made["verified"]), (&3.into(), &true.into()), "{made}");
    assert_eq!(made["releases"], 4);
    let file = made["file"].as_str().unwrap();
    assert!(file.starts_with(text(&machine.path("node/backups/fazt-"))), "{file}");
    let verified = machine.run(&["backup", "verify", file, "--json"]).json();
    for field in ["file", "size_bytes", "sha256", "created_at", "files", "content_bytes"] {
        assert_eq!(verified[field], made[field], "{field}");
    }
    assert_eq!(verified["older_schema"], false);
    fs::write(machine.path("node/backups/broken.backup"), "no").unwrap();
    let ran = machine.run(&["backup", "list", "--json", "--db", &machine.db()]);
    let listed = ran.json();
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    assert!(listed[0]["problem"].as_str().unwrap().contains("not a backup"), "{listed}");
    assert_eq!(listed[1]["file"], made["file"]);
    assert_eq!(listed[1]["created_at"], made["created_at"]);
    assert_eq!(listed[1]["problem"], serde_json::Value::Null);
    let shown = machine.run(&["backup", "list", text(&machine.path("node/backups"))]).ok();
    let columns: Vec<&str> = shown.lines().nth(1).unwrap().split('\t').collect();
    assert_eq!(columns[1], made["created_at"]);
    assert_eq!(columns[2], made["size_bytes"].to_string());
    assert_eq!(columns[3..5], ["3", &made["files"].to_string()]);
    let none = machine.run(&["backup", "list", text(&machine.path("nowhere")), "--json"]).json();
    assert_eq!(none, serde_json::json!([]));
}

#[test]
fn the_oldest_backups_make_room_and_nothing_else() {
    let machine = Machine::new();
    let db = machine.db();
    machine.run(&["server", "init", "--db", &db]).ok();
    let create = |keep: &str| machine.run(&["backup", "create", "--keep", keep, "--db", &db]).ok();
    create("3");
    let folder = machine.path("node/backups");
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let own = ["fazt-before-christmas.backup", "notes.txt", "fazt-20200101-000000.backup.old"];
    let old = ["fazt-20200101-000000.backup", "fazt-20210101-000000.backup"];
    for name in own.iter().chain(&old) {
        fs::write(folder.join(name), "mine").unwrap();
    }
    create("3");
    let left = names(&folder);
    assert_eq!(left.len(), own.len() + 3, "{left:?}");
    assert!(!left.contains(&old[0].to_owned()) && left.contains(&old[1].to_owned()), "{left:?}");
    // Neither do the backups of other databases in the same place.
    let others = ["fazt.db", "blog.db", "blog.sqlite", "data"];
    for (number, name) in others.iter().enumerate() {
        let other = text(&machine.path("node").join(name)).to_owned();
        machine.run(&["server", "init", "--db", &other]).ok();
        machine.run(&["backup", "create", "--keep", "1", "--db", &other]).ok();
        assert_eq!(names(&folder).len(), left.len() + number + 1, "{name}");
    }
    create("1");
    let mut left = names(&folder);
    left.retain(|name| !own.contains(&name.as_str()));
    assert_eq!(left.len(), 1 + others.len(), "{left:?}");
    for prefix in ["blog.db-20", "blog.sqlite-20", "data-20", "fazt-20", "fazt.db-20"] {
        assert!(left.iter().any(|name| name.starts_with(prefix)), "{prefix}: {left:?}");
    }
    for name in left {
        machine.run(&["backup", "verify", text(&folder.join(name))]).ok();
    }
}

#[test]
fn a_killed_backup_is_none_and_the_next_one_takes_over() {
    let machine = machine_with_sites();
    // Large enough that a copy takes more than one step, each made durable.
    let server = machine.start();
    server.deploy("filler", &[("filler.bin".to_owned(), noise(4, 12_000_000))].into());
    server.stop();
    fs::create_dir(machine.path("out")).unwrap();
    let file = machine.path("out/fazt.backup");
    for place in ["backup.step", "backup.step:2", "backup.copied", "backup.sealed"] {
        let mut command = machine.fazt(&["backup", "create", text(&file), "--db", &machine.db()]);
        let ran = machine.finish(command.env("FAZT_KILL_AT", place));
        assert_eq!(ran.status.signal(), Some(9), "{place}: {ran:?}");
        assert!(!file.exists(), "{place}");
        let left = names(&machine.path("out"));
        assert_eq!(left, [".fazt-backup.partial"], "{place}");
        let listed = machine.run(&["backup", "list", text(&machine.path("out")), "--json"]).json();
        assert_eq!(listed, serde_json::json!([]), "{place}");
    }
    back_up(&machine, "out/fazt.backup");
    assert_eq!(names(&machine.path("out")), ["fazt.backup"]);
    machine.run(&["backup", "verify", text(&file)]).ok();
    // The database has not noticed any of it.
    let server = machine.start();
    assert_serves_sites(&server);
    server.stop();
}

#[test]
fn a_replaced_backup_is_the_old_one_or_the_new_one() {
    let machine = machine_with_sites();
    let file = back_up(&machine, "fazt.backup");
    let old = fs::read(&file).unwrap();
    let words = ["backup", "create", text(&file), "--force", "--db", &machine.db()];
    for (place, is_replaced) in [("backup.sealed", false), ("backup.placed", true)] {
        let ran = machine.finish(machine.fazt(&words).env("FAZT_KILL_AT", place));
        assert_eq!(ran.status.signal(), Some(9), "{place}: {ran:?}");
        assert_eq!(fs::read(&file).unwrap() != old, is_replaced, "{place}");
        machine.run(&["backup", "verify", text(&file)]).ok();
    }
}

#[test]
fn a_backup_that_cannot_be_read_back_replaces_none() {
    let machine = machine_with_sites();
    let db = machine.db();
    let file = back_up(&machine, "fazt.backup");
    machine.run(&["backup", "create", "--db", &db]).ok();
    let old = (fs::read(&file).unwrap(), names(&machine.path("node/backups")));
    open(&machine.database())
        .execute_batch(
            "UPDATE chunks SET bytes = zeroblob(length(bytes))
             WHERE encoding = 0 AND length(bytes) > 1000",
        )
        .unwrap();
    let over_it = ["backup", "create", text(&file), "--force", "--db", &db];
    for words in [&over_it[..], &["backup", "create", "--keep", "1", "--db", &db]] {
        let complaint = machine.run(words).fails(1);
        for part in ["cannot back up", "does not read back", "has other bytes"] {
            assert!(complaint.contains(part), "{part} is not in {complaint}");
        }
        assert!((fs::read(&file).unwrap(), names(&machine.path("node/backups"))) == old);
        assert!(!machine.path(".fazt-backup.partial").exists());
    }
    // Who wants it all the same gets it.
    machine.run(&[&over_it[..], &["--no-verify"]].concat()).ok();
    assert!(fs::read(&file).unwrap() != old.0);
    machine.run(&["backup", "verify", text(&file)]).fails(1);
}

#[test]
fn a_node_that_is_killed_over_its_backup_starts_again() {
    let machine = machine_with_sites();
    let mut server = machine.start_doomed("backup.step").unwrap();
    server.deploy("filler", &[("filler.bin".to_owned(), noise(5, 9_000_000))].into());
    let file = machine.path("killed.backup");
    let complaint = machine.run(&["backup", "create", text(&file), "--db", &machine.db()]).fails(1);
    assert!(complaint.starts_with("error: cannot back up "), "{complaint}");
    server.wait_until_killed();
    assert!(!file.exists());
    let server = machine.start();
    assert_serves_sites(&server);
    back_up(&machine, "killed.backup");
    server.stop();
}

#[test]
fn a_node_stops_although_a_backup_is_under_way() {
    let machine = machine_with_sites();
    let server = machine.start();
    server.deploy("filler", &[("filler.bin".to_owned(), noise(6, 60_000_000))].into());
    let file = machine.path("late.backup");
    let mut connection = wire::unix(&machine.beside(".sock")).unwrap();
    let mut request = Request::get("localhost", "/api/system/backup");
    request.method = "POST";
    request.body = format!(r#"{{"file":"{}","verify":true}}"#, text(&file)).into_bytes();
    std::io::Write::write_all(&mut connection, &[request.head(), request.body].concat()).unwrap();
    crate::process::until("the beginning of the backup", || {
        machine.path(".fazt-backup.partial").exists().then_some(())
    });
    drop(connection);
    server.stop();
    machine.assert_closed();
    assert!(!machine.path(".fazt-backup.partial").exists());
    // Either it was quick, or it is not there.
    if file.exists() {
        machine.run(&["backup", "verify", text(&file)]).ok();
    }
}
