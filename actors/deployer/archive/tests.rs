//! Archives that are accepted, and every way in which one is refused.

mod build;
mod properties;

use std::io::Cursor;

use super::*;
use crate::kind::{ErrorKind, Fault};
use build::{Item, archive, deflated, folder, stored};

/// Limits that small archives can reach.
fn limits() -> DeployLimits {
    DeployLimits {
        archive_bytes_max: 64 * 1024,
        unpacked_bytes_max: 40_000,
        file_bytes_max: 30_000,
        files_max: 5,
        path_bytes_max: 64,
        ratio_max: 10,
        ratio_exempt_bytes: 1_000,
        ..DeployLimits::default()
    }
}

fn open(bytes: &[u8]) -> Result<Archive<Cursor<&[u8]>>, ArchiveError> {
    Archive::open(Cursor::new(bytes), bytes.len() as u64, &limits())
}

/// Every file of an archive with its bytes, or the first error.
fn unpack(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, ArchiveError> {
    let mut archive = open(bytes)?;
    let mut files = Vec::new();
    for index in 0..archive.entries().len() {
        let mut content = Vec::new();
        archive.read(index, &mut |piece| {
            assert!(!piece.is_empty() && piece.len() <= PIECE_BYTES_MAX);
            content.extend_from_slice(piece);
            Ok(())
        })?;
        assert_eq!(content.len() as u64, archive.entries()[index].size());
        files.push((archive.entries()[index].path().to_string(), content));
    }
    Ok(files)
}

/// The paths that an archive of these names yields.
fn check_paths(names: &[&str], expect: &[&str]) {
    let items: Vec<_> = names
        .iter()
        .map(|name| if name.ends_with('/') { folder(name) } else { deflated(name, b"x") })
        .collect();
    let files = unpack(&archive(&items)).unwrap();
    let paths: Vec<_> = files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, expect, "{names:?}");
}

/// That an archive is refused with this code and message.
fn check_refused(items: &[Item], code: &str, message: &str) {
    check_bytes_refused(&archive(items), code, message);
}

fn check_bytes_refused(bytes: &[u8], code: &str, message: &str) {
    let error = unpack(bytes).unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), (code, message));
}

/// That the entry called `name` is refused for this reason.
fn check_entry(items: &[Item], name: &str, reason: Reason) {
    match unpack(&archive(items)) {
        Err(ArchiveError::Entry { entry, reason: found }) => {
            assert_eq!((entry.as_str(), &found), (name, &reason));
        }
        other => panic!("{name}: expected {reason:?}, got {other:?}"),
    }
}

#[test]
fn files_come_out_as_they_went_in() {
    let long: Vec<u8> = (0..20_000u32).flat_map(|i| (i * i).to_le_bytes()).take(20_000).collect();
    let bytes = archive(&[
        stored("index.html", b"<h1>hi</h1>"),
        folder("a/"),
        deflated("a/long.bin", &long),
        stored("a/ünïcode.txt", b""),
    ]);
    let files = unpack(&bytes).unwrap();
    let expect =
        [("index.html", &b"<h1>hi</h1>"[..]), ("a/long.bin", &long), ("a/ünïcode.txt", b"")];
    let found: Vec<_> = files.iter().map(|(path, data)| (path.as_str(), &data[..])).collect();
    assert_eq!(found, expect);
    assert_eq!(open(&bytes).unwrap().totals(), Totals { files: 3, bytes: 20_011 });
}

#[test]
fn what_the_original_client_sends_is_read() {
    // Written by Go's archive/zip as a stream: sizes follow the data.
    let request = include_bytes!("tests/client-0.9.4.zip");
    let files = unpack(request).unwrap();
    let paths: Vec<_> = files.iter().map(|(path, data)| (path.as_str(), data.len())).collect();
    assert_eq!(
        paths,
        [
            ("css/site.css", 59),
            ("index.html", 243),
            ("manifest.json", 15),
            ("posts/first.html", 54)
        ]
    );
    assert_eq!(files[2].1, b"{\"name\":\"blog\"}");
}

