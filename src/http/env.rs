//! `/api/envvars`: what functions read as their environment. Values are never read back.

use actix_web::{HttpRequest, web};
use fazt_actors::env::{self, DeleteVariable, SetVariable, VALUE_BYTES_MAX};
use fazt_actors::kind::ErrorKind;
use fazt_actors::timestamp::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::answer;
use super::body::read_json;
use super::error::{ApiError, ApiResult};
use super::model::original::{EnvVar, EnvVarRequest, EnvVars, Nothing};
use super::operator::Operator;
use super::permission::{Admin, Read};
use super::sites::named;
use crate::node::Node;

/// Query of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Name or id of the app.
    #[param(required, min_length = 1, example = "blog")]
    site_id: Option<String>,
}

/// `GET /api/envvars?site_id=`.
pub(super) async fn list(
    _operator: Operator<Read>,
    node: web::Data<Node>,
    query: web::Query<ListQuery>,
) -> ApiResult {
    let app = named(&node, query.into_inner().site_id).await?;
    let found = node.store.readers.read(move |c| env::list(c, app.id)).await?;
    let vars = found.into_iter().map(|var| EnvVar { id: var.id, name: var.name }).collect();
    Ok(answer(EnvVars { vars }))
}

/// `POST /api/envvars`.
pub(super) async fn set(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult {
    let body: EnvVarRequest =
        read_json(&request, payload, node.limits().json_body_bytes_max).await?;
    env::check_name(&body.name).map_err(|error| ApiError::field("name", error.to_string()))?;
    if body.value.len() > VALUE_BYTES_MAX {
        return Err(ApiError::field("value", env::EnvError::Value.to_string()));
    }
    let app = named(&node, Some(body.site_id)).await?;
    operator.about_app(&app.name);
    operator.about(&body.name);
    let (name, value) = (body.name, body.value);
    let set = SetVariable { app: app.id, name, value, at: Timestamp::now() };
    node.store.writer.commit(set).await??;
    node.functions.forget(app.id);
    Ok(answer(Nothing {}))
}

/// Query of the deletion.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteQuery {
    /// Id of the variable.
    #[param(required)]
    id: Option<i64>,
}

/// `DELETE /api/envvars?id=`.
pub(super) async fn delete(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    query: web::Query<DeleteQuery>,
) -> ApiResult {
    let id = query.id.ok_or_else(|| ApiError::field("id", "is required"))?;
    let Some(deleted) = node.store.writer.commit(DeleteVariable(id)).await? else {
        let message = "there is no such variable";
        return Err(ApiError::new(ErrorKind::NotFound, "VARIABLE_NOT_FOUND", message));
    };
    node.functions.forget(deleted.app);
    operator.about_app(&deleted.app_name);
    operator.about(&deleted.name);
    Ok(answer(Nothing {}))
}
