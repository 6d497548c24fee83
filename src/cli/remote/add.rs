//! `fazt remote add`: gets to know a node.
//!
//! A peer is kept once its node has answered and taken the token, so that a slip in the
//! address or the token is told now and not at the next deploy.

use std::io::{self, Read};

use anyhow::Context;
use clap::Args;
use fazt_actors::{
    peers::{
        NewPeer, NodeUrl, Peer, Peers, PeersError,
        credential::{TOKEN_BYTES_MAX, clean},
        is_name,
    },
    timestamp::Timestamp,
};
use time::UtcDateTime;

use super::{
    listing,
    look::{Look, with_advice},
};
use crate::cli::{
    format,
    node_client::{NodeClient, any::AnyCaller},
    output,
    target::peer::{self, Found},
};

/// Bytes that are read from stdin: a token, and space around it.
const STDIN_BYTES_MAX: u64 = 2 * TOKEN_BYTES_MAX as u64;

/// `fazt remote add`.
#[derive(Args, Clone, Debug)]
pub struct AddArgs {
    /// What to call it: a-z, 0-9, `-` and `_`
    pub name: String,
    /// Its address; any host of the node will do
    #[arg(long, value_name = "URL")]
    pub url: NodeUrl,
    /// A token of the node; better on stdin, in the environment, or typed when asked
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Read the token from stdin
    #[arg(long, conflicts_with = "token")]
    pub token_stdin: bool,
    /// What it is, in your words
    #[arg(long = "desc", alias = "description", value_name = "TEXT")]
    pub description: Option<String>,
    /// Keep it without asking the node
    #[arg(long)]
    pub no_check: bool,
    /// Replace the peer of that name
    #[arg(long)]
    pub force: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Finds the node, tries the token, and keeps both under the name.
///
/// # Errors
/// The name cannot be used, no token is given, or the node cannot be reached or does not take
/// it.
pub(super) async fn run(args: AddArgs) -> anyhow::Result<()> {
    let peers = peer::known_peers()?;
    check_name(&peers, &args)?;
    if args.no_check {
        let token = given_token(&args)?;
        let peer = keep(&peers, &args, args.url.clone(), token)?;
        return print(&peer, &args, None, None);
    }
    let url = peer::admin_url(&args.url).await.context(no_check_helps())?;
    warn_of_plain_http(&url);
    let token = match given_token(&args)? {
        Some(token) => token,
        None => prompted_token(&url)?,
    };
    let found = Found { name: Some(args.name.clone()), url: url.clone(), token: Some(token) };
    let client = found.client()?;
    let look = judged(Look::at(&client, true).await, &args.url)?;
    let caller = caller_of(&client).await;
    let peer = keep(&peers, &args, url, found.token)?;
    look.keep(&peers, &peer.name);
    print(&peers.get(&peer.name)?.unwrap_or(peer), &args, look.version(), caller)
}

/// A name that cannot be kept is told before anybody is asked for a secret.
fn check_name(peers: &Peers, args: &AddArgs) -> anyhow::Result<()> {
    let name = || args.name.clone();
    if !is_name(&args.name) {
        return Err(PeersError::InvalidName { name: name() }.into());
    }
    match peers.get(&args.name)? {
        Some(taken) if !args.force => {
            Err(PeersError::NameTaken { name: name(), url: taken.url }.into())
        }
        _ => Ok(()),
    }
}

/// The token of the command line or the environment.
fn given_token(args: &AddArgs) -> anyhow::Result<Option<String>> {
    if let Some(token) = &args.token {
        output::note(
            "note: the shell remembers this token in its history; FAZT_TOKEN, --token-stdin and \
             the prompt leave no trace",
        );
        return Ok(Some(clean(token)?.to_owned()));
    }
    if args.token_stdin {
        let mut text = String::new();
        let read = io::stdin().take(STDIN_BYTES_MAX).read_to_string(&mut text);
        read.context("cannot read the token from stdin")?;
        return Ok(Some(clean(&text)?.to_owned()));
    }
    peer::env_token()
}

fn prompted_token(url: &NodeUrl) -> anyhow::Result<String> {
    if !output::can_ask() {
        anyhow::bail!(
            "a token for {url} is missing; make one on that machine with `fazt server create-key \
             --name NAME`, and put it into FAZT_TOKEN or on stdin with --token-stdin"
        );
    }
    let typed = rpassword::prompt_password(format!("Token for {url} (it is not shown): "));
    Ok(clean(&typed.context("cannot read the token from the terminal")?)?.to_owned())
}

/// Everybody between here and there can read what is sent without TLS.
fn warn_of_plain_http(url: &NodeUrl) {
    if !url.is_secure() && !url.is_loopback() {
        output::note(&format!(
            "warning: {url} is not encrypted; whoever is on the way can read the token"
        ));
    }
}

/// The look, unless it shows that the peer would be of no use.
fn judged(look: Look, asked: &NodeUrl) -> anyhow::Result<Look> {
    match look {
        Look::Refused(error) => Err(error.context("the node answers, and does not take the token")),
        Look::Stranger(error) => Err(with_advice(error, asked).context(no_check_helps())),
        Look::Unreachable(error) | Look::Unwell(error) => Err(error.context(no_check_helps())),
        look => Ok(look),
    }
}

fn no_check_helps() -> &'static str {
    "the peer was not added (--no-check adds it without asking the node)"
}

