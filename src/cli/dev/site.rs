//! The app of `fazt dev`: what its live release holds, and how the folder becomes the next.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fazt_actors::content::ContentHash;
use fazt_actors::deployer::path::FilePath;
use fazt_actors::deployer::writes::{Activated, ReleaseEntry};
use fazt_actors::deployer::{
    AbandonUpload, BeginUpload, CommitUpload, DeployError, DeployRequest, ReceiveContents,
    new_upload_id,
};
use fazt_actors::kind::{ErrorKind, Fault};
use fazt_actors::limits::DeployLimits;
use fazt_actors::name::{AppId, AppName};
use fazt_actors::timestamp::Timestamp;

use super::scan::{self, Entry, Found, Memory};
use crate::cli::folder::FolderError;
use crate::node::Node;

/// Who deploys, as the node's records say.
const DEPLOYED_BY: &str = "owner";

/// How long a folder may be empty or gone before that is a problem: a build that empties it
/// first takes about as long.
const EMPTY_FOR_MAX: Duration = Duration::from_secs(1);

/// How long a file may grow before that is a problem: a film that is copied takes about as long.
const WRITTEN_FOR_MAX: Duration = Duration::from_secs(10);

/// The files of a release and what they hold.
type Files = BTreeMap<FilePath, ContentHash>;

/// Why the folder did not become a release.
#[derive(Debug, thiserror::Error)]
pub(super) enum SiteError {
    /// The folder cannot be read or has nothing to deploy.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The node refused.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// The system ended a thread.
    #[error("reading the folder was interrupted")]
    Interrupted,
}

impl SiteError {
    /// How long it is likely that somebody works on the folder at this moment, so that the next
    /// look finds it in order; none where a look alone changes nothing.
    pub(super) fn patience(&self, is_live: bool) -> Option<Duration> {
        match self {
            SiteError::Folder(FolderError::Read { .. } | FolderError::NoFiles { .. }) => {
                // There is no build before the first release that would have emptied it.
                Some(if is_live { EMPTY_FOR_MAX } else { Duration::ZERO })
            }
            // A file was read twice, and each time held something else.
            SiteError::Folder(FolderError::Changed { .. })
            | SiteError::Deploy(DeployError::Upload(_))
            | SiteError::Interrupted => Some(WRITTEN_FOR_MAX),
            SiteError::Folder(_) | SiteError::Deploy(_) => None,
        }
    }

    /// Whether the same files would be refused again.
    fn is_final(&self) -> bool {
        match self {
            SiteError::Deploy(DeployError::Upload(_)) => false,
            SiteError::Deploy(error) => {
                matches!(error.kind(), ErrorKind::Invalid | ErrorKind::TooLarge)
            }
            _ => false,
        }
    }
}

/// What became of a look at the folder.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The live release is what the folder holds.
    Same,
    /// The folder is what was refused the last time.
    StillRefused,
    /// There is a new release.
    Deployed(Deployed),
}

/// A release, and how it differs from the one before.
#[derive(Debug)]
pub(super) struct Deployed {
    /// What the node says.
    pub(super) activated: Activated,
    /// Paths that are new or hold something else, in order.
    pub(super) changed: Vec<FilePath>,
    /// Paths that are gone, in order.
    pub(super) removed: Vec<FilePath>,
}

impl Deployed {
    /// Whether a page only has to fetch its style sheets anew.
    pub(super) fn is_only_styles(&self) -> bool {
        let is_style = |path: &FilePath| path.as_str().ends_with(".css");
        self.activated.number > 1
            && self.changed.iter().all(is_style)
            && self.removed.iter().all(is_style)
    }
}

/// The app.
pub(super) struct Site {
    node: Arc<Node>,
    app: AppName,
    dir: PathBuf,
    /// Where files may lie for a moment.
    spool: PathBuf,
    memory: Memory,
    live: Option<(u32, Files)>,
    refused: Option<Files>,
}

impl Site {
    /// An app without a release.
    pub(super) fn new(node: Arc<Node>, app: AppName, dir: PathBuf, spool: &Path) -> Site {
        let (spool, memory) = (spool.to_owned(), Memory::default());
        Site { node, app, dir, spool, memory, live: None, refused: None }
    }

