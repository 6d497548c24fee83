//! `/api/keys`: tokens as clients of the original make and list them.

use actix_web::{HttpRequest, web};
use fazt_actors::timestamp::Timestamp;
use fazt_actors::tokens::{NewToken, Scope, Token};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::answer;
use super::body::read_json;
use super::error::{ApiError, ApiResult};
use super::model::Message;
use super::model::original::{Key, KeyCreated, KeyRequest, Keys};
use super::operator::Operator;
use super::permission::Admin;
use super::tokens;
use crate::node::Node;

/// What a key may do that was asked for without scopes, as the original's command had it.
const DEFAULT_SCOPES: &str = "deploy";

/// `GET /api/keys`.
pub(super) async fn list(_operator: Operator<Admin>, node: web::Data<Node>) -> ApiResult {
    let keys = node.tokens.list().iter().map(|token| shown(token)).collect();
    Ok(answer(Keys { keys }))
}

/// `POST /api/keys`.
pub(super) async fn create(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult {
    let body: KeyRequest = read_json(&request, payload, node.limits().json_body_bytes_max).await?;
    let scopes = body.scopes.filter(|scopes| !scopes.trim().is_empty());
    let scopes = tokens::parse_scopes(
        scopes
            .as_deref()
            .unwrap_or(DEFAULT_SCOPES)
            .split([',', ' '])
            .filter(|scope| !scope.is_empty()),
    )?;
    let new = NewToken { name: body.name, scopes, expires_at: None, at: Timestamp::now() };
    let (token, text) = node.tokens.create(new).await?;
    operator.about(&token.id);
    let message = "Store this key now: it is not shown again".to_owned();
    Ok(answer(KeyCreated { token: text, message }))
}

/// Query of the deletion.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteQuery {
    /// The public half of the token.
    #[param(required)]
    id: Option<String>,
}

/// `DELETE /api/keys?id=`.
pub(super) async fn delete(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    query: web::Query<DeleteQuery>,
) -> ApiResult {
    let id = query.into_inner().id.ok_or_else(|| ApiError::field("id", "is required"))?;
    tokens::revoke_token(&operator, &node, &id).await?;
    Ok(answer(Message { message: "API key deleted".to_owned() }))
}

fn shown(token: &Token) -> Key {
    let scopes: Vec<String> = token.scopes.iter().map(Scope::to_string).collect();
    Key {
        id: token.id.to_string(),
        name: token.name.to_string(),
        scopes: scopes.join(","),
        created_at: token.created_at.to_rfc3339(),
        last_used_at: token.last_used_at().map(Timestamp::to_rfc3339),
    }
}