#[test]
fn one_wrapping_folder_is_removed() {
    check_paths(&["site/", "site/index.html", "site/a/b"], &["index.html", "a/b"]);
    check_paths(&["a/b/c"], &["b/c"]);
    check_paths(&["site/site/a"], &["site/a"]);
    check_paths(&["__MACOSX/site/._a", "site/a", "site/.DS_Store", ".DS_Store"], &["a"]);
    check_paths(&["empty/", "site/a"], &["a"]);
    check_paths(&["site/.well-known/x", "site/a"], &[".well-known/x", "a"]);
    check_paths(&["a/x", "b/x"], &["a/x", "b/x"]);
    check_paths(&["a/x", "ab/x"], &["a/x", "ab/x"]);
    check_paths(&["a", "b/x"], &["a", "b/x"]);
    check_paths(&["api/x.js"], &["api/x.js"]);
    check_paths(&["private/x"], &["private/x"]);
    check_paths(&[".well-known/x"], &[".well-known/x"]);
}

#[test]
fn dot_files_and_node_modules_are_left_out() {
    check_paths(&["a", ".env", "b/.git/config", "node_modules/x/y", "b/node_modules/z"], &["a"]);
    check_paths(&["a", ".well-known/x", "node_modules"], &["a", ".well-known/x", "node_modules"]);
    check_refused(
        &[stored(".env", b"x"), stored("node_modules/a", b"x")],
        "EMPTY_ARCHIVE",
        "the archive holds no files to deploy: its 2 files are dot-files or lie in `node_modules`",
    );
    // Many dropped files do not count against the limit of files.
    let mut items: Vec<_> = (0..50).map(|i| stored(format!("node_modules/{i}"), b"x")).collect();
    items.push(stored("index.html", b"x"));
    assert_eq!(unpack(&archive(&items)).unwrap().len(), 1);
}

#[test]
fn bad_paths_are_refused_even_where_files_are_dropped() {
    use crate::deployer::path::PathRefusal::*;
    fn check(name: &str, expect: crate::deployer::path::PathRefusal) {
        check_entry(&[stored("index.html", b"x"), stored(name, b"x")], name, Reason::Path(expect));
    }
    check("../x", ParentSegment);
    check("x/../y", ParentSegment);
    check("node_modules/../../y", ParentSegment);
    check(".git/../y", ParentSegment);
    check("x/../", ParentSegment);
    check("/etc/passwd", Absolute);
    check("C:/x", Absolute);
    check("a\\b", Backslash);
    check("./a", DotSegment);
    check("a//b", EmptySegment);
    check("a//", EmptySegment);
    check("/", Empty);
    check(&"a".repeat(65), TooLong { bytes: 65, max: 64 });
    let nul = [stored("index.html", b"x"), stored("a\0b", b"x")];
    check_entry(&nul, "a\\u{0}b", Reason::Path(ControlCharacter));
    check_entry(&[stored(b"caf\xe9", b"x")], "caf\u{fffd}", Reason::NotUtf8);
    // The wrapping folder cannot hide what is below it.
    check_entry(&[stored("site/C:/x", b"x")], "site/C:/x", Reason::Path(Absolute));
}

#[test]
fn only_files_and_folders_are_accepted() {
    fn check(name: &str, mode: u32, reason: Reason) {
        let odd = Item { mode, ..stored(name, b"/etc/passwd") };
        check_entry(&[stored("index.html", b"x"), odd], name, reason);
    }
    check("link", 0o120_777, Reason::Link);
    check("link/", 0o120_777, Reason::Link);
    check(".hidden-link", 0o120_777, Reason::Link);
    check("node_modules/.bin/x", 0o120_777, Reason::Link);
    check("pipe", 0o010_644, Reason::Special);
    check("tty", 0o020_644, Reason::Special);
    check("disk", 0o060_644, Reason::Special);
    check("socket", 0o140_644, Reason::Special);
    check("folder-without-slash", 0o040_755, Reason::Special);
    // Programs of other systems write no mode.
    assert!(unpack(&archive(&[Item { mode: 0, ..stored("a", b"x") }])).is_ok());
}

