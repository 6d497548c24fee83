//! The address of a node, in one spelling.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use crate::kind::{ErrorKind, Fault};

/// Bytes of an address.
const URL_BYTES_MAX: usize = 512;

/// Why a text is not the address of a node.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the address of a node: {reason}; write it like https://example.org")]
pub struct NodeUrlError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Fault for NodeUrlError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn code(&self) -> &'static str {
        "INVALID_URL"
    }
}

/// An origin (RFC 6454 section 4): scheme, host and port, and nothing after them.
///
/// Two spellings of one origin are equal: letters are lower-case, the scheme's own port and a
/// slash at the end are dropped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeUrl {
    secure: bool,
    host: String,
    port: Option<u16>,
}

impl NodeUrl {
    /// Reads an address such as `https://Example.org/`.
    ///
    /// # Errors
    /// The text has no scheme or another one than http and https, carries a password, a path,
    /// a query or a fragment, or its host or port is malformed.
    pub fn parse(text: &str) -> Result<NodeUrl, NodeUrlError> {
        let refuse = |reason| NodeUrlError { text: text.to_owned(), reason };
        if text.len() > URL_BYTES_MAX {
            return Err(refuse("it is too long"));
        }
        let Some((scheme, rest)) = text.trim().split_once("://") else {
            return Err(refuse("it does not begin with http:// or https://"));
        };
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(refuse("it does not begin with http:// or https://")),
        };
        let authority = rest.trim_end_matches('/');
        if authority.contains('@') {
            return Err(refuse("it carries a user or a password"));
        }
        if authority.contains(['/', '?', '#', '\\']) {
            return Err(refuse("something follows the host"));
        }
        let (host, port) = split_port(authority).ok_or_else(|| refuse("its port is malformed"))?;
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host).to_owned();
        if !is_host(&host) {
            return Err(refuse("its host is malformed"));
        }
        let port = port.filter(|&port| port != default_port(secure));
        Ok(NodeUrl { secure, host, port })
    }

    /// Whether it is reached by TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host, in lower case; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where the address leaves it out.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(default_port(self.secure))
    }

    /// Whether the host is one that always is a node's admin host: `localhost`, an IP address,
    /// or a name that begins with `admin.`.
    pub fn is_admin_host(&self) -> bool {
        self.host == "localhost"
            || self.host.starts_with("admin.")
            || self.host.starts_with('[')
            || self.host.parse::<Ipv4Addr>().is_ok()
    }

    /// The same port on `localhost`, for a name below it (RFC 6761 section 6.3).
    pub fn on_localhost(&self) -> Option<NodeUrl> {
        self.host.ends_with(".localhost").then(|| self.with_host("localhost"))
    }

    /// Whether it is on this machine: `localhost`, a name below it, or a loopback address.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self.host == "[::1]"
            || self.host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }

    /// Other addresses that are likely to be kept for the node that is meant by this one.
    /// Somebody else may listen at each of them, so what is kept for one is not for this one.
    pub fn twins(&self) -> impl Iterator<Item = NodeUrl> {
        let hosts: &[&str] = match &*self.host {
            "localhost" => &["127.0.0.1", "[::1]"],
            "127.0.0.1" => &["localhost"],
            _ => &[],
        };
        hosts.iter().map(|host| self.with_host(host))
    }

    fn with_host(&self, host: &str) -> NodeUrl {
        NodeUrl { host: host.to_owned(), ..self.clone() }
    }

    /// The same port on `admin.` of this host.
    pub fn on_admin_host(&self) -> NodeUrl {
        NodeUrl { host: format!("admin.{}", self.host), ..self.clone() }
    }

    /// Where the app of that name answers, as far as the address of an admin host tells: an IP
    /// address tells nothing.
    pub fn app_url(&self, name: &str) -> Option<String> {
        let domain = match self.host.strip_prefix("admin.") {
            Some(domain) => domain,
            None if self.host == "localhost" => "localhost",
            None => return None,
        };
        let app = NodeUrl { host: format!("{name}.{domain}"), ..self.clone() };
        Some(format!("{app}/"))
    }

    /// Whether a node found at this address may send its client on to `other`: to the same host
    /// or to `admin.` of it, and never from TLS to plain HTTP.
    pub fn may_lead_to(&self, other: &NodeUrl) -> bool {
        let same_host = other.host == self.host;
        let admin_host =
            other.host.strip_prefix("admin.").is_some_and(|parent| parent == self.host);
        (same_host || admin_host) && (other.secure || !self.secure)
    }
}

impl fmt::Display for NodeUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(formatter, "{scheme}://{}", self.host)?;
        match self.port {
            Some(port) => write!(formatter, ":{port}"),
            None => Ok(()),
        }
    }
}

impl FromStr for NodeUrl {
    type Err = NodeUrlError;

    fn from_str(text: &str) -> Result<NodeUrl, NodeUrlError> {
        NodeUrl::parse(text)
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// Host and port of an authority; none when the port is not a number from 1 to 65535.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end_of_host = match authority.strip_prefix('[') {
        Some(inner) => inner.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at_checked(end_of_host)?;
    if rest.is_empty() {
        return Some((host, None));
    }
    let digits = rest.strip_prefix(':')?;
    let numeric = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let port: u16 = if numeric { digits.parse().ok()? } else { return None };
    (port != 0).then_some((host, Some(port)))
}

/// A bracketed IPv6 address, or labels of letters, digits, `-` and `_` between dots.
fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    host.len() <= 253 && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests;
