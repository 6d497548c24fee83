//! `fazt backup …`: a whole node in one file, and back.
//!
//! The node itself makes a backup, through its socket. All else is done here, on the files.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use clap::{Args, Subcommand};
use fazt_actors::{
    backup::{self, BACKUPS_KEPT, Restore, Restored, Verified},
    timestamp::Timestamp,
};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use serde::Serialize;
use time::UtcDateTime;

mod listing;

use super::{
    format,
    output::{self, Cell},
    target::{self, DatabaseArg, Target, with_node},
};
use crate::http::model::backup::{BackupMade, BackupRequest};

/// From one picture of the spinner to the next.
const SPINNER_INTERVAL: Duration = Duration::from_millis(120);

/// `fazt backup …`.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Copy the node into a file, while it runs or not, and check the copy
    #[command(after_help = CREATE_HELP)]
    Create(CreateArgs),
    /// List the backups of a folder
    List(listing::ListArgs),
    /// Make a backup the database of a node that does not run
    #[command(after_help = RESTORE_HELP)]
    Restore(RestoreArgs),
    /// Read all of a backup and say whether it is sound
    Verify(VerifyArgs),
}

const CREATE_HELP: &str = "\
Without FILE the backup gets a name made of the time, in the folder `backups` beside the
database, and the oldest ones there are removed. A backup holds everything that the node
holds, its tokens and secrets too: keep it where only you can read it.

Examples:
  fazt backup create
  fazt backup create --keep 30 --db /srv/fazt/data.db
  fazt backup create /media/usb/fazt.backup --force";

const RESTORE_HELP: &str = "\
The database that was there is kept under another name. Whoever was signed in must sign in
again; tokens work as they did when the backup was made.

Example:
  fazt server stop && fazt backup restore backups/fazt-20261123-024000.backup --force";

