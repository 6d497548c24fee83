//! The steps of a deploy, in the order that keeps it atomic.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::archive::Archive;
use super::encoder::{Encoder, Wake};
use super::file_set::{FileSetError, check_files};
use super::janitor::{self, Janitor};
use super::path::FilePath;
use super::pieces::{PieceSink, store_pieces};
use super::removal::{self, Restored};
use super::uploads::{Upload, Uploads};
use super::writes::{
    Activate, Activated, AddFiles, Base, FILES_PER_STEP, PrepareRelease, ReleaseEntry, Rollback,
};
use super::{
    AbandonUpload, BeginUpload, CommitUpload, DeleteApp, DeployArchive, DeployError, DeployRequest,
    ReceiveContents, RestoreApp, RollBack, UploadError, error::Refusal, frames, rules,
};
use crate::app_logs::AppLogs;
use crate::content::{ContentHash, Hasher};
use crate::contents::{CHUNK_BYTES, ContentPiece, pieces_of};
use crate::killpoint;
use crate::limits::{Limits, LiveLimits};
use crate::mailbox::Mailbox;
use crate::router::{Publish, Router};
use crate::store::Store;

/// Archive entries up to this size are read into memory once; larger ones are read twice.
const IN_MEMORY_BYTES_MAX: u64 = 1024 * 1024;

/// What the deployer works with.
#[derive(Clone)]
pub(super) struct Pipeline {
    store: Store,
    router: Mailbox<Router>,
    encoder: Mailbox<Encoder>,
    janitor: Mailbox<Janitor>,
    limits: LiveLimits,
    logs: AppLogs,
    turns: Arc<Semaphore>,
    uploads: Arc<Mutex<Uploads>>,
}

impl Pipeline {
    pub(super) fn new(
        store: &Store,
        router: &Mailbox<Router>,
        encoder: Mailbox<Encoder>,
        janitor: Mailbox<Janitor>,
        limits: &LiveLimits,
        logs: &AppLogs,
    ) -> Pipeline {
        Pipeline {
            store: store.clone(),
            router: router.clone(),
            encoder,
            janitor,
            limits: limits.clone(),
            logs: logs.clone(),
            turns: Arc::new(Semaphore::new(limits.now().deploys_at_once)),
            uploads: Arc::default(),
        }
    }

    pub(super) async fn deploy_archive(
        &self,
        deploy: DeployArchive,
    ) -> Result<Activated, DeployError> {
        let _turn = self.turns.acquire().await;
        killpoint::reach("deploy.spooled");
        let limits = self.limits.now();
        let entries = store_pieces(&self.store.writer, deploy.request.at, move |sink| {
            read_archive(deploy.archive, &limits, sink)
        })
        .await?;
        self.release(&entries, Base::Any, deploy.request).await
    }

    pub(super) async fn begin_upload(
        &self,
        begin: BeginUpload,
    ) -> Result<Vec<ContentHash>, DeployError> {
        let mut paths = HashSet::new();
        if let Some(twice) = begin.changed.iter().find(|entry| !paths.insert(&entry.path)) {
            return Err(FileSetError::Duplicate { path: twice.path.to_string() }.into());
        }
        let (app, changed) = (begin.app.clone(), begin.changed.clone());
        let found = self.store.readers.read(move |c| compare(c, app.as_str(), &changed)).await?;
        if found.live != begin.base {
            return Err(Refusal::Moved { live: found.live }.into());
        }
        let entries = merged(found.files, begin.changed, &begin.removed);
        let limits = self.limits.now();
        check_files(entries.iter().map(|entry| (&entry.path, entry.size)), &limits.deploy)?;
        let missing: Vec<ContentHash> = found.missing.keys().copied().collect();
        let upload = Upload {
            app: begin.app,
            base: found.release,
            entries: Arc::new(entries),
            missing: Arc::new(found.missing),
            expires_at: begin.at.after(limits.unused_content_kept_for),
        };
        self.uploads().begin(begin.id, upload, &limits, begin.at)?;
        killpoint::reach("upload.begun");
        Ok(missing)
    }

    pub(super) async fn receive_contents(
        &self,
        receive: ReceiveContents,
    ) -> Result<usize, DeployError> {
        let upload = self.uploads().get(&receive.id, &receive.app, receive.at)?;
        killpoint::reach("deploy.spooled");
        let (body, missing) = (receive.body, upload.missing);
        let hashes = store_pieces(&self.store.writer, receive.at, move |sink| {
            frames::read_frames(std::io::BufReader::new(body), &missing, sink)
        })
        .await?;
        self.uploads().record_sent(&receive.id, &hashes);
        killpoint::reach("upload.received");
        Ok(hashes.len())
    }