#[test]
fn encrypted_and_unknown_forms_are_refused() {
    let base = deflated("secret", b"x");
    check_entry(&[Item { flags: 1, ..base.clone() }], "secret", Reason::Encrypted);
    check_entry(&[Item { flags: 1 << 6, ..base.clone() }], "secret", Reason::Encrypted);
    let bzip2 = Item { method: 12, ..base };
    check_refused(
        &[bzip2],
        "ENTRY_REFUSED",
        "archive entry `secret` is refused: it is compressed with Bzip2; use \
         \"deflate\" or \"store\"",
    );
}

#[test]
fn names_must_be_unique() {
    check_entry(&[stored("a", b"x"), stored("a", b"y")], "a", Reason::Duplicate);
    check_entry(&[stored("a", b"x"), folder("a/")], "a/", Reason::Duplicate);
    check_entry(&[folder("a/"), stored("a", b"x")], "a", Reason::Duplicate);
    check_entry(&[stored(".a", b"x"), stored(".a", b"y")], ".a", Reason::Duplicate);
    check_paths(&["a/", "a/", "a/x", "b"], &["a/x", "b"]);
    check_refused(
        &[stored("b", b""), stored("a", b"x"), stored("a/b", b"y")],
        "FILE_AND_FOLDER",
        "`a` is a file and also the folder of `a/b`",
    );
}

#[test]
fn entries_must_not_share_bytes() {
    let (first, second) = (stored("a", b"12345"), stored("b", b"12345"));
    // Both name the same header.
    check_entry(&[first.clone(), Item { offset: Some(0), ..second.clone() }], "b", Reason::Overlap);
    // One whole archive entry lies in the data of another.
    let inner = archive(&[stored("b", b"xyz")]);
    let outer = stored("a", &inner);
    let nested = Item { offset: Some(31), ..stored("b", b"xyz") };
    check_entry(&[outer, nested], "b", Reason::Overlap);
    // The data reaches into the directory.
    let long = Item { size: 90, compressed_size: 90, ..first.clone() };
    check_entry(&[long], "a", Reason::Overlap);
    // The local header claims a longer name than the directory.
    let long_name = Item { local_name_bytes: Some(60), ..stored("a", &[b'x'; 50]) };
    check_entry(&[long_name, stored("b", &[b'x'; 99])], "b", Reason::Overlap);
    let too_long = Item { local_name_bytes: Some(6_000), ..first.clone() };
    check_entry(&[too_long, second], "a", Reason::Overlap);
    let dropped = Item { offset: Some(0), ..stored(".b", b"12345") };
    check_entry(&[first, dropped], ".b", Reason::Overlap);
}

#[test]
fn a_header_must_be_where_the_directory_says() {
    let item = stored("a", b"12345");
    let damaged = Reason::Damaged(Damage::Header);
    check_entry(&[Item { offset: Some(3), ..item.clone() }], "a", damaged.clone());
    check_entry(&[Item { offset: Some(u32::MAX - 1), ..item }], "a", damaged);
}

#[test]
fn what_is_declared_must_be_true() {
    let text = b"hello hello hello hello hello";
    let size = text.len() as u32;
    let data = Reason::Damaged(Damage::Data);
    let base = deflated("a", text);
    check_entry(&[Item { crc: 1, ..base.clone() }], "a", data.clone());
    check_entry(&[Item { crc: 1, ..stored("a", text) }], "a", data.clone());
    // More bytes than declared, and fewer.
    check_entry(&[Item { size: size - 1, ..base.clone() }], "a", data.clone());
    check_entry(&[Item { size: 0, ..base.clone() }], "a", data.clone());
    let longer = Reason::Damaged(Damage::Size);
    check_entry(&[Item { size: size + 1, ..base.clone() }], "a", longer.clone());
    check_entry(&[Item { size: size + 1, ..stored("a", text) }], "a", longer);
    // Compressed data that is no compressed data, or is cut short.
    check_entry(&[Item { data: vec![0xff; base.data.len()], ..base.clone() }], "a", data.clone());
    check_entry(&[Item { compressed_size: 3, ..base }], "a", data);
}

