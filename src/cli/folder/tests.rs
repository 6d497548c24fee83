//! Folders on disk, and which of their files are sent.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicU64, Ordering};

use fazt_actors::content::ContentHash;

use super::hash::hash_files;
use super::*;

/// A folder `site` with these files, inside a folder of its own.
fn site(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let outside = tempfile::tempdir().unwrap();
    let site = outside.path().join("site");
    fs::create_dir(&site).unwrap();
    for (path, content) in files {
        let path = site.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    (outside, site)
}

fn paths(folder: &Folder) -> Vec<&str> {
    folder.files.iter().map(|file| file.path.as_str()).collect()
}

/// That of these files these are sent, in this order.
fn check(files: &[(&str, &str)], expect: &[&str]) {
    let (_outside, site) = site(files);
    let folder = walk(&site, &DeployLimits::default()).unwrap();
    assert_eq!(paths(&folder), expect, "{files:?}");
}

/// That nothing of these files is sent, for this reason.
fn check_nothing(files: &[(&str, &str)], expect: &str) {
    let (_outside, site) = site(files);
    match walk(&site, &DeployLimits::default()) {
        Err(FolderError::NoFiles { reason, .. }) => {
            assert_eq!(reason.replace(site.to_str().unwrap(), "site"), expect);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_are_sent_sorted() {
    check(
        &[("index.html", ""), ("a/b.txt", ""), ("a.txt", ""), ("_headers", ""), ("fazt.json", "")],
        &["_headers", "a.txt", "a/b.txt", "fazt.json", "index.html"],
    );
}

#[test]
fn dot_files_and_node_modules_stay_here() {
    check(
        &[
            ("a", ""),
            (".env", ""),
            (".git/config", ""),
            ("b/.DS_Store", ""),
            (".well-known/security.txt", ""),
            (".well-known/.secret", ""),
            ("node_modules/x/y.js", ""),
            ("b/node_modules/z.js", ""),
        ],
        &[".well-known/security.txt", "a"],
    );
}

#[test]
fn ignore_files_inside_the_folder_are_honoured() {
    check(&[(".gitignore", "*.log\n# note\n"), ("a", ""), ("b.log", ""), ("c/d.log", "")], &["a"]);
    check(&[(".gitignore", "/b\n"), ("a", ""), ("b", ""), ("c/b", "")], &["a", "c/b"]);
    check(&[(".gitignore", "b/\n"), ("a", ""), ("c/b/x", ""), ("b/x", "")], &["a"]);
    check(&[(".gitignore", "*.log\n!keep.log"), ("a.log", ""), ("keep.log", "")], &["keep.log"]);
    check(&[("c/.gitignore", "x\n"), ("c/x", ""), ("x", ""), ("c/y", "")], &["c/y", "x"]);
    check(&[(".gitignore", "x\n"), ("c/.gitignore", "!x"), ("c/x", ""), ("x", "")], &["c/x"]);
    check(&[(".faztignore", "drafts\n"), ("a", ""), ("drafts/b", "")], &["a"]);
    check(
        &[(".faztignore", "!out"), (".gitignore", "out"), ("out/a", ""), ("b", "")],
        &["b", "out/a"],
    );
    check(&[(".faztignore", "!x"), ("c/.gitignore", "*"), ("c/x", ""), ("c/y", "")], &["c/x"]);
    check(&[(".faztignore", "!.env\n!node_modules"), (".env", ""), ("a", "")], &["a"]);
}

#[test]
fn ignore_files_elsewhere_are_not() {
    let (outside, site) = site(&[("a.txt", ""), (".git/info/exclude", "*"), (".git/HEAD", "x")]);
    fs::write(outside.path().join(".gitignore"), "*").unwrap();
    fs::create_dir(outside.path().join(".git")).unwrap();
    assert_eq!(paths(&walk(&site, &DeployLimits::default()).unwrap()), ["a.txt"]);
}

#[test]
fn nothing_to_deploy_names_the_rule() {
    check_nothing(&[], "the folder is empty");
    check_nothing(
        &[(".gitignore", "*\n"), ("a", ""), ("b/c", ""), ("b/d", "")],
        "all 3 files are excluded by site/.gitignore line `*`",
    );
    check_nothing(
        &[(".env", "")],
        "its only file is excluded by the rule that dot-files are not deployed",
    );
    check_nothing(
        &[("node_modules/a", ""), ("node_modules/b/c", ""), ("b/.faztignore", "x"), ("b/x", "")],
        "all 3 files are excluded: 2 by the rule that `node_modules` is not deployed, 1 by \
         site/b/.faztignore line `x`",
    );
}

#[test]
fn every_rule_counts_what_it_removed() {
    let (_outside, site) =
        site(&[("a", ""), (".x", ""), (".y", ""), (".gitignore", "*.log"), ("b.log", "")]);
    let folder = walk(&site, &DeployLimits::default()).unwrap();
    let counts: Vec<_> = folder.excluded.iter().map(|(rule, n)| (rule.to_string(), *n)).collect();
    let line = format!("{} line `*.log`", site.join(".gitignore").display());
    let dots = "the rule that dot-files are not deployed".to_owned();
    assert_eq!(counts, [(dots, 2), (line, 1)]);
}

#[test]
fn only_links_to_files_inside_are_followed() {
    let (outside, site) = site(&[("a.txt", "hello"), ("d/b.txt", ""), (".env", "secret")]);
    fs::write(outside.path().join("passwd"), "secret").unwrap();
    for (target, name) in [
        ("a.txt", "inside"),
        ("../passwd", "outside"),
        ("/etc", "absolute"),
        ("d", "folder"),
        (".", "loop"),
        ("nowhere", "broken"),
        (".env", "dotted"),
    ] {
        symlink(target, site.join(name)).unwrap();
    }
    let folder = walk(&site, &DeployLimits::default()).unwrap();
    assert_eq!(paths(&folder), ["a.txt", "d/b.txt", "inside"]);
    assert_eq!(folder.files[2].size, 5);
    let mut notes = folder.notes;
    notes.sort();
    let shown = site.display();
    let expect = [
        format!("skipped {shown}/absolute: it is a link that leads outside the folder"),
        format!("skipped {shown}/broken: it is a link that leads nowhere"),
        format!("skipped {shown}/dotted: it is a link to a dot-file"),
        format!("skipped {shown}/folder: it is a link to a folder"),
        format!("skipped {shown}/loop: it is a link to a folder"),
        format!("skipped {shown}/outside: it is a link that leads outside the folder"),
    ];
    assert_eq!(notes, expect);
    // The folder itself may be reached by a link.
    symlink(&site, outside.path().join("way")).unwrap();
    let folder = walk(&outside.path().join("way"), &DeployLimits::default()).unwrap();
    assert_eq!(folder.files.len(), 3);
}

#[test]
fn a_socket_is_skipped_with_a_note() {
    let (_outside, site) = site(&[("a", "")]);
    let _socket = std::os::unix::net::UnixListener::bind(site.join("s")).unwrap();
    let folder = walk(&site, &DeployLimits::default()).unwrap();
    assert_eq!(paths(&folder), ["a"]);
    assert!(
        folder.notes[0].ends_with("s: it is neither a file nor a folder"),
        "{:?}",
        folder.notes
    );
}

#[test]
fn names_that_no_url_can_have_are_errors() {
    fn check(name: &[u8], code: &str, end: &str) {
        let (_outside, site) = site(&[("a", "")]);
        fs::write(site.join(OsStr::from_bytes(name)), "").unwrap();
        let error = walk(&site, &DeployLimits::default()).unwrap_err();
        assert_eq!(error.code(), code);
        assert!(error.to_string().ends_with(end), "{error}");
    }
    let rename = "caf\u{fffd}: its name is not UTF-8; rename it or exclude it in a .faztignore";
    check(b"caf\xe9", "INVALID_PATH", rename);
    check(b"a\\b", "INVALID_PATH", "a\\b: its path has a backslash; separate folders with `/`");
    check(b"a\nb", "INVALID_PATH", "its path has a control character");
    // A file that is excluded may be called anything.
    let (_outside, site) = site(&[("a", ""), (".gitignore", "caf*")]);
    fs::write(site.join(OsStr::from_bytes(b"caf\xe9")), "").unwrap();
    assert!(walk(&site, &DeployLimits::default()).is_ok());
}

#[test]
fn what_is_no_folder_is_an_error() {
    let (_outside, site) = site(&[("a", ""), ("b", "")]);
    let limits = DeployLimits { files_max: 1, ..DeployLimits::default() };
    assert_eq!(walk(&site.join("a"), &limits).unwrap_err().code(), "NOT_A_FOLDER");
    assert_eq!(walk(&site.join("c"), &limits).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(walk(&site, &limits).unwrap_err().code(), "TOO_MANY_FILES");
}

#[test]
fn hashes_come_in_the_order_of_the_files() {
    let names: Vec<String> = (0..100).map(|i| format!("{i:03}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
    let (_outside, site) = site(&files);
    let folder = walk(&site, &DeployLimits::default()).unwrap();
    let told = AtomicU64::new(0);
    let hashes = hash_files(&folder.files, |bytes| {
        told.fetch_add(bytes, Ordering::Relaxed);
    });
    let expect: Vec<_> = names.iter().map(|name| ContentHash::of(name.as_bytes())).collect();
    assert_eq!(hashes.unwrap(), expect);
    assert_eq!(told.into_inner(), 300);
    assert!(hash_files(&[], |_| {}).unwrap().is_empty());
}

#[test]
fn a_file_that_changes_under_the_hand_is_an_error() {
    let (_outside, site) = site(&[("a", "1"), ("b", "2")]);
    let folder = walk(&site, &DeployLimits::default()).unwrap();
    fs::write(site.join("b"), "longer").unwrap();
    assert_eq!(hash_files(&folder.files, |_| {}).unwrap_err().code(), "FILE_CHANGED");
    fs::remove_file(site.join("b")).unwrap();
    assert_eq!(hash_files(&folder.files, |_| {}).unwrap_err().kind(), ErrorKind::NotFound);
}
