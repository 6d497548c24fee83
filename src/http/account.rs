//! Signing in and out, and the owner's name and password.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use fazt_actors::account::{AccountError, Attempt, Change, NewSession, Password};
use fazt_actors::kind::Fault;
use fazt_actors::timestamp::Timestamp;

use super::answer::answer;
use super::audit;
use super::body::read_json;
use super::connection::{host_name, host_of};
use super::cookie;
use super::error::{ApiError, ApiResult};
use super::model::{AuthStatus, CredentialsRequest, LoginRequest, Message, UserInfo};
use super::operator::{Caller, Identity, Operator};
use super::permission::{Person, Public, Signed};
use super::same_origin::{Source, is_from_https, source};
use crate::node::Node;

/// Bytes of a body that signs in or changes the account.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// `POST /api/login`.
pub(super) async fn login(
    operator: Operator<Public>,
    node: web::Data<Node>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult {
    refuse_other_sites(&request)?;
    let body: LoginRequest = read_json(&request, payload, BODY_BYTES_MAX).await?;
    let user_agent = request.headers().get(header::USER_AGENT).map(|agent| agent.as_bytes());
    let is_owners_name = node.account.username().is_some_and(|name| *name == *body.username);
    let attempt = Attempt {
        username: body.username,
        password: body.password,
        address: operator.ip(),
        session: NewSession {
            address: operator.shown_address(),
            user_agent: String::from_utf8_lossy(user_agent.unwrap_or_default()).into_owned(),
            is_remembered: body.remember_me,
            at: Timestamp::now(),
        },
    };
    let (session, value) = match node.account.sign_in(attempt).await {
        Ok(signed_in) => signed_in,
        Err(error @ AccountError::WrongCredentials) => {
            // What was typed is not written down: it may be the password, one field too early.
            operator
                .remark(if is_owners_name { "the owner's name" } else { "another name" }.into());
            audit::record_action(&node, "login", &operator, error.code()).await;
            return Err(error.into());
        }
        Err(error) => return Err(error.into()),
    };
    let username = node.account.username().unwrap_or_default();
    let signed_in = operator.signed_in(Arc::clone(&session), username);
    audit::record_action(&node, "login", &signed_in, "ok").await;
    let lasts = std::time::Duration::from_millis(
        u64::try_from(session.expires_at.0 - session.created_at.0).unwrap_or_default(),
    );
    let mut response = answer(Message { message: "Login successful".to_owned() });
    if let Some(cookie) = cookie::set(&value, is_https(&request, &node), lasts) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A sibling must not be able to sign its visitor in as somebody, nor out.
fn refuse_other_sites(request: &HttpRequest) -> ApiResult<()> {
    match source(request.headers(), host_of(request.head())) {
        Source::Other => Err(ApiError::cross_site()),
        Source::Own | Source::Untold => Ok(()),
    }
}

/// Whether the browser reaches the dashboard over TLS. What is in front of a node ends the
/// TLS, so the page's own origin tells; without one, the node's main domain.
fn is_https(request: &HttpRequest, node: &Node) -> bool {
    is_from_https(request.headers()).unwrap_or_else(|| {
        let host = host_name(request.head());
        let domain = node.config.domain.as_deref();
        domain.is_some_and(|domain| host.strip_prefix("admin.") == Some(domain))
    })
}

/// `POST /api/logout`: ends the session of this browser, and takes its cookie away in any case.
pub(super) async fn logout(
    operator: Operator<Public>,
    node: web::Data<Node>,
    request: HttpRequest,
) -> ApiResult {
    refuse_other_sites(&request)?;
    if let Identity::Session(session, _) = &operator.identity {
        node.account.sessions.end(&session.id).await?;
        audit::record_action(&node, "logout", &operator, "ok").await;
    }
    let mut response = answer(Message { message: "Logged out successfully".to_owned() });
    for cookie in cookie::clear() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `GET /api/auth/status`.
pub(super) async fn status(operator: Operator<Public>) -> ApiResult {
    let expires_at = match &operator.identity {
        Identity::Nobody => return Ok(answer(AuthStatus::default())),
        Identity::Owner => None,
        Identity::Session(session, _) => Some(session.expires_at),
        Identity::Token(token) => token.expires_at,
    };
    Ok(answer(AuthStatus {
        authenticated: true,
        username: Some(operator.name().to_owned()),
        scopes: Some(scopes(&operator)),
        expires_at: expires_at.map(Timestamp::to_rfc3339),
    }))
}

/// `GET /api/user/me`.
pub(super) async fn me(operator: Operator<Signed>) -> ApiResult {
    Ok(answer(UserInfo {
        username: operator.name().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scopes: scopes(&operator),
    }))
}

/// What a caller may do, in the words of a token's scopes.
fn scopes(caller: &Caller) -> Vec<String> {
    match &caller.identity {
        Identity::Nobody => Vec::new(),
        Identity::Owner | Identity::Session(..) => vec!["admin".to_owned()],
        Identity::Token(token) => token.scopes.iter().map(ToString::to_string).collect(),
    }
}

/// `PUT /api/user/credentials`: a new name, a new password, or both. A new password ends all
/// other sessions.
pub(super) async fn change(
    operator: Operator<Person>,
    node: web::Data<Node>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult {
    let body: CredentialsRequest = read_json(&request, payload, BODY_BYTES_MAX).await?;
    if body.username.is_none() && body.password.is_none() {
        return Err(ApiError::field("password", "is required, or a `username`"));
    }
    let own_session = confirm(&operator, &node, body.current_password).await?;
    let password = body.password.map(Password::chosen).transpose();
    let password = password.map_err(|error| ApiError::field("password", error.to_string()))?;
    let ends_sessions = password.is_some();
    operator.remark(
        match (&body.username, ends_sessions) {
            (Some(_), true) => "name and password",
            (Some(_), false) => "name",
            (None, _) => "password",
        }
        .to_owned(),
    );
    let change = Change { username: body.username, password };
    node.account.change(change, own_session.as_deref(), Timestamp::now()).await?;
    Ok(answer(Message { message: "Credentials updated".to_owned() }))
}

/// Whoever is signed in shows that they still know the password: a browser left open must
/// not be enough to take a node over. Answers the session to keep.
async fn confirm(
    caller: &Caller,
    node: &Node,
    current: Option<String>,
) -> ApiResult<Option<Box<str>>> {
    let Identity::Session(session, _) = &caller.identity else { return Ok(None) };
    let current = current.ok_or_else(|| ApiError::field("current_password", "is required"))?;
    match node.account.confirm(current, session, Timestamp::now()).await {
        Ok(()) => Ok(Some(session.id.clone())),
        Err(AccountError::WrongCredentials) => Err(ApiError::field("current_password", "is wrong")),
        Err(error) => Err(error.into()),
    }
}
