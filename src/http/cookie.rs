//! The cookie of a signed-in browser (RFC 6265).
//!
//! Over TLS it is called `__Host-fazt`, which no sibling host can set or overwrite; browsers
//! refuse that name over plain HTTP, where it is `fazt`.

use std::time::Duration;

use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// Its name over TLS.
const SECURE_NAME: &str = "__Host-fazt";

/// Its name over plain HTTP.
const PLAIN_NAME: &str = "fazt";

/// Cookies of our names in one request that are looked at.
const COOKIES_MAX: usize = 4;

/// The values of our cookies in a request, those over TLS first.
pub(super) fn presented(headers: &HeaderMap) -> Vec<&str> {
    let named = |name: &'static str| {
        headers
            .get_all(header::COOKIE)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(move |pair| pair.trim().split_once('=').filter(|(key, _)| *key == name))
            .map(|(_, value)| value)
    };
    named(SECURE_NAME).chain(named(PLAIN_NAME)).take(COOKIES_MAX).collect()
}

/// The value of a `Cookie` line without our cookies: for the eyes of apps.
pub(super) fn without_ours(value: &[u8]) -> Vec<u8> {
    let is_ours = |pair: &[u8]| {
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
        name == SECURE_NAME.as_bytes() || name == PLAIN_NAME.as_bytes()
    };
    let kept = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    kept.filter(|pair| !pair.is_empty() && !is_ours(pair)).collect::<Vec<_>>().join(&b"; "[..])
}

/// The header that gives a browser its cookie.
pub(super) fn set(value: &str, is_https: bool, lasts: Duration) -> Option<HeaderValue> {
    let seconds = lasts.as_secs();
    let (name, secure) = if is_https { (SECURE_NAME, "; Secure") } else { (PLAIN_NAME, "") };
    let text =
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).ok()
}

/// The headers that take the cookie away, under either name.
pub(super) fn clear() -> [HeaderValue; 2] {
    [
        HeaderValue::from_static(
            "__Host-fazt=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure",
        ),
        HeaderValue::from_static("fazt=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"),
    ]
}
