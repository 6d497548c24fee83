//! The node of `fazt dev`: ordinary, on data that is thrown away.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use anyhow::{Context, bail};
use fazt_actors::limits::Limits;
use fazt_actors::name::AppName;
use fazt_actors::store::Owner;
use tempfile::TempDir;

use super::leftovers::{database_in, new_folder, remove_leftovers};
use crate::config::{DEFAULT_PORT, NodeConfig};
use crate::http::{self, Live};
use crate::node::Node;

/// Ports that are tried when none was asked for.
const PORTS_TRIED: u16 = 32;

/// Threads that answer requests; the pages of one person need no more.
const WORKERS: usize = 2;

/// How long downloads may go on once the node was told to stop.
const GRACE_SECONDS: u64 = 1;

/// Releases that are kept, for their preview addresses.
const RELEASES_KEPT: usize = 5;

/// How long the bytes of older releases stay; a large file may be saved often.
const UNUSED_KEPT_FOR: Duration = Duration::from_secs(60);

/// A node, its listener and its data.
pub(super) struct DevNode {
    /// The node.
    pub(super) node: Arc<Node>,
    /// What its pages are told.
    pub(super) live: Arc<Live>,
    server: ServerHandle,
    folder: TempDir,
    _owner: Owner,
}

impl DevNode {
    /// Makes the data and listens. Data of earlier runs is removed, never the folder `served`.
    pub(super) async fn start(
        port: Option<u16>,
        served: &Path,
        app: &AppName,
    ) -> anyhow::Result<DevNode> {
        let listeners = listen(port)?;
        let listen = listeners.first().map(TcpListener::local_addr).transpose()?;
        let temporary = std::env::temp_dir();
        remove_leftovers(&temporary, served);
        let folder =
            new_folder(&temporary).context("cannot make a temporary folder for the data")?;
        let database = database_in(folder.path());
        let owner = Owner::take(&database)?;
        let limits = Limits {
            is_throwaway: true,
            releases_kept: RELEASES_KEPT,
            unused_content_kept_for: UNUSED_KEPT_FOR,
            ..Limits::default()
        };
        let config = NodeConfig { listen, ..NodeConfig::default() };
        let node = Arc::new(Node::open(&database, &owner, config, limits).await?);
        let live = Arc::new(Live::new(app.as_str()));
        let shared = (Arc::clone(&node), Arc::clone(&live));
        let mut server =
            HttpServer::new(move || http::dev_app(Arc::clone(&shared.0), Arc::clone(&shared.1)))
                .workers(WORKERS)
                .on_connect(http::remember)
                .disable_signals()
                // A page that reloads closes its stream, which must not count until the next
                // event fails to reach it.
                .h1_allow_half_closed(false)
                .shutdown_timeout(GRACE_SECONDS);
        for listener in listeners {
            server = server.listen(listener).context("cannot use the listener")?;
        }
        let server = server.run();
        let handle = server.handle();
        actix::spawn(server);
        Ok(DevNode { node, live, server: handle, folder, _owner: owner })
    }

    /// Where a browser opens the app.
    pub(super) fn url(&self, app: &AppName) -> String {
        self.node.config.app_url(app.as_str())
    }

    /// Where the data lies.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops it and removes the data.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.live.end();
        self.node.events.close();
        self.server.stop(true).await;
        self.node.close().await;
        let path = self.folder.path().to_owned();
        self.folder.close().with_context(|| format!("cannot remove {}", path.display()))
    }
}

/// Listens where a browser looks for this machine: on both of its addresses, or another program
/// that has the same port on one of them would answer some of the requests. Never on others:
/// the names of apps, which end in `.localhost`, lead nowhere else.
fn listen(port: Option<u16>) -> anyhow::Result<Vec<TcpListener>> {
    if let Some(port) = port {
        return listen_on_loopback(port).with_context(|| {
            format!("cannot listen on port {port}: is it taken? leave --port out for a free one")
        });
    }
    let last = DEFAULT_PORT + PORTS_TRIED - 1;
    for port in DEFAULT_PORT..=last {
        match listen_on_loopback(port) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => return Err(error).context("cannot listen on this machine's own address"),
            Ok(listeners) => return Ok(listeners),
        }
    }
    bail!("the ports {DEFAULT_PORT} to {last} are all taken; choose another with --port")
}

fn listen_on_loopback(port: u16) -> io::Result<Vec<TcpListener>> {
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    match TcpListener::bind((Ipv6Addr::LOCALHOST, first.local_addr()?.port())) {
        Ok(second) => Ok(vec![first, second]),
        // The first was any port: that it is free on both is not promised.
        Err(error) if error.kind() == ErrorKind::AddrInUse && port != 0 => Err(error),
        // A machine without IPv6.
        Err(_) => Ok(vec![first]),
    }
}
