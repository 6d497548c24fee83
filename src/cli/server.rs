//! `fazt server …`: the node on this machine, by its database file.

pub mod config;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::{Args, Subcommand, ValueEnum};
use fazt_actors::store::holder;

use super::{
    format, in_system,
    output::{self, Cell},
    target::{self, DatabaseArg, with_node},
    token::{TokenOptions, print_created},
};
use crate::http::model::NodeHealth;

mod audit;
mod owner;

pub use owner::PasswordOptions;

/// How long a node may take to finish its requests and close its file.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// How often `server stop` looks whether the node is gone.
const STOP_INTERVAL: Duration = Duration::from_millis(20);

/// `fazt server …`.
#[derive(Debug, Subcommand)]
pub enum ServerCommand {
    /// Make a new database without starting its node
    Init(InitArgs),
    /// Run a node until it is told to stop
    #[command(after_help = START_HELP)]
    Start(ServerArgs),
    /// Say whether the node runs, and how it is
    Status(StatusArgs),
    /// Set the owner's name or password
    #[command(after_help = "Examples:\n  fazt server set-credentials\n  \
                            fazt server set-credentials --username ann --password-stdin < FILE")]
    SetCredentials(owner::SetCredentialsArgs),
    /// Make a new password for the owner, and end all sessions
    ResetAdmin(owner::ResetAdminArgs),
    /// Show who changed what
    Audit(audit::AuditArgs),
    /// List the settings: what counts, and where that comes from
    Config(config::ConfigArgs),
    /// Change settings, at once where that is possible
    #[command(after_help = config::SET_HELP)]
    SetConfig(config::SetConfigArgs),
    /// Make a token for this node, and print it this once
    CreateKey(CreateKeyArgs),
    /// Stop the node and wait until it is gone
    Stop(StopArgs),
}

const START_HELP: &str = "\
An option wins over its variable, the variable over what the database says, and that over the
default (port 4698, address 127.0.0.1, no main domain).

Examples:
  fazt server start
  fazt server start --domain example.org --listen 0.0.0.0 --port 80 --db /srv/fazt/data.db";

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// `fazt server start`. Where a value is missing the database decides, then the default.
#[derive(Args, Clone, Debug)]
pub struct ServerArgs {
    /// TCP port; 0 for any that is free
    #[arg(long, env = "PORT")]
    pub port: Option<u16>,
    /// Address to listen on; 0.0.0.0 or :: for all
    #[arg(long, value_name = "ADDR", value_parser = parse_address)]
    pub listen: Option<IpAddr>,
    /// Main domain: apps answer at APP.DOMAIN
    #[arg(long, env = "FAZT_DOMAIN")]
    pub domain: Option<String>,
    /// Database file, made where it is missing [default: ./data.db]
    #[arg(long, env = "FAZT_DB_PATH", value_name = "FILE", value_parser = target::parse_path)]
    pub db: Option<PathBuf>,
    /// Write a log line for each request
    #[arg(long)]
    pub access_log: bool,
    /// How log lines are written
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "text|json",
        hide_possible_values = true
    )]
    pub log_format: LogFormat,
}

impl ServerArgs {
    /// The database file.
    pub fn database(&self) -> PathBuf {
        target::database(self.db.clone())
    }
}

/// `fazt server init`.
#[derive(Args, Clone, Debug)]
pub struct InitArgs {
    /// TCP port to keep in the database
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Main domain to keep in the database: apps answer at APP.DOMAIN
    #[arg(long)]
    pub domain: Option<String>,
    /// The owner's name [default: admin]
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,
    /// The owner's password [default: one that is generated and printed]
    #[command(flatten)]
    pub password: PasswordOptions,
    /// Database file; it must not exist yet [default: ./data.db]
    #[arg(long, env = "FAZT_DB_PATH", value_name = "FILE", value_parser = target::parse_path)]
    pub db: Option<PathBuf>,
}

impl InitArgs {
    /// The database file.
    pub fn database(&self) -> PathBuf {
        target::database(self.db.clone())
    }
}

