//! A database at its bound: its owner can still say that it may grow.

use fazt::config::NodeConfig;
use fazt::node::Node;
use fazt_actors::limits::Limits;
use fazt_actors::settings::parse;
use fazt_actors::settings::rows::SetSettings;
use fazt_actors::store::Owner;
use serde_json::json;

use super::{MIB, put, setting};
use crate::node::{TestNode, eventually};
use crate::zips;

/// Fills the database to its last page, and that page up to where the row of
/// `store.database_bytes_max` belongs: whatever is stored there needs one page more.
fn fill(node: &TestNode) {
    let mut rows = 0..10_000;
    for size in [6_000, 100, 1] {
        let is_full = rows.any(|row| {
            let key = format!("store.database_{row:05}");
            let filler = SetSettings(vec![(key.leak(), "x".repeat(size))]);
            node.wait(node.node.store.writer.commit(filler)).is_err()
        });
        assert!(is_full, "the bound holds");
    }
}

#[test]
fn a_full_database_can_be_given_more_room() {
    let full = Limits { database_bytes_max: Some(2 * MIB), ..Limits::default() };
    let node = TestNode::with(full.clone(), None);
    fill(&node);
    let more = put(&node, "store.database_bytes_max", &json!("64MB"));
    assert_eq!(more.failure(), "507 DISK_FULL");
    // A command of the owner, while the node is stopped.
    let node = node.stopped(|database| {
        actix::System::new().block_on(async {
            let owner = Owner::take(database).unwrap();
            let config = NodeConfig { listen: None, ..NodeConfig::default() };
            let opened = Node::open(database, &owner, config, full.clone()).await.unwrap();
            let (setting, value) = parse("store.database_bytes_max", "64MB").unwrap();
            opened.settings.set(setting, &value).await.unwrap();
            opened.close().await;
        });
    });
    node.deploy("blog", &[("a.txt", "x".repeat(100_000))]);
    assert_eq!(setting(&node, "store.database_bytes_max")["value"], 64 * MIB);
}

#[test]
fn a_running_node_can_be_given_more_room_after_a_deploy_that_did_not_fit() {
    let full = Limits { database_bytes_max: Some(MIB), ..Limits::default() };
    let node = TestNode::with(full.clone(), None);
    let noise: Vec<u8> =
        (0..MIB / 4).flat_map(|n| n.wrapping_mul(0x9e37_79b9).to_be_bytes()).collect();
    assert_eq!(
        node.deploy_archive("blog", &zips::archive(&[zips::stored("a.bin", &noise)])).failure(),
        "507 DISK_FULL"
    );
    // What is still removed of that deploy may need room as well, and take others with it.
    eventually("room for a setting", || {
        let done = put(&node, "store.database_bytes_max", &json!("64MB"));
        (done.status == 200).then_some(())
    });
    let node = node.restart(full);
    node.deploy("blog", &[("a.bin", noise)]);
}
