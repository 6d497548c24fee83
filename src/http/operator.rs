//! Who is asking, and whether the table of endpoints lets them.

use std::cell::RefCell;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::ErrorInternalServerError;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, ResponseError, web};
use fazt_actors::account::Session;
use fazt_actors::apps::{self, Shown};
use fazt_actors::kind::ErrorKind;
use fazt_actors::name::{AppName, is_system_app};
use fazt_actors::timestamp::Timestamp;
use fazt_actors::tokens::Token;
use tracing::Instrument as _;

use super::connection::{OwnersSocket, host_of};
use super::error::{ApiError, ApiResult};
use super::permission::{Grant, Permission};
use super::routes::{Endpoint, find_endpoint};
use super::same_origin::{Source, is_safe, source};
use super::{audit, cookie};
use crate::node::Node;

/// Characters kept of what somebody says a request is about.
const SUBJECT_CHARS_MAX: usize = 200;

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

/// Who asks, from where, and what for.
#[derive(Debug)]
pub(super) struct Caller {
    /// Who they are.
    pub(super) identity: Identity,
    /// Where their connection comes from; `None` for the socket. No header is believed.
    address: Option<IpAddr>,
    subject: RefCell<Subject>,
}

/// How somebody has shown who they are.
#[derive(Clone, Debug)]
pub(super) enum Identity {
    /// They have not; endpoints for everybody answer them.
    Nobody,
    /// Whoever can open the node's socket.
    Owner,
    /// A browser that its owner signed in, and the owner's name.
    Session(Arc<Session>, Arc<str>),
    /// Whoever holds this token.
    Token(Arc<Token>),
}

/// What a request is about, for the audit log.
#[derive(Clone, Debug, Default)]
pub(super) struct Subject {
    /// Name of an app.
    pub(super) app: Option<String>,
    /// Anything else that has a name.
    pub(super) resource: Option<String>,
    /// In words.
    pub(super) details: Option<String>,
}

impl Caller {
    fn new(identity: Identity, address: Option<IpAddr>) -> Caller {
        Caller { identity, address, subject: RefCell::default() }
    }

    /// Whoever runs the node, for what it does by itself on their behalf.
    pub(super) fn owner() -> Caller {
        Caller::new(Identity::Owner, None)
    }

    /// The same caller, once they have signed in.
    pub(super) fn signed_in(&self, session: Arc<Session>, username: Arc<str>) -> Caller {
        Caller::new(Identity::Session(session, username), self.address)
    }

    /// What releases and logs call them.
    pub(super) fn name(&self) -> &str {
        match &self.identity {
            Identity::Nobody => "-",
            Identity::Owner => "owner",
            Identity::Session(_, username) => username,
            Identity::Token(token) => &token.name,
        }
    }

    /// Where their connection comes from. A socket is as near as this machine itself.
    pub(super) fn ip(&self) -> IpAddr {
        self.address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    /// The same as text, for the audit log.
    pub(super) fn shown_address(&self) -> String {
        self.address.map_or_else(|| "local".to_owned(), |ip| ip.to_canonical().to_string())
    }

    /// Notes the app that a request is about.
    pub(super) fn about_app(&self, name: &str) {
        self.subject.borrow_mut().app = Some(name.chars().take(SUBJECT_CHARS_MAX).collect());
    }

    /// Notes what else a request is about.
    pub(super) fn about(&self, resource: &str) {
        let resource = resource.chars().take(SUBJECT_CHARS_MAX).collect();
        self.subject.borrow_mut().resource = Some(resource);
    }

    /// Notes what else is worth knowing, in words.
    pub(super) fn remark(&self, details: String) {
        self.subject.borrow_mut().details = Some(details);
    }

    /// What was noted.
    pub(super) fn subject(&self) -> Subject {
        self.subject.borrow().clone()
    }

    /// Whether they may do everything that a token can be allowed to do.
    pub(super) fn is_admin(&self) -> bool {
        self.may(Permission::Admin, None)
    }

    /// Whether they may deploy this app.
    pub(super) fn may_deploy(&self, app: &AppName) -> ApiResult<()> {
        self.check(Permission::DeployApp, Some(app.as_str()))
    }

    /// Whether a credential that was good when they asked still is: a token that was revoked,
    /// or a session that has ended, ends the streams that it has opened.
    pub(super) fn may_still_read(&self, node: &Node) -> bool {
        let now = Timestamp::now();
        match &self.identity {
            Identity::Nobody => false,
            Identity::Owner => true,
            Identity::Session(session, _) => node.account.sessions.still_lasts(session, now),
            Identity::Token(token) => node.tokens.is_good(token, now),
        }
    }

    fn may(&self, permission: Permission, app: Option<&str>) -> bool {
        match &self.identity {
            Identity::Nobody => permission == Permission::Public,
            Identity::Owner => true,
            Identity::Session(..) => permission != Permission::OwnersSocket,
            Identity::Token(token) => {
                token.scopes.iter().any(|scope| permission.is_open_to(scope, app))
            }
        }
    }

    fn check(&self, permission: Permission, app: Option<&str>) -> ApiResult<()> {
        let permission = match (permission, app) {
            // The node's own pages are the owner's alone.
            (Permission::DeployApp, Some(app)) if is_system_app(app) => Permission::Admin,
            _ => permission,
        };
        if self.may(permission, app) {
            return Ok(());
        }
        let message = match self.identity {
            Identity::Token(_) => {
                format!("this token's scopes do not allow this; it needs {permission}")
            }
            _ => format!("this needs {permission}"),
        };
        Err(ApiError::new(ErrorKind::Forbidden, "FORBIDDEN", message))
    }
}

/// Lets a request through to its handler only as the table says, and writes a change into
/// the audit log before it is answered. Wraps every endpoint.
pub(super) async fn authorise(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let node = request.app_data::<web::Data<Node>>().cloned();
    let Some((endpoint, node)) = endpoint_of(&request).zip(node) else {
        let refusal = ApiError::new(ErrorKind::Forbidden, "FORBIDDEN", "not in the table");
        return Ok(request.into_response(refusal.error_response()).map_into_right_body());
    };
    let caller = match identify(&request, endpoint, &node) {
        Ok(identity) => Rc::new(Caller::new(identity, peer_ip(&request))),
        // An answer like any other, so that it gets its request id.
        Err(refusal) => {
            return Ok(request.into_response(refusal.error_response()).map_into_right_body());
        }
    };
    request.extensions_mut().insert(Rc::clone(&caller));
    if let Err(refusal) = check_source(&request, endpoint, &caller)
        .and(check_app(&request, endpoint, &caller, &node).await)
    {
        audit::record(&node, endpoint, &caller, Some(&refusal)).await;
        return Ok(request.into_response(refusal.error_response()).map_into_right_body());
    }
    let is_read = is_safe(request.method());
    let answer = async move {
        let response = next.call(request).await?;
        let refusal = response.response().error().and_then(|error| error.as_error::<ApiError>());
        audit::record(&node, endpoint, &caller, refusal).await;
        Ok(response.map_into_left_body())
    };
    if is_read {
        return answer.await;
    }
    // A task of its own: a connection that breaks takes its request's future with it, and a
    // change that was sent must still be shown and written down.
    match actix_web::rt::spawn(answer.in_current_span()).await {
        Ok(response) => response,
        Err(panicked) => {
            tracing::error!(error = %panicked, "an endpoint panicked");
            Err(ErrorInternalServerError("the node failed; its log says why"))
        }
    }
}

fn endpoint_of(request: &ServiceRequest) -> Option<&'static Endpoint> {
    find_endpoint(request.method(), &request.match_pattern()?)
}

