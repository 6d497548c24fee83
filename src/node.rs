//! A node: the open store and the actors on top of it, started bottom-up and
//! stopped top-down.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use fazt_actors::account::Account;
use fazt_actors::app_logs::AppLogs;
use fazt_actors::backup::Backups;
use fazt_actors::contents::Contents;
use fazt_actors::deployer::Deployer;
use fazt_actors::limits::Limits;
use fazt_actors::mailbox::Mailbox;
use fazt_actors::random;
use fazt_actors::router::host::HostRules;
use fazt_actors::router::{Router, Routes};
use fazt_actors::settings::live::Settings;
use fazt_actors::settings::rows::{Rows, read_all};
use fazt_actors::settings::table::Values;
use fazt_actors::settings::{self, Resolved};
use fazt_actors::store::{NODE_MIGRATIONS, Owner, Store, StoreError};
use fazt_actors::tokens::Tokens;
use tokio::sync::Notify;

use crate::config::NodeConfig;
use crate::functions::FunctionRunner;
use crate::http::{Events, RefusalMeter};
use crate::request_counters::RequestCounters;

/// Bytes by which the database may exceed its bound for a command on a stopped node: a full one
/// could not even be told that it may grow.
const OWNERS_RESERVE_BYTES: u64 = 4 * 1024 * 1024;

/// Base62 characters of a node's id.
const ID_CHARS: usize = 22;

/// All that handlers work with. Shared by all workers; nothing in it is replaced.
pub struct Node {
    /// Hosts, apps and the files of their releases.
    pub routes: Routes,
    /// The bytes of files.
    pub contents: Contents,
    /// The functions of apps.
    pub functions: FunctionRunner,
    /// Deploys, rollbacks, deletions.
    pub deployer: Mailbox<Deployer>,
    /// Changes of the route table.
    pub router: Mailbox<Router>,
    /// The owner, and who is signed in.
    pub account: Account,
    /// What happens to apps, and what their code says.
    pub logs: AppLogs,
    /// Copies of the whole node.
    pub backups: Backups,
    /// Who may do what.
    pub tokens: Tokens,
    /// Refusals that the audit log takes.
    pub refusals: RefusalMeter,
    /// Who reads what happens.
    pub events: Events,
    /// The database.
    pub store: Store,
    /// What its owner may change, limits included.
    pub settings: Settings,
    /// Requests that were answered.
    pub requests: RequestCounters,
    /// Where the node is reached.
    pub config: NodeConfig,
    /// What tells it from every other node, until it is started again.
    pub id: String,
    /// When it started.
    pub started_at: Instant,
    /// Told when the owner asks the node to stop.
    pub stop: Notify,
}

impl Node {
    /// Opens the database, which `owner` holds, and starts the actors.
    ///
    /// Must be called inside an actix system. `limits` hold where the database says nothing,
    /// `config` whatever it says.
    pub async fn open(
        database: &Path,
        _owner: &Owner,
        config: NodeConfig,
        limits: Limits,
    ) -> anyhow::Result<Node> {
        let base = Values { limits, ..Values::default() };
        let rows = stored_settings(database).context("cannot read the settings")?;
        let Resolved { values: mut started, refused, unknown } = settings::resolve(&base, &rows);
        for (key, rule) in refused {
            let text = rows.get(key).map_or("", String::as_str);
            tracing::warn!(key, text, "the setting in the database is not used: it {rule}");
        }
        if !unknown.is_empty() {
            tracing::warn!(keys = ?unknown, "the database holds settings of another version");
        }
        config.put_over(&mut started);
        let limits = started.limits.clone();
        let open = if limits.is_throwaway { Store::open_throwaway } else { Store::open };
        let reserve_bytes = if config.listen.is_some() { 0 } else { OWNERS_RESERVE_BYTES };
        let bytes_max = limits.database_bytes_max.map(|max| max.saturating_add(reserve_bytes));
        let store = open(database, &NODE_MIGRATIONS, bytes_max)?;
        let hosts = HostRules::new(config.domain.as_deref());
        let tokens = Tokens::open(&store).context("cannot read the tokens")?;
        let (router, routes) =
            Router::start(&store, hosts, &limits).context("cannot read the apps")?;
        let settings = Settings::new(&store, base, started, config.given.clone(), rows);
        let logs = AppLogs::start(&store).context("cannot read the logs of the apps")?;
        let deployer = Deployer::start(&store, &router, settings.limits(), &logs).await?;
        let account = Account::open(&store).context("cannot read the owner's account")?;
        let contents = Contents::new(store.readers.clone(), &limits);
        let backups = Backups::new(&store);
        let functions =
            FunctionRunner::new(store.readers.clone(), settings.limits().clone(), logs.clone());
        Ok(Node {
            routes,
            contents,
            functions,
            deployer,
            router,
            account,
            logs,
            backups,
            tokens,
            refusals: RefusalMeter::default(),
            events: Events::default(),
            store,
            settings,
            requests: RequestCounters::new(),
            config,
            id: random::base62(ID_CHARS),
            started_at: Instant::now(),
            stop: Notify::new(),
        })
    }

    /// Every bound, as it is now.
    pub fn limits(&self) -> Arc<Limits> {
        self.settings.limits().now()
    }

    /// Applies what waits and empties the log. The actors end with the process.
    pub async fn close(&self) {
        // Its snapshot would keep the log from being emptied.
        self.backups.close().await;
        self.functions.close().await;
        self.logs.close().await;
        self.store.close().await;
    }
}

/// The settings in a file that may be missing, another program's, or a newer fazt's.
fn stored_settings(database: &Path) -> Result<Rows, StoreError> {
    if !database.exists() {
        return Ok(Rows::new());
    }
    Store::check(database, &NODE_MIGRATIONS)?;
    Store::peek(database, read_all)
}

/// What the settings in a database come to, before its node is open.
///
/// # Errors
/// The file is not a database of this fazt, or cannot be read.
pub fn stored_values(database: &Path) -> Result<Values, StoreError> {
    Ok(settings::resolve(&Values::default(), &stored_settings(database)?).values)
}
