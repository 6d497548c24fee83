//! `fazt remote status`: how a node is, seen from here.

use serde::Serialize;

use super::{
    AskArgs,
    look::{Look, with_advice},
};
use crate::cli::{
    format,
    node_client::any::AnyHealth,
    output::{self, Cell},
    target::peer::{self, Found},
};

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct StatusJson<'a> {
    name: Option<&'a str>,
    url: &'a str,
    status: &'a str,
    version: Option<&'a str>,
    /// The API's own data; null where the token may not read it.
    health: Option<&'a serde_json::Value>,
}

/// Asks a node how it is, keeps the answer with the peer, and prints it.
///
/// # Errors
/// The node is not known, cannot be reached, is not well, or does not take the token; or it is
/// none.
pub(super) async fn run(args: AskArgs) -> anyhow::Result<()> {
    let (found, peers) = peer::find(args.peer.as_deref()).await?;
    let client = found.client_with(found.token.as_deref())?;
    let look = Look::at(&client, found.token.is_some()).await;
    if let (Some(name), Some(peers)) = (&found.name, &peers) {
        look.keep(peers, name);
    }
    let shown = found.shown();
    let status = look.status().to_owned();
    let version = look.version().map(str::to_owned);
    let seen = match look {
        Look::Well(raw, health) => Some((raw, health)),
        Look::Limited => {
            output::note(match found.token {
                Some(_) => "note: the token may not read how the node is; it needs `read`",
                None => "note: without a token a node says no more; FAZT_TOKEN may hold one",
            });
            None
        }
        Look::Refused(error) => {
            return Err(error.context(format!("{shown} answers, and does not take the token")));
        }
        Look::Stranger(error) => {
            let error = with_advice(error, &found.url);
            return Err(error.context(format!("{shown} is no node, it seems")));
        }
        Look::Unreachable(error) => {
            return Err(error.context(format!("{shown} is unreachable")));
        }
        Look::Unwell(error) => {
            return Err(error.context(format!("{shown} answers, and is not well")));
        }
    };
    if args.json {
        let (name, url) = (found.name.as_deref(), found.url.to_string());
        let (status, version) = (status.as_str(), version.as_deref());
        let health = seen.as_ref().map(|(raw, _)| raw);
        return output::json(&StatusJson { name, url: &url, status, version, health });
    }
    output::facts(&facts(&found, &status, seen.map(|(_, health)| *health)))
}

fn facts(found: &Found, status: &str, health: Option<AnyHealth>) -> Vec<(&'static str, Cell)> {
    let mut facts = vec![
        ("Server", Cell::text(found.name.as_deref().unwrap_or(found.url.host()))),
        ("URL", Cell::text(found.url.to_string())),
        ("Status", Cell::text(status)),
    ];
    let Some(health) = health else { return facts };
    let uptime = health.uptime_seconds.max(0.0) as u64;
    let memory = health.memory;
    let database = health.database;
    facts.extend([
        ("Version", Cell::text(&health.version)),
        ("Mode", Cell::text(&health.mode)),
        ("Uptime", Cell::of(format::uptime(uptime), uptime.to_string())),
        (
            "Memory",
            Cell::of(
                format!("{} MB / {} MB", memory.used_mb, memory.limit_mb),
                memory.used_mb.to_string(),
            ),
        ),
        (
            "DB connections",
            Cell::of(
                format!("{} open, {} in use", database.open_connections, database.in_use),
                database.open_connections.to_string(),
            ),
        ),
    ]);
    facts.extend(health.apps.map(|apps| ("Apps", Cell::text(apps.to_string()))));
    facts
}