    /// Whether there is a release.
    pub(super) fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Reads the folder.
    ///
    /// # Errors
    /// It cannot be deployed as it is.
    pub(super) async fn read(&mut self) -> Result<Found, SiteError> {
        let mut memory = std::mem::take(&mut self.memory);
        let dir = self.dir.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let found = memory.read(&dir, &DeployLimits::default());
            (memory, found)
        });
        let (memory, found) = reading.await.map_err(|_cancelled| SiteError::Interrupted)?;
        self.memory = memory;
        Ok(found?)
    }

    /// Makes what was found the live release, unless it is already.
    ///
    /// # Errors
    /// The node refuses, or a file is not any more what was found.
    pub(super) async fn show(&mut self, found: &Found) -> Result<Outcome, SiteError> {
        let entries = found.entries.iter();
        let files: Files = entries.map(|entry| (entry.path.clone(), entry.hash)).collect();
        let live = self.live.as_ref().map(|(_number, files)| files);
        if live == Some(&files) {
            self.refused = None;
            return Ok(Outcome::Same);
        }
        if self.refused.as_ref() == Some(&files) {
            return Ok(Outcome::StillRefused);
        }
        let nothing = Files::new();
        let live = live.unwrap_or(&nothing);
        let changed = files.iter().filter(|(path, hash)| live.get(*path) != Some(hash));
        let changed: Vec<FilePath> = changed.map(|(path, _hash)| path.clone()).collect();
        let removed = live.keys().filter(|path| !files.contains_key(*path));
        let removed: Vec<FilePath> = removed.cloned().collect();
        match self.deploy(&found.entries, &changed, &removed).await {
            Ok(activated) => {
                self.live = Some((activated.number, files));
                self.refused = None;
                Ok(Outcome::Deployed(Deployed { activated, changed, removed }))
            }
            Err(error) => {
                self.refused = error.is_final().then_some(files);
                Err(error)
            }
        }
    }

    async fn deploy(
        &self,
        entries: &[Entry],
        changed: &[FilePath],
        removed: &[FilePath],
    ) -> Result<Activated, SiteError> {
        let id = new_upload_id();
        let changed: HashSet<&FilePath> = changed.iter().collect();
        let changed = entries.iter().filter(|entry| changed.contains(&entry.path));
        let begin = BeginUpload {
            id: id.clone(),
            app: self.app.clone(),
            base: self.live.as_ref().map(|(number, _files)| *number),
            changed: changed.map(release_entry).collect(),
            removed: removed.iter().map(FilePath::to_string).collect(),
            at: Timestamp::now(),
        };
        let missing = self.node.deployer.ask(begin).await.map_err(DeployError::from)??;
        let done = self.fill(&id, entries, &missing).await;
        if done.is_err() {
            // A node keeps only so many that nobody commits.
            let abandon = AbandonUpload { id, app: self.app.clone(), at: Timestamp::now() };
            let _ended_by_itself = self.node.deployer.ask(abandon).await;
        }
        done
    }

    /// Hands over the contents that the node lacks, and makes the upload the live release.
    async fn fill(
        &self,
        id: &str,
        entries: &[Entry],
        missing: &[ContentHash],
    ) -> Result<Activated, SiteError> {
        let app = self.app.clone();
        if !missing.is_empty() {
            // Two files may hold the same: its bytes travel once.
            let mut wanted: HashSet<ContentHash> = missing.iter().copied().collect();
            let sent = entries.iter().filter(|entry| wanted.remove(&entry.hash));
            let (sent, spool): (Vec<Entry>, _) = (sent.cloned().collect(), self.spool.clone());
            let writing = tokio::task::spawn_blocking(move || scan::frames(&sent, &spool));
            let body = writing.await.map_err(|_cancelled| SiteError::Interrupted)??;
            let (id, app, at) = (id.to_owned(), app.clone(), Timestamp::now());
            let receive = ReceiveContents { id, app, body, at };
            self.node.deployer.ask(receive).await.map_err(DeployError::from)??;
        }
        let request = DeployRequest {
            app,
            new_app_id: AppId::generate(fazt_actors::random::bytes()),
            deployed_by: DEPLOYED_BY.to_owned(),
            // A file that was removed must be missed now, not when the app is online.
            purge: true,
            at: Timestamp::now(),
        };
        let commit = CommitUpload { id: id.to_owned(), request };
        Ok(self.node.deployer.ask(commit).await.map_err(DeployError::from)??)
    }
}

fn release_entry(entry: &Entry) -> ReleaseEntry {
    ReleaseEntry { path: entry.path.clone(), hash: entry.hash, size: entry.size }
}
