//! What holds for any archive at all, however it was made.

use proptest::prelude::*;

use super::build::{archive, deflated, folder, stored};
use super::{limits, unpack};
use crate::deployer::path::FilePath;

/// An honest archive, for mutation.
fn honest() -> Vec<u8> {
    archive(&[
        stored("site/index.html", b"<h1>hi</h1>"),
        deflated("site/a/b.txt", &[b'x'; 900]),
        folder("site/c/"),
        deflated("site/.env", b"x=1"),
    ])
}

/// What holds for any bytes at all.
fn check_promises(bytes: &[u8]) {
    let Ok(files) = unpack(bytes) else { return };
    let mut paths = std::collections::HashSet::new();
    for (path, _) in &files {
        assert!(FilePath::parse(path, &limits()).is_ok(), "{path:?}");
        assert!(paths.insert(path), "{path:?}");
    }
    assert!(files.len() <= limits().files_max);
    let total: usize = files.iter().map(|(_, data)| data.len()).sum();
    assert!(total as u64 <= limits().unpacked_bytes_max);
}

/// Many cases, and no file of failures beside the source.
fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_bytes_get_an_answer(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..300),
        marks in proptest::collection::vec((any::<prop::sample::Index>(), 0..4usize), 0..4),
    ) {
        for (at, which) in marks {
            let mark = [b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06"][which];
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, mark.iter().copied());
        }
        check_promises(&bytes);
    }

    #[test]
    fn a_mutated_archive_keeps_the_promises(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = honest();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut.filter(|_| bytes[0] & 1 == 0) {
            bytes.truncate(cut.index(bytes.len()));
        }
        check_promises(&bytes);
    }

    #[test]
    fn any_list_of_entries_keeps_the_promises(
        names in proptest::collection::vec("[./a\\\\:\u{0}é]{0,6}", 0..6),
        mode in any::<u16>(), flags in 0..4u16, method in 0..10u16, size in any::<u16>(),
    ) {
        let mut items: Vec<_> = names.iter().map(|name| deflated(name, b"some text")).collect();
        if let Some(item) = items.last_mut() {
            item.mode = u32::from(mode);
            item.flags = flags;
            item.method = method;
            item.size = u32::from(size);
        }
        check_promises(&archive(&items));
    }
}
