//! `fazt remote …`: the nodes that this machine's command line knows.
//!
//! The list is in the client's own file; tokens are stored there and never shown. Also the
//! original's `fazt servers …`, which is the same list under another name.

use clap::{Args, Subcommand};
use fazt_actors::peers::Removed;

use super::{
    deploy::{self, DeployArgs},
    in_system, output,
    target::{Target, peer, with_node},
};

mod add;
mod listing;
mod look;
pub mod servers;
mod status;

pub use add::AddArgs;

/// `fazt remote`; without a command it lists.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "`fazt @NAME COMMAND` runs a command on a node, such as \
                        `fazt @home app list`.")]
pub struct RemoteArgs {
    #[command(subcommand)]
    command: Option<RemoteCommand>,
    #[command(flatten)]
    list: ListArgs,
}

/// `fazt remote …`.
#[derive(Debug, Subcommand)]
pub enum RemoteCommand {
    /// Get to know a node: its name, its address and a token for it
    #[command(after_help = ADD_HELP)]
    Add(AddArgs),
    /// List the nodes that are known here
    List(ListArgs),
    /// Forget a node, and its token
    Remove(NameArgs),
    /// Choose the node that commands act on when none is named
    Default(NameArgs),
    /// Ask a node how it is
    Status(AskArgs),
    /// List the apps of a node
    Apps(AskArgs),
    /// Put a folder online on a node
    #[command(after_help = "Examples:
  fazt remote deploy ./site home
  fazt remote deploy ./site --name blog --to home")]
    Deploy(Box<RemoteDeployArgs>),
}

const ADD_HELP: &str = "\
A token is made on the node's machine: `fazt server create-key --name NAME`. It is read from
FAZT_TOKEN, from stdin with --token-stdin, or at a prompt that does not show it.

Examples:
  fazt remote add home --url https://example.org
  ssh vps fazt server create-key --name laptop | fazt remote add vps --url https://example.org \\
    --token-stdin";

/// A command that lists.
#[derive(Args, Clone, Copy, Debug)]
pub struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A command that needs a peer's name.
#[derive(Args, Debug)]
pub struct NameArgs {
    /// Name of the peer
    pub name: String,
}

/// A command that asks a node.
#[derive(Args, Debug)]
pub struct AskArgs {
    /// The node: a peer's name or a URL [default: the default peer]
    #[arg(value_name = "PEER|URL")]
    pub peer: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `fazt remote deploy`.
#[derive(Args, Debug)]
pub struct RemoteDeployArgs {
    #[command(flatten)]
    deploy: DeployArgs,
    /// The node: a peer's name or a URL [default: the default peer]
    #[arg(value_name = "PEER|URL", conflicts_with_all = ["to", "db", "path"])]
    peer: Option<String>,
}

/// Runs one of the commands.
///
/// # Errors
/// The client's file cannot be used, no such peer is known, or the node cannot be reached or
/// refuses.
pub fn run(args: RemoteArgs) -> anyhow::Result<()> {
    match args.command.unwrap_or(RemoteCommand::List(args.list)) {
        RemoteCommand::Add(args) => in_system(add::run(args)),
        RemoteCommand::List(args) => list(args),
        RemoteCommand::Remove(args) => remove(&args.name),
        RemoteCommand::Default(args) => set_default(&args.name),
        RemoteCommand::Status(args) => in_system(status::run(args)),
        RemoteCommand::Apps(args) => {
            in_system(apps(&Target { to: args.peer, db: None }, args.json))
        }
        RemoteCommand::Deploy(mut args) => {
            args.deploy.target.to = args.peer.or(args.deploy.target.to);
            in_system(deploy::run(args.deploy))
        }
    }
}

fn list(args: ListArgs) -> anyhow::Result<()> {
    let peers = peer::known_peers()?.list()?;
    if args.json {
        return output::json(&listing::peers_json(&peers));
    }
    let empty = "No nodes are known yet. Add one with `fazt remote add NAME --url URL`.";
    output::list(&listing::peers(&peers), empty)
}

fn remove(name: &str) -> anyhow::Result<()> {
    let Removed { was_default, default, is_last } = peer::known_peers()?.remove(name)?;
    output::line(&match default {
        _ if is_last => format!("Forgot {name}; no node is known any more."),
        _ if !was_default => format!("Forgot {name}."),
        Some(default) => format!("Forgot {name}; {default} is the default now."),
        None => format!("Forgot {name}; no peer is the default now (`fazt remote default NAME`)."),
    })
}

fn set_default(name: &str) -> anyhow::Result<()> {
    peer::known_peers()?.set_default(name)?;
    output::line(&format!("{name} is the default now."))
}

/// Also the original's `fazt client apps` and `sites`.
///
/// # Errors
/// The node cannot be found or reached, or refuses.
pub async fn apps(target: &Target, is_json: bool) -> anyhow::Result<()> {
    let (apps, node) = with_node(target, async |node| {
        let apps = node.any_apps().await?;
        Ok((apps, node.shown().to_owned()))
    })
    .await?;
    if is_json {
        return output::json(&apps);
    }
    output::list(&listing::apps(&apps), &format!("No apps on {node}."))
}
