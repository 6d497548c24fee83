//! What is not written, not believed and not put back.

use std::fs;
use std::path::Path;

use fazt_actors::backup::verify;
use rustix::fs::{FlockOperation, flock};

use super::{SEAL_BYTES, back_up, change, machine_with_sites, seal, text};
use crate::process::Machine;

/// Positions of flipped bits that are drawn.
const FLIPS: usize = 50;

/// Numbers that look random and are the same each time (splitmix64).
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[track_caller]
fn check_refused(file: &Path, parts: &[&str]) {
    let refused = verify(file).unwrap_err().to_string();
    for part in parts.iter().chain(&[text(file)]) {
        assert!(refused.contains(part), "{part} is not in {refused}");
    }
}

#[test]
fn one_flipped_bit_anywhere_is_found() {
    let machine = machine_with_sites();
    let file = back_up(&machine, "out.backup");
    verify(&file).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    let bits = bytes.len() as u64 * 8;
    let mut state = 4;
    let drawn = (0..FLIPS).map(|_| draw(&mut state) % bits);
    // The first and the last bit, the header's page count, and each byte of the seal.
    let seal_begins = bits - SEAL_BYTES as u64 * 8;
    let chosen = [0, bits - 1, 28 * 8, seal_begins - 1];
    for bit in drawn.chain(chosen).chain((seal_begins..bits).step_by(8)) {
        let (byte, mask) = (usize::try_from(bit / 8).unwrap(), 1 << (bit % 8));
        bytes[byte] ^= mask;
        fs::write(&file, &bytes).unwrap();
        let refused = verify(&file).unwrap_err().to_string();
        assert!(refused.contains("damaged") || refused.contains("not a backup"), "bit {bit}");
        bytes[byte] ^= mask;
    }
    fs::write(&file, &bytes).unwrap();
    verify(&file).unwrap();
    // The command says the same, and restores nothing.
    bytes[10_000] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let database = fs::read(machine.database()).unwrap();
    for words in [
        &["backup", "verify", text(&file)][..],
        &["backup", "restore", text(&file), "--force", "--db", &machine.db()],
    ] {
        let complaint = machine.run(words).fails(1);
        assert!(complaint.contains("damaged") && complaint.contains(text(&file)), "{complaint}");
    }
    assert!(fs::read(machine.database()).unwrap() == database);
    machine.assert_closed();
}

#[test]
fn what_is_no_whole_backup_is_refused() {
    let machine = machine_with_sites();
    let file = back_up(&machine, "out.backup");
    let bytes = fs::read(&file).unwrap();
    let pages = &bytes[..bytes.len() - SEAL_BYTES];
    for wrong in [
        &b""[..],
        b"x",
        b"-- fazt backup, form 1 -- sha256 ",
        &bytes[..bytes.len() - 1],
        &bytes[..bytes.len() / 2],
        pages,
        &[&bytes[..], b"\n"].concat(),
        &[pages, &bytes[8192..]].concat(),
        &bytes[8192..],
        &b"Dear diary, ".repeat(100),
    ] {
        fs::write(&file, wrong).unwrap();
        check_refused(&file, &[]);
    }
    // Well sealed, and nothing of ours in it.
    seal(&file, b"Dear diary, ".repeat(1000));
    check_refused(&file, &["not a database of fazt"]);
    seal(&file, Vec::new());
    check_refused(&file, &[]);
    check_refused(&machine.database(), &["not a backup"]);
    let complaint = machine.run(&["backup", "verify", text(&machine.path("none"))]).fails(1);
    assert!(complaint.contains("none"), "{complaint}");
    let complaint = machine.run(&["backup", "verify", text(&machine.path("node"))]).fails(1);
    assert!(complaint.contains("folder"), "{complaint}");
}

/// The seal only says that a file is what it was. What was wrong before is found as well.
#[test]
fn a_backup_that_was_made_wrong_is_refused() {
    let machine = machine_with_sites();
    let file = back_up(&machine, "out.backup");
    let bytes = fs::read(&file).unwrap();
    for (sql, parts) in [
        ("DELETE FROM release_files WHERE path = 'style.css'", ["it should hold 3 apps", "files"]),
        (
            "UPDATE apps SET deleted_at = 1 WHERE name = 'blog'",
            ["it should hold 3 apps", "holds 2"],
        ),
        ("UPDATE backup_manifest SET content_bytes = content_bytes + 1", ["should hold", "bytes"]),
        (
            "UPDATE chunks SET bytes = zeroblob(length(bytes))
             WHERE encoding = 0 AND length(bytes) > 1000",
            ["the content", "has other bytes"],
        ),
        ("DELETE FROM chunks WHERE encoding = 0 AND position = 1", ["the content", "other bytes"]),
        ("DROP TABLE backup_manifest", ["no manifest", "damaged"]),
        ("PRAGMA user_version = 99", ["newer fazt", "99"]),
        ("PRAGMA application_id = 7", ["not a database of fazt", ""]),
    ] {
        fs::write(&file, &bytes).unwrap();
        change(&file, |copy| copy.execute_batch(sql).unwrap());
        check_refused(&file, &parts);
        let words = ["backup", "restore", text(&file), "--force", "--db", &machine.db()];
        let complaint = machine.run(&words).fails(1);
        assert!(complaint.contains(parts[0]), "{sql}: {complaint}");
    }
    fs::write(&file, &bytes).unwrap();
    change(&file, |_copy| {});
    verify(&file).unwrap();
    machine.assert_closed();
}

