//! From files to a live release: the actor that deploys, rolls back, deletes and restores.
//!
//! A deploy that was handed to the actor finishes or leaves no trace, whether its
//! client stays or goes. Contents are stored first, invisibly; then the release is
//! listed, invisibly; one change makes it true; then the router shows it.

pub mod archive;
pub mod encoder;
pub mod error;
pub mod file_set;
mod frames;
mod functions;
pub mod janitor;
pub mod manifest;
pub mod path;
mod pieces;
mod pipeline;
pub mod removal;
mod rules;
pub mod stored_manifest;
mod uploads;
pub mod writes;

use std::collections::HashSet;
use std::fs::File;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use actix::{Actor, Arbiter, Context, Handler, Message, ResponseFuture};
use futures_util::FutureExt;

use crate::app_logs::AppLogs;
use crate::content::ContentHash;
use crate::limits::{Limits, LiveLimits};
use crate::mailbox::{Bound, Mailbox};
use crate::name::{AppId, AppName};
use crate::random;
use crate::router::Router;
use crate::store::{Store, StoreError};
use crate::timestamp::Timestamp;
pub use error::{DeployError, UploadError};
use pipeline::Pipeline;
use writes::{Activated, ReleaseEntry};

/// Base62 characters of an upload's id.
const UPLOAD_ID_CHARS: usize = 22;

/// Who deploys what, and when.
#[derive(Clone, Debug)]
pub struct DeployRequest {
    /// The app, made if there is none of that name.
    pub app: AppName,
    /// The id that a new app gets.
    pub new_app_id: AppId,
    /// Name of the token that deploys, or `owner`.
    pub deployed_by: String,
    /// Whether files of earlier releases become unreachable at once.
    pub purge: bool,
    /// Now.
    pub at: Timestamp,
}

/// Deploys the files of a ZIP archive.
#[derive(Message)]
#[rtype(result = "Result<Activated, DeployError>")]
pub struct DeployArchive {
    /// Who deploys what.
    pub request: DeployRequest,
    /// The archive, whole, in a file that has no name.
    pub archive: File,
}

/// Begins a differential upload.
#[derive(Message)]
#[rtype(result = "Result<Vec<ContentHash>, DeployError>")]
pub struct BeginUpload {
    /// The id under which it goes on.
    pub id: String,
    /// The app.
    pub app: AppName,
    /// The live release that the client compared with.
    pub base: Option<u32>,
    /// Files that are new or differ.
    pub changed: Vec<ReleaseEntry>,
    /// Paths that the new release does not have.
    pub removed: HashSet<String>,
    /// Now.
    pub at: Timestamp,
}

/// An id for a new upload: nobody guesses one.
pub fn new_upload_id() -> String {
    format!("upl_{}", random::base62(UPLOAD_ID_CHARS))
}

/// Takes contents of an upload. Answers how many.
#[derive(Message)]
#[rtype(result = "Result<usize, DeployError>")]
pub struct ReceiveContents {
    /// The upload.
    pub id: String,
    /// Its app.
    pub app: AppName,
    /// The frames, in a file that has no name.
    pub body: File,
    /// Now.
    pub at: Timestamp,
}

/// Makes an upload the live release.
#[derive(Message)]
#[rtype(result = "Result<Activated, DeployError>")]
pub struct CommitUpload {
    /// The upload.
    pub id: String,
    /// Who deploys what.
    pub request: DeployRequest,
}

/// Forgets an upload.
#[derive(Message)]
#[rtype(result = "Result<(), DeployError>")]
pub struct AbandonUpload {
    /// The upload.
    pub id: String,
    /// Its app.
    pub app: AppName,
    /// Now.
    pub at: Timestamp,
}

/// Makes an earlier release live again.
#[derive(Message)]
#[rtype(result = "Result<Activated, DeployError>")]
pub struct RollBack {
    /// The app's row.
    pub app: i64,
    /// The release to go back to; `None`: the one before the live one.
    pub number: Option<u32>,
    /// Now.
    pub at: Timestamp,
}

/// Takes an app off the air, or removes a deleted one for good.
#[derive(Message)]
#[rtype(result = "Result<(), DeployError>")]
pub struct DeleteApp {
    /// The app's row.
    pub app: i64,
    /// Whether it cannot be restored.
    pub purge: bool,
    /// Now.
    pub at: Timestamp,
}

/// Puts a deleted app back on the air.
#[derive(Message)]
#[rtype(result = "Result<(), DeployError>")]
pub struct RestoreApp {
    /// The app's row.
    pub app: i64,
    /// Now.
    pub at: Timestamp,
}

