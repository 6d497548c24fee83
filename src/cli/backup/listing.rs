//! `fazt backup list`: what a folder has.

use std::path::PathBuf;

use clap::Args;
use fazt_actors::backup::{self, Listed};
use serde::Serialize;
use time::UtcDateTime;

use crate::cli::{
    format,
    output::{self, Cell, List},
    target::{self, DatabaseArg},
};

/// `fazt backup list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// The folder [default: backups beside the database]
    #[arg(value_parser = target::parse_path)]
    folder: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseArg,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What `list --json` prints of each.
#[derive(Serialize)]
struct Row {
    name: String,
    file: String,
    size_bytes: u64,
    created_at: Option<String>,
    fazt_version: Option<String>,
    apps: Option<u64>,
    files: Option<u64>,
    problem: Option<String>,
}

impl Row {
    fn of(listed: Listed) -> Row {
        let name = listed.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (manifest, problem) = match listed.manifest {
            Ok(manifest) => (Some(manifest), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let counts = manifest.as_ref().map(|manifest| manifest.counts);
        Row {
            name,
            file: listed.file.display().to_string(),
            size_bytes: listed.size_bytes,
            created_at: manifest.as_ref().map(|manifest| manifest.created_at.to_rfc3339()),
            fazt_version: manifest.map(|manifest| manifest.fazt_version),
            apps: counts.map(|counts| counts.apps),
            files: counts.map(|counts| counts.files),
            problem,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// The folder cannot be read.
pub(super) fn run(args: ListArgs) -> anyhow::Result<()> {
    let folder = match args.folder {
        Some(folder) => folder,
        None => backup::default_folder(&args.database.path()),
    };
    let rows: Vec<Row> = backup::list(&folder)?.into_iter().map(Row::of).collect();
    if args.json {
        return output::json(&rows);
    }
    let mut list = List::new(&["NAME", "MADE", "SIZE", "APPS", "FILES", "FAZT"]);
    let number = |number: Option<u64>| match number {
        Some(number) => Cell::text(number.to_string()).right(),
        None => Cell::of("?", "").right(),
    };
    for row in &rows {
        let made = row.created_at.as_ref();
        list.push(vec![
            Cell::text(&row.name),
            match made {
                Some(made) => Cell::of(format::relative(made, UtcDateTime::now()), made),
                None => Cell::of("unreadable", ""),
            },
            Cell::of(format::size(row.size_bytes), row.size_bytes.to_string()).right(),
            number(row.apps),
            number(row.files),
            Cell::of(
                row.fazt_version.as_deref().unwrap_or("?"),
                row.fazt_version.as_deref().unwrap_or_default(),
            ),
        ]);
    }
    output::list(&list, &format!("No backups in {}.", folder.display()))?;
    for problem in rows.iter().filter_map(|row| row.problem.as_ref()) {
        output::note(&format!("warning: {problem}"));
    }
    Ok(())
}