#[test]
fn a_broken_page_is_found_although_the_seal_is_good() {
    let machine = machine_with_sites();
    let file = back_up(&machine, "out.backup");
    let mut pages = fs::read(&file).unwrap();
    pages.truncate(pages.len() - SEAL_BYTES);
    // The page after the first one that says where the others belong.
    pages[2 * 8192..3 * 8192].fill(0xa5);
    seal(&file, pages);
    check_refused(&file, &["damaged"]);
}

#[test]
fn no_backup_is_written_where_none_can_be() {
    let machine = machine_with_sites();
    let db = machine.db();
    fs::write(machine.path("mine.txt"), "mine").unwrap();
    fs::write(machine.path("plain"), "no folder").unwrap();
    let path = |name: &str| text(&machine.path(name)).to_owned();
    for (file, force, part) in [
        (db.clone(), true, "belongs to the database"),
        (path("node/../node/data.db"), true, "belongs to the database"),
        (path("node/data.db-wal"), true, "belongs to the database"),
        (path("node/data.db.lock"), true, "belongs to the database"),
        (path("node"), true, "is a folder"),
        (path("mine.txt"), false, "exists already"),
        (path("missing/out.backup"), false, "missing"),
        (path("plain/out.backup"), false, "plain"),
        ("/".to_owned(), false, "not the name of a file"),
    ] {
        let mut words = vec!["backup", "create", &file, "--db", &db];
        words.extend(force.then_some("--force"));
        let complaint = machine.run(&words).fails(1);
        assert!(complaint.contains(part), "{file}: {complaint}");
        assert!(complaint.contains("cannot back up"), "{file}: {complaint}");
    }
    assert_eq!(fs::read(machine.path("mine.txt")).unwrap(), b"mine");
    machine.assert_closed();
    // The one in the way was meant.
    machine.run(&["backup", "create", &path("mine.txt"), "--force", "--db", &db]).ok();
    verify(&machine.path("mine.txt")).unwrap();
    // A slip in the path of the database makes none.
    let complaint = machine.run(&["backup", "create", "--db", &path("slip.db")]).fails(1);
    assert!(complaint.contains("slip.db"), "{complaint}");
    assert!(!machine.path("slip.db").exists() && !machine.path("backups").exists());
}

#[test]
fn there_is_one_backup_at_a_time() {
    let machine = machine_with_sites();
    let partial = fs::File::create(machine.path(".fazt-backup.partial")).unwrap();
    flock(&partial, FlockOperation::NonBlockingLockExclusive).unwrap();
    let file = machine.path("out.backup");
    let words = ["backup", "create", text(&file), "--db", &machine.db()];
    let complaint = machine.run(&words).fails(1);
    assert!(complaint.contains("another backup"), "{complaint}");
    assert!(!file.exists() && machine.path(".fazt-backup.partial").exists());
    drop(partial);
    machine.run(&words).ok();
    assert!(!machine.path(".fazt-backup.partial").exists());
}

/// A bound on the size of files stands in for a disk: the copy fits, what belongs to it not.
#[test]
fn a_disk_that_fills_up_leaves_nothing() {
    let machine = Machine::new();
    let db = machine.db();
    machine.run(&["server", "init", "--db", &db]).ok();
    let blocks = fs::metadata(&db).unwrap().len() / 512;
    let file = machine.path("out.backup");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    let mut words = vec!["-c", &script, "sh", env!("CARGO_BIN_EXE_fazt")];
    words.extend(["backup", "create", text(&file), "--db", &db]);
    let complaint = machine.finish(&mut machine.isolated("sh", &words)).fails(1);
    // Whoever named the place is told what is wrong with it.
    for part in ["cannot back up", ".fazt-backup.partial", "disk I/O error"] {
        assert!(complaint.contains(part), "{part} is not in {complaint}");
    }
    assert!(!file.exists() && !machine.path(".fazt-backup.partial").exists());
    machine.run(&["backup", "create", text(&file), "--db", &db]).ok();
}
