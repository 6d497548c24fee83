//! Which node a command acts on, and with which credential.
//!
//! `--db FILE` is a database on this machine: its node is asked through the socket beside it,
//! or this process becomes its node for the length of the command. Otherwise a node is asked
//! over HTTP: the one that `--to` names, the default peer, or `local`.

use std::{
    env,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Args;
use fazt_actors::store::{holder, socket_path};
use tokio::net::UnixStream;

use super::node_client::NodeClient;
use crate::server::{SocketNode, serve_socket_only};

mod original_registry;
pub mod peer;

pub use peer::open_peers;

/// How long a node on this machine may take to accept a connection to its socket.
const SOCKET_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a node that starts or stops is looked at again.
const SOCKET_INTERVAL: Duration = Duration::from_millis(20);
/// The database of a server that is told of no other.
const DATABASE: &str = "data.db";

/// The node that a command acts on.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The node to act on: a peer's name or a URL
    #[arg(long, alias = "server", value_name = "PEER|URL", conflicts_with = "db")]
    pub to: Option<String>,
    /// Act on this database file, whether its node runs or not
    #[arg(long, value_name = "FILE", value_parser = parse_path)]
    pub db: Option<PathBuf>,
}

impl Target {
    /// The node of a database on this machine, whether it runs or not.
    pub fn on_database(database: PathBuf) -> Target {
        Target { to: None, db: Some(database) }
    }
}

/// The database of a command that is about this machine.
#[derive(Args, Clone, Debug, Default)]
pub struct DatabaseArg {
    /// Database file [default: ./data.db]
    #[arg(long, env = "FAZT_DB_PATH", value_name = "FILE", value_parser = parse_path)]
    db: Option<PathBuf>,
}

impl DatabaseArg {
    /// The file.
    pub fn path(self) -> PathBuf {
        database(self.db)
    }

    /// Its node.
    pub fn target(self) -> Target {
        Target::on_database(self.path())
    }
}

/// Reads a path whose leading `~/` the shell has left alone, as in `--db=~/data.db`.
///
/// # Errors
/// The path is empty, or needs a home folder that nobody has named.
pub fn parse_path(text: &str) -> Result<PathBuf, String> {
    expand_home(text, env::var_os("HOME").map(PathBuf::from).as_deref())
}

fn expand_home(text: &str, home: Option<&Path>) -> Result<PathBuf, String> {
    match (text, text.strip_prefix("~/"), home) {
        ("", ..) => Err("a path is missing".to_owned()),
        (_, None, _) => Ok(PathBuf::from(text)),
        (_, Some(rest), Some(home)) => Ok(home.join(rest)),
        (_, Some(_), None) => Err("HOME is not set, so ~ means nothing".to_owned()),
    }
}

/// The server's database: the flag, else `FAZT_DB_PATH` (clap has looked), else `./data.db`.
pub fn database(flag: Option<PathBuf>) -> PathBuf {
    flag.unwrap_or_else(|| PathBuf::from(DATABASE))
}

/// Does `work` with the node that `target` means, and lets go of the node afterwards.
///
/// # Errors
/// No node can be found or opened, or `work` failed.
pub async fn with_node<T>(
    target: &Target,
    work: impl AsyncFnOnce(&NodeClient) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let Some(database) = &target.db else {
        let (found, _peers) = peer::find(target.to.as_deref()).await?;
        let client = found.client()?;
        return match work(&client).await {
            Ok(done) => Ok(done),
            Err(error) => Err(peer::explain(error, &client).await),
        };
    };
    let (client, opened) = on_database(database).await?;
    let done = work(&client).await;
    // Its idle connections would keep the node waiting.
    drop(client);
    // The node closes its file in order even when the work has failed.
    let stopped = match opened {
        Some(node) => node.stop().await,
        None => Ok(()),
    };
    let done = done?;
    stopped.with_context(|| format!("cannot close {}", database.display()))?;
    Ok(done)
}

/// The node that runs `database`, or none where no process does. A node that starts or stops
/// at this moment is waited for.
///
/// # Errors
/// A process has the database and does not answer.
pub async fn running(database: &Path) -> anyhow::Result<Option<NodeClient>> {
    let socket = socket_path(database);
    let deadline = Instant::now() + SOCKET_CONNECT_TIMEOUT;
    loop {
        let connecting = UnixStream::connect(&socket);
        match tokio::time::timeout(SOCKET_CONNECT_TIMEOUT, connecting).await {
            Ok(Ok(_)) => return Ok(Some(NodeClient::on_socket(&socket, database))),
            Ok(Err(cause)) if is_nobody(&cause) => {}
            Ok(Err(cause)) => {
                return Err(cause)
                    .with_context(|| format!("cannot connect to {}", socket.display()));
            }
            Err(_) => anyhow::bail!(
                "the node that runs {} does not accept connections",
                database.display()
            ),
        }
        let Some(holder) = holder(database)? else { return Ok(None) };
        if Instant::now() > deadline {
            anyhow::bail!(
                "process {} has {} but does not answer on its socket",
                holder.pid,
                database.display()
            );
        }
        tokio::time::sleep(SOCKET_INTERVAL).await;
    }
}

/// No socket, one that its node has left behind, or no such folder at all.
fn is_nobody(cause: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, NotFound};
    matches!(cause.kind(), NotFound | ConnectionRefused)
}

async fn on_database(database: &Path) -> anyhow::Result<(NodeClient, Option<SocketNode>)> {
    if let Some(client) = running(database).await? {
        return Ok((client, None));
    }
    // A slip in the path must not leave an empty database behind.
    if !database.exists() {
        anyhow::bail!(
            "there is no database {}; make one with `fazt server init --db FILE`",
            database.display()
        );
    }
    let node = serve_socket_only(database)
        .await
        .with_context(|| format!("cannot open {}", database.display()))?;
    Ok((NodeClient::on_socket(&socket_path(database), database), Some(node)))
}

#[cfg(test)]
mod tests;
