//! The tables of `fazt remote …`.

use fazt_actors::{peers::Peer, timestamp::Timestamp};
use serde::Serialize;
use time::UtcDateTime;

use crate::cli::{
    format,
    node_client::any::AnyApp,
    output::{Cell, List},
};

/// A peer as `--json` prints it: everything but the token.
#[derive(Debug, Serialize)]
pub(super) struct PeerJson<'a> {
    name: &'a str,
    url: String,
    description: Option<&'a str>,
    is_default: bool,
    has_token: bool,
    last_status: Option<&'a str>,
    last_version: Option<&'a str>,
    last_seen_at: Option<String>,
}

/// The peers as JSON.
pub(super) fn peers_json(peers: &[Peer]) -> Vec<PeerJson<'_>> {
    peers.iter().map(peer_json).collect()
}

/// One peer as JSON.
pub(super) fn peer_json(peer: &Peer) -> PeerJson<'_> {
    PeerJson {
        name: &peer.name,
        url: peer.url.to_string(),
        description: peer.description.as_deref(),
        is_default: peer.is_default,
        has_token: peer.token.is_some(),
        last_status: peer.last_status.as_deref(),
        last_version: peer.last_version.as_deref(),
        last_seen_at: seen_at(peer),
    }
}

/// The peers as a table.
pub(super) fn peers(peers: &[Peer]) -> List {
    let mut list =
        List::new(&["NAME", "URL", "DEFAULT", "STATUS", "VERSION", "SEEN", "DESCRIPTION"]);
    for peer in peers {
        list.push(vec![
            Cell::text(&peer.name),
            Cell::text(peer.url.to_string()),
            Cell::of(if peer.is_default { "*" } else { "" }, peer.is_default.to_string()),
            or_dash(peer.last_status.as_deref()),
            or_dash(peer.last_version.as_deref()),
            match seen_at(peer) {
                Some(time) => Cell::of(format::relative(&time, UtcDateTime::now()), time),
                None => or_dash(None),
            },
            Cell::text(peer.description.as_deref().unwrap_or_default()),
        ]);
    }
    list
}

/// The apps of a node.
pub(super) fn apps(apps: &[AnyApp]) -> List {
    let mut list = List::new(&["NAME", "FILES", "SIZE", "UPDATED", "SOURCE", "URL"]);
    for app in apps {
        let updated = &app.updated_at;
        list.push(vec![
            Cell::text(&app.name),
            Cell::text(app.file_count.to_string()).right(),
            Cell::of(format::size(app.size_bytes), app.size_bytes.to_string()).right(),
            match updated.is_empty() {
                true => or_dash(None),
                false => Cell::of(format::relative(updated, UtcDateTime::now()), updated),
            },
            Cell::text(&app.source),
            Cell::text(&app.url),
        ]);
    }
    list
}

fn seen_at(peer: &Peer) -> Option<String> {
    peer.last_seen_at.map(|at| Timestamp(at).to_rfc3339())
}

/// A text; a dash for people and nothing for programs where there is none.
fn or_dash(text: Option<&str>) -> Cell {
    text.map_or_else(|| Cell::of("-", ""), Cell::text)
}
