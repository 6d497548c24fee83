//! The node that a command asks over HTTP: which one, where, and with which token.
//!
//! A name is a peer's; a URL may be any address of a node, whose admin host is then looked up.
//! Promises that a stored token goes only to the node that it is for, and that an error says
//! which node was asked.

use std::{
    env::{self, VarError},
    path::PathBuf,
    time::Duration,
};

use anyhow::Context;
use fazt_actors::{
    outbound::{HEAD_TIMEOUT, OutboundError},
    peers::{
        LOCAL, NodeUrl, Peer, Peers, PeersError,
        credential::{TokenError, clean},
    },
    timestamp::Timestamp,
};

use super::original_registry;
use crate::cli::{
    node_client::{NodeClient, Refusal, Stranger},
    output,
};

/// The longest that `FAZT_TIMEOUT` may allow, in seconds.
const TIMEOUT_SECONDS_MAX: u64 = 3600;

/// A node that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Name of the peer, where the node is one.
    pub name: Option<String>,
    /// Where its API answers.
    pub url: NodeUrl,
    /// The credential for it, if one is known.
    pub token: Option<String>,
}

impl Found {
    /// A peer as it is kept.
    fn of(peer: Peer) -> Found {
        Found { name: Some(peer.name), url: peer.url, token: peer.token }
    }

    /// What to call the node: `home (https://admin.example.org)`, or its address.
    pub fn shown(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.url),
            None => self.url.to_string(),
        }
    }

    /// A client with the node's token.
    ///
    /// # Errors
    /// No token is known, or `FAZT_TIMEOUT` cannot be read.
    pub fn client(&self) -> anyhow::Result<NodeClient> {
        let token = self.token.as_deref().with_context(|| {
            format!(
                "no token is known for {}; make one on that machine with \
                 `fazt server create-key --name NAME` and put it into FAZT_TOKEN, or keep it \
                 with `fazt remote add`",
                self.shown()
            )
        })?;
        self.client_with(Some(token))
    }

    /// A client with this token or none.
    ///
    /// # Errors
    /// `FAZT_TIMEOUT` cannot be read.
    pub fn client_with(&self, token: Option<&str>) -> anyhow::Result<NodeClient> {
        Ok(NodeClient::at(&self.url, token).known_as(self.shown(), answer_timeout()?))
    }
}

/// How long a node may take to answer: `FAZT_TIMEOUT` in seconds, else the usual.
fn answer_timeout() -> anyhow::Result<Duration> {
    match env::var("FAZT_TIMEOUT") {
        Ok(text) if !text.is_empty() => read_timeout(&text),
        _ => Ok(HEAD_TIMEOUT),
    }
}

fn read_timeout(text: &str) -> anyhow::Result<Duration> {
    match text.trim().parse() {
        Ok(seconds @ 1..=TIMEOUT_SECONDS_MAX) => Ok(Duration::from_secs(seconds)),
        _ => anyhow::bail!(
            "FAZT_TIMEOUT is {text:?}; write how many seconds a node may take to answer, from 1 \
             to {TIMEOUT_SECONDS_MAX}"
        ),
    }
}

/// The token of the environment, which wins over stored ones. An empty one is none.
///
/// # Errors
/// The variable holds something else.
pub fn env_token() -> anyhow::Result<Option<String>> {
    let text = match env::var("FAZT_TOKEN") {
        Err(VarError::NotPresent) => return Ok(None),
        Err(VarError::NotUnicode(_)) => Err(TokenError::Malformed),
        Ok(text) => clean(&text).map(str::to_owned),
    };
    match text {
        Err(TokenError::Empty) => Ok(None),
        token => Ok(Some(token.context("FAZT_TOKEN cannot be used")?)),
    }
}