#[test]
fn nothing_beyond_the_declared_size_is_handed_over() {
    let bomb = Item { size: 10, ..deflated("a", &[0; 30_000]) };
    let bytes = archive(&[bomb]);
    let mut handed_over = 0;
    let mut archive = open(&bytes).unwrap();
    let result = archive.read(0, &mut |piece| {
        handed_over += piece.len();
        Ok(())
    });
    assert!(result.is_err());
    assert!(handed_over <= 10, "{handed_over}");
}

#[test]
fn limits_are_kept() {
    let text = b"the archive has 65537 bytes, allowed are 65536";
    let bytes = vec![0; 64 * 1024 + 1];
    check_bytes_refused(&bytes, "ARCHIVE_TOO_LARGE", std::str::from_utf8(text).unwrap());
    check_refused(
        &[Item { size: 30_001, compressed_size: 30_001, ..deflated("a", b"x") }],
        "ENTRY_REFUSED",
        "archive entry `a` is refused: its bytes overlap with another part of the archive",
    );
    let noise: Vec<u8> = (0..30_001u64).map(|i| (i.wrapping_mul(i * 7919) >> 7) as u8).collect();
    check_refused(
        &[stored("a", &noise)],
        "FILE_TOO_LARGE",
        "`a` has 30001 bytes, a file may have 30000",
    );
    check_refused(
        &[stored("a", &noise[..25_000]), stored("b", &noise[..25_000])],
        "RELEASE_TOO_LARGE",
        "with `b` the files have more than 40000 bytes together",
    );
    let six: Vec<_> = (0..6).map(|i| stored(format!("{i}"), b"")).collect();
    check_refused(
        &six,
        "TOO_MANY_FILES",
        "`5` is one file too many: a release has at most 5 files",
    );
    check_entry(&[deflated("bomb", &[0; 20_000])], "bomb", Reason::Ratio { max: 10 });
    // A small file may be as empty as it likes.
    assert!(unpack(&archive(&[deflated("a", &[0; 1_000])])).is_ok());
}

#[test]
fn what_is_no_archive_is_refused() {
    let empty = "the archive holds no files";
    check_refused(&[], "EMPTY_ARCHIVE", empty);
    check_refused(&[folder("a/"), folder("b/")], "EMPTY_ARCHIVE", empty);
    let invalid = "this is not a readable zip archive";
    check_bytes_refused(b"", "INVALID_ARCHIVE", invalid);
    check_bytes_refused(b"hello", "INVALID_ARCHIVE", invalid);
    check_bytes_refused(&[0; 1000], "INVALID_ARCHIVE", invalid);
    let whole = archive(&[stored("a", b"x")]);
    check_bytes_refused(&whole[..whole.len() - 1], "INVALID_ARCHIVE", invalid);
}

#[test]
fn a_receiver_that_fails_is_not_the_archives_fault() {
    let bytes = archive(&[stored("a", b"x")]);
    let mut archive = open(&bytes).unwrap();
    let error = archive.read(0, &mut |_| Err(io::Error::other("disk full"))).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Internal, "ENTRY_NOT_STORED"));
    assert_eq!(archive.read(1, &mut |_| Ok(())).unwrap_err().code(), "NO_SUCH_ENTRY");
    // The archive can be read again.
    assert!(archive.read(0, &mut |_| Ok(())).is_ok());
}

#[test]
fn an_entry_is_named_so_that_it_can_be_printed() {
    assert_eq!(directory::printable(b"a\x1b[31m\nb"), "a\\u{1b}[31m\\nb");
    assert!(directory::printable(&[b'a'; 100_000]).len() < 300);
}
