//! The hosts that a node's owner lets functions reach wherever they are.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use url::Host;

/// Hosts that one list may name.
const HOSTS_MAX: usize = 64;

/// Characters of a wrong entry that a message repeats.
const SHOWN_CHARS: usize = 80;

/// What an owner may write, for messages.
const FORMS: &str = "host names such as db.example.org, db.example.org:8080, *.example.org, \
                     10.0.0.5 or [fd00::5]:8080, separated by commas";

/// Hosts that functions may fetch from although their addresses are not public.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Entry>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    who: Who,
    /// The only port, if not all.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    /// One name.
    Name(String),
    /// All names below this one.
    Below(String),
    /// One address, whatever name leads there.
    Address(IpAddr),
}

impl AllowedHosts {
    /// Reads a list as owners write it; an empty one allows nothing.
    ///
    /// # Errors
    /// What an entry must be, as the end of a sentence.
    pub fn parse(text: &str) -> Result<AllowedHosts, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let mut hosts = AllowedHosts::default();
        for text in entries {
            let Some(entry) = Entry::parse(text) else {
                let shown: String = text.chars().take(SHOWN_CHARS).collect();
                return Err(format!("must be {FORMS}; `{shown}` is none"));
            };
            if !hosts.0.contains(&entry) {
                hosts.0.push(entry);
            }
        }
        if hosts.0.len() > HOSTS_MAX {
            return Err(format!("must name at most {HOSTS_MAX} hosts"));
        }
        Ok(hosts)
    }

    /// Whether the list names no host.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a connection for this host may be made to this address: it is public, or the
    /// owner named the host or the address. `host` is as crate `url` writes it.
    pub fn permits(&self, host: &str, port: u16, address: IpAddr) -> bool {
        super::is_public(address)
            || self.at(port).any(|entry| entry.who.is_name(host) || entry.who.is(address))
    }

    /// Whether the owner named this very port of the host.
    pub fn names_port(&self, host: &str, port: u16) -> bool {
        let address: Option<IpAddr> = super::literal(host);
        self.at(port).filter(|entry| entry.port.is_some()).any(|entry| {
            entry.who.is_name(host) || address.is_some_and(|address| entry.who.is(address))
        })
    }

    fn at(&self, port: u16) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(move |entry| entry.port.is_none_or(|only| only == port))
    }
}

/// A name without the dot that may end it (RFC 1034 section 3.1).
fn undotted(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

impl Who {
    fn is_name(&self, host: &str) -> bool {
        let host = undotted(host);
        match self {
            Who::Name(name) => host == name,
            Who::Below(parent) => {
                let label = host.strip_suffix(parent.as_str());
                label.and_then(|label| label.strip_suffix('.')).is_some_and(|rest| !rest.is_empty())
            }
            Who::Address(_) => false,
        }
    }

    fn is(&self, address: IpAddr) -> bool {
        matches!(self, Who::Address(own) if *own == address)
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Entry> {
        // An IPv6 address may stand alone or, with a port, in brackets.
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Some(Entry { who: Who::Address(address.into()), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !text.ends_with(']') => {
                let digits = port.bytes().all(|byte| byte.is_ascii_digit());
                (host, Some(port.parse().ok().filter(|port| digits && *port > 0)?))
            }
            _ => (text, None),
        };
        let (name, is_below) = match host.strip_prefix("*.") {
            Some(parent) => (parent, true),
            None => (host, false),
        };
        let who = match Host::parse(name).ok()? {
            Host::Domain(name) => {
                let name = undotted(&name).to_owned();
                // A star anywhere else would look as if it meant something, and characters of
                // Unicode may stand for a comma or a colon.
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
                let is_name = !name.split('.').any(str::is_empty) && name.bytes().all(is_plain);
                match is_below {
                    _ if !is_name => return None,
                    true => Who::Below(name),
                    false => Who::Name(name),
                }
            }
            _ if is_below => return None,
            Host::Ipv4(address) => Who::Address(address.into()),
            Host::Ipv6(address) => Who::Address(address.into()),
        };
        Some(Entry { who, port })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.who {
            Who::Name(name) => f.write_str(name)?,
            Who::Below(parent) => write!(f, "*.{parent}")?,
            Who::Address(IpAddr::V4(address)) => write!(f, "{address}")?,
            Who::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Display for AllowedHosts {
    /// The form that [`AllowedHosts::parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, entry) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{entry}")?;
        }
        Ok(())
    }
}
