//! How a node is reached: put together once, from flags, environment, database and defaults.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use fazt_actors::settings::Given;
use fazt_actors::settings::table::{self, Values};

/// The port of a node that was told no other.
pub const DEFAULT_PORT: u16 = table::DEFAULT_PORT;

/// What a running node needs to know about where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeConfig {
    /// Where it listens; `None` for a node that only answers on its socket.
    pub listen: Option<SocketAddr>,
    /// Its main domain.
    pub domain: Option<String>,
    /// Whether each request is logged, until somebody changes that.
    pub access_log: bool,
    /// Which of these a flag or the environment has decided, so that the database cannot.
    pub given: Given,
}

impl Default for NodeConfig {
    fn default() -> NodeConfig {
        NodeConfig::of(Values::default())
    }
}

impl NodeConfig {
    /// What these settings come to.
    pub fn of(values: Values) -> NodeConfig {
        NodeConfig {
            listen: Some(SocketAddr::new(values.listen, values.port)),
            domain: values.domain,
            access_log: values.access_log,
            given: Given::default(),
        }
    }

    /// Puts what the node was started with over what the database says.
    pub fn put_over(&self, values: &mut Values) {
        if let Some(address) = self.listen {
            (values.listen, values.port) = (address.ip(), address.port());
        }
        values.domain.clone_from(&self.domain);
        values.access_log = self.access_log;
    }

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

    /// Where this user's client reaches the node with its token: the address that was bound, for
    /// at another one that `localhost` means somebody else may listen. `None` for a node that
    /// does not listen.
    pub fn client_url(&self) -> Option<String> {
        let address = self.listen?;
        let ip = match address.ip().to_canonical() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        Some(format!("http://{}", SocketAddr::new(ip, address.port())))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_url_is_the_address_that_was_bound() {
        for (listen, expect) in [
            ("127.0.0.1:4698", "http://127.0.0.1:4698"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::]:4698", "http://[::1]:4698"),
            ("[::1]:4698", "http://[::1]:4698"),
            ("[::ffff:127.0.0.1]:1", "http://127.0.0.1:1"),
            ("192.168.1.5:4698", "http://192.168.1.5:4698"),
        ] {
            let config =
                NodeConfig { listen: Some(listen.parse().unwrap()), ..NodeConfig::default() };
            assert_eq!(config.client_url().as_deref(), Some(expect), "{listen}");
        }
        assert_eq!(NodeConfig { listen: None, ..NodeConfig::default() }.client_url(), None);
    }
}
