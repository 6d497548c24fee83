//! `fazt app …`: the apps of a node.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};

use super::{
    format::{self, parse_release},
    output,
    target::{Target, parse_path, with_node},
};
use crate::http::model::App;

pub(super) mod browser;
mod env;
mod listing;
mod logs;
mod pull;

/// `fazt app …`.
#[derive(Debug, Subcommand)]
pub enum AppCommand {
    /// List the apps
    List(ListArgs),
    /// Show one app
    Info(AppArgs),
    /// List the files of a release
    Files(FilesArgs),
    /// List the releases, newest first
    Releases(AppArgs),
    /// Make an earlier release live again
    #[command(
        after_help = "Examples:\n  fazt app rollback blog       the release before the live \
                            one\n  fazt app rollback blog v3"
    )]
    Rollback(RollbackArgs),
    /// Download the files of a release into a folder
    Pull(PullArgs),
    /// Take an app off the air; it can be restored for a while
    Delete(DeleteArgs),
    /// Bring a deleted app back
    Restore(AppArgs),
    /// Show the last lines of an app's log, and follow them
    #[command(
        after_help = "Examples:\n  fazt app logs blog -f        the last lines, and those to \
                            come\n  fazt app logs blog --level error -n 10"
    )]
    Logs(logs::LogsArgs),
    /// See and change the variables that an app's functions read
    #[command(subcommand, arg_required_else_help = true)]
    Env(env::EnvCommand),
    /// Open an app in the browser
    Open(OpenArgs),
}

/// `fazt app list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// List the deleted apps that can be restored
    #[arg(long)]
    deleted: bool,
    #[command(flatten)]
    target: Target,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// A command that needs an app and nothing else.
