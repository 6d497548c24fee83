//! The client of the user who starts a node: it gets a token, so that `fazt deploy DIR` works
//! at once.

use actix_web::web;
use fazt_actors::peers::{LOCAL, NodeUrl, Peer, Remembered};
use fazt_actors::timestamp::Timestamp;
use fazt_actors::tokens::{NewToken, Scope};

use crate::cli::target::open_peers;
use crate::http::record_start;
use crate::node::Node;

/// Makes sure that this user's client has a good token for this node, as peer `local`. A peer
/// of that name which the user has made is left alone.
///
/// # Errors
/// The client's file cannot be used, or the database refuses.
pub(super) async fn hand_token(node: &Node) -> anyhow::Result<()> {
    let Some(url) = node.config.client_url() else { return Ok(()) };
    let url = NodeUrl::parse(&url)?;
    let now = Timestamp::now();
    let held = web::block(|| -> anyhow::Result<_> { Ok(open_peers()?.get(LOCAL)?) }).await??;
    if held.as_ref().is_some_and(|peer| !peer.managed) {
        left_alone();
        return Ok(());
    }
    let good_token = held.as_ref().and_then(|peer| peer.token.clone());
    let good_token = good_token.filter(|token| node.tokens.authenticate(token, now).is_ok());
    let (text, made) = match (good_token, held) {
        (Some(_), Some(Peer { url: held_url, .. })) if held_url == url => return Ok(()),
        // The node has moved to another address.
        (Some(token), _) => (token, None),
        (None, _) => {
            let (id, text) = make_token(node, now).await?;
            (text, Some(id))
        }
    };
    let remember =
        move || -> anyhow::Result<_> { Ok(open_peers()?.remember_local(&url, &text, now.0)?) };
    let remembered = web::block(remember).await;
    if let (Some(id), false) = (made, matches!(remembered, Ok(Ok(Remembered::Saved)))) {
        // Nobody has its text: a token that cannot be used can only be found by others.
        node.tokens.revoke(&id).await?;
    }
    if remembered?? == Remembered::NameTaken {
        left_alone();
    }
    Ok(())
}

fn left_alone() {
    tracing::info!("this user's client has a peer `local` of its own, which is left alone");
}

async fn make_token(node: &Node, at: Timestamp) -> anyhow::Result<(Box<str>, String)> {
    let name = LOCAL.to_owned();
    let new = NewToken { name, scopes: vec![Scope::Admin], expires_at: None, at };
    let (token, text) = node.tokens.create(new).await?;
    let details = "for the client of whoever started the node";
    record_start(node, "token.create", Some(&token.id), details).await;
    Ok((token.id.clone(), text))
}