/// The actor. Its work is in `pipeline`; it owns how many run at once.
pub struct Deployer {
    pipeline: Pipeline,
}

/// Requests that may wait for the deployer or be in its hands.
pub fn bound(limits: &Limits) -> Bound {
    Bound { messages: limits.deploys_at_once + limits.deploys_waiting, payload_bytes: 0 }
}

impl Deployer {
    /// Starts the deployer with its encoder and its janitor.
    pub async fn start(
        store: &Store,
        router: &Mailbox<Router>,
        limits: &LiveLimits,
        logs: &AppLogs,
    ) -> Result<Mailbox<Deployer>, StoreError> {
        let encoder = encoder::Encoder::start(store, router);
        let janitor = janitor::Janitor::start(store, limits).await?;
        let pipeline = Pipeline::new(store, router, encoder, janitor, limits, logs);
        let bound = bound(&limits.now());
        let arbiter = Arbiter::new();
        let address = Deployer::start_in_arbiter(&arbiter.handle(), move |ctx| {
            ctx.set_mailbox_capacity(bound.messages * 2);
            Deployer { pipeline }
        });
        Ok(Mailbox::new(address, bound))
    }
}

impl Actor for Deployer {
    type Context = Context<Deployer>;
}

/// A defect in one deploy must not end the deployer: actix would close it for good.
fn guarded<T: 'static>(
    work: impl Future<Output = Result<T, DeployError>> + 'static,
) -> ResponseFuture<Result<T, DeployError>> {
    Box::pin(async move {
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(_panic) => {
                tracing::error!("a deploy panicked; nothing of it became visible");
                Err(DeployError::Interrupted)
            }
        }
    })
}

impl Handler<DeployArchive> for Deployer {
    type Result = ResponseFuture<Result<Activated, DeployError>>;

    fn handle(&mut self, deploy: DeployArchive, _ctx: &mut Context<Deployer>) -> Self::Result {
        let pipeline = self.pipeline.clone();
        guarded(async move { pipeline.deploy_archive(deploy).await })
    }
}

impl Handler<BeginUpload> for Deployer {
    type Result = ResponseFuture<Result<Vec<ContentHash>, DeployError>>;

    fn handle(&mut self, begin: BeginUpload, _ctx: &mut Context<Deployer>) -> Self::Result {
        let pipeline = self.pipeline.clone();
        guarded(async move { pipeline.begin_upload(begin).await })
    }
}

impl Handler<ReceiveContents> for Deployer {
    type Result = ResponseFuture<Result<usize, DeployError>>;

    fn handle(&mut self, receive: ReceiveContents, _ctx: &mut Context<Deployer>) -> Self::Result {
        let pipeline = self.pipeline.clone();
        guarded(async move { pipeline.receive_contents(receive).await })
    }
}

impl Handler<CommitUpload> for Deployer {
    type Result = ResponseFuture<Result<Activated, DeployError>>;

    fn handle(&mut self, commit: CommitUpload, _ctx: &mut Context<Deployer>) -> Self::Result {
        let pipeline = self.pipeline.clone();
        guarded(async move { pipeline.commit_upload(commit).await })
    }
}

impl Handler<AbandonUpload> for Deployer {
    type Result = Result<(), DeployError>;

    fn handle(&mut self, abandon: AbandonUpload, _ctx: &mut Context<Deployer>) -> Self::Result {
        self.pipeline.abandon_upload(&abandon)
    }
}

impl Handler<RollBack> for Deployer {
    type Result = ResponseFuture<Result<Activated, DeployError>>;

    fn handle(&mut self, roll_back: RollBack, _ctx: &mut Context<Deployer>) -> Self::Result {
        let pipeline = self.pipeline.clone();
        guarded(async move { pipeline.roll_back(roll_back).await })
    }
}

impl Handler<DeleteApp> for Deployer {
    type Result = ResponseFuture<Result<(), DeployError>>;

    fn handle(&mut self, delete: DeleteApp, _ctx: &mut Context<Deployer>) -> Self::Result {
        let pipeline = self.pipeline.clone();
        guarded(async move { pipeline.delete_app(delete).await })
    }
}

impl Handler<RestoreApp> for Deployer {
    type Result = ResponseFuture<Result<(), DeployError>>;

    fn handle(&mut self, restore: RestoreApp, _ctx: &mut Context<Deployer>) -> Self::Result {
        let pipeline = self.pipeline.clone();
        guarded(async move { pipeline.restore_app(restore).await })
    }
}
