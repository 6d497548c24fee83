//! Who is asking, and whether the table of endpoints lets them.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, ResponseError, web};
use fazt_actors::apps::{self, Shown};
use fazt_actors::kind::ErrorKind;
use fazt_actors::name::AppName;
use fazt_actors::timestamp::Timestamp;
use fazt_actors::tokens::Token;

use super::connection::OwnersSocket;
use super::error::{ApiError, ApiResult};
use super::permission::{Grant, Permission};
use super::routes::find_endpoint;
use crate::node::Node;

/// Somebody whose request was let through for what `P` names. Handlers take it first.
#[derive(Debug)]
pub(super) struct Operator<P> {
    caller: Rc<Caller>,
    permission: PhantomData<P>,
}

impl<P> Deref for Operator<P> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// Who asks.
#[derive(Debug)]
pub(super) struct Caller {
    identity: Identity,
}

/// How somebody has shown who they are.
#[derive(Debug)]
pub(super) enum Identity {
    /// Whoever can open the node's socket.
    Owner,
    /// Whoever holds this token.
    Token(Arc<Token>),
}

impl Caller {
    /// What releases and logs call them.
    pub(super) fn name(&self) -> &str {
        match &self.identity {
            Identity::Owner => "owner",
            Identity::Token(token) => &token.name,
        }
    }

    /// Whether they may deploy this app. The node's own pages are the owner's alone.
    pub(super) fn may_deploy(&self, app: &AppName) -> ApiResult<()> {
        let permission = if app.is_system() { Permission::Admin } else { Permission::DeployApp };
        self.check(permission, Some(app.as_str()))
    }

    fn check(&self, permission: Permission, app: Option<&str>) -> ApiResult<()> {
        let is_let_through = match &self.identity {
            Identity::Owner => true,
            Identity::Token(token) => {
                token.scopes.iter().any(|scope| permission.is_open_to(scope, app))
            }
        };
        if is_let_through {
            return Ok(());
        }
        let message = format!("this token's scopes do not allow this; it needs {permission}");
        Err(ApiError::new(ErrorKind::Forbidden, "FORBIDDEN", message))
    }
}

/// Lets a request through to its handler only as the table says. Wraps every endpoint.
pub(super) async fn authorise(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match check_table(&request).await {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(Rc::new(caller));
        }
        Ok(None) => {}
        // An answer like any other, so that it gets its request id.
        Err(refusal) => {
            let response = request.into_response(refusal.error_response());
            return Ok(response.map_into_right_body());
        }
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// The caller whom the table lets through; `None` where it lets everybody.
async fn check_table(request: &ServiceRequest) -> ApiResult<Option<Caller>> {
    let endpoint = request
        .match_pattern()
        .and_then(|pattern| find_endpoint(request.method(), &pattern))
        .ok_or_else(|| ApiError::new(ErrorKind::Forbidden, "FORBIDDEN", "not in the table"))?;
    if endpoint.permission == Permission::Public {
        return Ok(None);
    }
    let caller = Caller { identity: identify(request)? };
    let app = app_of(request).await?;
    caller.check(endpoint.permission, app.as_deref())?;
    Ok(Some(caller))
}

fn identify(request: &ServiceRequest) -> ApiResult<Identity> {
    if request.conn_data::<OwnersSocket>().is_some() {
        return Ok(Identity::Owner);
    }
    let unauthenticated =
        |message: &str| ApiError::new(ErrorKind::Unauthenticated, "UNAUTHORIZED", message);
    let value = request.headers().get(header::AUTHORIZATION).ok_or_else(|| {
        unauthenticated("this needs a token: send `Authorization: Bearer fazt_…`")
    })?;
    let presented = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| unauthenticated("the Authorization header must read `Bearer fazt_…`"))?;
    let node = request
        .app_data::<web::Data<Node>>()
        .ok_or_else(|| unauthenticated("this node has no tokens"))?;
    Ok(Identity::Token(node.tokens.authenticate(presented, Timestamp::now())?))
}

/// The name of the app that the path names, for scopes of one app.
async fn app_of(request: &ServiceRequest) -> ApiResult<Option<String>> {
    let Some(key) = request.match_info().get("app") else { return Ok(None) };
    if !key.starts_with("app_") {
        return Ok(Some(key.to_ascii_lowercase()));
    }
    let Some(node) = request.app_data::<web::Data<Node>>() else { return Ok(None) };
    let id = key.to_owned();
    let found = node.store.readers.read(move |c| apps::find(c, &id, Shown::Live)).await?;
    Ok(found.map(|app| app.name))
}

impl<P: Grant> FromRequest for Operator<P> {
    type Error = ApiError;
    type Future = Ready<Result<Operator<P>, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Rc<Caller>>().cloned();
        ready(match caller {
            Some(caller) => Ok(Operator { caller, permission: PhantomData }),
            // Only a handler that is registered past the table comes here.
            None => {
                let message = "this needs a token";
                Err(ApiError::new(ErrorKind::Unauthenticated, "UNAUTHORIZED", message))
            }
        })
    }
}
