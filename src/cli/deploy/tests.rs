use std::{fs, sync::Arc};

use fazt_actors::content::ContentHash;
use tempfile::TempDir;

use self::fake_node::{FakeNode, Script};
use super::*;
use crate::http::model::ChangedFile;

mod fake_node;

#[test]
fn the_summary_begins_with_the_address() {
    let result = DeployResult {
        site: "blog".to_owned(),
        app_id: "app_0123456789ab".to_owned(),
        release: 3,
        previous_release: Some(2),
        file_count: 1_000,
        size_bytes: 20 * 1024 * 1024,
        url: "http://blog.localhost:4698/".to_owned(),
        message: "Deployment successful".to_owned(),
    };
    let shown = summary(&result, 2_048, Duration::from_millis(123));
    let expect = "http://blog.localhost:4698/\n\
                  Deployed blog v3: 1000 files, 20 MB; sent 2.0 KB in 0.12 s.";
    assert_eq!(shown, expect);
}

fn folder_of(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let full_path = dir.path().join(path);
        fs::create_dir_all(full_path.parent().unwrap()).unwrap();
        fs::write(full_path, content).unwrap();
    }
    dir
}

async fn deploy(fake: &Arc<FakeNode>, dir: &TempDir) -> (anyhow::Result<DeployResult>, u64) {
    let client = fake.serve();
    let site = scan::read(dir.path(), Some("blog")).unwrap();
    let deploying = Deploy { node: &client, name: &site.name, purge: false };
    let result = deploying.run(site.files).await.map(|done| match done {
        Deployed::Release(result) => result,
        Deployed::Original(..) => panic!("the fake node is none of the original"),
    });
    (result, client.sent_bytes())
}

#[actix::test]
async fn the_second_deploy_sends_only_the_difference() {
    let fake = FakeNode::new(Script::default());
    let large = vec![1; 9 * 1024 * 1024];
    let dir = folder_of(&[
        ("index.html", b"<h1>one</h1>"),
        ("css/site.css", b"body {}"),
        ("copy.css", b"body {}"),
        ("empty", b""),
        ("video.bin", &large),
    ]);
    let (result, sent) = deploy(&fake, &dir).await;
    assert_eq!((result.unwrap().release, sent > 9 * 1024 * 1024), (1, true));
    assert_eq!(fake.live_paths(), ["copy.css", "css/site.css", "empty", "index.html", "video.bin"]);

    fs::write(dir.path().join("index.html"), "<h1>two</h1>").unwrap();
    fs::remove_file(dir.path().join("empty")).unwrap();
    let (result, sent) = deploy(&fake, &dir).await;
    assert_eq!(result.unwrap().release, 2);
    assert!(sent < 400, "sent {sent} bytes");
    assert_eq!(fake.live_paths(), ["copy.css", "css/site.css", "index.html", "video.bin"]);
    let last = fake.uploads().pop().unwrap();
    let changed: Vec<&str> = last.changed.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        (last.base, changed, last.removed),
        (Some(1), vec!["index.html"], vec!["empty".to_owned()])
    );
}

#[actix::test]
async fn a_moved_release_restarts_the_comparison_once() {
    for (moves, expect) in [(1, Ok(1)), (2, Err("RELEASE_MOVED"))] {
        let fake = FakeNode::new(Script { moves, ..Script::default() });
        let dir = folder_of(&[("index.html", b"hi")]);
        let (result, _) = deploy(&fake, &dir).await;
        match (result, expect) {
            (Ok(result), Ok(release)) => assert_eq!(result.release, release),
            (Err(error), Err(code)) => assert_eq!(Refusal::of(&error).unwrap().code, code),
            (result, _) => panic!("{moves} moves: {result:?}"),
        }
        assert_eq!(fake.uploads().len(), 2);
    }
}

#[actix::test]
async fn a_file_that_changes_meanwhile_is_named_and_the_upload_abandoned() {
    let dir = folder_of(&[("index.html", b"hi"), ("a.txt", b"abc")]);
    let changing = dir.path().join("a.txt");
    let on_upload = Box::new(move || fs::write(&changing, "xyz").unwrap());
    let fake = FakeNode::new(Script { on_upload: Some(on_upload), ..Script::default() });
    let (result, _) = deploy(&fake, &dir).await;
    let error = crate::cli::output::error_text(&result.unwrap_err());
    assert!(error.contains("a.txt changed while it was sent"), "{error}");
    assert_eq!((fake.live_paths().len(), fake.abandoned()), (0, 1));
}

#[actix::test]
async fn a_node_gets_nothing_that_was_not_offered() {
    let secret = ContentHash::of(b"secret").to_string();
    let fake = FakeNode::new(Script { also_wants: Some(secret), ..Script::default() });
    let dir = folder_of(&[("index.html", b"hi")]);
    let (result, _) = deploy(&fake, &dir).await;
    let error = format!("{:#}", result.unwrap_err());
    assert!(error.contains("not offered"), "{error}");
}

#[test]
fn the_folder_says_what_it_is_called() {
    for (files, flag, expect) in [
        (&[("fazt.json", br#"{"name":"shop"}"# as &[u8])][..], None, Ok("shop")),
        (&[("fazt.json", br#"{"name":"shop"}"#)], Some("blog"), Ok("blog")),
        (&[("manifest.json", br#"{"name":"shop"}"#)], None, Ok("shop")),
        (&[("fazt.json", br#"{"name":7}"#)], None, Err("fazt.json")),
        (&[("fazt.json", b"{"), ("a", b"a")], Some("blog"), Err("fazt.json")),
        (&[(".hidden", b"a")], Some("blog"), Err("nothing to deploy")),
    ] {
        let dir = folder_of(files);
        match (scan::read(dir.path(), flag), expect) {
            (Ok(site), Ok(name)) => assert_eq!(site.name, name),
            (Err(error), Err(part)) => assert!(format!("{error:#}").contains(part), "{error:#}"),
            (found, expect) => panic!("{found:?}, expected {expect:?}"),
        }
    }
}

#[test]
fn changed_files_travel_as_the_contract_says() {
    let request = UploadRequest {
        base: None,
        changed: vec![ChangedFile { path: "a".to_owned(), sha256: "00".to_owned(), size: 1 }],
        removed: Vec::new(),
    };
    let json = serde_json::to_string(&request).unwrap();
    let expect = r#"{"base":null,"changed":[{"path":"a","sha256":"00","size":1}],"removed":[]}"#;
    assert_eq!(json, expect);
}
