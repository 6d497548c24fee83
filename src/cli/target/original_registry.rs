//! Takes over the nodes that the original's `fazt servers` knew: `~/.fazt/config.json`.
//!
//! The file is read once, while the user has no peers yet, and stays as it is.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::Path,
};

use anyhow::Context;
use fazt_actors::peers::{
    Peers,
    original::{ForeignPeer, fold},
};
use serde::Deserialize;

use crate::cli::output;

/// Where the file is, in the user's home.
const PATH: &str = ".fazt/config.json";
/// Bytes of the file: a thousand servers fit ten times.
const BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The file, as the original wrote it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Registry {
    default_server: Option<String>,
    servers: Option<BTreeMap<String, Server>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Server {
    url: String,
    token: String,
}

/// Copies the servers of the file below `home` into `peers`, if that was never done and the
/// user has no peers, and says what became of each. A file that cannot be read is told, and is
/// no error: the command at hand may not need it.
///
/// # Errors
/// The client's own file cannot be read or written.
pub(super) fn take_over(peers: &Peers, home: &Path, now_ms: i64) -> anyhow::Result<()> {
    let path = home.join(PATH);
    let shown = path.display().to_string();
    if !peers.wants_import(&shown)? {
        return Ok(());
    }
    let registry = match read(&path) {
        Ok(Some(registry)) => registry,
        Ok(None) => return Ok(()),
        Err(error) => {
            output::note(&format!("warning: cannot take over the servers in {shown}: {error:#}"));
            return Ok(());
        }
    };
    let (import, left_out) = fold(servers(registry));
    if !peers.import(&shown, &import, now_ms)? {
        return Ok(());
    }
    for reason in left_out {
        output::note(&format!("warning: {shown}: {reason}"));
    }
    if !import.peers.is_empty() {
        let names: Vec<&str> = import.peers.iter().map(|peer| peer.name.as_str()).collect();
        let default = import.default.as_deref();
        let default = default.map(|name| format!("; {name} is the default")).unwrap_or_default();
        output::note(&format!(
            "note: took over the servers in {shown} as peers: {}{default}",
            names.join(", ")
        ));
    }
    Ok(())
}

/// The file's content; none where there is no file.
fn read(path: &Path) -> anyhow::Result<Option<Registry>> {
    let file = match File::open(path) {
        Err(cause) if is_missing(&cause) => return Ok(None),
        opened => opened.context("it cannot be opened")?,
    };
    let mut text = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut text).context("it cannot be read")?;
    anyhow::ensure!(text.len() as u64 <= BYTES_MAX, "it has more than {BYTES_MAX} bytes");
    serde_json::from_slice(&text).map(Some).context("it is not what `fazt servers` wrote")
}

/// Also a `.fazt` that is a file.
fn is_missing(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The servers of a registry.
fn servers(registry: Registry) -> impl Iterator<Item = ForeignPeer> {
    let default = registry.default_server;
    registry.servers.unwrap_or_default().into_iter().map(move |(name, Server { url, token })| {
        let is_default = default.as_ref() == Some(&name);
        ForeignPeer { name, url, token: Some(token), description: None, is_default }
    })
}

#[cfg(test)]
mod tests;
