//! `/api/apps`: what is on the air, and taking it off.

use actix_web::{HttpRequest, web};
use fazt_actors::apps::{self, AppRow, Shown};
use fazt_actors::deployer::{DeleteApp, RestoreApp, RollBack};
use fazt_actors::timestamp::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::{answer, next_cursor, page, page_size};
use super::body::read_json;
use super::error::{ApiError, ApiResult};
use super::model::{self, AppDeleted, RollbackRequest};
use super::operator::Operator;
use super::permission::{Admin, DeployApp, Read, ReadApp};
use crate::config::NodeConfig;
use crate::node::Node;

/// Apps on a page, unless fewer are asked for.
const PAGE_APPS_MAX: usize = 1000;

/// Seconds of a day.
const DAY_SECONDS: u64 = 24 * 60 * 60;

/// Query of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Whether to list deleted apps, which can be restored, instead.
    #[serde(default)]
    deleted: bool,
    /// Apps on a page: 1,000 at most, and unless fewer are asked for.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(pattern = "^[a-z0-9-]{1,63}~[0-9]{1,18}$")]
    cursor: Option<String>,
}

/// `GET /api/apps`.
pub(super) async fn list(
    _operator: Operator<Read>,
    node: web::Data<Node>,
    query: web::Query<ListQuery>,
) -> ApiResult {
    let shown = if query.deleted { Shown::Deleted } else { Shown::Live };
    let limit = page_size(query.limit, PAGE_APPS_MAX, PAGE_APPS_MAX);
    let after = query.cursor.as_deref().map(read_cursor).transpose()?;
    let (found, total) =
        node.store.readers.read(move |c| apps::list(c, shown, after.as_ref(), limit)).await?;
    let next_cursor = next_cursor(&found, limit, |app| format!("{}~{}", app.name, app.id));
    let data: Vec<model::App> = found.into_iter().map(|app| shown_app(app, &node.config)).collect();
    Ok(page(data, next_cursor, Some(total)))
}

fn read_cursor(text: &str) -> ApiResult<(String, i64)> {
    text.split_once('~')
        .and_then(|(name, id)| Some((name.to_owned(), id.parse().ok()?)))
        .ok_or_else(|| ApiError::field("cursor", "must be a `next_cursor` of an earlier page"))
}

/// `GET /api/apps/{app}`.
pub(super) async fn show(
    _operator: Operator<ReadApp>,
    node: web::Data<Node>,
    key: web::Path<String>,
) -> ApiResult {
    let app = find(&node, &key, Shown::Live).await?;
    Ok(answer(shown_app(app, &node.config)))
}

/// Query of the deletion.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteQuery {
    /// Whether it is gone for good at once.
    #[serde(default)]
    purge: bool,
}

/// `DELETE /api/apps/{app}`.
pub(super) async fn delete(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    key: web::Path<String>,
    query: web::Query<DeleteQuery>,
) -> ApiResult {
    let purge = query.purge;
    let app = match find(&node, &key, Shown::Live).await {
        Ok(app) => app,
        Err(error) if purge && error.code() == "APP_NOT_FOUND" => {
            find(&node, &key, Shown::Deleted).await?
        }
        Err(error) => return Err(error),
    };
    let delete = DeleteApp { app: app.id, purge, at: Timestamp::now() };
    node.deployer.ask(delete).await??;
    operator.about_app(&app.name);
    operator.about(&app.public_id);
    if purge {
        operator.remark("for good".to_owned());
    }
    let kept_days = node.limits().deleted_app_kept_for.as_secs() / DAY_SECONDS;
    let message = match (purge, kept_days) {
        (true, _) => "deleted for good".to_owned(),
        (false, 0) => format!("deleted; `fazt app restore {}` may bring it back", app.name),
        (false, days) => {
            format!("deleted; `fazt app restore {}` brings it back for {days} days", app.name)
        }
    };
    Ok(answer(AppDeleted { message, name: app.name, id: app.public_id }))
}

/// `POST /api/apps/{app}/restore`.
pub(super) async fn restore(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    key: web::Path<String>,
) -> ApiResult {
    let app = find(&node, &key, Shown::Deleted).await?;
    node.deployer.ask(RestoreApp { app: app.id, at: Timestamp::now() }).await??;
    operator.about_app(&app.name);
    operator.about(&app.public_id);
    let app = find(&node, &app.public_id, Shown::Live).await?;
    Ok(answer(shown_app(app, &node.config)))
}

/// `POST /api/apps/{app}/rollback`.
pub(super) async fn roll_back(
    operator: Operator<DeployApp>,
    node: web::Data<Node>,
    key: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult {
    let limit = node.limits().json_body_bytes_max;
    let wanted: RollbackRequest = read_json(&request, payload, limit).await?;
    let number = match wanted.release.map(u32::try_from).transpose() {
        Ok(number) => number,
        Err(_) => return Err(ApiError::field("release", "is not the number of a release")),
    };
    let app = find(&node, &key, Shown::Live).await?;
    let roll_back = RollBack { app: app.id, number, at: Timestamp::now() };
    let activated = node.deployer.ask(roll_back).await??;
    operator.about_app(&app.name);
    operator.about(&format!("v{}", activated.number));
    Ok(answer(super::deploy::result(activated, &node.config)))
}

/// The app with this name or id, as the path of a request gives it.
pub(super) async fn find(node: &Node, key: &str, shown: Shown) -> ApiResult<AppRow> {
    let wanted = if key.starts_with("app_") { key.to_owned() } else { key.to_ascii_lowercase() };
    let found = node.store.readers.read(move |c| apps::find(c, &wanted, shown)).await?;
    found.ok_or_else(|| ApiError::no_app(key))
}

fn shown_app(app: AppRow, config: &NodeConfig) -> model::App {
    model::App {
        url: config.app_url(&app.name),
        id: app.public_id,
        name: app.name,
        live_release: app.live_number.map(u64::from),
        file_count: app.file_count,
        size_bytes: app.size_bytes,
        created_at: app.created_at.to_rfc3339(),
        updated_at: app.updated_at.to_rfc3339(),
        deleted_at: app.deleted_at.map(Timestamp::to_rfc3339),
        source: "deploy".to_owned(),
    }
}
