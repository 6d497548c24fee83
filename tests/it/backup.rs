//! A node in one file: made while it works, checked to the last bit, put back.

use std::fs;
use std::path::{Path, PathBuf};

use fazt_actors::content::ContentHash;
use rusqlite::{Connection, OpenFlags};

use crate::process::{Files, Machine, Server, files, noise};

mod creating;
mod refusing;
mod restoring;

/// Bytes of the seal at the end of a backup.
const SEAL_BYTES: usize = 512;

/// Three apps: one small, one with a large file, one with a history.
fn sites() -> Vec<(&'static str, Files)> {
    let mut shop = files(&[("index.html", "<h1>shop</h1>"), ("about/index.html", "about")]);
    shop.insert("large.bin".to_owned(), noise(1, 1_500_000));
    let script = "console.log('the same words again');\n".repeat(500);
    shop.insert("app.js".to_owned(), script.into_bytes());
    vec![
        ("blog", files(&[("index.html", "<h1>second</h1>"), ("style.css", "h1 { color: red }")])),
        ("shop", shop),
        ("empty", files(&[("index.html", "")])),
    ]
}

/// Deploys [`sites`], the blog for the second time.
fn deploy_sites(server: &Server) {
    server.deploy("blog", &files(&[("index.html", "<h1>first</h1>")]));
    for (app, files) in sites() {
        server.deploy(app, &files);
    }
}

/// Each file of [`sites`] is served as it was deployed.
#[track_caller]
fn assert_serves_sites(server: &Server) {
    for (app, files) in sites() {
        let listed = server.api(&format!("/api/apps/{app}/releases/live/files"));
        assert_eq!(listed.as_array().unwrap().len(), files.len(), "{app}");
        for (path, content) in files {
            let url = format!("/{}", path.strip_suffix("index.html").unwrap_or(&path));
            let reply = server.get(&format!("{app}.localhost"), &url);
            assert_eq!(reply.status, 200, "{app}{url}");
            assert!(reply.body == content, "{app}{url} has other bytes");
        }
    }
}

/// A machine whose node has run, has [`sites`], and has stopped.
fn machine_with_sites() -> Machine {
    let machine = Machine::new();
    let server = machine.start();
    deploy_sites(&server);
    server.stop();
    machine
}

/// Makes a backup of this name, whether the node runs or not.
#[track_caller]
fn back_up(machine: &Machine, name: &str) -> PathBuf {
    let file = machine.path(name);
    machine.run(&["backup", "create", text(&file), "--db", &machine.db()]).ok();
    file
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Opens a file as any program would.
#[expect(clippy::disallowed_methods, reason = "looks at the file from outside the node")]
fn open(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::default()).unwrap()
}

/// Puts another seal at the end of `pages`, as one who knows how to: what is wrong with a
/// sealed backup is wrong since it was made. Also states the form of a seal a second time.
fn seal(path: &Path, mut pages: Vec<u8>) {
    let hash = ContentHash::of(&pages);
    let line =
        format!("-- fazt backup, form 1 -- sha256 {hash} of the first {} bytes --", pages.len());
    pages.extend(format!("{line:<511}\n").into_bytes());
    fs::write(path, pages).unwrap();
}

/// Changes a backup and seals it again.
fn change(path: &Path, work: impl FnOnce(&Connection)) {
    let mut bytes = fs::read(path).unwrap();
    bytes.truncate(bytes.len() - SEAL_BYTES);
    fs::write(path, bytes).unwrap();
    work(&open(path));
    seal(path, fs::read(path).unwrap());
}
