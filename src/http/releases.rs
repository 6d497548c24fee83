//! `/api/apps/{app}/releases`: what was deployed, and its files.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use fazt_actors::apps::{self, AppRow, ReleaseRow, Shown};
use fazt_actors::encoding::Encoding;
use fazt_actors::kind::ErrorKind;

use super::answer::answer;
use super::apps::find;
use super::content_body::{ContentRange, content_body};
use super::error::{ApiError, ApiResult};
use super::model::{Release, ReleaseFile};
use super::operator::Operator;
use super::permission::ReadApp;
use crate::node::Node;

/// `GET /api/apps/{app}/releases`.
pub(super) async fn list(
    _operator: Operator<ReadApp>,
    node: web::Data<Node>,
    key: web::Path<String>,
) -> ApiResult {
    let app = find(&node, &key, Shown::Live).await?;
    let releases = node.store.readers.read(move |c| apps::releases(c, app.id)).await?;
    let shown: Vec<Release> = releases
        .into_iter()
        .map(|release| Release {
            url: node.config.app_url(&format!("v{}--{}", release.number, app.name)),
            number: u64::from(release.number),
            live: release.is_live,
            file_count: release.file_count,
            size_bytes: release.size_bytes,
            deployed_by: release.deployed_by,
            created_at: release.created_at.to_rfc3339(),
        })
        .collect();
    Ok(answer(shown))
}

/// `GET /api/apps/{app}/releases/{release}/files`.
pub(super) async fn files(
    _operator: Operator<ReadApp>,
    node: web::Data<Node>,
    keys: web::Path<(String, String)>,
) -> ApiResult {
    let (_, release) = find_release(&node, &keys.0, &keys.1).await?;
    let files = node.store.readers.read(move |c| apps::files(c, release.id)).await?;
    let shown: Vec<ReleaseFile> = files
        .into_iter()
        .map(|file| ReleaseFile { path: file.path, size: file.size, sha256: file.hash.to_string() })
        .collect();
    Ok(answer(shown))
}

/// `GET /api/apps/{app}/releases/{release}/files/{path…}`.
///
/// The bytes of somebody's app on the admin's own origin: so never as a page, only
/// as a download.
pub(super) async fn file(
    _operator: Operator<ReadApp>,
    node: web::Data<Node>,
    keys: web::Path<(String, String, String)>,
) -> ApiResult {
    let (app, release, path) = keys.into_inner();
    let (_, release) = find_release(&node, &app, &release).await?;
    download(&node, release.id, &path).await
}

/// A file of a release as a download.
pub(super) async fn download(node: &Node, release: i64, path: &str) -> ApiResult {
    let wanted = path.to_owned();
    let found = node.store.readers.read(move |c| apps::file(c, release, &wanted)).await?;
    let Some(file) = found else {
        let message = format!("this release has no file `{path}`");
        return Err(ApiError::new(ErrorKind::NotFound, "FILE_NOT_FOUND", message));
    };
    let range = ContentRange::whole(file.size);
    let body =
        content_body(&node.contents, file.content, Encoding::Identity, file.size, range).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/octet-stream"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox"))
        .body(body))
}

/// The release that a path names: `live`, `7` or `v7`.
pub(super) async fn find_release(
    node: &Node,
    app: &str,
    release: &str,
) -> ApiResult<(AppRow, ReleaseRow)> {
    let app = find(node, app, Shown::Live).await?;
    let number = match release {
        "live" => None,
        _ => match release.strip_prefix('v').unwrap_or(release).parse::<u32>() {
            Ok(number) => Some(number),
            Err(_) => return Err(ApiError::field("release", "must be `live` or a number")),
        },
    };
    let id = app.id;
    let found = node.store.readers.read(move |c| apps::release(c, id, number)).await?;
    let Some(found) = found else {
        let message = format!("`{}` has no release {release} (any more)", app.name);
        let code = if number.is_none() { "NO_RELEASE" } else { "RELEASE_NOT_FOUND" };
        return Err(ApiError::new(ErrorKind::NotFound, code, message));
    };
    Ok((app, found))
}