/// The node that `to` means; without it the default peer. With it, the client's own file where
/// that was needed: whoever brings an address and a token needs no home.
///
/// # Errors
/// No such peer is known, the address is malformed, its host cannot be asked, or the client's
/// own file cannot be opened.
pub async fn find(to: Option<&str>) -> anyhow::Result<(Found, Option<Peers>)> {
    let token = env_token()?;
    if let (Some(asked), Some(_)) = (to.filter(|to| to.contains("://")), &token) {
        let url = admin_url(&asked.parse()?).await?;
        return Ok((Found { name: None, url, token }, None));
    }
    let peers = known_peers()?;
    let found = match choose(&peers, to)? {
        Choice::Peer(peer) => Found::of(peer),
        Choice::Url(asked) => {
            let url = admin_url(&asked).await?;
            match kept_for(&peers, &[&url, &asked])? {
                Some(kept) => kept,
                None => Found { name: None, url, token: None },
            }
        }
    };
    Ok((Found { token: token.or(found.token), ..found }, Some(peers)))
}

/// What is kept with a token for the first of these addresses, which name one node. A token
/// that is kept for a twin of theirs goes to that twin: who listens at the others is unknown.
fn kept_for(peers: &Peers, urls: &[&NodeUrl]) -> anyhow::Result<Option<Found>> {
    let with_token = |url: &NodeUrl| -> anyhow::Result<_> {
        Ok(peers.find_by_url(url)?.filter(|peer| peer.token.is_some()))
    };
    for url in urls {
        if let Some(peer) = with_token(url)? {
            let first = urls.first().copied().unwrap_or(url).clone();
            return Ok(Some(Found { url: first, ..Found::of(peer) }));
        }
    }
    for twin in urls.iter().flat_map(|url| url.twins()) {
        if let Some(peer) = with_token(&twin)? {
            return Ok(Some(Found::of(peer)));
        }
    }
    Ok(None)
}

#[derive(Debug, PartialEq, Eq)]
enum Choice {
    Peer(Peer),
    Url(NodeUrl),
}

fn choose(peers: &Peers, to: Option<&str>) -> anyhow::Result<Choice> {
    let Some(to) = to else { return unnamed(peers).map(Choice::Peer) };
    if to.contains("://") {
        return Ok(Choice::Url(to.parse()?));
    }
    match named(peers, to) {
        Ok(peer) => Ok(Choice::Peer(peer)),
        Err(error @ PeersError::Unknown { .. }) => {
            anyhow::bail!("{error}; a URL begins with https://")
        }
        Err(error) => Err(error.into()),
    }
}

fn named(peers: &Peers, name: &str) -> Result<Peer, PeersError> {
    peers.get(name)?.ok_or_else(|| peers.unknown(name))
}

/// The default peer, else the only one, else the node of this machine.
fn unnamed(peers: &Peers) -> anyhow::Result<Peer> {
    if let Some(peer) = peers.default_peer()? {
        return Ok(peer);
    }
    let mut all = peers.list()?;
    if all.len() == 1 {
        return Ok(all.remove(0));
    }
    if let Some(local) = all.iter().find(|peer| peer.name == LOCAL) {
        return Ok(local.clone());
    }
    if all.is_empty() {
        anyhow::bail!(
            "no node is known yet; start one with `fazt server start`, add one with \
             `fazt remote add`, or name one with `--to URL` or `--db FILE`"
        );
    }
    let names: Vec<String> = all.into_iter().map(|peer| peer.name).collect();
    anyhow::bail!(
        "no peer is the default; name one with --to, or choose one with `fazt remote default \
         NAME` (known: {})",
        names.join(", ")
    )
}

