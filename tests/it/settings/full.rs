//! A database at its bound: its owner can still say that it may grow.

use fazt::config::NodeConfig;
use fazt::node::Node;
use fazt_actors::limits::Limits;
use fazt_actors::settings::parse;
use fazt_actors::settings::rows::SetSettings;
use fazt_actors::store::Owner;
use serde_json::json;

use super::{MIB, put, setting};
use crate::node::TestNode;

/// Fills the database to its last page.
fn fill(node: &TestNode) {
    for page in 0.. {
        assert!(page < 1_000, "the bound holds");
        let key = format!("filler.{page}");
        let filler = SetSettings(vec![(key.leak(), "x".repeat(6_000))]);
        if node.wait(node.node.store.writer.commit(filler)).is_err() {
            return;
        }
    }
}

#[test]
fn a_full_database_can_be_given_more_room() {
    let full = Limits { database_bytes_max: Some(2 * MIB), ..Limits::default() };
    let node = TestNode::with(full.clone(), None);
    fill(&node);
    assert_eq!(put(&node, "server.domain", &json!("a".repeat(60))).failure(), "507 DISK_FULL");
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