/// `fazt server status`.
#[derive(Args, Debug)]
pub struct StatusArgs {
    #[command(flatten)]
    database: DatabaseArg,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// `fazt server create-key`.
#[derive(Args, Debug)]
pub struct CreateKeyArgs {
    #[command(flatten)]
    options: TokenOptions,
    #[command(flatten)]
    database: DatabaseArg,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// `fazt server stop`.
#[derive(Args, Debug)]
pub struct StopArgs {
    #[command(flatten)]
    database: DatabaseArg,
}

/// Runs one of the commands.
///
/// # Errors
/// The node cannot be started or reached, or refuses.
pub fn run(command: ServerCommand) -> anyhow::Result<()> {
    match command {
        ServerCommand::Start(args) => crate::server::start(args),
        ServerCommand::Init(args) => crate::server::init(args),
        ServerCommand::Status(args) => in_system(status(args)),
        ServerCommand::SetCredentials(args) => in_system(owner::set_credentials(args)),
        ServerCommand::ResetAdmin(args) => in_system(owner::reset_admin(args)),
        ServerCommand::Audit(args) => in_system(audit::run(args)),
        ServerCommand::Config(args) => in_system(config::show(args)),
        ServerCommand::SetConfig(args) => in_system(config::set(args)),
        ServerCommand::CreateKey(args) => in_system(create_key(args)),
        ServerCommand::Stop(args) => in_system(stop(args)),
    }
}

async fn status(args: StatusArgs) -> anyhow::Result<()> {
    let database = args.database.path();
    let Some(node) = target::running(&database).await? else {
        anyhow::bail!(
            "no node runs {}; start it with `fazt server start --db {0}`",
            database.display()
        );
    };
    let health = node.health().await?;
    if args.json {
        return output::json(&health);
    }
    output::facts(&health_facts(&health))
}

fn health_facts(health: &NodeHealth) -> Vec<(&'static str, Cell)> {
    let size = |bytes: u64| Cell::of(format::size(bytes), bytes.to_string());
    let number = |number: u64| Cell::text(number.to_string());
    let uptime = health.uptime_seconds;
    vec![
        ("Status", Cell::text(&health.status)),
        ("Version", Cell::text(&health.version)),
        ("Mode", Cell::text(&health.mode)),
        ("Uptime", Cell::of(format::uptime(uptime), uptime.to_string())),
        ("Apps", number(health.apps)),
        (
            "Memory",
            Cell::of(format!("{} MB", health.memory.used_mb), health.memory.used_mb.to_string()),
        ),
        ("Database", Cell::text(&health.database.path)),
        ("Database size", size(health.database.size_bytes)),
        ("Write-ahead log", size(health.database.wal_bytes)),
    ]
}

async fn create_key(args: CreateKeyArgs) -> anyhow::Result<()> {
    let target = args.database.target();
    let request = args.options.request("admin");
    let made = with_node(&target, async |node| node.create_token(&request).await).await?;
    print_created(&made, args.json)
}

async fn stop(args: StopArgs) -> anyhow::Result<()> {
    let database = args.database.path();
    let Some(node) = target::running(&database).await? else {
        anyhow::bail!("no node runs {}; --db names another database", database.display());
    };
    let stopping = node.stop().await?;
    // A node waits for its clients, and this one has nothing more to ask.
    drop(node);
    wait_until_gone(&database, stopping.pid).await?;
    output::line(&format!("Stopped the node of {} (process {}).", database.display(), stopping.pid))
}

/// A node lets go of the lock last, after its requests and its file. Somebody else may take
/// the lock at once, such as a service manager that starts the next node.
async fn wait_until_gone(database: &Path, pid: u32) -> anyhow::Result<()> {
    let deadline = Instant::now() + STOP_TIMEOUT;
    let pid = pid.to_string();
    while holder(database)?.is_some_and(|holder| holder.pid == pid) {
        if Instant::now() > deadline {
            anyhow::bail!(
                "process {pid} still runs after {} s; its log says why",
                STOP_TIMEOUT.as_secs()
            );
        }
        tokio::time::sleep(STOP_INTERVAL).await;
    }
    Ok(())
}

/// Reads an IP address; brackets around IPv6 are fine.
pub(super) fn parse_address(text: &str) -> Result<IpAddr, String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let bare = if bare == "localhost" { "127.0.0.1" } else { bare };
    bare.parse().map_err(|_| {
        "write an IP address such as 127.0.0.1, 0.0.0.0 or ::; the port is --port".to_owned()
    })
}
