//! `/api/apps/{app}/uploads`: deploys that send only what the node lacks.

use std::collections::HashSet;

use actix_web::{HttpRequest, web};
use fazt_actors::content::ContentHash;
use fazt_actors::deployer::path::FilePath;
use fazt_actors::deployer::writes::ReleaseEntry;
use fazt_actors::deployer::{
    AbandonUpload, BeginUpload, CommitUpload, ReceiveContents, new_upload_id,
};
use fazt_actors::kind::ErrorKind;
use fazt_actors::limits::DeployLimits;
use fazt_actors::name::AppName;
use fazt_actors::timestamp::Timestamp;

use super::answer::{answer, created};
use super::body::{check_announced, read_json};
use super::deploy::{request_of, result};
use super::error::{ApiError, ApiResult};
use super::model::{
    BlobsReceived, ChangedFile, CommitRequest, Message, UploadCreated, UploadRequest,
};
use super::operator::{Caller, Operator};
use super::permission::DeployApp;
use super::spool::spool;
use crate::node::Node;

/// Bytes of frames in one request; a single larger content travels alone.
const FRAMES_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes before each content in a frame.
const FRAME_HEADER_BYTES: u64 = 40;

/// `POST /api/apps/{app}/uploads`.
pub(super) async fn begin(
    operator: Operator<DeployApp>,
    node: web::Data<Node>,
    key: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult {
    let app = app_name(&operator, &node, &key).await?;
    let limits = node.limits();
    let body: UploadRequest = read_json(&request, payload, limits.json_body_bytes_max).await?;
    let base = match body.base.map(u32::try_from).transpose() {
        Ok(base) => base,
        Err(_) => return Err(ApiError::field("base", "is not the number of a release")),
    };
    let changed =
        body.changed.iter().map(|file| entry(file, &limits.deploy)).collect::<ApiResult<_>>()?;
    let upload = new_upload_id();
    let begin = BeginUpload {
        id: upload.clone(),
        app,
        base,
        changed,
        removed: HashSet::from_iter(body.removed),
        at: Timestamp::now(),
    };
    let missing = node.deployer.ask(begin).await??;
    let missing = missing.iter().map(ContentHash::to_string).collect();
    let data = UploadCreated { upload, missing };
    Ok(created(data))
}

/// `PUT /api/apps/{app}/uploads/{upload}/blobs`.
pub(super) async fn receive(
    operator: Operator<DeployApp>,
    node: web::Data<Node>,
    keys: web::Path<(String, String)>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult {
    let (key, id) = keys.into_inner();
    let app = app_name(&operator, &node, &key).await?;
    let one_content = node.limits().deploy.file_bytes_max + FRAME_HEADER_BYTES;
    let bytes_max = FRAMES_BYTES_MAX.max(one_content);
    check_announced(&request, bytes_max)?;
    let body = spool(node.store.path(), payload, bytes_max).await?;
    let receive = ReceiveContents { id, app, body, at: Timestamp::now() };
    let received = node.deployer.ask(receive).await??;
    Ok(answer(BlobsReceived { received: received as u64 }))
}

/// `POST /api/apps/{app}/uploads/{upload}/commit`.
pub(super) async fn commit(
    operator: Operator<DeployApp>,
    node: web::Data<Node>,
    keys: web::Path<(String, String)>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult {
    let (key, id) = keys.into_inner();
    let app = app_name(&operator, &node, &key).await?;
    let body: CommitRequest =
        read_json(&request, payload, node.limits().json_body_bytes_max).await?;
    let commit = CommitUpload { id, request: request_of(app, &operator, body.purge) };
    let activated = node.deployer.ask(commit).await??;
    operator.about(&format!("v{}", activated.number));
    Ok(answer(result(activated, &node.config)))
}

/// `DELETE /api/apps/{app}/uploads/{upload}`.
pub(super) async fn abandon(
    operator: Operator<DeployApp>,
    node: web::Data<Node>,
    keys: web::Path<(String, String)>,
) -> ApiResult {
    let (key, id) = keys.into_inner();
    let app = app_name(&operator, &node, &key).await?;
    node.deployer.ask(AbandonUpload { id, app, at: Timestamp::now() }).await??;
    Ok(answer(Message { message: "upload abandoned".to_owned() }))
}

/// The app that the path names; it need not exist yet when it is named by its name.
async fn app_name(operator: &Caller, node: &Node, key: &str) -> ApiResult<AppName> {
    let name = if key.starts_with("app_") {
        let app = super::apps::find(node, key, fazt_actors::apps::Shown::Live).await?;
        AppName::parse(&app.name, None)?
    } else {
        AppName::parse(key, node.config.domain.as_deref())?
    };
    operator.may_deploy(&name)?;
    Ok(name)
}

fn entry(file: &ChangedFile, limits: &DeployLimits) -> ApiResult<ReleaseEntry> {
    let path = FilePath::parse(&file.path, limits).map_err(|refusal| {
        let shown: String = file.path.chars().take(200).collect();
        let message = format!("`{shown}` is refused: {refusal}");
        ApiError::new(ErrorKind::Invalid, "ENTRY_REFUSED", message)
    })?;
    let hash: ContentHash = file
        .sha256
        .parse()
        .map_err(|error| ApiError::field("sha256", format!("of `{path}`: {error}")))?;
    Ok(ReleaseEntry { path, hash, size: file.size })
}
