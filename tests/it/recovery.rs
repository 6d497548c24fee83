//! `kill -9` at every step: what comes back is one release, whole.

use std::collections::BTreeSet;

use rusqlite::{Connection, OpenFlags};

use crate::process::{Files, Machine, PATIENCE, Server, files, noise, until};
use crate::wire::{self, Request};

/// The app of these tests.
const APP: &str = "site";

/// Its host.
const HOST: &str = "site.localhost";

/// Which release is there after a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Old,
    New,
    /// Either, but whole: the place is reached more than once on the way.
    Either,
}

/// The files of one version: some change, some stay, one comes, one goes.
fn version(number: u32) -> Files {
    let mut site = files(&[
        ("style.css", "body { margin: 0 }\n"),
        ("about/index.html", "<h1>The same in all versions</h1>"),
    ]);
    let page = format!("<h1>Version {number}</h1>\n").repeat(40);
    site.insert("index.html".to_owned(), page.into_bytes());
    let script = format!("console.log('version {number}');\n").repeat(400);
    site.insert("app.js".to_owned(), script.into_bytes());
    site.insert(format!("only-in-{number}.html"), format!("<p>{number}</p>").into_bytes());
    // More than one transaction of contents, none of them with a whole file in it.
    site.insert("large.bin".to_owned(), noise(u64::from(number), 2_500_000));
    site
}

/// A machine with a database that is killed again and again.
struct Survivor {
    machine: Machine,
    number: u32,
}

impl Survivor {
    /// With version 1 live, and no node.
    fn new() -> Survivor {
        let survivor = Survivor { machine: Machine::new(), number: 1 };
        let server = survivor.machine.start();
        server.deploy(APP, &version(1));
        server.stop();
        survivor
    }

    /// Kills a node at `place` while `act` does something to it, and examines what is left.
    fn check(&mut self, place: &str, after: After, act: impl FnOnce(&Survivor, &Server)) {
        if let Some(mut server) = self.machine.start_doomed(place) {
            act(self, &server);
            server.wait_until_killed();
        }
        self.examine(place, after);
    }

    /// Starts the node again: one release, whole; nothing half-done; and deploys go on.
    fn examine(&mut self, place: &str, after: After) {
        let server = self.machine.start();
        let found = live_version(&server);
        let wanted = match after {
            After::Old => found == self.number,
            After::New => found == self.number + 1,
            After::Either => found == self.number || found == self.number + 1,
        };
        assert!(wanted, "{place}: v{} was live, found v{found}", self.number);
        self.number += 2;
        let next = version(self.number);
        server.deploy(APP, &next);
        assert_serves(&server, &next);
        self.wait_until_tidy();
        server.stop();
        assert_sound(&self.machine);
    }

    /// Waits until no release is unfinished or on its way out, and nothing is left to encode:
    /// the next node begins with the next deploy.
    fn wait_until_tidy(&self) {
        let database = open(&self.machine);
        until("the removal of unfinished releases", || {
            (count(&database, "releases WHERE state <> 'ready' OR encoded = 0") == 0).then_some(())
        });
    }

    fn next(&self) -> Files {
        version(self.number + 1)
    }
}

