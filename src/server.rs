//! Runs a node: takes the database, opens the listeners, and stops in order.

use std::fs::Permissions;
use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use actix_web::rt::signal::unix::{Signal, SignalKind, signal};
use anyhow::{Context, bail};
use fazt_actors::account::{Account, DEFAULT_USERNAME, Password, parse_username};
use fazt_actors::limits::Limits;
use fazt_actors::settings::rows::SetSettings;
use fazt_actors::settings::value::Value;
use fazt_actors::settings::{self, Given, Source};
use fazt_actors::store::{NODE_MIGRATIONS, Owner, Store, socket_path};

use crate::cli::output;
use crate::cli::server::{InitArgs, LogFormat, ServerArgs};
use crate::config::{DEFAULT_PORT, NodeConfig};
use crate::functions;
use crate::http;
use crate::node::{Node, stored_values};

mod first_owner;
mod local_client;

/// How long requests may take to finish once the node was told to stop.
const GRACE_SECONDS: u64 = 10;

/// How long requests on their way in may take to be read before idle connections are closed.
const READ_GRACE: Duration = Duration::from_millis(200);

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may stay idle between two requests.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Connections of one worker.
const CONNECTIONS_MAX: usize = 20_000;

/// Connections that the kernel keeps while all workers are busy.
const BACKLOG: u32 = 2048;

/// Threads of one worker for reads; the store's own bound is lower.
const BLOCKING_THREADS: usize = 32;

/// Runs a node until it is told to stop.
pub fn start(args: ServerArgs) -> anyhow::Result<()> {
    functions::initialise();
    log_to_stderr(args.log_format);
    let database = absolute(&args.database())?;
    actix::System::new().block_on(run(database, args))
}

/// Makes a new database with these settings.
pub fn init(args: InitArgs) -> anyhow::Result<()> {
    let database = absolute(&args.database())?;
    if database.exists() {
        bail!("{} exists already; start it with `fazt server start`", database.display());
    }
    let port = args.port.map(|port| ("server.port", port.to_string()));
    let domain = args.domain.map(|domain| ("server.domain", domain));
    let values = port.into_iter().chain(domain).map(|(key, text)| {
        let (setting, value) = settings::parse(key, &text)?;
        anyhow::Ok((setting.key, value.to_string()))
    });
    let values = values.collect::<anyhow::Result<Vec<_>>>()?;
    let given = args.password.given()?;
    let is_generated = given.is_none();
    let password = match given {
        Some(password) => Password::chosen(password)?,
        None => Password::generate(),
    };
    let username = args.username.as_deref().unwrap_or(DEFAULT_USERNAME);
    let username = parse_username(username)?;
    actix::System::new().block_on(async {
        let _owner = Owner::take(&database)?;
        let made = fill(&database, values, username.clone(), password.clone()).await;
        if made.is_err() {
            // Half of a database would only be in the way of the next attempt.
            let _gone = std::fs::remove_file(&database);
        }
        made
    })?;
    if is_generated {
        first_owner::announce(&username, &password)?;
    }
    output::line(&format!("made {}; start it with `fazt server start`", database.display()))
}

/// Makes a database with these settings and this owner.
async fn fill(
    database: &Path,
    settings: Vec<(&'static str, String)>,
    username: String,
    password: Password,
) -> anyhow::Result<()> {
    let store = Store::open(database, &NODE_MIGRATIONS, None)?;
    store.writer.commit(SetSettings(settings)).await?;
    first_owner::create(&Account::open(&store)?, Some(username), password).await?;
    restrict(database)?;
    store.close().await;
    Ok(())
}

/// A node that answers on its socket alone, for one command.
pub struct SocketNode {
    node: Arc<Node>,
    server: ServerHandle,
    socket: PathBuf,
    _owner: Owner,
}

impl SocketNode {
    /// Stops it and closes the database.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.server.stop(true).await;
        self.node.close().await;
        remove_socket(&self.socket)
    }
}

