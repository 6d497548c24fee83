//! The original's `fazt servers …`: the peers, by the names that its users and scripts know.

use clap::{Args, Subcommand};

use super::{AddArgs, ListArgs, NameArgs, RemoteArgs, RemoteCommand, run as remote};
use crate::cli::{in_system, output, target::peer};

/// `fazt servers`; without a command it lists.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ServersArgs {
    #[command(subcommand)]
    command: Option<ServersCommand>,
    #[command(flatten)]
    list: ListArgs,
}

/// `fazt servers …`.
#[derive(Debug, Subcommand)]
pub enum ServersCommand {
    /// Get to know a node
    Add(AddArgs),
    /// List the nodes that are known here
    List(ListArgs),
    /// Choose the node that commands act on when none is named
    Default(NameArgs),
    /// Forget a node
    Remove(NameArgs),
    /// Ask whether a node answers
    Ping {
        /// Name of the peer [default: the default peer]
        name: Option<String>,
    },
}

/// Runs one of the commands.
///
/// # Errors
/// As those of `fazt remote`.
pub fn run(args: ServersArgs) -> anyhow::Result<()> {
    let command = match args.command.unwrap_or(ServersCommand::List(args.list)) {
        // It contacted nothing and replaced what it found; scripts rely on both.
        ServersCommand::Add(args) => {
            RemoteCommand::Add(AddArgs { no_check: true, force: true, ..args })
        }
        ServersCommand::List(args) => RemoteCommand::List(args),
        ServersCommand::Default(args) => RemoteCommand::Default(args),
        ServersCommand::Remove(args) => RemoteCommand::Remove(args),
        ServersCommand::Ping { name } => return in_system(ping(name)),
    };
    remote(RemoteArgs { command: Some(command), list: args.list })
}

async fn ping(name: Option<String>) -> anyhow::Result<()> {
    let (found, _peers) = peer::find(name.as_deref()).await?;
    let client = found.client_with(None)?;
    let shown = found.shown();
    match client.is_well().await.map_err(|error| peer::name_node(error, &shown))? {
        true => output::line(&format!("{shown} is healthy.")),
        false => anyhow::bail!("{shown} answers, and is not well: its /health answers 503"),
    }
}
