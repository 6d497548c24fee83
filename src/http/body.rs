//! Reads request bodies that are JSON, within a bound.

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use bytes::BytesMut;
use fazt_actors::kind::ErrorKind;
use futures_util::StreamExt;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::error::{ApiError, ApiResult};

/// Reads a body of at most `bytes_max` bytes as JSON. An empty one reads as `{}`.
pub(super) async fn read_json<T: DeserializeOwned>(
    request: &HttpRequest,
    mut payload: web::Payload,
    bytes_max: usize,
) -> ApiResult<T> {
    check_announced(request, bytes_max as u64)?;
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| interrupted(&error))?;
        if body.len() + chunk.len() > bytes_max {
            return Err(too_large(bytes_max as u64));
        }
        body.extend_from_slice(&chunk);
    }
    let text: &[u8] = if body.is_empty() { b"{}" } else { &body };
    parse(text)
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> ApiResult<T> {
    // Serde would take a list as the fields of a struct in their order.
    if text.trim_ascii_start().first() != Some(&b'{') {
        serde_json::from_slice::<IgnoredAny>(text).map_err(|cause| no_json(&cause))?;
        return Err(ApiError::field("body", "must be an object"));
    }
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| wrong_value(&error.path().to_string(), error.inner()))?;
    json.end().map_err(|cause| no_json(&cause))?;
    Ok(value)
}

fn no_json(cause: &serde_json::Error) -> ApiError {
    let message = format!("the body is not the JSON that is expected here: {cause}");
    ApiError::new(ErrorKind::Invalid, "INVALID_JSON", message)
}

/// The body is JSON, and a value in it is missing or of the wrong type.
fn wrong_value(path: &str, cause: &serde_json::Error) -> ApiError {
    if !cause.is_data() {
        return no_json(cause);
    }
    let reason = cause.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    // The path of a missing field is that of the object which lacks it.
    match reason.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        Some(field) if path == "." => ApiError::field(field, "is required"),
        Some(field) => ApiError::field(&format!("{path}.{field}"), "is required"),
        None => ApiError::field(if path == "." { "body" } else { path }, reason),
    }
}

/// Refuses a body that announces itself as too large, before any of it is read.
pub(super) fn check_announced(request: &HttpRequest, bytes_max: u64) -> ApiResult<()> {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<u64>().ok());
    match announced {
        Some(bytes) if bytes > bytes_max => Err(too_large(bytes_max)),
        Some(_) | None => Ok(()),
    }
}

/// The body is larger than this endpoint takes.
pub(super) fn too_large(bytes_max: u64) -> ApiError {
    let message = format!("the body is larger than {bytes_max} bytes");
    ApiError::new(ErrorKind::TooLarge, "PAYLOAD_TOO_LARGE", message)
}

/// The body ended early or was not well-formed.
pub(super) fn interrupted(error: &dyn std::fmt::Display) -> ApiError {
    let message = format!("the body did not arrive whole: {error}");
    ApiError::new(ErrorKind::Invalid, "INCOMPLETE_BODY", message)
}
