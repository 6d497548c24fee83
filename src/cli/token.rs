//! `fazt token …`: credentials of a node.

use anyhow::Context;
use clap::{Args, Subcommand};
use time::UtcDateTime;

use super::{
    format,
    output::{self, Cell, List},
    target::{Target, with_node},
};
use crate::http::model::{Token, TokenCreated, TokenRequest};

/// `fazt token …`.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token, and print it this once
    #[command(after_help = "Example:\n  fazt token create --name ci --scopes deploy:blog \
                            --expires 90d")]
    Create(CreateArgs),
    /// List the tokens, without their secrets
    List(ListArgs),
    /// Make a token useless, now and for good
    Revoke(RevokeArgs),
}

/// What a new token is.
#[derive(Args, Clone, Debug)]
pub struct TokenOptions {
    /// What to call it
    #[arg(long)]
    pub name: String,
    /// What it may do: read, deploy, deploy:APP or admin; several with commas
    #[arg(long, visible_alias = "scope", value_delimiter = ',', value_name = "SCOPES")]
    pub scopes: Vec<String>,
    /// When it stops working, such as 30d, 12h or 1y; never, unless given
    #[arg(long, value_name = "DURATION", value_parser = format::parse_duration)]
    pub expires: Option<u64>,
}

impl TokenOptions {
    /// The request for it; `scope` is what it may do when nothing is said.
    pub fn request(&self, scope: &str) -> TokenRequest {
        let scopes = match self.scopes.is_empty() {
            true => vec![scope.to_owned()],
            false => self.scopes.iter().map(|scope| scope.trim().to_owned()).collect(),
        };
        TokenRequest { name: self.name.clone(), scopes, expires_in_seconds: self.expires }
    }
}

/// `fazt token create`.
#[derive(Args, Debug)]
pub struct CreateArgs {
    #[command(flatten)]
    options: TokenOptions,
    #[command(flatten)]
    target: Target,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// `fazt token list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    target: Target,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// `fazt token revoke`.
#[derive(Args, Debug)]
pub struct RevokeArgs {
    /// Id of the token, as `fazt token list` shows it
    id: String,
    #[command(flatten)]
    target: Target,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// Runs one of the commands.
///
/// # Errors
/// The node cannot be reached or refuses.
pub async fn run(command: TokenCommand) -> anyhow::Result<()> {
    match command {
        TokenCommand::Create(args) => {
            let request = args.options.request("deploy");
            let made =
                with_node(&args.target, async |node| node.create_token(&request).await).await?;
            print_created(&made, args.json)
        }
        TokenCommand::List(args) => {
            let tokens = with_node(&args.target, async |node| node.tokens().await).await?;
            if args.json {
                return output::json(&tokens);
            }
            output::list(&token_list(&tokens, UtcDateTime::now()), "No tokens.")
        }
        TokenCommand::Revoke(args) => {
            let done = with_node(&args.target, async |node| {
                let revoked = node.revoke_token(&args.id).await;
                revoked.with_context(|| format!("cannot revoke {}", args.id))
            })
            .await?;
            if args.json {
                return output::json(&done);
            }
            output::line(&format!("Revoked {}.", args.id))
        }
    }
}

/// Prints a new token: alone on stdout, so that `TOKEN=$(fazt token create …)` works; what
/// there is to say about it goes to stderr.
///
/// # Errors
/// Stdout cannot be written.
pub fn print_created(made: &TokenCreated, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(made);
    }
    let expires = match &made.info.expires_at {
        Some(time) => format!("it expires {}", format::relative(time, UtcDateTime::now())),
        None => "it never expires".to_owned(),
    };
    let scopes = made.info.scopes.join(", ");
    output::note(&format!(
        "Token {:?} may: {scopes}; {expires}. Keep it now, it is not shown again:",
        made.info.name
    ));
    output::line(&made.token)
}

fn token_list(tokens: &[Token], now: UtcDateTime) -> List {
    let mut list = List::new(&["ID", "NAME", "SCOPES", "CREATED", "EXPIRES", "LAST USED"]);
    let when = |time: &Option<String>| match time {
        Some(time) => Cell::of(format::relative(time, now), time),
        None => Cell::of("never", ""),
    };
    for token in tokens {
        list.push(vec![
            Cell::text(&token.id),
            Cell::text(&token.name),
            Cell::text(token.scopes.join(",")),
            when(&Some(token.created_at.clone())),
            when(&token.expires_at),
            when(&token.last_used_at),
        ]);
    }
    list
}
