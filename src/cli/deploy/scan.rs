//! What a folder offers: its files, the name it wants, its hashes. Blocks.

use std::{fs::File, io::Read, path::Path};

use anyhow::Context;
use fazt_actors::{
    deployer::manifest::{Manifest, ManifestFile},
    limits::DeployLimits,
    settings::table,
};

use super::{bytes_bar, plan::LocalEntry};
use crate::cli::folder::{self, LocalFile, hash::hash_files, name::app_name};

/// A folder that can be deployed, not hashed yet.
#[derive(Debug)]
pub(super) struct Site {
    /// The name of its app.
    pub(super) name: String,
    /// Its files, by path.
    pub(super) files: Vec<LocalFile>,
    /// What was left out without a rule that asks for it, a sentence each.
    pub(super) notes: Vec<String>,
}

/// Walks the folder and finds out what to call it; `flag` is what the user calls it.
pub(super) fn read(dir: &Path, flag: Option<&str>) -> anyhow::Result<Site> {
    // What this node allows is its own to say; what none allows need not be sent.
    let limits = table::widest().deploy;
    let mut found = folder::walk(dir, &limits)?;
    let (files, usual_max) = (found.files.len(), DeployLimits::default().files_max);
    if files > usual_max {
        found.notes.push(format!(
            "{files} files; a node takes {usual_max} unless its owner has raised \
             deploy.files_max. A .faztignore leaves some out"
        ));
    }
    let fazt_json = config_file(&found.files, ManifestFile::FaztJson, &limits)?;
    let manifest_json = config_file(&found.files, ManifestFile::ManifestJson, &limits)?;
    let (manifest, _) =
        Manifest::from_files(fazt_json.as_deref(), manifest_json.as_deref(), &limits)
            .with_context(|| format!("cannot deploy {}", dir.display()))?;
    let name = app_name(dir, flag, &manifest)?;
    Ok(Site { name, files: found.files, notes: found.notes })
}

/// The bytes of a manifest, if the folder has it; cut off where it is too long anyway.
fn config_file(
    files: &[LocalFile],
    which: ManifestFile,
    limits: &DeployLimits,
) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(file) = files.iter().find(|file| file.path.as_str() == which.path()) else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    File::open(&file.full_path)
        .and_then(|opened| opened.take(limits.config_file_bytes_max + 1).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read {}", file.full_path.display()))?;
    Ok(Some(bytes))
}

/// The files with their hashes, in the same order.
pub(super) fn hash(files: Vec<LocalFile>) -> anyhow::Result<Vec<LocalEntry>> {
    let bar = bytes_bar("Reading", files.iter().map(|file| file.size).sum());
    let hashes = hash_files(&files, |read| bar.inc(read))?;
    bar.finish_and_clear();
    let entries = files.into_iter().zip(hashes).map(|(file, hash)| LocalEntry {
        path: file.path.as_str().to_owned(),
        full_path: file.full_path,
        size: file.size,
        hash,
    });
    Ok(entries.collect())
}
