use std::os::unix::fs::symlink;

use super::*;

#[test]
fn only_paths_below_the_folder_are_inside() {
    for (path, expect) in [
        ("index.html", true),
        ("css/deep/x.css", true),
        ("ünïcode/a b.txt", true),
        ("..hidden/...", true),
        (".well-known/x", true),
        ("", false),
        ("/etc/passwd", false),
        ("../x", false),
        ("a/../../x", false),
        ("a//b", false),
        ("a/", false),
        ("a/./b", false),
        (".", false),
        ("..", false),
        ("a\\b", false),
        ("a\0b", false),
    ] {
        assert_eq!(is_inside(path), expect, "{path:?}");
    }
}

#[test]
fn nothing_is_written_through_a_link_or_over_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path(), dir.path().join("link")).unwrap();
    fs::create_dir(dir.path().join("folder")).unwrap();
    fs::write(dir.path().join("file"), "x").unwrap();

    let placed = place(dir.path(), "new/deep/a.txt").unwrap();
    assert_eq!(placed, dir.path().join("new/deep/a.txt"));
    assert!(dir.path().join("new/deep").is_dir());

    for (path, part) in [
        ("link/a.txt", "no folder of its own"),
        ("file/a.txt", "no folder of its own"),
        ("folder", "is a folder"),
        ("../a.txt", "leads out"),
    ] {
        let error = place(dir.path(), path).unwrap_err().to_string();
        assert!(error.contains(part), "{path}: {error}");
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_holds_something_is_taken_only_by_force() {
    let dir = tempfile::tempdir().unwrap();
    let fresh = dir.path().join("a/b");
    prepare(&fresh, false).unwrap();
    assert!(fresh.is_dir());
    prepare(&fresh, false).unwrap();
    fs::write(fresh.join("x"), "x").unwrap();
    let error = prepare(&fresh, false).unwrap_err().to_string();
    assert!(error.contains("not empty") && error.contains("--force"), "{error}");
    prepare(&fresh, true).unwrap();
}