/// `fazt backup create`.
#[derive(Args, Debug)]
pub struct CreateArgs {
    /// The file to write [default: backups/fazt-TIME.backup beside the database]
    #[arg(value_parser = target::parse_path)]
    file: Option<PathBuf>,
    /// Replace FILE if it is there
    #[arg(long, requires = "file")]
    force: bool,
    /// How many backups stay in the default folder, the new one included
    #[arg(long, value_name = "N", default_value_t = BACKUPS_KEPT, conflicts_with = "file")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
    /// Do not read the copy back
    #[arg(long)]
    no_verify: bool,
    #[command(flatten)]
    database: DatabaseArg,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// `fazt backup restore`.
#[derive(Args, Debug)]
pub struct RestoreArgs {
    /// The backup
    #[arg(value_parser = target::parse_path)]
    file: PathBuf,
    /// Database file that it becomes [default: ./data.db]
    #[arg(long, env = "FAZT_DB_PATH", value_name = "FILE", value_parser = target::parse_path)]
    db: Option<PathBuf>,
    /// Put a database that is there aside
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// `fazt backup verify`.
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// The backup
    #[arg(value_parser = target::parse_path)]
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs one of the commands.
///
/// # Errors
/// The backup cannot be made, is damaged, or cannot be put back.
pub async fn run(command: BackupCommand) -> anyhow::Result<()> {
    match command {
        BackupCommand::Create(args) => create(args).await,
        BackupCommand::List(args) => listing::run(args),
        BackupCommand::Restore(args) => restore(&args),
        BackupCommand::Verify(args) => {
            let spinner = spinner("Checking");
            let verified = backup::verify(&args.file);
            spinner.finish_and_clear();
            print_verified(&verified?, args.json)
        }
    }
}

/// What `create --json` prints.
#[derive(Serialize)]
struct Created {
    #[serde(flatten)]
    made: BackupMade,
    verified: bool,
    removed: Vec<String>,
}

async fn create(args: CreateArgs) -> anyhow::Result<()> {
    let database = args.database.path();
    let file = args.file.as_ref().map(|file| absolute(file)).transpose()?;
    let request = BackupRequest { file, force: args.force, verify: !args.no_verify };
    let target = Target::on_database(database.clone());
    let spinner = copying(&database, args.file.as_deref(), !args.no_verify);
    let made = with_node(&target, async |node| node.create_backup(&request).await).await;
    spinner.finish_and_clear();
    let made = made.with_context(|| format!("cannot back up {}", database.display()))?;
    // Only now: an older backup is worth more than a new one that cannot be read.
    let removed = match args.file {
        None => backup::prune(&database, args.keep)?,
        Some(_) => Vec::new(),
    };
    let removed: Vec<String> = removed.iter().map(|file| file.display().to_string()).collect();
    if args.json {
        return output::json(&Created { made, verified: !args.no_verify, removed });
    }
    let checked = if args.no_verify { "not read back" } else { "verified" };
    output::line(&format!(
        "Wrote {}: {}, {}, {}; {checked}.",
        made.file,
        format::count(made.apps, "app"),
        format::count(made.files, "file"),
        format::size(made.size_bytes),
    ))?;
    for file in removed {
        output::note(&format!("removed the older {file}"));
    }
    Ok(())
}

/// What `verify --json` prints.
#[derive(Serialize)]
struct Sound {
    #[serde(flatten)]
    made: BackupMade,
    older_schema: bool,
}

fn print_verified(verified: &Verified, json: bool) -> anyhow::Result<()> {
    let is_older = verified.is_older;
    let made = BackupMade::from(verified.clone());
    if json {
        return output::json(&Sound { made, older_schema: is_older });
    }
    let created = format::relative(&made.created_at, UtcDateTime::now());
    let number = |number: u64| Cell::text(number.to_string());
    let size = |bytes: u64| Cell::of(format::size(bytes), bytes.to_string());
    output::facts(&[
        ("Backup", Cell::text(&made.file)),
        ("State", Cell::text("sound")),
        ("Made", Cell::of(created, &made.created_at)),
        ("Made by", Cell::text(format!("fazt {}", made.fazt_version))),
        ("Size", size(made.size_bytes)),
        ("Apps", number(made.apps)),
        ("Releases", number(made.releases)),
        ("Files", number(made.files)),
        ("Contents", number(made.contents)),
        ("Content size", size(made.content_bytes)),
        ("SHA-256", Cell::text(&made.sha256)),
    ])
}

/// What `restore --json` prints.
#[derive(Serialize)]
struct Put {
    database: String,
    previous: Option<String>,
    created_at: String,
    apps: u64,
    files: u64,
    sessions_ended: u64,
}

fn restore(args: &RestoreArgs) -> anyhow::Result<()> {
    let database = target::database(args.db.clone());
    let wanted =
        Restore { file: &args.file, database: &database, force: args.force, at: Timestamp::now() };
    let spinner = spinner("Checking and copying");
    let restored = backup::restore(&wanted);
    spinner.finish_and_clear();
    let Restored { database, previous, manifest, sessions_ended } =
        restored.with_context(|| format!("cannot restore {}", args.file.display()))?;
    let created_at = manifest.created_at.to_rfc3339();
    if args.json {
        return output::json(&Put {
            database: database.display().to_string(),
            previous: previous.map(|previous| previous.display().to_string()),
            created_at,
            apps: manifest.counts.apps,
            files: manifest.counts.files,
            sessions_ended,
        });
    }
    output::line(&format!(
        "Restored {} as of {} ({created_at}): {}, {}.",
        database.display(),
        format::relative(&created_at, UtcDateTime::now()),
        format::count(manifest.counts.apps, "app"),
        format::count(manifest.counts.files, "file"),
    ))?;
    if let Some(previous) = previous {
        output::note(&format!("what was there before is {}", previous.display()));
    }
    output::note(&format!("start it with `fazt server start --db {}`", database.display()));
    Ok(())
}

/// A path that means the same to the node as to this command.
fn absolute(file: &Path) -> anyhow::Result<String> {
    let path = std::path::absolute(file)
        .with_context(|| format!("cannot tell where {} is", file.display()))?;
    let text = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
    Ok(text.to_owned())
}

/// Shows on a terminal how much of the database is copied.
fn copying(database: &Path, file: Option<&Path>, is_checked: bool) -> ProgressBar {
    let folder = match file {
        Some(file) => file.parent().map(Path::to_owned).unwrap_or_default(),
        None => backup::default_folder(database),
    };
    let all = fs::metadata(database).map_or(0, |database| database.len());
    let style = ProgressStyle::with_template("{spinner} {msg} {done} of {all}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
    // Where the node writes is no secret, so nobody needs to ask it.
    let style = style
        .with_key("done", move |_: &ProgressState, out: &mut dyn fmt::Write| {
            let _ = out.write_str(&format::size(backup::bytes_so_far(&folder)));
        })
        .with_key("all", move |_: &ProgressState, out: &mut dyn fmt::Write| {
            let _ = out.write_str(&format::size(all));
        });
    spinner(if is_checked { "Copying and checking" } else { "Copying" }).with_style(style)
}

/// Shows on a terminal that something takes its time.
fn spinner(what: &'static str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what);
    spinner.enable_steady_tick(SPINNER_INTERVAL);
    spinner
}
