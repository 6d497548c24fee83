//! The original's `fazt client …`: what its scripts say, done by today's commands.

use clap::{Args, Subcommand};
use fazt_actors::{
    peers::{
        LOCAL, NAME_BYTES_MAX, NewPeer, NodeUrl, Peer, Peers, PeersError, credential::clean,
        is_name,
    },
    timestamp::Timestamp,
};

use super::{
    app::{self, AppCommand, DeleteArgs},
    deploy::{self, DeployArgs},
    format, in_system,
    output::{self, Cell, List},
    remote,
    target::{Target, peer},
};

/// Where a node of the original was looked for when no address was given.
const USUAL_URL: &str = "http://localhost:4698";
/// Lines of a log that are shown when nothing is said.
const LOG_LINES: u32 = 50;

/// What is left of the original's `fazt client`.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Put a folder online
    Deploy(Box<DeployArgs>),
    /// List the apps of a node
    #[command(alias = "sites")]
    Apps(ListArgs),
    /// Show the last lines of an app's log
    Logs(LogsArgs),
    /// Take an app off the air
    Delete(SiteArgs),
    /// Keep a token
    SetAuthToken(TokenArgs),
}

/// `fazt client apps`.
#[derive(Args, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    target: Target,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// `fazt client logs`.
#[derive(Args, Debug)]
pub struct LogsArgs {
    /// Name of the app
    #[arg(long)]
    site: String,
    /// How many lines
    #[arg(long, default_value_t = LOG_LINES)]
    limit: u32,
    #[command(flatten)]
    target: Target,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// `fazt client delete`.
#[derive(Args, Debug)]
pub struct SiteArgs {
    /// Name of the app
    #[arg(long)]
    site: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    target: Target,
}

/// `fazt client set-auth-token`.
#[derive(Args, Debug)]
pub struct TokenArgs {
    /// The token
    #[arg(long)]
    token: String,
    /// Address of its node
    #[arg(long, default_value = USUAL_URL)]
    server: NodeUrl,
}

/// Runs one of the commands.
///
/// # Errors
/// As those of the command that does it today.
pub fn run(command: ClientCommand) -> anyhow::Result<()> {
    match command {
        ClientCommand::Deploy(args) => in_system(deploy::run(*args)),
        ClientCommand::Apps(ListArgs { target, json }) => in_system(remote::apps(&target, json)),
        ClientCommand::Logs(args) => in_system(logs(args)),
        ClientCommand::Delete(SiteArgs { site, yes, target }) => {
            let args = DeleteArgs { app: site, purge: false, yes, target, json: false };
            in_system(app::run(AppCommand::Delete(args)))
        }
        ClientCommand::SetAuthToken(args) => set_auth_token(args),
    }
}

async fn logs(args: LogsArgs) -> anyhow::Result<()> {
    let lines = super::target::with_node(&args.target, async |node| {
        node.any_logs(&args.site, args.limit).await
    })
    .await?;
    if args.json {
        return output::json(&lines);
    }
    let mut list = List::new(&["TIME", "LEVEL", "MESSAGE"]);
    for line in &lines {
        let time = format::relative(&line.created_at, time::UtcDateTime::now());
        let (level, message) = (Cell::text(&line.level), Cell::text(&line.message));
        list.push(vec![Cell::of(time, &line.created_at), level, message]);
    }
    output::list(&list, &format!("The log of {} is empty.", args.site))
}

/// The original knew one token and one address; here they are the default peer. A peer that is
/// known at the address gets the token and stays as it is otherwise; none is replaced.
fn set_auth_token(args: TokenArgs) -> anyhow::Result<()> {
    let token = clean(&args.token)?;
    let peers = peer::known_peers()?;
    let mut known = None;
    for url in std::iter::once(args.server.clone()).chain(args.server.twins()) {
        if known.is_none() {
            known = peers.find_by_url(&url)?;
        }
    }
    let peer = match known {
        Some(peer) => {
            peers.set_token(&peer.name, token, Timestamp::now().0)?;
            peer
        }
        None => add(&peers, &args.server, token)?,
    };
    peers.set_default(&peer.name)?;
    output::line(&format!(
        "Kept the token for {} as the peer {}, the default.",
        peer.url, peer.name
    ))
}

/// Adds a peer for the node at an address, under a name that is free.
fn add(peers: &Peers, url: &NodeUrl, token: &str) -> anyhow::Result<Peer> {
    let names = peer_names(url);
    for name in names.iter().filter(|name| is_name(name)) {
        let name = name.clone();
        let (url, token) = (url.clone(), Some(token.to_owned()));
        let new = NewPeer { name, url, token, description: None };
        match peers.add(&new, false, Timestamp::now().0) {
            Err(PeersError::NameTaken { .. }) => {}
            added => return Ok(added?),
        }
    }
    anyhow::bail!(
        "no name is free for {url}: peers at other addresses are called {}; choose one with \
         `fazt remote add NAME --url {url}`",
        names.join(" and ")
    )
}

/// Names for the node at an address: its host, without what hosts have and names have not, and
/// the same with the port. `local` is kept for the node that this machine starts.
fn peer_names(url: &NodeUrl) -> Vec<String> {
    let host = url.host().strip_prefix("admin.").unwrap_or(url.host());
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let host: String = host.chars().map(plain).collect();
    let of_host = |end: &str| {
        let length = NAME_BYTES_MAX - end.len();
        host.trim_matches('-').chars().take(length).chain(end.chars()).collect::<String>()
    };
    let names = [of_host(""), of_host(&format!("-{}", url.port()))];
    names.into_iter().filter(|name| name != LOCAL).collect()
}
