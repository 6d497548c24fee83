//! `fazt app pull`: the files of a release, into a folder.
//!
//! The node is not trusted with the folder: nothing is written outside it, not by a path and
//! not through a symbolic link, and a file appears under its name only when its hash is right.

use std::{
    fs::{self, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Component, Path, PathBuf},
};

use anyhow::Context;
use fazt_actors::content::Hasher;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::node_client::NodeClient;
use crate::http::model::ReleaseFile;

/// Files that are under way at the same time.
const DOWNLOADS_IN_FLIGHT: usize = 8;
/// Mode of a new file, before the user's umask.
const FILE_MODE: u32 = 0o666;

/// What was pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pulled {
    /// Files.
    pub(super) files: u64,
    /// Their bytes together.
    pub(super) bytes: u64,
}

/// Pulls `release` of `app`, or the live one, into `dir`.
pub(super) async fn run(
    node: &NodeClient,
    app: &str,
    release: Option<u64>,
    dir: &Path,
    force: bool,
) -> anyhow::Result<Pulled> {
    prepare(dir, force)?;
    // A deploy meanwhile must not mix two releases.
    let release = match release {
        Some(number) => number,
        None => {
            let live = node.app(app).await?.live_release;
            live.with_context(|| format!("{app} has no live release to pull"))?
        }
    };
    let files = node.files(app, Some(release)).await?;
    let bytes = files.iter().map(|file| file.size).sum();
    let downloads = stream::iter(&files)
        .map(|file| download(node, app, release, dir, file))
        .buffer_unordered(DOWNLOADS_IN_FLIGHT)
        .try_collect::<()>();
    downloads.await?;
    Ok(Pulled { files: files.len() as u64, bytes })
}

/// Makes the folder; one that holds something is taken only by force.
fn prepare(dir: &Path, force: bool) -> anyhow::Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    let mut entries =
        fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    if !force && entries.next().is_some() {
        anyhow::bail!(
            "{} is not empty; choose another folder, or say --force to write over its files",
            dir.display()
        );
    }
    Ok(())
}

async fn download(
    node: &NodeClient,
    app: &str,
    release: u64,
    dir: &Path,
    file: &ReleaseFile,
) -> anyhow::Result<()> {
    let save = async {
        let target = place(dir, &file.path)?;
        let mut response = node.download(app, Some(release), &file.path).await?;
        let folder = target.parent().unwrap_or(dir);
        let mut spool = tempfile::Builder::new()
            .prefix(".fazt-pull-")
            .permissions(Permissions::from_mode(FILE_MODE))
            .tempfile_in(folder)?;
        let mut hasher = Hasher::new();
        let mut left = file.size;
        while let Some(chunk) = response.chunk().await? {
            let fits = left.checked_sub(chunk.len() as u64);
            left = fits.context("the node sends more bytes than it announced")?;
            hasher.update(&chunk);
            // The page cache takes this at once; no other thread is worth waking.
            spool.write_all(&chunk)?;
        }
        let hash = hasher.finish().to_string();
        anyhow::ensure!(hash == file.sha256, "the bytes do not have the hash that was announced");
        spool.persist(&target).map_err(|cause| cause.error)?;
        anyhow::Ok(())
    };
    save.await.with_context(|| format!("cannot pull {}", file.path))
}

/// Where `path` of an app goes below `dir`; makes the folders on the way.
fn place(dir: &Path, path: &str) -> anyhow::Result<PathBuf> {
    anyhow::ensure!(is_inside(path), "the path {path:?} leads out of the folder");
    let mut target = dir.to_owned();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        target.push(segment);
        if segments.peek().is_none() {
            break;
        }
        make_folder(&target)?;
    }
    // A file is replaced by its successor, a link by the file: what it points at stays.
    let is_folder = fs::symlink_metadata(&target).is_ok_and(|found| found.is_dir());
    anyhow::ensure!(!is_folder, "{} is a folder", target.display());
    Ok(target)
}

/// Whether a path of an app names a file below the folder that it is joined to, on any system.
fn is_inside(path: &str) -> bool {
    let is_plain = |segment: &str| {
        let mut components = Path::new(segment).components();
        matches!(components.next(), Some(Component::Normal(_)))
            && components.next().is_none()
            && !segment.contains(['\\', '\0'])
    };
    path.split('/').all(is_plain)
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    match fs::create_dir(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
        made => made.with_context(|| format!("cannot make the folder {}", folder.display()))?,
    }
    let found = fs::symlink_metadata(folder)?;
    anyhow::ensure!(found.is_dir(), "{} is no folder of its own", folder.display());
    Ok(())
}

#[cfg(test)]
mod tests;
