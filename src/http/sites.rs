//! `/api/sites` and `/api/deployments`: apps and releases as clients of the original see them.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use fazt_actors::apps::{self, AppRow, Shown};
use fazt_actors::deployer::DeleteApp;
use fazt_actors::kind::ErrorKind;
use fazt_actors::timestamp::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::{answer, page_size};
use super::apps as app_endpoints;
use super::error::{ApiError, ApiResult};
use super::model::Message;
use super::model::original::{Deployment, Deployments, Site, SiteFile};
use super::operator::Operator;
use super::permission::{Admin, Read, ReadApp};
use super::releases::{download, find_release};
use crate::node::Node;

/// Sites of one list: the original knew no pages.
const SITES_MAX: usize = 10_000;

/// Deployments of one list.
const DEPLOYMENTS_MAX: usize = 50;

/// `GET /api/sites`.
pub(super) async fn list(_operator: Operator<Read>, node: web::Data<Node>) -> ApiResult {
    let read = node.store.readers.read(|c| apps::list(c, Shown::Live, None, SITES_MAX));
    let (mut apps, _total) = read.await?;
    apps.sort_by_key(|app| std::cmp::Reverse(app.updated_at));
    let sites: Vec<Site> = apps.into_iter().map(shown).collect();
    Ok(answer(sites))
}

/// `GET /api/sites/{app}`.
pub(super) async fn show(
    _operator: Operator<ReadApp>,
    node: web::Data<Node>,
    key: web::Path<String>,
) -> ApiResult {
    let app = find(&node, &key).await?;
    Ok(answer(shown(app)))
}

/// Query of the deletion.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SiteQuery {
    /// Name or id of the app.
    #[param(required, min_length = 1, example = "blog")]
    site_id: Option<String>,
}

/// `DELETE /api/sites?site_id=`.
pub(super) async fn delete(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    query: web::Query<SiteQuery>,
) -> ApiResult {
    let app = named(&node, query.into_inner().site_id).await?;
    operator.about_app(&app.name);
    let delete = DeleteApp { app: app.id, purge: false, at: Timestamp::now() };
    node.deployer.ask(delete).await??;
    Ok(answer(Message { message: "Site deleted".to_owned() }))
}

/// `GET /api/sites/{app}/files`, and the same under `/api/apps`.
pub(super) async fn files(
    _operator: Operator<ReadApp>,
    node: web::Data<Node>,
    key: web::Path<String>,
) -> ApiResult {
    let app = find(&node, &key).await?;
    let files = node.store.readers.read(move |c| match apps::release(c, app.id, None)? {
        Some(live) => apps::files(c, live.id),
        None => Ok(Vec::new()),
    });
    let files: Vec<SiteFile> = files
        .await?
        .into_iter()
        .map(|file| SiteFile {
            path: file.path,
            size: file.size,
            mod_time: file.modified_at.to_rfc3339(),
        })
        .collect();
    Ok(answer(files))
}

/// `GET /api/sites/{app}/files/{path…}`: with the file's own type, and never as a page.
pub(super) async fn file(
    _operator: Operator<ReadApp>,
    node: web::Data<Node>,
    keys: web::Path<(String, String)>,
) -> ApiResult {
    let (key, path) = keys.into_inner();
    let app = find(&node, &key).await?;
    let (_, release) = find_release(&node, &app.public_id, "live").await?;
    let media = fazt_actors::media::media_type(&path).name;
    let mut response: HttpResponse = download(&node, release.id, &path).await?;
    if let Ok(value) = header::HeaderValue::from_str(media) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    Ok(response)
}

/// Query of the deployments.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeploymentsQuery {
    /// Deploys of the answer: 50 at most, and unless fewer are asked for.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    limit: Option<u32>,
}

/// `GET /api/deployments`.
pub(super) async fn deployments(
    _operator: Operator<Read>,
    node: web::Data<Node>,
    query: web::Query<DeploymentsQuery>,
) -> ApiResult {
    let limit = page_size(query.limit, DEPLOYMENTS_MAX, DEPLOYMENTS_MAX);
    let releases = node.store.readers.read(move |c| apps::newest_releases(c, limit)).await?;
    let deployments = releases
        .into_iter()
        .map(|(app, release)| Deployment {
            id: release.id,
            site_id: app,
            size_bytes: release.size_bytes,
            file_count: release.file_count,
            deployed_by: release.deployed_by,
            created_at: release.created_at.to_rfc3339(),
        })
        .collect();
    Ok(answer(Deployments { deployments }))
}

/// The app that a query or a body names as its site.
pub(super) async fn named(node: &Node, site: Option<String>) -> ApiResult<AppRow> {
    match site.filter(|site| !site.is_empty()) {
        Some(site) => find(node, &site).await,
        None => Err(ApiError::field("site_id", "is required")),
    }
}

/// The app with this name or id, in the original's words where there is none.
async fn find(node: &Node, key: &str) -> ApiResult<AppRow> {
    match app_endpoints::find(node, key, Shown::Live).await {
        Err(error) if error.code() == "APP_NOT_FOUND" => {
            let shown: String = key.chars().take(80).collect();
            let message = format!("there is no site `{shown}`");
            Err(ApiError::new(ErrorKind::NotFound, "SITE_NOT_FOUND", message))
        }
        found => found,
    }
}

fn shown(app: AppRow) -> Site {
    Site {
        path: format!("vfs://{}", app.name),
        name: app.name,
        file_count: app.file_count,
        size_bytes: app.size_bytes,
        mod_time: app.updated_at.to_plain_text(),
    }
}
