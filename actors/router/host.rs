//! What a host name asks for: the dashboard, an app, a release of an app, or
//! perhaps a mapped domain.
//!
//! Pure and without allocation. Whether such an app or domain exists is for the
//! route table to say.

use std::net::{IpAddr, Ipv6Addr};

/// Bytes of a host name without its port (RFC 1035 allows 253 and a dot).
pub const HOST_BYTES_MAX: usize = 255;
/// Bytes of one label of a host name (RFC 1035 section 2.3.4).
pub const LABEL_BYTES_MAX: usize = 63;

/// What a host name asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'b> {
    /// The dashboard and the API.
    Admin,
    /// The app `root`, on the main domain itself.
    Root,
    /// The app of this name, in lower case.
    App(&'b str),
    /// One release of an app.
    Preview {
        /// The app's name, in lower case.
        app: &'b str,
        /// The release's number, at least 1.
        release: u32,
    },
    /// Maybe a mapped domain: lower-cased, without port and last dot. Empty when
    /// what came is no host name at all.
    Other(&'b str),
}

/// The room in which a host name is lower-cased; a local variable of the caller.
#[derive(Debug)]
pub struct HostBuffer([u8; HOST_BYTES_MAX]);

impl HostBuffer {
    /// An empty buffer.
    pub const fn new() -> HostBuffer {
        HostBuffer([0; HOST_BYTES_MAX])
    }

    /// Copies the host into the buffer in lower case; `None` when it is empty, too
    /// long, or has a character that no host name has.
    fn fold(&mut self, host: &str) -> Option<&str> {
        let folded = self.0.get_mut(..host.len()).filter(|room| !room.is_empty())?;
        for (to, from) in folded.iter_mut().zip(host.bytes()) {
            if !(from.is_ascii_alphanumeric() || matches!(from, b'-' | b'.' | b'_')) {
                return None;
            }
            *to = from.to_ascii_lowercase();
        }
        std::str::from_utf8(folded).ok()
    }
}

impl Default for HostBuffer {
    fn default() -> HostBuffer {
        HostBuffer::new()
    }
}

/// How this node reads host names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostRules {
    /// The node's main domain, folded; `None` while it has none but `localhost`.
    main: Option<Box<str>>,
}

impl HostRules {
    /// Rules of a node with this main domain. `None`, `localhost`, and what is no
    /// host name mean that only `localhost` is served.
    pub fn new(main: Option<&str>) -> HostRules {
        let mut buffer = HostBuffer::new();
        let main = main.and_then(|name| match without_port(name) {
            Some(Host::Name(name)) => buffer.fold(name),
            Some(Host::V6(_)) | None => None,
        });
        HostRules { main: main.filter(|name| *name != "localhost").map(Box::from) }
    }

    /// The node's main domain in lower case, when it has one.
    pub fn main(&self) -> Option<&str> {
        self.main.as_deref()
    }

    /// Reads a `Host` header or the authority of a request target.
    ///
    /// `local_ip` is the address on which the connection arrived: while there is no
    /// main domain, the dashboard answers there as well.
    pub fn classify<'b>(
        &self,
        host: &str,
        local_ip: Option<IpAddr>,
        buffer: &'b mut HostBuffer,
    ) -> Target<'b> {
        let name = match without_port(host) {
            Some(Host::Name(name)) => buffer.fold(name),
            Some(Host::V6(address)) if self.is_own_address(IpAddr::V6(address), local_ip) => {
                return Target::Admin;
            }
            Some(Host::V6(_)) | None => None,
        };
        let Some(name) = name else {
            return Target::Other("");
        };
        if matches!(name, "localhost" | "127.0.0.1" | "admin.localhost") {
            return Target::Admin;
        }
        if let Some(main) = self.main.as_deref() {
            if name == main {
                return Target::Root;
            }
            match label_below(name, main) {
                Some("admin") => return Target::Admin,
                Some("www" | "root") => return Target::Root,
                Some(label) => return app(label).unwrap_or(Target::Other(name)),
                None => {}
            }
        }
        if let Some(label) = label_below(name, "localhost") {
            return app(label).unwrap_or(Target::Other(name));
        }
        match name.parse() {
            Ok(address) if self.is_own_address(address, local_ip) => Target::Admin,
            _ => Target::Other(name),
        }
    }

    fn is_own_address(&self, address: IpAddr, local_ip: Option<IpAddr>) -> bool {
        if address == IpAddr::V6(Ipv6Addr::LOCALHOST) {
            return true;
        }
        let here = local_ip.map(|ip| ip.to_canonical());
        self.main.is_none() && here == Some(address.to_canonical())
    }
}

/// Whether this is a name that an app can have: a DNS label in lower case, 1 to 63
/// of `a-z 0-9 -`, no hyphen at an end, no two hyphens in a row (those mark previews).
pub fn is_app_name(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !label.is_empty()
        && label.len() <= LABEL_BYTES_MAX
        && label.bytes().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
        && !label.contains("--")
}

enum Host<'h> {
    Name(&'h str),
    V6(Ipv6Addr),
}

/// Takes the port and one trailing dot off; `None` for what has neither form.
fn without_port(host: &str) -> Option<Host<'_>> {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(literal) = host.strip_prefix('[') {
        let (address, rest) = literal.split_once(']')?;
        let rest_is_port = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
        return rest_is_port.then(|| address.parse().ok().map(Host::V6)).flatten();
    }
    let name = match host.split_once(':') {
        Some((name, port)) if is_port(port) => name,
        Some(_) => return None,
        None => host,
    };
    Some(Host::Name(name.strip_suffix('.').unwrap_or(name)))
}

/// The part before `.<domain>`; it may have dots of its own.
fn label_below<'n>(name: &'n str, domain: &str) -> Option<&'n str> {
    name.strip_suffix(domain)?.strip_suffix('.')
}

/// The app or the preview that a label names.
fn app(label: &str) -> Option<Target<'_>> {
    if is_app_name(label) {
        return Some(Target::App(label));
    }
    let (release, app) = label.strip_prefix('v')?.split_once("--")?;
    // A number has one spelling only: each release has one address.
    let is_canonical = release.bytes().all(|byte| byte.is_ascii_digit());
    if !is_canonical || release.starts_with('0') || !is_app_name(app) {
        return None;
    }
    release.parse().ok().map(|release| Target::Preview { app, release })
}

#[cfg(test)]
mod tests;
