//! The immutable table from hosts to apps.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::host::{HostBuffer, HostRules, Target};

/// The name of the app that answers for hosts that nobody claimed.
pub const NOT_FOUND_APP: &str = "404";

/// The name of the app that answers for the node's main domain.
pub const ROOT_APP: &str = "root";

/// An app that is on the air.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutedApp {
    /// Its row.
    pub id: i64,
    /// Its name: the subdomain label.
    pub name: Arc<str>,
    /// The row of the release that visitors see.
    pub live: Option<i64>,
    /// Grows with every change of what it serves.
    pub generation: i64,
}

/// What a host name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The dashboard and the API.
    Admin,
    /// The app, as its visitors see it.
    App(Arc<RoutedApp>),
    /// One release of an app.
    Preview(Arc<RoutedApp>, u32),
    /// The app `root` of the main domain, which nobody deployed yet.
    UndeployedRoot,
    /// Nobody's host: the app `404`, if it was deployed.
    Nobody(Option<Arc<RoutedApp>>),
}

/// A snapshot of all hosts and apps. Never changed, only replaced.
#[derive(Debug)]
pub struct RouteTable {
    hosts: HostRules,
    // Visitors look up but never insert, so a fast hash is safe here.
    by_name: HashMap<Arc<str>, Arc<RoutedApp>, RandomState>,
    names: HashMap<i64, Arc<str>, RandomState>,
    domains: Domains,
}

/// Mapped host names, each with the row of its app.
pub type Domains = Arc<HashMap<Box<str>, i64, RandomState>>;

impl RouteTable {
    /// The table of these apps and of the host names mapped to them.
    pub fn new(hosts: HostRules, apps: Vec<RoutedApp>, domains: Domains) -> RouteTable {
        let names = apps.iter().map(|app| (app.id, Arc::clone(&app.name))).collect();
        let by_name = apps.into_iter().map(|app| (Arc::clone(&app.name), Arc::new(app))).collect();
        RouteTable { hosts, by_name, names, domains }
    }

    /// A copy of this table with these mapped host names.
    #[must_use]
    pub(super) fn with_domains(&self, domains: Domains) -> RouteTable {
        let (by_name, names) = (self.by_name.clone(), self.names.clone());
        RouteTable { hosts: self.hosts.clone(), by_name, names, domains }
    }

    /// A copy of this table in which the app with this row is `app`, or is gone.
    #[must_use]
    pub(super) fn with_app(&self, id: i64, app: Option<RoutedApp>) -> RouteTable {
        let mut by_name = self.by_name.clone();
        let mut names = self.names.clone();
        if let Some(old_name) = names.remove(&id) {
            // Another app may have taken the name since.
            if by_name.get(&old_name).is_some_and(|holder| holder.id == id) {
                by_name.remove(&old_name);
            }
        }
        if let Some(app) = app {
            names.insert(id, Arc::clone(&app.name));
            by_name.insert(Arc::clone(&app.name), Arc::new(app));
        }
        let domains = Arc::clone(&self.domains);
        RouteTable { hosts: self.hosts.clone(), by_name, names, domains }
    }

    /// Where a request with this `Host`, arriving at this address of ours, goes.
    pub fn find(&self, host: &str, local_ip: Option<IpAddr>) -> Destination {
        let mut buffer = HostBuffer::new();
        match self.hosts.classify(host, local_ip, &mut buffer) {
            Target::Admin => Destination::Admin,
            Target::App(name) => self.app(name).map_or_else(|| self.nobody(), Destination::App),
            Target::Preview { app, release } => match self.app(app) {
                Some(app) => Destination::Preview(app, release),
                None => self.nobody(),
            },
            Target::Root => {
                self.app(ROOT_APP).map_or(Destination::UndeployedRoot, Destination::App)
            }
            Target::Other(name) => {
                self.mapped(name).map_or_else(|| self.nobody(), Destination::App)
            }
        }
    }

    /// The app with this name.
    pub fn app(&self, name: &str) -> Option<Arc<RoutedApp>> {
        self.by_name.get(name).cloned()
    }

    /// The app on the air that a mapped host name leads to.
    fn mapped(&self, domain: &str) -> Option<Arc<RoutedApp>> {
        let app = self.domains.get(domain)?;
        self.app(self.names.get(app)?)
    }

    /// Apps on the air.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether no app is on the air.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The rules by which host names are read.
    pub fn hosts(&self) -> &HostRules {
        &self.hosts
    }

    fn nobody(&self) -> Destination {
        Destination::Nobody(self.app(NOT_FOUND_APP))
    }
}
