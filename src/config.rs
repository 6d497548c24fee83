//! How a node is reached: put together once, from flags, environment, database and defaults.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The port of a node that was told no other.
pub const DEFAULT_PORT: u16 = 4698;

/// What a running node needs to know about where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeConfig {
    /// Where it listens; `None` for a node that only answers on its socket.
    pub listen: Option<SocketAddr>,
    /// Its main domain.
    pub domain: Option<String>,
    /// Whether each request is logged.
    pub access_log: bool,
}

impl Default for NodeConfig {
    fn default() -> NodeConfig {
        NodeConfig {
            listen: Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), DEFAULT_PORT)),
            domain: None,
            access_log: false,
        }
    }
}

impl NodeConfig {
    /// The port in the URLs of a node without a main domain.
    fn port(&self) -> u16 {
        self.listen.map_or(DEFAULT_PORT, |address| address.port())
    }

    /// Where the dashboard and the API answer, without a slash at the end.
    pub fn admin_url(&self) -> String {
        match &self.domain {
            Some(domain) => format!("https://admin.{domain}"),
            None => format!("http://localhost:{}", self.port()),
        }
    }

    /// Where a client on this machine reaches the node, whatever its main domain.
    pub fn local_url(&self) -> String {
        format!("http://localhost:{}", self.port())
    }

    /// Where a browser opens the app with this host label, with a slash at the end.
    pub fn app_url(&self, label: &str) -> String {
        match &self.domain {
            Some(domain) if label == "root" => format!("https://{domain}/"),
            Some(domain) => format!("https://{label}.{domain}/"),
            None => format!("http://{label}.localhost:{}/", self.port()),
        }
    }
}
