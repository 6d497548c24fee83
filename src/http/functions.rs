//! A visitor's request to a function: into a call, and the call's answer into a response.
//!
//! What a function must not see is taken away here, on the way in, and what it must not set on
//! the way out.

mod body;
mod headers;
mod page;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use fazt_actors::executor::call::{Body, CallError, CallRequest, CallResponse};
use fazt_actors::executor::code::Code;
use fazt_actors::executor::functions::CallGuard;
use fazt_actors::executor::routes::RouteMatch;

use super::connection::host_of;
use super::error::{ApiError, new_request_id};
use super::pages;
use crate::node::Node;

/// How long a body that is read as a whole may stand still.
const BODY_IDLE: Duration = Duration::from_secs(30);

/// When a visitor may try again who was told that the node is busy.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// A request on its way to a function.
pub(super) struct FunctionVisit<'a> {
    pub(super) node: &'a Node,
    pub(super) request: &'a HttpRequest,
    /// The path, normalised.
    pub(super) path: &'a str,
    /// The rows of the app and of the release whose code answers.
    pub(super) app: i64,
    pub(super) release: i64,
    pub(super) is_preview: bool,
    /// What the path leads to.
    pub(super) found: RouteMatch<'a>,
}

impl FunctionVisit<'_> {
    /// The function's answer, or a page that says why there is none.
    pub(super) async fn answer(self, payload: Payload) -> HttpResponse {
        let code = match self.code().await {
            Ok(Some(code)) => code,
            Ok(None) => return pages::busy(),
            Err(error) => return error.error_response(),
        };
        let request_id: Arc<str> = new_request_id().into();
        let body = match body::read(self.request, payload, BODY_IDLE).await {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        let call = self.call(Arc::clone(&request_id), body);
        match self.node.functions.call(Arc::clone(&code), call).await {
            Ok((response, guard)) => respond(response, guard, &request_id),
            Err(error) => self.failed(&error, &code, &request_id),
        }
    }

    async fn code(&self) -> Result<Option<Arc<Code>>, ApiError> {
        Ok(self.node.functions.code(self.app, self.release, self.is_preview).await?)
    }

    fn call(&self, request_id: Arc<str>, body: Body) -> CallRequest {
        let head = self.request.head();
        let scheme = if is_https(self.request) { "https" } else { "http" };
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        CallRequest {
            method: method_name(&head.method),
            url: [scheme, "://", host_of(head), target].concat(),
            path: self.path.to_owned(),
            file: Arc::clone(self.found.file),
            params: self.found.params.clone(),
            headers: headers::incoming(head.headers()),
            ip: self.request.peer_addr().map(|peer| peer.ip()),
            request_id,
            body,
        }
    }

    fn failed(&self, error: &CallError, code: &Code, request_id: &str) -> HttpResponse {
        let shown = page::Failure {
            error,
            code,
            request_id,
            wants_json: wants_json(self.request),
            shows_reason: self.node.limits().is_throwaway,
        };
        let mut response = shown.response();
        let wait = match error {
            CallError::Suspended(left) => Some(*left),
            CallError::Busy | CallError::Neighbour => Some(BUSY_RETRY),
            _ => None,
        };
        if let Some(wait) = wait {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.max(1).into());
        }
        response
    }
}

/// The name of a method; those that functions are mostly called by are not copied.
fn method_name(method: &Method) -> Cow<'static, str> {
    match *method {
        Method::GET => "GET".into(),
        Method::HEAD => "HEAD".into(),
        Method::POST => "POST".into(),
        Method::PUT => "PUT".into(),
        Method::PATCH => "PATCH".into(),
        Method::DELETE => "DELETE".into(),
        _ => method.as_str().to_owned().into(),
    }
}

/// Whether the visitor came over TLS, as far as what ends it in front of the node says. Whoever
/// lies about it here changes only what the function is told of his own request.
fn is_https(request: &HttpRequest) -> bool {
    let protocol = request.headers().get(header::X_FORWARDED_PROTO);
    protocol.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"https"))
}

/// Whether a machine asks, which reads JSON rather than a page.
fn wants_json(request: &HttpRequest) -> bool {
    let text = |name| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    };
    text(header::ACCEPT).contains("json") || text(header::CONTENT_TYPE).contains("json")
}

/// A function's answer as a response.
fn respond(response: CallResponse, guard: CallGuard, request_id: &str) -> HttpResponse {
    let CallResponse { status, headers, body } = response;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut built = HttpResponse::build(status);
    headers::outgoing(&mut built, &headers, request_id);
    match body {
        Body::Empty => {
            guard.finish();
            built.finish()
        }
        Body::Whole(bytes) => {
            guard.finish();
            built.body(bytes)
        }
        Body::Stream(chunks) => built.body(body::Outgoing::new(chunks, guard)),
    }
}
