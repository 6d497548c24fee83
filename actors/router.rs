//! Which app answers for a host, and which file for a path.
//!
//! [`Routes`] is what requests read: an immutable table behind one pointer, and a
//! cache of release indexes. The [`Router`] actor is the only one that replaces the
//! table, after the change that it shows is durable.

pub mod headers;
pub mod host;
pub mod index;
mod load;
pub mod path;
pub mod pattern;
pub mod redirects;
pub mod rule;
pub mod table;
pub mod template;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix::{Actor, Arbiter, Context, Handler, Message};
use arc_swap::{ArcSwap, Guard};
use quick_cache::Weighter;
use rusqlite::Connection;

use crate::contents::CacheUse;
use crate::limits::Limits;
use crate::mailbox::{Bound, Mailbox};
use crate::store::{Store, StoreError};
use host::HostRules;
use index::ReleaseIndex;
use table::{RouteTable, RoutedApp};

/// Changes of the table that may wait.
pub const BOUND: Bound = Bound { messages: 1024, payload_bytes: 0 };

/// An index of average size, from which the cache guesses how many it will hold.
const TYPICAL_INDEX_BYTES: u64 = 16 * 1024;

/// Which view of a release an index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// What visitors of the app see: earlier releases stay reachable through it.
    Live {
        /// The app's generation; an index of another one is out of date.
        generation: i64,
    },
    /// One release alone, on its preview host or as an earlier one.
    Alone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct IndexKey {
    release: i64,
    view: View,
}

#[derive(Clone, Debug)]
struct ByteWeight;

impl Weighter<IndexKey, Arc<ReleaseIndex>> for ByteWeight {
    fn weight(&self, _key: &IndexKey, index: &Arc<ReleaseIndex>) -> u64 {
        index.weight_bytes()
    }
}

type IndexCache = quick_cache::sync::Cache<IndexKey, Arc<ReleaseIndex>, ByteWeight>;

/// What requests read.
#[derive(Clone)]
pub struct Routes {
    table: Arc<ArcSwap<RouteTable>>,
    indexes: Arc<IndexCache>,
    store: Store,
    /// Indexes that were not in memory and had to be read.
    misses: Arc<AtomicU64>,
}

impl Routes {
    /// The table as it is now: a pointer read, no lock.
    pub fn table(&self) -> Guard<Arc<RouteTable>> {
        self.table.load()
    }

    /// The index of a release, if it is in memory. Never waits.
    pub fn cached_index(&self, release: i64, view: View) -> Option<Arc<ReleaseIndex>> {
        self.indexes.get(&IndexKey { release, view })
    }

    /// The index of a release, read once however many ask; `None` when the release is gone.
    pub async fn index(
        &self,
        release: i64,
        view: View,
    ) -> Result<Option<Arc<ReleaseIndex>>, StoreError> {
        let read = async {
            self.misses.fetch_add(1, Ordering::Relaxed);
            match self.store.readers.read(move |c| load::index(c, release, view)).await {
                Ok(Some(index)) => Ok(Arc::new(index)),
                Ok(None) => Err(None),
                Err(error) => Err(Some(error)),
            }
        };
        match self.indexes.get_or_insert_async(&IndexKey { release, view }, read).await {
            Ok(index) => Ok(Some(index)),
            Err(None) => Ok(None),
            Err(Some(error)) => Err(error),
        }
    }

    /// How full the cache of indexes is.
    pub fn cache_use(&self) -> CacheUse {
        CacheUse {
            entries: self.indexes.len() as u64,
            bytes: self.indexes.weight(),
            bytes_max: self.indexes.capacity(),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }

    /// The release with this number of an app; `None` when it is not kept.
    pub async fn release_numbered(&self, app: i64, number: u32) -> Result<Option<i64>, StoreError> {
        self.store.readers.read(move |c| load::release_numbered(c, app, number)).await
    }
}

/// The actor that replaces the table. It reads the committed state itself, so the order
/// in which deploys report does not matter.
pub struct Router {
    connection: Connection,
    routes: Routes,
}

impl Router {
    /// Builds the table from the database and starts the actor on a thread of its own.
    pub fn start(
        store: &Store,
        hosts: HostRules,
        limits: &Limits,
    ) -> Result<(Mailbox<Router>, Routes), StoreError> {
        let connection = store.open_reader()?;
        let apps = load::apps(&connection).map_err(StoreError::from_sqlite)?;
        let domains = load::domains(&connection).map_err(StoreError::from_sqlite)?;
        let capacity = limits.index_cache_bytes;
        let items = usize::try_from(capacity / TYPICAL_INDEX_BYTES).unwrap_or(1).max(1);
        let routes = Routes {
            table: Arc::new(ArcSwap::from_pointee(RouteTable::new(hosts, apps, domains))),
            indexes: Arc::new(IndexCache::with_weighter(items, capacity, ByteWeight)),
            store: store.clone(),
            misses: Arc::default(),
        };
        let published = routes.clone();
        let arbiter = Arbiter::new();
        let address = Router::start_in_arbiter(&arbiter.handle(), |ctx| {
            ctx.set_mailbox_capacity(BOUND.messages * 2);
            Router { connection, routes: published }
        });
        Ok((Mailbox::new(address, BOUND), routes))
    }
}

impl Actor for Router {
    type Context = Context<Router>;
}

/// Shows the committed state of one app: new, changed, renamed or gone.
#[derive(Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct Publish {
    /// The app's row.
    pub app: i64,
}

impl Handler<Publish> for Router {
    type Result = Result<(), StoreError>;

    fn handle(&mut self, publish: Publish, _ctx: &mut Context<Router>) -> Self::Result {
        let app: Option<RoutedApp> =
            load::app(&self.connection, publish.app).map_err(StoreError::from_sqlite)?;
        let table = self.routes.table.load().with_app(publish.app, app);
        self.routes.table.store(Arc::new(table));
        Ok(())
    }
}

/// Shows the committed host names that are mapped to apps.
#[derive(Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct PublishDomains;

impl Handler<PublishDomains> for Router {
    type Result = Result<(), StoreError>;

    fn handle(&mut self, _publish: PublishDomains, _ctx: &mut Context<Router>) -> Self::Result {
        let domains = load::domains(&self.connection).map_err(StoreError::from_sqlite)?;
        let table = self.routes.table.load().with_domains(domains);
        self.routes.table.store(Arc::new(table));
        Ok(())
    }
}

/// Forgets what is cached of a release, because its files got encoded variants.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Refresh {
    /// The release's row.
    pub release: i64,
}

impl Handler<Refresh> for Router {
    type Result = ();

    fn handle(&mut self, refresh: Refresh, _ctx: &mut Context<Router>) {
        self.routes.indexes.retain(|key, _index| key.release != refresh.release);
    }
}
