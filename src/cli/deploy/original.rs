//! A deploy to a node of fazt 0.9, which takes a whole folder as a ZIP archive.
//!
//! The archive holds the same files as any other deploy. It is packed into a file without a
//! name, so that it needs no memory and leaves nothing.

use std::{
    fs::File,
    io::{self, Read},
    time::Duration,
};

use anyhow::Context;
use fazt_actors::{content::Hasher, deployer::archive::pack::Packer, peers::NodeUrl};

use super::{Deployed, blocking, bytes_bar, plan::LocalEntry};
use crate::cli::{
    folder::FolderError,
    format,
    node_client::{NodeClient, Refusal, any::OriginalDeploy},
    output,
};

/// The files that make the original show a site at all.
const ENTRANCES: [&str; 2] = ["index.html", "main.js"];

/// Deploys to a node that answered as no node of today does, if it is one of the original;
/// else `why` is what went wrong.
pub(super) async fn deploy_instead(
    node: &NodeClient,
    name: &str,
    entries: Vec<LocalEntry>,
    why: anyhow::Error,
) -> anyhow::Result<Deployed> {
    let version = match node.original_version().await {
        Ok(Some(version)) => version,
        // What the node refuses is nearer to the truth than that it answered oddly.
        Err(error) if Refusal::of(&error).is_some() => return Err(error),
        _ => return Err(why),
    };
    output::note(&format!(
        "note: {} runs fazt {version}, which takes a folder only as a whole; it is sent as a ZIP",
        node.shown()
    ));
    if !entries.iter().any(|entry| ENTRANCES.contains(&entry.path.as_str())) {
        output::note(&format!(
            "warning: fazt {version} shows a site only if it has an index.html at its top"
        ));
    }
    let archive = blocking(move || pack(&entries)).await?;
    let result = node.deploy_archive(name, archive).await?;
    let url = NodeUrl::parse(node.url()).ok().and_then(|url| url.app_url(&result.site));
    Ok(Deployed::Original(result, url))
}

/// The archive of the files, as they were hashed. Blocks.
fn pack(entries: &[LocalEntry]) -> anyhow::Result<File> {
    let unwritable = "cannot write a temporary archive; TMPDIR names another folder for it";
    let file = tempfile::tempfile().context(unwritable)?;
    let bar = bytes_bar("Packing", entries.iter().map(|entry| entry.size).sum());
    let mut packer = Packer::new(file);
    for entry in entries {
        let unreadable = |source| FolderError::Read { path: entry.full_path.clone(), source };
        let mut content =
            Watched { file: File::open(&entry.full_path).map_err(unreadable)?, failed: false };
        let mut hasher = Hasher::new();
        let packed = packer.add(&entry.path, &mut content, &mut |bytes| {
            hasher.update(bytes);
            bar.inc(bytes.len() as u64);
        });
        match packed {
            Ok(()) => {}
            Err(cause) if content.failed => return Err(unreadable(cause).into()),
            Err(cause) => return Err(cause).context(unwritable),
        }
        if hasher.finish() != entry.hash {
            return Err(FolderError::Changed { path: entry.full_path.clone() }.into());
        }
    }
    bar.finish_and_clear();
    packer.finish().context(unwritable)
}

/// A file that remembers whether it was the one that failed.
struct Watched {
    file: File,
    failed: bool,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer);
        self.failed = read.as_ref().is_err_and(|cause| cause.kind() != io::ErrorKind::Interrupted);
        read
    }
}

/// What is printed of a deploy to a node of the original.
pub(super) fn summary(
    result: &OriginalDeploy,
    url: Option<&str>,
    sent_bytes: u64,
    took: Duration,
) -> String {
    let url = url.map(|url| format!("{url}\n")).unwrap_or_default();
    format!(
        "{url}Deployed {}: {}, {}; sent {} in {:.2} s.",
        result.site,
        format::count(result.file_count, "file"),
        format::size(result.size_bytes),
        format::size(sent_bytes),
        took.as_secs_f64(),
    )
}

#[cfg(test)]
mod tests;