#[derive(Args, Debug)]
pub struct AppArgs {
    /// Name or id of the app
    app: String,
    #[command(flatten)]
    target: Target,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// `fazt app files`.
#[derive(Args, Debug)]
pub struct FilesArgs {
    /// Name or id of the app
    app: String,
    /// The release, such as v7 [default: the live one]
    #[arg(long, value_parser = parse_release)]
    release: Option<u64>,
    #[command(flatten)]
    target: Target,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// `fazt app rollback`.
#[derive(Args, Debug)]
pub struct RollbackArgs {
    /// Name or id of the app
    app: String,
    /// The release, such as v7 [default: the one before the live one]
    #[arg(value_parser = parse_release)]
    release: Option<u64>,
    #[command(flatten)]
    target: Target,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// `fazt app pull`.
#[derive(Args, Debug)]
pub struct PullArgs {
    /// Name or id of the app
    app: String,
    /// The folder, made where it is missing
    #[arg(value_parser = parse_path)]
    dir: PathBuf,
    /// The release, such as v7 [default: the live one]
    #[arg(long, value_parser = parse_release)]
    release: Option<u64>,
    /// Write into a folder that holds files, over those of the same name
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    target: Target,
}

/// `fazt app delete`.
#[derive(Args, Debug)]
pub struct DeleteArgs {
    /// Name or id of the app
    pub app: String,
    /// Delete its files and releases now, for good
    #[arg(long)]
    pub purge: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// The node to delete it from.
    #[command(flatten)]
    pub target: Target,
    /// Print the API's data
    #[arg(long)]
    pub json: bool,
}

/// `fazt app open`.
#[derive(Args, Debug)]
pub struct OpenArgs {
    /// Name or id of the app
    app: String,
    #[command(flatten)]
    target: Target,
}

/// Runs one of the commands.
///
/// # Errors
/// The node cannot be reached or refuses.
pub async fn run(command: AppCommand) -> anyhow::Result<()> {
    match command {
        AppCommand::List(args) => list(args).await,
        AppCommand::Info(args) => info(args).await,
        AppCommand::Files(args) => files(args).await,
        AppCommand::Releases(args) => releases(args).await,
        AppCommand::Rollback(args) => rollback(args).await,
        AppCommand::Pull(args) => pull(args).await,
        AppCommand::Delete(args) => delete(args).await,
        AppCommand::Restore(args) => restore(args).await,
        AppCommand::Logs(args) => logs::run(args).await,
        AppCommand::Env(command) => env::run(command).await,
        AppCommand::Open(args) => open(args).await,
    }
}

async fn list(args: ListArgs) -> anyhow::Result<()> {
    let apps = with_node(&args.target, async |node| node.apps(args.deleted).await).await?;
    if args.json {
        return output::json(&apps);
    }
    if args.deleted {
        return output::list(&listing::deleted_apps(&apps), "No deleted apps.");
    }
    let empty = "No apps yet. Put a folder online with `fazt deploy DIR`.";
    output::list(&listing::apps(&apps), empty)
}

async fn info(args: AppArgs) -> anyhow::Result<()> {
    let app = with_node(&args.target, async |node| node.app(&args.app).await).await?;
    if args.json {
        return output::json(&app);
    }
    output::facts(&listing::app_facts(&app))
}

async fn files(args: FilesArgs) -> anyhow::Result<()> {
    let files =
        with_node(&args.target, async |node| node.files(&args.app, args.release).await).await?;
    if args.json {
        return output::json(&files);
    }
    output::list(&listing::files(&files), "No files.")
}

async fn releases(args: AppArgs) -> anyhow::Result<()> {
    let releases = with_node(&args.target, async |node| node.releases(&args.app).await).await?;
    if args.json {
        return output::json(&releases);
    }
    output::list(&listing::releases(&releases), "No releases.")
}

async fn rollback(args: RollbackArgs) -> anyhow::Result<()> {
    let result = with_node(&args.target, async |node| {
        node.rollback(&args.app, args.release).await.with_context(|| match args.release {
            Some(number) => format!("cannot roll {} back to v{number}", args.app),
            None => format!("cannot roll {} back", args.app),
        })
    })
    .await?;
    if args.json {
        return output::json(&result);
    }
    let before = match result.previous_release {
        Some(number) => format!(" (was v{number})"),
        None => String::new(),
    };
    output::line(&format!("{}\n{} is at v{}{before}.", result.url, result.site, result.release))
}

async fn pull(args: PullArgs) -> anyhow::Result<()> {
    let pulled = with_node(&args.target, async |node| {
        pull::run(node, &args.app, args.release, &args.dir, args.force).await
    })
    .await?;
    output::line(&format!(
        "Pulled {} of {}, {}, into {}.",
        format::count(pulled.files, "file"),
        args.app,
        format::size(pulled.bytes),
        args.dir.display()
    ))
}

async fn delete(args: DeleteArgs) -> anyhow::Result<()> {
    if !args.yes {
        let question = match args.purge {
            true => format!("Delete {} with all its releases, for good?", args.app),
            false => format!("Take {} off the air?", args.app),
        };
        if !output::can_ask() {
            anyhow::bail!("{question} Nobody can be asked here; say --yes");
        }
        if !output::confirm(&question)? {
            output::note("Nothing was deleted.");
            return Ok(());
        }
    }
    let deleted =
        with_node(&args.target, async |node| node.delete_app(&args.app, args.purge).await).await?;
    if args.json {
        return output::json(&deleted);
    }
    output::line(&match args.purge {
        true => format!("Deleted {} for good.", deleted.name),
        false => format!(
            "Deleted {}. For a while (30 days by default) `fazt app restore {}` brings it back.",
            deleted.name, deleted.id
        ),
    })
}

async fn restore(args: AppArgs) -> anyhow::Result<()> {
    let app = with_node(&args.target, async |node| node.restore_app(&args.app).await).await?;
    print_app(&app, args.json, &format!("{}\nRestored {}.", app.url, app.name))
}

async fn open(args: OpenArgs) -> anyhow::Result<()> {
    let app = with_node(&args.target, async |node| node.app(&args.app).await).await?;
    browser::open(&app.url);
    output::line(&app.url)
}

fn print_app(app: &App, json: bool, sentence: &str) -> anyhow::Result<()> {
    if json { output::json(app) } else { output::line(sentence) }
}