    pub(super) async fn commit_upload(
        &self,
        commit: CommitUpload,
    ) -> Result<Activated, DeployError> {
        let _turn = self.turns.acquire().await;
        let (id, request) = (commit.id, commit.request);
        let upload = self.uploads().get(&id, &request.app, request.at)?;
        let unsent = self.uploads().unsent(&id);
        if unsent > 0 {
            return Err(UploadError::Incomplete { unsent }.into());
        }
        let activated = self.release(&upload.entries, Base::Release(upload.base), request).await?;
        self.uploads().end(&id);
        Ok(activated)
    }

    pub(super) fn abandon_upload(&self, abandon: &AbandonUpload) -> Result<(), DeployError> {
        let mut uploads = self.uploads();
        uploads.get(&abandon.id, &abandon.app, abandon.at)?;
        uploads.end(&abandon.id);
        Ok(())
    }

    pub(super) async fn roll_back(&self, roll_back: RollBack) -> Result<Activated, DeployError> {
        let RollBack { app, number, at } = roll_back;
        let activated = self.store.writer.commit(Rollback { app, number, at }).await??;
        killpoint::reach("rollback.activated");
        self.publish(activated.app).await?;
        Ok(activated)
    }

    pub(super) async fn delete_app(&self, delete: DeleteApp) -> Result<(), DeployError> {
        let DeleteApp { app, purge, at } = delete;
        let was_live = self.store.writer.commit(removal::DeleteApp { app, at }).await?;
        if !was_live && !purge {
            return Err(Refusal::NoApp.into());
        }
        killpoint::reach("delete.deleted");
        self.publish(app).await?;
        if purge {
            self.store.writer.commit(removal::PurgeApp { app }).await?;
            killpoint::reach("delete.purged");
            self.wake_janitor();
        }
        Ok(())
    }

    pub(super) async fn restore_app(&self, restore: RestoreApp) -> Result<(), DeployError> {
        let RestoreApp { app, at } = restore;
        match self.store.writer.commit(removal::RestoreApp { app, at }).await? {
            Restored::Back => self.publish(app).await,
            Restored::NotDeleted => Err(Refusal::NoApp.into()),
            Restored::NameTaken => Err(Refusal::NameTaken.into()),
        }
    }

    /// Lists the files, makes them the live release, and shows it.
    async fn release(
        &self,
        entries: &[ReleaseEntry],
        base: Base,
        request: DeployRequest,
    ) -> Result<Activated, DeployError> {
        let limits = self.limits.now();
        check_files(entries.iter().map(|entry| (&entry.path, entry.size)), &limits.deploy)?;
        let manifest = rules::check(&self.store.readers, entries, &limits.deploy).await?;
        killpoint::reach("deploy.stored");
        let prepare = PrepareRelease {
            file_count: entries.len(),
            size_bytes: entries.iter().map(|entry| entry.size).sum(),
            manifest,
            deployed_by: request.deployed_by.clone(),
            at: request.at,
        };
        let release = self.store.writer.commit(prepare).await?;
        killpoint::reach("deploy.prepared");
        let outcome = self.list_and_activate(release, entries, base, request).await;
        if outcome.is_err() {
            // Nothing of it is visible; what it listed goes away with the next clean-up.
            self.store.writer.commit(removal::AbandonRelease { release }).await?;
            self.wake_janitor();
        }
        let activated = outcome?;
        killpoint::reach("deploy.activated");
        self.publish(activated.app).await?;
        killpoint::reach("deploy.published");
        self.tidy_up(activated.app).await?;
        Ok(activated)
    }

    async fn list_and_activate(
        &self,
        release: i64,
        entries: &[ReleaseEntry],
        base: Base,
        request: DeployRequest,
    ) -> Result<Activated, DeployError> {
        for step in entries.chunks(FILES_PER_STEP) {
            let (app, at) = (request.app.clone(), request.at);
            let add = AddFiles { release, app, entries: step.to_vec(), at };
            let bytes = size_of_val(step);
            let listed = self.store.writer.commit_bulk(add, bytes).await?;
            listed.map_err(|path| UploadError::ContentGone { path })?;
            killpoint::reach("deploy.listed");
        }
        let DeployRequest { app, new_app_id, purge, at, .. } = request;
        let activate = Activate { release, app, new_app_id, base, purge, at };
        Ok(self.store.writer.commit(activate).await??)
    }

    async fn publish(&self, app: i64) -> Result<(), DeployError> {
        // The change is durable already; a full queue here is short, so this waits for room.
        self.logs.noticed(app);
        Ok(self.router.ask_patiently(Publish { app }).await??)
    }

    async fn tidy_up(&self, app: i64) -> Result<(), DeployError> {
        let doom = removal::DoomOldReleases { app, kept: self.limits.now().releases_kept };
        if self.store.writer.commit(doom).await? > 0 {
            killpoint::reach("removal.doomed");
            self.wake_janitor();
        }
        if !self.limits.now().is_throwaway {
            self.encoder.nudge(Wake);
        }
        Ok(())
    }

    fn wake_janitor(&self) {
        self.janitor.nudge(janitor::Wake);
    }

