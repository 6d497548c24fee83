use proptest::prelude::*;

use super::*;

fn entry(path: &str, content: &str) -> LocalEntry {
    LocalEntry {
        path: path.to_owned(),
        full_path: PathBuf::from("/site").join(path),
        size: content.len() as u64,
        hash: ContentHash::of(content.as_bytes()),
    }
}

fn live(path: &str, content: &str) -> ReleaseFile {
    ReleaseFile {
        path: path.to_owned(),
        size: content.len() as u64,
        sha256: ContentHash::of(content.as_bytes()).to_string(),
    }
}

fn hex(content: &str) -> String {
    ContentHash::of(content.as_bytes()).to_string()
}

fn blob(size: u64) -> Blob {
    Blob { hash: ContentHash::of(&size.to_be_bytes()), size, full_path: PathBuf::new() }
}

/// The local files, the live files, the paths that change, the paths that go.
#[track_caller]
fn check(local: &[LocalEntry], remote: &[ReleaseFile], changed: &[&str], removed: &[&str]) {
    let found = difference(Some(3), local, remote);
    assert_eq!(found.base, Some(3));
    let paths: Vec<&str> = found.changed.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, changed);
    assert_eq!(found.removed, removed);
}

#[test]
fn only_what_differs_is_offered() {
    let a = || entry("a", "1");
    let b = || entry("b", "2");
    check(&[a(), b()], &[], &["a", "b"], &[]);
    check(&[a(), b()], &[live("a", "1"), live("b", "2")], &[], &[]);
    check(&[a(), b()], &[live("a", "1"), live("b", "old")], &["b"], &[]);
    check(&[a()], &[live("a", "1"), live("b", "2")], &[], &["b"]);
    // A file that moved is new at its place and gone from the other.
    check(&[entry("c", "1")], &[live("a", "1")], &["c"], &["a"]);
}

#[test]
fn a_content_is_sent_once_and_only_when_it_is_asked_for() {
    let entries = [entry("a", "same"), entry("copy", "same"), entry("b", "2"), entry("c", "3")];
    let offered = difference(None, &entries, &[live("c", "3")]);
    let send = |missing: &[String]| blobs(&entries, &offered, missing);

    assert_eq!(send(&[]).unwrap(), []);
    let sent = send(&[hex("same"), hex("2"), hex("same")]).unwrap();
    assert_eq!(sent.iter().map(|blob| blob.size).collect::<Vec<_>>(), [4, 1]);
    // Neither a stranger's hash nor a content that was not offered leaves the folder.
    for wrong in [hex("secret"), hex("3"), "zz".to_owned()] {
        let error = send(&[wrong]).unwrap_err().to_string();
        assert!(error.contains("not offered"), "{error}");
    }
}

#[test]
fn batches_hold_about_eight_mebibytes() {
    const MIB: u64 = 1024 * 1024;
    let sizes = |given: &[u64]| -> Vec<usize> {
        let given = given.iter().map(|&size| blob(size)).collect();
        batches(given).iter().map(Vec::len).collect()
    };
    assert_eq!(sizes(&[]), Vec::<usize>::new());
    assert_eq!(sizes(&[0, 0, 0]), [3]);
    assert_eq!(sizes(&[4 * MIB, 4 * MIB]), [1, 1], "their heads count, too");
    assert_eq!(sizes(&[4 * MIB, 4 * MIB - 80, 1]), [2, 1]);
    assert_eq!(sizes(&[1, 100 * MIB, 1]), [1, 1, 1], "a large one travels alone");
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn batches_lose_nothing_and_keep_their_bound(
        sizes in prop::collection::vec(0u64..12_000_000, 0..40),
    ) {
        let given: Vec<Blob> = sizes.iter().map(|&size| blob(size)).collect();
        let grouped = batches(given.clone());
        for batch in &grouped {
            let bytes: u64 = batch.iter().map(Blob::frame_bytes).sum();
            prop_assert!(!batch.is_empty());
            prop_assert!(batch.len() == 1 || bytes <= BATCH_BYTES);
        }
        prop_assert_eq!(grouped.concat(), given);
    }

    /// The live release with the difference applied is the folder.
    #[test]
    fn the_difference_leads_to_the_folder(
        local in prop::collection::btree_map("[a-d]{1,2}", "[xy]{0,1}", 0..8),
        remote in prop::collection::btree_map("[a-d]{1,2}", "[xy]{0,1}", 0..8),
    ) {
        let entries: Vec<_> = local.iter().map(|(path, content)| entry(path, content)).collect();
        let files: Vec<_> = remote.iter().map(|(path, content)| live(path, content)).collect();
        let found = difference(Some(1), &entries, &files);
        let mut applied: std::collections::BTreeMap<String, String> =
            files.into_iter().map(|file| (file.path, file.sha256)).collect();
        for path in &found.removed {
            prop_assert!(applied.remove(path).is_some());
        }
        for file in found.changed {
            prop_assert_ne!(applied.insert(file.path, file.sha256.clone()), Some(file.sha256));
        }
        let wanted = local.iter().map(|(path, content)| (path.clone(), hex(content))).collect();
        prop_assert_eq!(applied, wanted);
    }
}
