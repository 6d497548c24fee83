//! `fazt domain …`: host names of their own that lead to an app.

use std::net::ToSocketAddrs;

use anyhow::Context;
use clap::{Args, Subcommand};
use fazt_actors::peers::NodeUrl;
use time::UtcDateTime;

use super::format;
use super::node_client::NodeClient;
use super::output::{self, Cell, List};
use super::target::{Target, with_node};
use crate::http::model::MappedDomain;

/// Addresses of a host name that are shown.
const ADDRESSES_MAX: usize = 8;

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
        DomainCommand::Check(args) => check(args).await,
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

/// Resolves a mapped host name and asks who answers there, as a visitor would.
async fn check(args: RemoveArgs) -> anyhow::Result<()> {
    let name = args.domain.trim_end_matches('.').to_ascii_lowercase();
    let (mapped, own) = with_node(&args.target, async |node| {
        let mapped = node.domains(None).await?.into_iter().find(|row| row.domain == name);
        Ok((mapped, node.discover().await?))
    })
    .await?;
    let mapped = mapped
        .with_context(|| format!("{name} leads to no app yet; `fazt domain add {name} APP`"))?;
    let own = own.context("the node does not say where its dashboard is")?;
    let host = name.clone();
    let resolved = actix_web::web::block(move || {
        (host.as_str(), 80)
            .to_socket_addrs()
            .map(|found| found.take(ADDRESSES_MAX).collect::<Vec<_>>())
    });
    let resolved = resolved.await.context("the look-up was interrupted")?;
    let addresses = resolved.with_context(|| {
        format!("no address is known for {name}; set its A or AAAA record, or a CNAME")
    })?;
    let mut addresses: Vec<String> =
        addresses.iter().map(|address| address.ip().to_string()).collect();
    addresses.dedup();
    let mut answers = Vec::new();
    for scheme in ["https", "http"] {
        let url: NodeUrl = format!("{scheme}://{name}").parse()?;
        let answer = match NodeClient::at(&url, None).discover().await {
            Ok(Some(found)) if found.admin_url == own.admin_url => "this node",
            Ok(Some(_)) => "another fazt node",
            Ok(None) => "something that is no fazt node",
            Err(_) => "nothing",
        };
        answers.push((scheme, answer));
    }
    let leads_here = answers.iter().any(|(_, answer)| *answer == "this node");
    if args.json {
        output::json(&serde_json::json!({
            "domain": name, "app": mapped.app, "addresses": addresses, "leads_here": leads_here,
            "https": answers[0].1, "http": answers[1].1,
        }))?;
    } else {
        output::facts(&[
            ("Domain", Cell::text(&name)),
            ("App", Cell::text(&mapped.app)),
            ("Addresses", Cell::text(addresses.join(", "))),
            ("At https", Cell::text(answers[0].1)),
            ("At http", Cell::text(answers[1].1)),
        ])?;
    }
    anyhow::ensure!(leads_here, "{name} does not lead to this node");
    Ok(())
}