    fn uploads(&self) -> MutexGuard<'_, Uploads> {
        // A panic while it was held left a list that is still a list.
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the node has of an upload already.
struct Comparison {
    /// Number and row of the live release.
    live: Option<u32>,
    release: Option<i64>,
    files: Vec<ReleaseEntry>,
    missing: HashMap<ContentHash, u64>,
}

fn compare(
    connection: &Connection,
    app: &str,
    changed: &[ReleaseEntry],
) -> rusqlite::Result<Comparison> {
    let snapshot = connection.unchecked_transaction()?;
    let (mut live, mut release) = (None, None);
    let files = snapshot
        .prepare_cached(
            "SELECT number, path, sha256, contents.size_bytes, releases.id
             FROM apps JOIN releases ON releases.id = live_release_id
                  JOIN release_files ON release_id = releases.id
                  JOIN contents ON contents.id = content_id
             WHERE name = ?1 AND deleted_at IS NULL",
        )?
        .query_map([app], |row| {
            live = row.get(0)?;
            release = row.get(4)?;
            Ok(ReleaseEntry {
                path: FilePath::from_stored(row.get(1)?),
                hash: ContentHash::from_bytes(row.get(2)?),
                size: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    // Only what this app's own releases hold counts as present: whether another
    // app has some content is not this client's to learn.
    let mut known = snapshot.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM release_files WHERE content_id =
             (SELECT id FROM contents WHERE sha256 = ?1 AND complete = 1)
         AND release_id IN (SELECT releases.id FROM releases JOIN apps ON apps.id = app_id
             WHERE name = ?2 AND deleted_at IS NULL AND state = 'ready'))",
    )?;
    let mut missing = HashMap::new();
    for entry in changed {
        if !known.query_row((entry.hash.as_bytes(), app), |row| row.get::<_, bool>(0))? {
            missing.insert(entry.hash, entry.size);
        }
    }
    Ok(Comparison { live, release, files, missing })
}

fn merged(
    live: Vec<ReleaseEntry>,
    changed: Vec<ReleaseEntry>,
    removed: &HashSet<String>,
) -> Vec<ReleaseEntry> {
    let mut files: BTreeMap<FilePath, ReleaseEntry> =
        live.into_iter().map(|entry| (entry.path.clone(), entry)).collect();
    files.retain(|path, _| !removed.contains(path.as_str()));
    files.extend(changed.into_iter().map(|entry| (entry.path.clone(), entry)));
    files.into_values().collect()
}

fn read_archive(
    file: std::fs::File,
    limits: &Limits,
    sink: &mut PieceSink,
) -> Result<Vec<ReleaseEntry>, DeployError> {
    let length = file.metadata().map_err(DeployError::Spool)?.len();
    let mut archive = Archive::open(std::io::BufReader::new(file), length, &limits.deploy)?;
    let mut entries = Vec::with_capacity(archive.entries().len());
    for index in 0..archive.entries().len() {
        let (path, size) = {
            let entry = &archive.entries()[index];
            (entry.path().clone(), entry.size())
        };
        let mut hasher = Hasher::new();
        let mut whole = Vec::new();
        archive.read(index, &mut |piece: &[u8]| {
            hasher.update(piece);
            if size <= IN_MEMORY_BYTES_MAX {
                whole.extend_from_slice(piece);
            }
            Ok(())
        })?;
        let hash = hasher.finish();
        if size <= IN_MEMORY_BYTES_MAX {
            sink.put(pieces_of(hash, &whole.into()))?;
        } else {
            put_large(&mut archive, index, hash, size, sink)?;
        }
        entries.push(ReleaseEntry { path, hash, size });
    }
    Ok(entries)
}

/// The second pass over a large entry: now that its hash is known its chunks can be stored.
fn put_large<R: std::io::Read + std::io::Seek>(
    archive: &mut Archive<R>,
    index: usize,
    hash: ContentHash,
    size: u64,
    sink: &mut PieceSink,
) -> Result<(), DeployError> {
    let mut pending = bytes::BytesMut::new();
    let mut position = 0;
    let mut passed_on = 0;
    let mut failure = None;
    let mut pass_on = |chunk: bytes::Bytes, sink: &mut PieceSink| {
        passed_on += chunk.len() as u64;
        let is_last = passed_on == size;
        let piece =
            ContentPiece { hash, size, first_position: position, chunks: vec![chunk], is_last };
        position += 1;
        sink.put(piece)
    };
    let read = archive.read(index, &mut |piece: &[u8]| {
        pending.extend_from_slice(piece);
        while pending.len() >= CHUNK_BYTES {
            if let Err(error) = pass_on(pending.split_to(CHUNK_BYTES).freeze(), sink) {
                failure = Some(error);
                return Err(std::io::ErrorKind::Interrupted.into());
            }
        }
        Ok(())
    });
    match (failure, read) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Err(error.into()),
        (None, Ok(())) if pending.is_empty() => Ok(()),
        (None, Ok(())) => pass_on(pending.freeze(), sink),
    }
}
