//! A node: the open store and the actors on top of it, started bottom-up and
//! stopped top-down.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use fazt_actors::contents::Contents;
use fazt_actors::deployer::Deployer;
use fazt_actors::limits::Limits;
use fazt_actors::mailbox::Mailbox;
use fazt_actors::router::host::HostRules;
use fazt_actors::router::{Router, Routes};
use fazt_actors::store::{NODE_MIGRATIONS, Owner, Store};
use fazt_actors::tokens::Tokens;
use tokio::sync::Notify;

use crate::config::NodeConfig;

/// All that handlers work with. Shared by all workers; nothing in it is replaced.
pub struct Node {
    /// Hosts, apps and the files of their releases.
    pub routes: Routes,
    /// The bytes of files.
    pub contents: Contents,
    /// Deploys, rollbacks, deletions.
    pub deployer: Mailbox<Deployer>,
    /// Who may do what.
    pub tokens: Tokens,
    /// The database.
    pub store: Store,
    /// Every bound.
    pub limits: Arc<Limits>,
    /// Where the node is reached.
    pub config: NodeConfig,
    /// When it started.
    pub started_at: Instant,
    /// Told when the owner asks the node to stop.
    pub stop: Notify,
}

impl Node {
    /// Opens the database, which `owner` holds, and starts the actors.
    ///
    /// Must be called inside an actix system.
    pub async fn open(
        database: &Path,
        _owner: &Owner,
        config: NodeConfig,
        limits: Limits,
    ) -> anyhow::Result<Node> {
        let limits = Arc::new(limits);
        let open = if limits.is_throwaway { Store::open_throwaway } else { Store::open };
        let store = open(database, &NODE_MIGRATIONS, limits.database_bytes_max)?;
        let hosts = HostRules::new(config.domain.as_deref());
        let tokens = Tokens::open(&store).context("cannot read the tokens")?;
        let (router, routes) =
            Router::start(&store, hosts, &limits).context("cannot read the apps")?;
        let deployer = Deployer::start(&store, &router, &limits).await?;
        let contents = Contents::new(store.readers.clone(), &limits);
        Ok(Node {
            routes,
            contents,
            deployer,
            tokens,
            store,
            limits,
            config,
            started_at: Instant::now(),
            stop: Notify::new(),
        })
    }

    /// Applies what waits and empties the log. The actors end with the process.
    pub async fn close(&self) {
        self.store.close().await;
    }
}
