//! A disk that is full, by SQLite's own `SQLITE_FULL`: a bound on the file that the owner sets.

use std::time::Duration;

use fazt_actors::content::ContentHash;
use fazt_actors::deployer::DeployError;
use fazt_actors::kind::Fault;
use fazt_actors::limits::Limits;
use serde_json::Value;

use crate::node::TestNode;

const HOST: &str = "blog.localhost";

/// The bound of the database in these tests.
const BYTES_MAX: u64 = 2 * 1024 * 1024;

fn bounded() -> Limits {
    Limits { database_bytes_max: Some(BYTES_MAX), ..Limits::default() }
}

/// Bytes that no encoding makes smaller, different for each seed.
fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let blocks = (0_u64..).flat_map(|n| {
        let block = [seed.to_be_bytes(), n.to_be_bytes()].concat();
        ContentHash::of(&block).as_bytes().to_vec()
    });
    blocks.take(bytes).collect()
}

/// What SQLite itself says of the file.
fn integrity(node: &TestNode) -> String {
    #[expect(clippy::disallowed_methods, reason = "looks at the file from outside the node")]
    let connection = rusqlite::Connection::open(node.database()).unwrap();
    connection.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap()
}

#[test]
fn a_deploy_beyond_the_disk_changes_nothing() {
    let node = TestNode::with(bounded(), None);
    node.deploy("blog", &[("index.html", "before")]);
    let large = noise(1, 4 * 1024 * 1024);
    let archive = crate::zips::archive(&[
        crate::zips::stored("index.html", b"after"),
        crate::zips::stored("large.bin", &large),
    ]);
    for _ in 0..2 {
        let refused = node.deploy_archive("blog", &archive);
        assert_eq!(refused.failure(), "507 DISK_FULL");
        assert!(refused.message().contains("nothing was changed"), "{}", refused.message());
        assert_eq!(node.get(HOST, "/").summary(), "200 before");
        assert_eq!(node.releases("blog"), "[1]");
        assert_eq!(node.get(HOST, "/large.bin").status, 404);
        assert_eq!(integrity(&node), "ok");
    }
    // The same way in by a differential upload is as full.
    let begun = node.begin("blog", Some(1), &[("large.bin", &large)], &[]);
    let upload = begun.json()["data"]["upload"].as_str().unwrap().to_owned();
    let refused = node.put_frames("blog", &upload, &crate::node::frame(&large));
    assert_eq!(refused.failure(), "507 DISK_FULL");
    assert_eq!(node.commit("blog", &upload, false).failure(), "409 UPLOAD_INCOMPLETE");
    assert_eq!(node.releases("blog"), "[1]");
    // What the attempts left is removed, and there is room again.
    node.clean_after(Duration::from_secs(61 * 60));
    node.deploy("blog", &[("index.html", "after")]);
    assert_eq!(node.get(HOST, "/").summary(), "200 after");
    // With a larger disk the same archive is no trouble.
    let node = node.restart(Limits::default());
    assert_eq!(node.deploy_archive("blog", &archive).status, 200);
    assert!(node.get(HOST, "/large.bin").body == large);
    assert_eq!(integrity(&node), "ok");
    // A bound below what is there takes nothing away: only growth ends.
    let node = node.restart(bounded());
    assert!(node.get(HOST, "/large.bin").body == large);
}

#[test]
fn a_disk_that_fills_up_slowly_stops_at_a_whole_release() {
    let node = TestNode::with(bounded(), None);
    let mut live = 0;
    let refused = (1..200).find_map(|n| {
        let page = noise(n, 40 * 1024);
        let files = [
            crate::zips::stored("page.bin", &page),
            crate::zips::stored("number.txt", n.to_string().as_bytes()),
        ];
        let response = node.deploy_archive("blog", &crate::zips::archive(&files));
        match response.status {
            200 => live = n,
            _ => return Some(response),
        }
        None
    });
    let refused = refused.unwrap();
    assert_eq!(refused.failure(), "507 DISK_FULL", "{}", refused.text());
    assert!(live > 10, "{live}");
    let served = |node: &TestNode| {
        assert_eq!(node.get(HOST, "/number.txt").summary(), format!("200 {live}"));
        assert!(node.get(HOST, "/page.bin").body == noise(live, 40 * 1024));
    };
    served(&node);
    assert_eq!(node.data("/api/apps/blog")["live_release"], live);
    assert_eq!(integrity(&node), "ok");
    // Nothing half done is found after a restart either, and deletions make room.
    let node =
        node.restart(Limits { database_bytes_max: Some(2 * BYTES_MAX), ..Limits::default() });
    served(&node);
    let purged = node.api("DELETE", "/api/apps/blog?purge=true", &Value::Null);
    assert_eq!(purged.status, 200, "{}", purged.text());
    node.clean_after(Duration::from_secs(61 * 60));
    node.clean_after(Duration::from_secs(123 * 60));
    let node = node.restart(bounded());
    let page = noise(0, 1024 * 1024);
    node.deploy("blog", &[("page.bin", &page)]);
    assert!(node.get(HOST, "/page.bin").body == page);
    assert_eq!(integrity(&node), "ok");
}

#[test]
fn a_disk_too_full_for_the_upload_itself_is_called_so() {
    let full = DeployError::Spool(std::io::ErrorKind::StorageFull.into());
    assert_eq!(full.code(), "DISK_FULL");
    assert_eq!(DeployError::Spool(std::io::ErrorKind::NotFound.into()).code(), "INTERNAL_ERROR");
}
