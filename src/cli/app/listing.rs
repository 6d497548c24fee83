//! The tables of `fazt app …`.

use time::UtcDateTime;

use super::super::{
    format,
    output::{Cell, List},
};
use crate::http::model::{App, Release, ReleaseFile};

/// Apps on the air.
pub(super) fn apps(apps: &[App]) -> List {
    let mut list = List::new(&["NAME", "URL", "LIVE", "FILES", "SIZE", "UPDATED"]);
    for app in apps {
        list.push(vec![
            Cell::text(&app.name),
            Cell::text(&app.url),
            release_number(app.live_release),
            number(app.file_count),
            size(app.size_bytes),
            when(&app.updated_at),
        ]);
    }
    list
}

/// Apps that can be restored. Names repeat among them, ids do not.
pub(super) fn deleted_apps(apps: &[App]) -> List {
    let mut list = List::new(&["NAME", "ID", "FILES", "SIZE", "DELETED"]);
    for app in apps {
        list.push(vec![
            Cell::text(&app.name),
            Cell::text(&app.id),
            number(app.file_count),
            size(app.size_bytes),
            app.deleted_at.as_deref().map_or_else(|| Cell::text(""), when),
        ]);
    }
    list
}

/// One app.
pub(super) fn app_facts(app: &App) -> Vec<(&'static str, Cell)> {
    let mut facts = vec![
        ("Name", Cell::text(&app.name)),
        ("Id", Cell::text(&app.id)),
        ("URL", Cell::text(&app.url)),
        ("Live", release_number(app.live_release)),
        ("Files", number(app.file_count)),
        ("Size", size(app.size_bytes)),
        ("Created", when(&app.created_at)),
        ("Updated", when(&app.updated_at)),
    ];
    if let Some(deleted_at) = &app.deleted_at {
        facts.push(("Deleted", when(deleted_at)));
    }
    facts
}

/// The files of a release.
pub(super) fn files(files: &[ReleaseFile]) -> List {
    let mut list = List::new(&["PATH", "SIZE", "SHA-256"]);
    for file in files {
        let short = file.sha256.get(..12).unwrap_or(&file.sha256);
        list.push(vec![Cell::text(&file.path), size(file.size), Cell::of(short, &file.sha256)]);
    }
    list
}

/// The releases of an app.
pub(super) fn releases(releases: &[Release]) -> List {
    let mut list = List::new(&["RELEASE", "LIVE", "FILES", "SIZE", "DEPLOYED", "BY", "PREVIEW"]);
    for release in releases {
        list.push(vec![
            release_number(Some(release.number)),
            Cell::of(if release.live { "live" } else { "" }, release.live.to_string()),
            number(release.file_count),
            size(release.size_bytes),
            when(&release.created_at),
            Cell::text(&release.deployed_by),
            Cell::text(&release.url),
        ]);
    }
    list
}

fn release_number(release: Option<u64>) -> Cell {
    match release {
        Some(number) => Cell::text(format!("v{number}")),
        None => Cell::of("-", ""),
    }
}

fn number(number: u64) -> Cell {
    Cell::text(number.to_string()).right()
}

fn size(bytes: u64) -> Cell {
    Cell::of(format::size(bytes), bytes.to_string()).right()
}

fn when(rfc3339: &str) -> Cell {
    Cell::of(format::relative(rfc3339, UtcDateTime::now()), rfc3339)
}
