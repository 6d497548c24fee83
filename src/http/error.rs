//! Errors of the API: the only table from kinds to statuses, and the envelope.

use std::fmt;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::QueryPayloadError;
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use fazt_actors::kind::{ErrorKind, Fault, chain};

use super::model::{ErrorBody, ErrorDetail, FieldError};

/// When a client that was told "busy" may try again, where nothing else is known.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Characters of a request id.
const REQUEST_ID_CHARS: usize = 16;

/// What every handler of the API returns.
pub(super) type ApiResult<T = HttpResponse> = Result<T, ApiError>;

/// A failed request of the API.
#[derive(Debug)]
pub(super) struct ApiError {
    kind: ErrorKind,
    detail: ErrorDetail,
    retry_after: Option<Duration>,
}

impl ApiError {
    /// A failure with a code and a message of the front's own.
    pub(super) fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> ApiError {
        let detail = ErrorDetail { code: code.to_owned(), message: message.into(), details: None };
        ApiError { kind, detail, retry_after: None }
    }

    /// The stable name of this failure.
    pub(super) fn code(&self) -> &str {
        &self.detail.code
    }

    /// A field of the request that breaks a rule.
    pub(super) fn field(field: &str, constraint: impl Into<String>) -> ApiError {
        let constraint = constraint.into();
        let message = format!("{field}: {constraint}");
        let mut error = ApiError::new(ErrorKind::Invalid, "VALIDATION_FAILED", message);
        error.detail.details = Some(FieldError { field: field.to_owned(), constraint });
        error
    }

    /// A page of another site asked for a change with the owner's cookie.
    pub(super) fn cross_site() -> ApiError {
        let message = "another site's page asked for this; only the dashboard may, or a token";
        ApiError::new(ErrorKind::Forbidden, "CROSS_SITE", message)
    }

    /// There is no app of this name or id.
    pub(super) fn no_app(key: &str) -> ApiError {
        let shown: String = key.chars().take(80).collect();
        let message = format!("there is no app `{shown}`; `fazt app list` shows those there are");
        ApiError::new(ErrorKind::NotFound, "APP_NOT_FOUND", message)
    }
}

impl<E: Fault> From<E> for ApiError {
    fn from(fault: E) -> ApiError {
        let kind = fault.kind();
        if kind != ErrorKind::Internal {
            let mut error = ApiError::new(kind, fault.code(), chain(&fault));
            error.retry_after = fault.retry_after();
            return error;
        }
        // The cause is the operator's to read; the client gets the request's id.
        tracing::error!(error = %chain(&fault), code = fault.code(), "a request failed");
        let message = match fault.code() {
            "DISK_FULL" => "the node's disk is full; nothing was changed",
            _ => "the node failed; its log says why, under the id in X-Request-Id",
        };
        ApiError::new(kind, fault.code(), message)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail.message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        status(self.kind, &self.detail.code)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if self.kind == ErrorKind::Busy {
            let wait = self.retry_after.unwrap_or(RETRY_AFTER);
            response.insert_header((header::RETRY_AFTER, wait.as_secs().max(1)));
        }
        if self.kind == ErrorKind::Unauthenticated {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.json(ErrorBody { error: self.detail.clone() })
    }
}

/// The only table from kinds of failure to statuses of HTTP.
fn status(kind: ErrorKind, code: &str) -> StatusCode {
    match kind {
        ErrorKind::Internal if code == "DISK_FULL" => StatusCode::INSUFFICIENT_STORAGE,
        ErrorKind::Invalid if code == "METHOD_NOT_ALLOWED" => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Busy if code == "RATE_LIMIT_EXCEEDED" => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Busy => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Upstream => StatusCode::BAD_GATEWAY,
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What tells a request from all others, in answers and in logs.
pub(super) fn new_request_id() -> String {
    fazt_actors::random::id(REQUEST_ID_CHARS)
}

/// Gives each request of the API an id, in the answer and in the log.
pub(super) async fn with_request_id(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = new_request_id();
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let started = std::time::Instant::now();
    let span = tracing::info_span!("request", id = %id);
    let mut response = {
        use tracing::Instrument as _;
        next.call(request).instrument(span.clone()).await?
    };
    if let Ok(value) = header::HeaderValue::from_str(&id) {
        response.headers_mut().insert(header::HeaderName::from_static("x-request-id"), value);
    }
    // Answers of the API are about this moment and for this caller, unless they say otherwise.
    let no_store = header::HeaderValue::from_static("no-store");
    if !response.headers().contains_key(header::CACHE_CONTROL) {
        response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    }
    let by = response
        .request()
        .extensions()
        .get::<std::rc::Rc<super::operator::Caller>>()
        .map(|caller| caller.name().to_owned());
    let status = response.status().as_u16();
    super::metrics::count_api(&response, started.elapsed());
    let by = by.as_deref().unwrap_or("-");
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        // Reads that succeed are no news: a client that pulls an app makes thousands. Nor are
        // those who were told to wait: whoever guesses passwords must not fill the log.
        let is_quiet = method == Method::GET && response.status().is_success();
        if is_quiet || response.status() == StatusCode::TOO_MANY_REQUESTS {
            tracing::debug!(method = %method, path, status, by, millis, "api");
        } else {
            tracing::info!(method = %method, path, status, by, millis, "api");
        }
    });
    Ok(response)
}

/// The answer to a query string that cannot be read.
pub(super) fn wrong_query(error: QueryPayloadError, _request: &HttpRequest) -> Error {
    ApiError::new(ErrorKind::Invalid, "INVALID_QUERY", format!("wrong query: {error}")).into()
}

/// The answer to a path of the API that is not in the table.
pub(super) async fn no_such_endpoint(request: HttpRequest) -> ApiResult {
    let path: String = request.path().chars().take(200).collect();
    let message = format!("there is no endpoint {} {path}", request.method());
    Err(ApiError::new(ErrorKind::NotFound, "NOT_FOUND", message))
}