fn peer_ip(request: &ServiceRequest) -> Option<IpAddr> {
    match request.conn_data::<OwnersSocket>() {
        Some(_) => None,
        None => request.peer_addr().map(|address| address.ip()),
    }
}

async fn check_app(
    request: &ServiceRequest,
    endpoint: &Endpoint,
    caller: &Caller,
    node: &Node,
) -> ApiResult<()> {
    let app = app_of(request, node).await?;
    if let Some(app) = &app {
        caller.about_app(app);
    }
    caller.check(endpoint.permission, app.as_deref())
}

/// Who asks. Whoever presents a credential must present a good one, but where everybody is
/// answered: there a bad one is as good as none.
fn identify(request: &ServiceRequest, endpoint: &Endpoint, node: &Node) -> ApiResult<Identity> {
    let identity = if request.conn_data::<OwnersSocket>().is_some() {
        Ok(Identity::Owner)
    } else if request.headers().contains_key(header::AUTHORIZATION) {
        token(request, node)
    } else {
        session(request, node)
    };
    match identity {
        Err(_) if endpoint.permission == Permission::Public => Ok(Identity::Nobody),
        identity => identity,
    }
}

fn unauthenticated(code: &'static str, message: &str) -> ApiError {
    ApiError::new(ErrorKind::Unauthenticated, code, message)
}

fn token(request: &ServiceRequest, node: &Node) -> ApiResult<Identity> {
    let presented = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| {
            unauthenticated("UNAUTHORIZED", "the Authorization header must read `Bearer fazt_…`")
        })?;
    Ok(Identity::Token(node.tokens.authenticate(presented, Timestamp::now())?))
}

/// The session that a cookie names.
fn session(request: &ServiceRequest, node: &Node) -> ApiResult<Identity> {
    let presented = cookie::presented(request.headers());
    let Some(username) = node.account.username().filter(|_| !presented.is_empty()) else {
        let message = "sign in, or send `Authorization: Bearer fazt_…`";
        return Err(unauthenticated("UNAUTHORIZED", message));
    };
    let now = Timestamp::now();
    match presented.iter().find_map(|cookie| node.account.sessions.find(cookie, now)) {
        Some(session) => Ok(Identity::Session(session, username)),
        None => Err(unauthenticated("SESSION_EXPIRED", "this session has ended; sign in again")),
    }
}

/// A change that is asked for with a cookie needs the browser's word that one of the
/// dashboard's own pages asks. Handlers for everybody look by themselves.
fn check_source(request: &ServiceRequest, endpoint: &Endpoint, caller: &Caller) -> ApiResult<()> {
    let is_by_cookie = matches!(caller.identity, Identity::Session(..));
    let is_exempt = is_safe(request.method()) || endpoint.permission == Permission::Public;
    if !is_by_cookie || is_exempt {
        return Ok(());
    }
    match source(request.headers(), host_of(request.head())) {
        Source::Own => Ok(()),
        Source::Other | Source::Untold => Err(ApiError::cross_site()),
    }
}

/// The name of the app that the path names, for scopes of one app and for the audit log.
async fn app_of(request: &ServiceRequest, node: &Node) -> ApiResult<Option<String>> {
    let Some(key) = request.match_info().get("app") else { return Ok(None) };
    if !key.starts_with("app_") {
        return Ok(Some(key.to_ascii_lowercase()));
    }
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
            None => Err(unauthenticated("UNAUTHORIZED", "this needs a token")),
        })
    }
}
