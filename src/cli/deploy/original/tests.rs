use std::{fs, path::Path};

use fazt_actors::{
    content::ContentHash,
    deployer::archive::{Archive, error::ArchiveError},
    limits::DeployLimits,
};

use super::*;

fn entry(dir: &Path, path: &str, content: &[u8]) -> LocalEntry {
    let full_path = dir.join(path);
    fs::create_dir_all(full_path.parent().unwrap()).unwrap();
    fs::write(&full_path, content).unwrap();
    let (size, hash) = (content.len() as u64, ContentHash::of(content));
    LocalEntry { path: path.to_owned(), full_path, size, hash }
}

#[test]
fn the_archive_holds_the_files_of_the_folder() -> Result<(), ArchiveError> {
    let dir = tempfile::tempdir().unwrap();
    let entries =
        [entry(dir.path(), "css/a.css", b"body {}"), entry(dir.path(), "index.html", b"hi")];
    let file = pack(&entries).unwrap();
    let length = file.metadata().unwrap().len();
    let archive = Archive::open(file, length, &DeployLimits::default())?;
    let found: Vec<(String, u64)> =
        archive.entries().iter().map(|entry| (entry.path().to_string(), entry.size())).collect();
    assert_eq!(found, [("css/a.css".to_owned(), 7), ("index.html".to_owned(), 2)]);
    Ok(())
}

#[test]
fn a_file_that_is_not_what_it_was_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let changed = entry(dir.path(), "changed.txt", b"one");
    fs::write(&changed.full_path, "two").unwrap();
    let gone = entry(dir.path(), "gone.txt", b"one");
    fs::remove_file(&gone.full_path).unwrap();
    let folder = LocalEntry { full_path: dir.path().to_owned(), ..gone.clone() };
    for (entry, part) in
        [(changed, "changed.txt changed"), (gone, "gone.txt"), (folder, "cannot read")]
    {
        let error = pack(&[entry]).unwrap_err();
        assert!(error.to_string().contains(part), "{error:#}");
    }
}

#[test]
fn the_summary_has_no_address_where_none_is_known() {
    let result = OriginalDeploy {
        site: "blog".to_owned(),
        file_count: 2,
        size_bytes: 2048,
        message: String::new(),
    };
    let said = |url| summary(&result, url, 1024, Duration::from_millis(250));
    let tail = "Deployed blog: 2 files, 2.0 KB; sent 1.0 KB in 0.25 s.";
    assert_eq!(said(None), tail);
    assert_eq!(said(Some("https://blog.x/")), format!("https://blog.x/\n{tail}"));
}