/// Who the node takes the token's holder for. Nodes that do not tell are no failure.
async fn caller_of(client: &NodeClient) -> Option<AnyCaller> {
    client.any_caller().await.ok()
}

fn keep(
    peers: &Peers,
    args: &AddArgs,
    url: NodeUrl,
    token: Option<String>,
) -> Result<Peer, PeersError> {
    let AddArgs { name, description, .. } = args.clone();
    peers.add(&NewPeer { name, url, token, description }, args.force, Timestamp::now().0)
}

fn print(
    peer: &Peer,
    args: &AddArgs,
    version: Option<&str>,
    caller: Option<AnyCaller>,
) -> anyhow::Result<()> {
    if args.json {
        return output::json(&listing::peer_json(peer));
    }
    let version = version.map(|version| format!(", fazt {version}")).unwrap_or_default();
    let default = if peer.is_default { " It is the default." } else { "" };
    output::line(&format!("Added {}: {}{version}.{default}", peer.name, peer.url))?;
    match caller.and_then(|caller| token_facts(&caller)) {
        Some(facts) => output::line(&facts),
        None => Ok(()),
    }
}

/// What the node tells of the token, in a sentence; none where it tells nothing.
fn token_facts(caller: &AnyCaller) -> Option<String> {
    let may = caller.scopes.as_ref().map(|scopes| format!("may: {}", scopes.join(", ")));
    let expires = caller
        .expires_at
        .as_deref()
        .map(|time| format!("expires {}", format::relative(time, UtcDateTime::now())));
    let facts: Vec<String> = may.into_iter().chain(expires).collect();
    let name = caller.username.as_ref().map(|name| format!(" {name:?}")).unwrap_or_default();
    match (facts.is_empty(), name.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("The node calls the token{name}.")),
        (false, _) => Some(format!("The token{name} {}.", facts.join("; it "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_tells_of_a_token_is_a_sentence() {
        let text = |text: &str| Some(text.to_owned());
        let caller =
            |scopes: Option<&str>, expires_at: Option<&str>, username: Option<&str>| AnyCaller {
                username: username.map(str::to_owned),
                scopes: scopes.map(|scope| vec![scope.to_owned(), "read".to_owned()]),
                expires_at: expires_at.map(str::to_owned),
            };
        let past = Some("2001-01-01T00:00:00Z");
        assert_eq!(token_facts(&caller(None, None, None)), None);
        let expect = text("The node calls the token \"ci\".");
        assert_eq!(token_facts(&caller(None, None, Some("ci"))), expect);
        let expect = text("The token may: deploy, read.");
        assert_eq!(token_facts(&caller(Some("deploy"), None, None)), expect);
        let said = token_facts(&caller(Some("deploy"), past, Some("ci"))).unwrap();
        assert!(said.starts_with("The token \"ci\" may: deploy, read; it expires "), "{said}");
    }
}
