//! `/api/sessions`: browsers that are signed in.

use actix_web::web;
use fazt_actors::kind::ErrorKind;
use fazt_actors::timestamp::Timestamp;

use super::answer::answer;
use super::error::{ApiError, ApiResult};
use super::model::{Message, SessionInfo};
use super::operator::{Identity, Operator};
use super::permission::Admin;
use crate::node::Node;

/// `GET /api/sessions`.
pub(super) async fn list(operator: Operator<Admin>, node: web::Data<Node>) -> ApiResult {
    let own = match &operator.identity {
        Identity::Session(session, _) => Some(&session.id),
        _ => None,
    };
    let sessions: Vec<SessionInfo> = node
        .account
        .sessions
        .list(Timestamp::now())
        .iter()
        .map(|session| SessionInfo {
            id: session.id.to_string(),
            current: own == Some(&session.id),
            created_at: session.created_at.to_rfc3339(),
            expires_at: session.expires_at.to_rfc3339(),
            address: session.address.to_string(),
            user_agent: session.user_agent.to_string(),
        })
        .collect();
    Ok(answer(sessions))
}

/// `DELETE /api/sessions/{session}`.
pub(super) async fn end(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    id: web::Path<String>,
) -> ApiResult {
    operator.about(&id);
    if !node.account.sessions.end(&id).await? {
        let message = "there is no such session; it may have ended by itself";
        return Err(ApiError::new(ErrorKind::NotFound, "SESSION_NOT_FOUND", message));
    }
    Ok(answer(Message { message: "session ended".to_owned() }))
}