/// Deploys the next version as an archive; the node may die before it answers.
fn by_archive(survivor: &Survivor, server: &Server) {
    if let Ok(reply) = server.ask(wire::deploy_form(APP, &survivor.next())) {
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

/// Deploys the next version by the command line, which sends what differs.
fn by_difference(survivor: &Survivor, _server: &Server) {
    let folder = survivor.machine.folder("site", &survivor.next());
    let ran = survivor.machine.run(&["deploy", &folder, "--name", APP]);
    if !ran.status.success() {
        let complaint = ran.fails(1);
        assert!(complaint.contains("cannot deploy \"site\""), "{complaint}");
    }
}

/// The version whose files are listed as live, all of them served byte for byte.
#[track_caller]
fn live_version(server: &Server) -> u32 {
    let page = server.get(HOST, "/").text();
    let number = page.split_whitespace().nth(1).and_then(|word| word.split('<').next());
    let number = number.and_then(|number| number.parse().ok());
    let number = number.unwrap_or_else(|| panic!("no version in {page:?}"));
    assert_serves(server, &version(number));
    number
}

/// Exactly these files are listed, and each is served as it was deployed.
#[track_caller]
fn assert_serves(server: &Server, site: &Files) {
    let listed = server.api(&format!("/api/apps/{APP}/releases/live/files"));
    let listed: BTreeSet<&str> =
        listed.as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(listed, site.keys().map(String::as_str).collect::<BTreeSet<_>>());
    for (path, content) in site {
        let url = match path.strip_suffix("index.html") {
            Some(folder) => format!("/{folder}"),
            None => format!("/{}", path.strip_suffix(".html").unwrap_or(path)),
        };
        let reply = server.get(HOST, &url);
        assert_eq!(reply.status, 200, "{url}");
        assert!(reply.body == *content, "{url} has other bytes than {path}");
        assert_decodes(server, &url, content);
    }
}

/// A stored variant, where there is one already, says the same.
#[track_caller]
fn assert_decodes(server: &Server, url: &str, content: &[u8]) {
    let request = Request::get(HOST, url).with("Accept-Encoding: br");
    let reply = request.exchange(wire::tcp(server.port).unwrap()).unwrap();
    let mut decoded = Vec::new();
    match reply.header("content-encoding") {
        Some("br") => brotli::BrotliDecompress(&mut &reply.body[..], &mut decoded).unwrap(),
        _ => decoded = reply.body,
    }
    assert!(decoded == content, "{url} decodes to other bytes");
}

#[expect(clippy::disallowed_methods, reason = "looks at the file from outside the node")]
fn open(machine: &Machine) -> Connection {
    let database = Connection::open_with_flags(machine.database(), OpenFlags::default()).unwrap();
    database.busy_timeout(PATIENCE).unwrap();
    database
}

fn count(database: &Connection, rest: &str) -> u64 {
    database.query_row(&format!("SELECT count(*) FROM {rest}"), [], |row| row.get(0)).unwrap()
}

/// The stopped node's file is sound and alone, and nothing in it hangs in the air.
#[track_caller]
fn assert_sound(machine: &Machine) {
    machine.assert_closed();
    let database = open(machine);
    let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let dangling = database.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap();
    assert!(!dangling, "a foreign key points nowhere");
    let used_but_incomplete =
        "contents WHERE complete = 0 AND id IN (SELECT content_id FROM release_files)";
    assert_eq!(count(&database, used_but_incomplete), 0);
}

#[test]
fn an_archive_is_deployed_whole_or_not_at_all() {
    let mut survivor = Survivor::new();
    for (place, after) in [
        ("spool.written", After::Old),
        ("deploy.spooled", After::Old),
        ("deploy.contents:1", After::Old),
        ("deploy.contents:3", After::Old),
        ("deploy.stored", After::Old),
        ("deploy.prepared", After::Old),
        ("deploy.listed", After::Old),
        ("deploy.activated", After::New),
        ("deploy.published", After::New),
        ("encode.stored:1", After::New),
        ("encode.marked", After::New),
    ] {
        survivor.check(place, after, by_archive);
    }
}

#[test]
fn a_difference_is_deployed_whole_or_not_at_all() {
    let mut survivor = Survivor::new();
    for (place, after) in [
        ("upload.begun", After::Old),
        ("spool.written", After::Old),
        ("deploy.spooled", After::Old),
        ("deploy.contents:2", After::Old),
        ("upload.received", After::Old),
        ("deploy.stored", After::Old),
        ("deploy.prepared", After::Old),
        ("deploy.listed", After::Old),
        ("deploy.activated", After::New),
        ("deploy.published", After::New),
    ] {
        survivor.check(place, after, by_difference);
    }
}

/// Dies in every single transaction, from the node's start to the last encoded variant.
#[test]
fn no_transaction_is_applied_in_part() {
    let mut survivor = Survivor::new();
    for nth in 1.. {
        assert!(nth < 200, "a deploy has fewer transactions than that");
        let place = format!("store.applied:{nth}");
        let Some(mut server) = survivor.machine.start_doomed(&place) else {
            survivor.examine(&place, After::Old);
            continue;
        };
        by_archive(&survivor, &server);
        let is_finished = until("the end of the encoding, or of the node", || {
            if server.ended().is_some() {
                return Some(false);
            }
            (count(&open(&survivor.machine), "releases WHERE encoded = 0") == 0).then_some(true)
        });
        drop(server);
        survivor.examine(&place, After::Either);
        if is_finished {
            break;
        }
    }
}

#[test]
fn a_kill_during_a_checkpoint_loses_nothing() {
    let mut survivor = Survivor::new();
    for place in ["checkpoint.copied:1", "checkpoint.copied:2"] {
        survivor.check(place, After::Either, |survivor, server| {
            by_archive(survivor, server);
            // The log grows until it is moved into the file often enough.
            let more = Files::from([("filler.bin".to_owned(), noise(7, 12_000_000))]);
            let _broken_or_not = server.ask(wire::deploy_form("filler", &more));
        });
    }
}

#[test]
fn a_rollback_happens_or_does_not() {
    let mut survivor = Survivor::new();
    for place in ["rollback.activated", "store.applied:8"] {
        let before = survivor.number;
        // There is something to go back to, and it is whole.
        let server = survivor.machine.start();
        server.deploy(APP, &version(before + 1));
        server.stop();
        let mut doomed = survivor.machine.start_doomed(place);
        if let Some(server) = &mut doomed {
            let mut request = Request::get("localhost", "/api/apps/site/rollback");
            request.method = "POST";
            request.headers.push("Content-Type: application/json".to_owned());
            request.body = b"{}".to_vec();
            let answer = server.ask(request);
            if place == "rollback.activated" {
                assert!(answer.is_err(), "killed before it answers");
                server.wait_until_killed();
            }
        }
        drop(doomed);
        let after = if place == "rollback.activated" { After::Old } else { After::Either };
        survivor.examine(place, after);
    }
}

/// The eleventh release pushes out the first, in more than one transaction.
#[test]
fn a_kill_while_old_releases_are_removed_removes_no_others() {
    let machine = Machine::new();
    let small = |number: u32| files(&[("index.html", &format!("Version {number} <")), ("a", "a")]);
    let server = machine.start();
    (1..=10).for_each(|number| server.deploy(APP, &small(number)));
    server.stop();
    for (place, number) in [("removal.doomed", 11), ("removal.step:1", 12), ("removal.step:2", 13)]
    {
        let mut server = machine.start_doomed(place).unwrap();
        // It may die before it has answered: what matters is what is left.
        let _answered = server.ask(wire::deploy_form(APP, &small(number)));
        server.wait_until_killed();
        let server = machine.start();
        assert_eq!(server.get(HOST, "/").text(), format!("Version {number} <"), "{place}");
        let database = open(&machine);
        until("ten releases", || {
            (count(&database, "releases") == 10 && count(&database, "release_files") == 20)
                .then_some(())
        });
        drop(database);
        let releases = server.api("/api/apps/site/releases");
        let numbers: Vec<u64> =
            releases.as_array().unwrap().iter().map(|r| r["number"].as_u64().unwrap()).collect();
        let newest = u64::from(number);
        assert_eq!(numbers, (newest - 9..=newest).rev().collect::<Vec<_>>(), "{place}");
        server.stop();
        assert_sound(&machine);
    }
}

#[test]
fn a_deletion_happens_or_does_not() {
    let machine = Machine::new();
    let site = version(1);
    for (place, query) in [("delete.deleted", ""), ("delete.purged", "?purge=true")] {
        let server = machine.start();
        server.deploy(APP, &site);
        server.stop();
        let mut server = machine.start_doomed(place).unwrap();
        let path = format!("/api/apps/{APP}{query}");
        let mut request = Request::get("localhost", &path);
        request.method = "DELETE";
        assert!(server.ask(request).is_err(), "{place}: killed before it answers");
        server.wait_until_killed();
        let server = machine.start();
        assert_eq!(server.get(HOST, "/").status, 404, "{place}");
        let deleted = server.api("/api/apps?deleted=true");
        let is_purged = deleted.as_array().unwrap().is_empty();
        assert_eq!(is_purged, place == "delete.purged", "{deleted}");
        server.stop();
        assert_sound(&machine);
        if is_purged {
            continue;
        }
        let server = machine.start();
        let mut request = Request::get("localhost", "/api/apps/site/restore");
        request.method = "POST";
        assert_eq!(server.ask(request).unwrap().status, 200);
        assert_serves(&server, &site);
        server.stop();
    }
}

/// Also a node that never came to its end of the very first start.
#[test]
fn a_first_start_that_was_killed_is_done_again() {
    for nth in 1..=3 {
        let machine = Machine::new();
        drop(machine.start_doomed(&format!("store.applied:{nth}")));
        let server = machine.start();
        server.deploy(APP, &version(1));
        assert_serves(&server, &version(1));
        server.stop();
        assert_sound(&machine);
    }
}
