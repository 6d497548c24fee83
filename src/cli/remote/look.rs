//! A look at a node: is it there, is it well, does it take the token.

use fazt_actors::peers::{NodeUrl, Peers};
use fazt_actors::timestamp::Timestamp;

use crate::cli::{
    node_client::{NodeClient, Refusal, Stranger, any::AnyHealth},
    output,
};

/// What a look at a node shows.
#[derive(Debug)]
pub(super) enum Look {
    /// It says how it is: as it wrote it, and as it is understood.
    Well(serde_json::Value, Box<AnyHealth>),
    /// It is well, and what it says of itself may not be read: there is no token, or it is not
    /// for reading.
    Limited,
    /// It answers, and does not take the token.
    Refused(anyhow::Error),
    /// It answers that it cannot answer.
    Unwell(anyhow::Error),
    /// Something else answers in its place.
    Stranger(anyhow::Error),
    /// It cannot be reached.
    Unreachable(anyhow::Error),
}

impl Look {
    /// Looks: first whether anything answers, which needs no token, then how it is.
    pub(super) async fn at(client: &NodeClient, has_token: bool) -> Look {
        let is_well = match client.is_well().await {
            Ok(is_well) => is_well,
            // The token is not for whoever that is.
            Err(error) if Stranger::of(&error).is_some() => return Look::Stranger(error),
            Err(error) => return Look::Unreachable(error),
        };
        let limited = || match is_well {
            true => Look::Limited,
            false => Look::Unwell(anyhow::anyhow!("its /health answers 503")),
        };
        if !has_token {
            return limited();
        }
        match client.any_health().await {
            Ok((raw, health)) => Look::Well(raw, Box::new(health)),
            Err(error) => match Refusal::of(&error).map(|refusal| refusal.status) {
                Some(401) => Look::Refused(error),
                Some(403) => limited(),
                Some(_) => Look::Unwell(error),
                None if Stranger::of(&error).is_some() => Look::Stranger(error),
                None => Look::Unreachable(error),
            },
        }
    }

    /// How it is, in a word or two.
    pub(super) fn status(&self) -> &str {
        match self {
            Look::Well(_, health) if health.status.is_empty() => "healthy",
            Look::Well(_, health) => &health.status,
            Look::Limited => "healthy",
            Look::Unwell(_) => "unhealthy",
            Look::Refused(_) => "token refused",
            Look::Stranger(_) => "not a node",
            Look::Unreachable(_) => "unreachable",
        }
    }

    /// The version that it names.
    pub(super) fn version(&self) -> Option<&str> {
        match self {
            Look::Well(_, health) => Some(&*health.version).filter(|version| !version.is_empty()),
            _ => None,
        }
    }

    /// Keeps what was seen of the peer of that name. That it cannot be kept is told, and is no
    /// reason to withhold what was seen.
    pub(super) fn keep(&self, peers: &Peers, name: &str) {
        let seen = match self {
            Look::Stranger(_) | Look::Unreachable(_) => None,
            _ => Some(self.version()),
        };
        if let Err(error) = peers.record(name, self.status(), seen, Timestamp::now().0) {
            output::note(&format!("warning: {error}"));
        }
    }
}

/// Adds to an error about a stranger what may help: the admin host of a node of the original
/// is found by nobody but its owner.
pub(super) fn with_advice(error: anyhow::Error, url: &NodeUrl) -> anyhow::Error {
    if !Stranger::answers(&error) || url.is_admin_host() {
        return error;
    }
    error.context(format!(
        "no node was found at {url}; the address of a node of fazt 0.9 begins with admin, such \
         as {}",
        url.on_admin_host()
    ))
}
