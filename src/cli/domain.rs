//! `fazt domain …`: host names of their own that lead to an app.

mod check;

use clap::{Args, Subcommand};
use time::UtcDateTime;

use super::format;
use super::output::{self, Cell, List};
use super::target::{Target, with_node};
use crate::http::model::MappedDomain;

/// `fazt domain …`.
#[derive(Debug, Subcommand)]
pub enum DomainCommand {
    /// Let a host name lead to an app
    #[command(after_help = "Example:\n  fazt domain add www.example.net blog\n\nThe name must \
                            also lead to the node: set its A or AAAA record, or a CNAME.")]
    Add(AddArgs),
    /// List the host names
    List(ListArgs),
    /// Take a host name back
    Remove(RemoveArgs),
    /// Look whether a host name leads to this node
    Check(RemoveArgs),
}

/// `fazt domain add`.
#[derive(Args, Debug)]
pub struct AddArgs {
    /// The host name, such as www.example.net
    domain: String,
    /// Name or id of the app
    app: String,
    #[command(flatten)]
    target: Target,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// `fazt domain list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Those of this app alone
    #[arg(long)]
    app: Option<String>,
    #[command(flatten)]
    target: Target,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// `fazt domain remove` and `check`.
#[derive(Args, Debug)]
pub struct RemoveArgs {
    /// The host name
    domain: String,
    #[command(flatten)]
    target: Target,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// Runs one of the commands.
///
/// # Errors
/// The node cannot be reached or refuses, or a host name does not lead to it.
pub async fn run(command: DomainCommand) -> anyhow::Result<()> {
    match command {
        DomainCommand::Add(args) => {
            let added = with_node(&args.target, async |node| {
                node.add_domain(&args.domain, &args.app).await
            })
            .await?;
            if args.json {
                return output::json(&added);
            }
            output::line(&format!("{} leads to {}.", added.domain, added.app))
        }
        DomainCommand::List(args) => {
            let domains =
                with_node(&args.target, async |node| node.domains(args.app.as_deref()).await)
                    .await?;
            if args.json {
                return output::json(&domains);
            }
            output::list(&table(&domains, UtcDateTime::now()), "No domains.")
        }
        DomainCommand::Remove(args) => {
            let done = with_node(&args.target, async |node| node.remove_domain(&args.domain).await)
                .await?;
            if args.json {
                return output::json(&done);
            }
            output::line(&format!("Removed {}.", args.domain))
        }
        DomainCommand::Check(args) => check::run(args).await,
    }
}

fn table(domains: &[MappedDomain], now: UtcDateTime) -> List {
    let mut list = List::new(&["DOMAIN", "APP", "SINCE"]);
    for domain in domains {
        list.push(vec![
            Cell::text(&domain.domain),
            Cell::text(&domain.app),
            Cell::of(format::relative(&domain.created_at, now), &domain.created_at),
        ]);
    }
    list
}