/// Opens a database that no node has open, and answers on its socket.
pub async fn serve_socket_only(database: &Path) -> anyhow::Result<SocketNode> {
    let database = absolute(database)?;
    if !database.exists() {
        bail!("there is no database {}; `fazt server start` makes one", database.display());
    }
    let owner = Owner::take(&database)?;
    let config = NodeConfig { listen: None, ..NodeConfig::of(stored_values(&database)?) };
    let node = Arc::new(Node::open(&database, &owner, config, Limits::default()).await?);
    let socket = socket_path(&database);
    let shared = Arc::clone(&node);
    let server = HttpServer::new(move || http::app(Arc::clone(&shared)))
        .workers(1)
        .on_connect(http::remember)
        .disable_signals()
        .listen_uds(bind_socket(&socket)?)
        .context("cannot listen on the socket")?
        .run();
    let handle = server.handle();
    actix::spawn(server);
    Ok(SocketNode { node, server: handle, socket, _owner: owner })
}

async fn run(database: PathBuf, args: ServerArgs) -> anyhow::Result<()> {
    // Before anything is open: a node that is stopped while it starts still ends in order.
    let signals = StopSignals::listen()?;
    let is_new = !database.exists();
    let mut owner = Owner::take(&database)?;
    let (listener, is_inherited) = match inherited_listener()? {
        Some(listener) => (Some(listener), true),
        None => (None, false),
    };
    let mut config = resolve(args, NodeConfig::of(stored_values(&database)?))?;
    let listener = match listener {
        Some(listener) => {
            config.given.insert("server.port", Source::Environment);
            config.given.insert("server.listen", Source::Environment);
            listener
        }
        None => bind(config.listen.unwrap_or_else(default_address))?,
    };
    config.listen = Some(listener.local_addr().context("cannot tell the listener's address")?);
    let node = Arc::new(Node::open(&database, &owner, config, Limits::default()).await?);
    first_owner::ensure(&node).await?;
    restrict(&database)?;
    owner.describe(Some(&node.config.local_url()))?;

    let socket = socket_path(&database);
    let shared = Arc::clone(&node);
    let server = HttpServer::new(move || http::app(Arc::clone(&shared)))
        .on_connect(http::remember)
        .disable_signals()
        .shutdown_timeout(GRACE_SECONDS)
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .h1_write_buffer_size(http::WRITE_BUFFER_BYTES)
        .max_connections(CONNECTIONS_MAX)
        .worker_max_blocking_threads(BLOCKING_THREADS)
        // HTTP/1 alone: to tell HTTP/2 without TLS, actix waits for the first bytes of a
        // connection without a bound, and a silent one would stay for good.
        .listen(listener)
        .context("cannot use the listener")?
        .listen_uds(bind_socket(&socket)?)
        .context("cannot listen on the socket")?
        .run();
    let handle = server.handle();
    let running = actix::spawn(server);
    if let Err(error) = local_client::hand_token(&node).await {
        // The node serves all the same; this only spares its owner a step.
        tracing::warn!(error = %format!("{error:#}"), "cannot give this user's client a token");
    }
    tracing::info!(
        url = %node.config.admin_url(),
        database = %database.display(),
        is_new,
        is_inherited,
        apps = node.routes.table().len(),
        "fazt {} is running; stop it with Ctrl-C or `fazt server stop`",
        env!("CARGO_PKG_VERSION")
    );

    signals.wait(&node).await;
    node.events.close();
    tracing::info!("stopping: requests have {GRACE_SECONDS} s to finish");
    // A backup would need all of that time, and not be done.
    node.backups.close().await;
    // A stop closes connections whose request has arrived and was not read yet. So first no
    // more are let in, and those that were let in are read.
    handle.pause().await;
    tokio::time::sleep(READ_GRACE).await;
    handle.stop(true).await;
    running.await.context("the server task failed")?.context("the server failed")?;
    node.close().await;
    remove_socket(&socket)?;
    drop(owner);
    tracing::info!("stopped");
    Ok(())
}

/// The signals that ask a node to stop.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// From here on they no longer end the process by themselves.
    fn listen() -> anyhow::Result<StopSignals> {
        let listen = |kind| signal(kind).context("cannot wait for signals");
        let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
        Ok(StopSignals { terminate: listen(terminate)?, interrupt: listen(interrupt)? })
    }

    /// Returns when the process was signalled or the owner asks through the socket.
    async fn wait(mut self, node: &Node) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = node.stop.notified() => {}
        }
    }
}

