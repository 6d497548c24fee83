//! `/api/tokens`: credentials, made, listed and revoked.

use std::time::Duration;

use actix_web::{HttpRequest, web};
use fazt_actors::kind::ErrorKind;
use fazt_actors::timestamp::Timestamp;
use fazt_actors::tokens::{NewToken, Scope, Token};

use super::answer::{answer, created};
use super::body::read_json;
use super::error::{ApiError, ApiResult};
use super::model::{self, Message, TokenCreated, TokenRequest};
use super::operator::{Caller, Operator};
use super::permission::Admin;
use crate::node::Node;

/// Scopes of one token.
const SCOPES_MAX: usize = 100;

/// The longest life of a token that is not for ever, in seconds: a hundred years.
const EXPIRES_IN_SECONDS_MAX: u64 = 100 * 365 * 24 * 60 * 60;

/// `GET /api/tokens`.
pub(super) async fn list(_operator: Operator<Admin>, node: web::Data<Node>) -> ApiResult {
    let shown: Vec<model::Token> = node.tokens.list().iter().map(|token| shown(token)).collect();
    Ok(answer(shown))
}

/// `POST /api/tokens`.
pub(super) async fn create(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult {
    let body: TokenRequest =
        read_json(&request, payload, node.limits().json_body_bytes_max).await?;
    let scopes = parse_scopes(body.scopes.iter().map(String::as_str))?;
    let at = Timestamp::now();
    let expires_at = match body.expires_in_seconds {
        Some(seconds @ 1..=EXPIRES_IN_SECONDS_MAX) => Some(at.after(Duration::from_secs(seconds))),
        Some(_) => {
            let rule = format!("must be 1 to {EXPIRES_IN_SECONDS_MAX}; leave it out for never");
            return Err(ApiError::field("expires_in_seconds", rule));
        }
        None => None,
    };
    let new = NewToken { name: body.name, scopes, expires_at, at };
    let (token, text) = node.tokens.create(new).await?;
    operator.about(&token.id);
    let data = TokenCreated { info: shown(&token), token: text };
    Ok(created(data))
}

/// `DELETE /api/tokens/{token}`.
pub(super) async fn revoke(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    id: web::Path<String>,
) -> ApiResult {
    revoke_token(&operator, &node, &id).await?;
    Ok(answer(Message { message: "token revoked".to_owned() }))
}

/// Ends the token with this id.
pub(super) async fn revoke_token(caller: &Caller, node: &Node, id: &str) -> ApiResult<()> {
    caller.about(id);
    if !node.tokens.revoke(id).await? {
        let message = "there is no such token; `fazt token list` shows those there are";
        return Err(ApiError::new(ErrorKind::NotFound, "TOKEN_NOT_FOUND", message));
    }
    Ok(())
}

/// Reads the scopes of a new token.
pub(super) fn parse_scopes<'a>(texts: impl Iterator<Item = &'a str>) -> ApiResult<Vec<Scope>> {
    let scopes = texts
        .take(SCOPES_MAX + 1)
        .map(Scope::parse)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| ApiError::field("scopes", error.to_string()))?;
    if scopes.len() > SCOPES_MAX {
        return Err(ApiError::field("scopes", format!("are more than {SCOPES_MAX}")));
    }
    Ok(scopes)
}

fn shown(token: &Token) -> model::Token {
    model::Token {
        id: token.id.to_string(),
        name: token.name.to_string(),
        scopes: token.scopes.iter().map(Scope::to_string).collect(),
        created_at: token.created_at.to_rfc3339(),
        expires_at: token.expires_at.map(Timestamp::to_rfc3339),
        last_used_at: token.last_used_at().map(Timestamp::to_rfc3339),
    }
}
