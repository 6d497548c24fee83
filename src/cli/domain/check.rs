//! `fazt domain check`: whether a mapped host name leads to the node.
//!
//! Asks as a visitor would: the machine's resolver for the addresses, and whoever is there for
//! what it is. A node is known by its id; its address would not do, for `http://localhost:4698`
//! is what every node without a domain says of itself.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::Context;
use fazt_actors::peers::NodeUrl;
use serde_json::json;

use super::RemoveArgs;
use crate::cli::node_client::NodeClient;
use crate::cli::output::{self, Cell};
use crate::cli::target::with_node;
use crate::http::model::Discovery;

/// Addresses of a host name that are shown.
const ADDRESSES_MAX: usize = 8;

/// Who answers under a host name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    ThisNode,
    AnotherNode,
    Stranger,
    /// Nobody who can be understood, and why not: a certificate, a port that is closed.
    Nothing(String),
}

impl Answer {
    /// Who says `found`, if `own` is what this node says of itself.
    fn of(found: anyhow::Result<Option<Discovery>>, own: &Discovery) -> Answer {
        match found {
            Ok(Some(found)) if !own.node_id.is_empty() && found.node_id == own.node_id => {
                Answer::ThisNode
            }
            Ok(Some(_)) => Answer::AnotherNode,
            Ok(None) => Answer::Stranger,
            Err(cause) => Answer::Nothing(format!("{cause:#}")),
        }
    }

    /// In a word or two that do not change.
    fn as_str(&self) -> &'static str {
        match self {
            Answer::ThisNode => "this node",
            Answer::AnotherNode => "another fazt node",
            Answer::Stranger => "something that is no fazt node",
            Answer::Nothing(_) => "nothing",
        }
    }

    /// Why nobody answers.
    fn cause(&self) -> Option<&str> {
        match self {
            Answer::Nothing(cause) => Some(cause),
            Answer::ThisNode | Answer::AnotherNode | Answer::Stranger => None,
        }
    }

    fn cell(&self) -> Cell {
        let word = self.as_str();
        Cell::text(self.cause().map_or(word.to_owned(), |cause| format!("{word}: {cause}")))
    }
}

/// Runs the command.
///
/// # Errors
/// The node cannot be reached, or the host name is unknown to it or does not lead to it.
pub(super) async fn run(args: RemoveArgs) -> anyhow::Result<()> {
    let name = args.domain.trim_end_matches('.').to_ascii_lowercase();
    let (mapped, own) = with_node(&args.target, async |node| {
        let mapped = node.domains(None).await?.into_iter().find(|row| row.domain == name);
        Ok((mapped, node.discover().await?))
    })
    .await?;
    let mapped = mapped
        .with_context(|| format!("{name} leads to no app yet; `fazt domain add {name} APP`"))?;
    let own = own.context("the node does not say who it is")?;
    let host = name.clone();
    let found = actix_web::web::block(move || (host.as_str(), 80).to_socket_addrs());
    let addresses = addresses(&name, found.await.context("the look-up was interrupted")?)?;
    let https = ask("https", &name, &own).await?;
    let http = ask("http", &name, &own).await?;
    let leads_here = [&https, &http].contains(&&Answer::ThisNode);
    if args.json {
        output::json(&json!({
            "domain": name, "app": mapped.app, "addresses": addresses, "leads_here": leads_here,
            "https": https.as_str(), "http": http.as_str(),
            "https_error": https.cause(), "http_error": http.cause(),
        }))?;
    } else {
        output::facts(&[
            ("Domain", Cell::text(&name)),
            ("App", Cell::text(&mapped.app)),
            ("Addresses", Cell::text(addresses.join(", "))),
            ("At https", https.cell()),
            ("At http", http.cell()),
        ])?;
    }
    anyhow::ensure!(leads_here, "{name} does not lead to this node");
    Ok(())
}

/// What the resolver has found, as text.
fn addresses(
    name: &str,
    found: io::Result<impl Iterator<Item = SocketAddr>>,
) -> anyhow::Result<Vec<String>> {
    let found = found.with_context(|| {
        format!("no address is known for {name}; set its A or AAAA record, or a CNAME")
    })?;
    let mut addresses: Vec<String> =
        found.take(ADDRESSES_MAX).map(|address| address.ip().to_string()).collect();
    addresses.dedup();
    Ok(addresses)
}

async fn ask(scheme: &str, name: &str, own: &Discovery) -> anyhow::Result<Answer> {
    let url: NodeUrl = format!("{scheme}://{name}").parse()?;
    Ok(Answer::of(NodeClient::at(&url, None).discover().await, own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(node_id: &str) -> Discovery {
        Discovery {
            name: "fazt".to_owned(),
            version: "0.1.0".to_owned(),
            admin_url: "http://localhost:4698".to_owned(),
            node_id: node_id.to_owned(),
        }
    }

    #[test]
    fn a_node_is_known_by_its_id_and_not_by_its_address() {
        for (found, own, expect) in [
            (Ok(Some(node("a"))), "a", Answer::ThisNode),
            (Ok(Some(node("b"))), "a", Answer::AnotherNode),
            (Ok(Some(node(""))), "a", Answer::AnotherNode),
            (Ok(Some(node(""))), "", Answer::AnotherNode),
            (Ok(None), "a", Answer::Stranger),
            (
                Err(anyhow::anyhow!("the certificate is out of date").context("cannot connect")),
                "a",
                Answer::Nothing("cannot connect: the certificate is out of date".to_owned()),
            ),
        ] {
            let shown = format!("{found:?} asked by {own:?}");
            assert_eq!(Answer::of(found, &node(own)), expect, "{shown}");
        }
    }

    #[test]
    fn addresses_are_said_once_and_a_name_without_any_says_what_to_do() {
        let found = ["192.0.2.1:80", "192.0.2.1:80", "[2001:db8::1]:80"];
        let found = found.map(|address| address.parse().unwrap());
        let shown = addresses("www.blog.test", Ok(found.into_iter())).unwrap();
        assert_eq!(shown, ["192.0.2.1", "2001:db8::1"]);
        let many = (1..=9).map(|last| SocketAddr::from(([192, 0, 2, last], 80)));
        assert_eq!(addresses("www.blog.test", Ok(many)).unwrap().len(), ADDRESSES_MAX);
        let unknown = io::Error::other("name not known");
        let none = addresses("www.blog.test", Err::<std::vec::IntoIter<SocketAddr>, _>(unknown));
        let none = format!("{:#}", none.unwrap_err());
        assert!(none.starts_with("no address is known for www.blog.test; set its A"), "{none}");
        assert!(none.ends_with("name not known"), "{none}");
    }
}