/// Flag and environment are in `args` already; then the database; then the default.
fn resolve(args: ServerArgs, stored: NodeConfig) -> anyhow::Result<NodeConfig> {
    let mut given = Given::default();
    let mut note = |key, text: Option<&str>, variable: &str| {
        // Which of two equal values was meant makes no difference.
        let is_variables = std::env::var(variable).is_ok_and(|found| text == Some(&*found));
        if text.is_some() {
            given.insert(key, if is_variables { Source::Environment } else { Source::Flag });
        }
    };
    note("server.port", args.port.map(|port| port.to_string()).as_deref(), "PORT");
    note("server.listen", args.listen.map(|address| address.to_string()).as_deref(), "");
    // Where a variable is passed on, one that is not set arrives as an empty one.
    let domain = args.domain.as_deref().filter(|domain| !domain.is_empty());
    note("server.domain", domain, "FAZT_DOMAIN");
    note("server.access_log", args.access_log.then_some("true"), "");
    let stored_address = stored.listen.unwrap_or_else(default_address);
    let domain = match domain {
        Some(text) => match settings::parse("server.domain", text)?.1 {
            Value::Text(domain) => Some(domain),
            _ => None,
        },
        None => stored.domain,
    };
    Ok(NodeConfig {
        listen: Some(SocketAddr::new(
            args.listen.unwrap_or_else(|| stored_address.ip()),
            args.port.unwrap_or_else(|| stored_address.port()),
        )),
        domain,
        access_log: args.access_log || stored.access_log,
        given,
    })
}

fn default_address() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), DEFAULT_PORT)
}

/// A socket that the parent process opened, so that a restart loses no connection.
fn inherited_listener() -> anyhow::Result<Option<TcpListener>> {
    let mut inherited = listenfd::ListenFd::from_env();
    if inherited.len() == 0 {
        return Ok(None);
    }
    inherited.take_tcp_listener(0).context("LISTEN_FDS does not name a TCP socket")
}

fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let bound = std::net::TcpListener::bind(address);
    let listener = bound.with_context(|| {
        format!("cannot listen on {address}: is the port taken? choose another with --port")
    })?;
    rustix::net::listen(&listener, i32::try_from(BACKLOG).unwrap_or(i32::MAX))
        .context("cannot widen the backlog")?;
    Ok(listener)
}

/// Removes a socket that nobody answers on any more, if it is there.
fn remove_socket(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove the socket {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Makes the node's socket, which only its owner can open.
fn bind_socket(path: &Path) -> anyhow::Result<UnixListener> {
    // Whoever holds the lock owns the name; what lies there is a dead node's.
    remove_socket(path)?;
    let listener = UnixListener::bind(path)
        .with_context(|| format!("cannot make the socket {}", path.display()))?;
    restrict(path)?;
    Ok(listener)
}

/// Lets only the owner of a file read and write it.
fn restrict(path: &Path) -> anyhow::Result<()> {
    std::fs::set_permissions(path, Permissions::from_mode(0o600))
        .with_context(|| format!("cannot restrict access to {}", path.display()))
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("cannot resolve {}", path.display()))
}

fn log_to_stderr(format: LogFormat) {
    use tracing_subscriber::Layer as _;
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    // What actix says of its workers and sockets is no news to the owner of a node.
    let shown = Targets::new()
        .with_target("fazt", LevelFilter::INFO)
        .with_target("fazt_actors", LevelFilter::INFO)
        .with_default(LevelFilter::WARN);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let lines = match format {
        LogFormat::Json => lines.json().boxed(),
        LogFormat::Text => {
            let is_seen = std::io::stderr().is_terminal();
            lines.with_ansi(is_seen && output::colours::are_wanted()).boxed()
        }
    };
    // A second subscriber in one process is only met by tests, and the first one stays.
    let _already_set = tracing_subscriber::registry().with(lines.with_filter(shown)).try_init();
}