/// Where the API of the node behind `asked` answers. The node is believed only as far as
/// [`NodeUrl::may_lead_to`] goes, since the token will follow.
///
/// # Errors
/// The host cannot be asked.
pub async fn admin_url(asked: &NodeUrl) -> anyhow::Result<NodeUrl> {
    // Few resolvers know the names below localhost.
    if asked.host().ends_with(".localhost") {
        return Ok(asked.on_localhost().unwrap_or_else(|| asked.clone()));
    }
    if asked.is_admin_host() {
        return Ok(asked.clone());
    }
    let client = NodeClient::at(asked, None).known_as(asked.to_string(), answer_timeout()?);
    let Some(found) = client.discover().await? else {
        return Ok(asked.clone());
    };
    Ok(led_to(asked, &found.admin_url).unwrap_or_else(|| {
        output::note(&format!(
            "warning: {asked} names {:?} as its admin host, which is not its own; asking {asked} \
             itself",
            found.admin_url
        ));
        asked.clone()
    }))
}

/// The admin host that a node names, if it may name that one.
fn led_to(asked: &NodeUrl, named: &str) -> Option<NodeUrl> {
    NodeUrl::parse(named).ok().filter(|named| asked.may_lead_to(named))
}

/// Says of an answer that no node of today gives whether a node of the original gave it.
pub async fn explain(error: anyhow::Error, client: &NodeClient) -> anyhow::Error {
    if !Stranger::answers(&error) {
        return name_node(error, client.shown());
    }
    match client.original_version().await {
        Ok(Some(version)) => error.context(format!(
            "{} runs fazt {version}, which does not know this; what works with it are `fazt \
             deploy` and `fazt remote status, apps, deploy`",
            client.shown()
        )),
        _ => name_node(error, client.shown()),
    }
}

/// Puts the node's name before what went wrong with it. What says it already stays as it is,
/// and so does what went wrong on this side, such as a file that cannot be read.
pub fn name_node(error: anyhow::Error, node: &str) -> anyhow::Error {
    if error.to_string().contains(node) {
        return error;
    }
    if Refusal::of(&error).is_some() {
        return error.context(format!("{node} refused"));
    }
    if Stranger::of(&error).is_some() {
        return error.context(format!("{node} is no node, it seems"));
    }
    match error.downcast_ref::<OutboundError>() {
        None | Some(OutboundError::Source { .. }) => error,
        Some(
            OutboundError::Broken { .. }
            | OutboundError::NotHttp { .. }
            | OutboundError::TooLarge { .. },
        ) => error.context(format!("{node} gave no answer that can be used")),
        Some(_) => error.context(format!("cannot reach {node}")),
    }
}

/// The client's own file, where the environment puts it, with the peers of the original where
/// the user has none yet.
///
/// # Errors
/// Nobody has a home folder, or the file cannot be opened.
pub fn known_peers() -> anyhow::Result<Peers> {
    let peers = open_peers()?;
    if let Some(home) = home() {
        original_registry::take_over(&peers, &home, Timestamp::now().0)?;
    }
    Ok(peers)
}

/// The client's own file, where the environment puts it.
///
/// # Errors
/// Nobody has a home folder, or the file cannot be opened.
pub fn open_peers() -> anyhow::Result<Peers> {
    let path = client_path(env::var_os("XDG_CONFIG_HOME").map(PathBuf::from), home())?;
    let peers = Peers::open(&path, Timestamp::now().0)?;
    if let Some(warning) = peers.warning() {
        output::note(&format!("warning: {warning}"));
    }
    for sentence in peers.taken_over() {
        output::note(&format!("note: {sentence}"));
    }
    Ok(peers)
}

fn home() -> Option<PathBuf> {
    env::var_os("HOME").map(PathBuf::from)
}

/// `$XDG_CONFIG_HOME/fazt/data.db`, else `~/.config/fazt/data.db`. A relative path in the
/// variable does not count, as its specification says.
fn client_path(xdg: Option<PathBuf>, home: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let config = xdg
        .filter(|path| path.is_absolute())
        .or_else(|| home.filter(|path| path.is_absolute()).map(|home| home.join(".config")))
        .context("neither HOME nor XDG_CONFIG_HOME says where tokens are kept; set one")?;
    Ok(config.join("fazt/data.db"))
}

#[cfg(test)]
mod tests;
