//! Header lines of functions: what they see, and what they may set.

use std::borrow::Cow;

use actix_web::HttpResponseBuilder;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use fazt_actors::executor::call::HeaderLines;

use crate::http::cookie;

/// Names the request in a response.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a token of this node begins with.
const TOKEN_PREFIX: &str = "fazt_";

/// Bytes of an average header line.
const LINE_BYTES: usize = 48;

/// Lines that belong to the connection and not to the message (RFC 9110 section 7.6.1), and
/// those that the server writes itself.
const SERVERS_OWN: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TRAILER,
    header::TE,
    header::DATE,
    header::PROXY_AUTHENTICATE,
];

/// The header lines of a request, without the credentials of the node.
pub(super) fn incoming(headers: &HeaderMap) -> HeaderLines {
    let mut lines = HeaderLines::with_capacity(headers.len(), headers.len() * LINE_BYTES);
    for (name, value) in headers {
        if *name == header::AUTHORIZATION && is_nodes_token(value) {
            continue;
        }
        if *name == header::COOKIE {
            let kept = cookie::without_ours(value.as_bytes());
            if !kept.is_empty() {
                lines.push(name.as_str(), &kept);
            }
            continue;
        }
        lines.push(name.as_str(), value.as_bytes());
    }
    lines
}

fn is_nodes_token(value: &HeaderValue) -> bool {
    let text = String::from_utf8_lossy(value.as_bytes());
    let token = text.split_once(' ').map_or(&*text, |(_, token)| token.trim_start());
    token.starts_with(TOKEN_PREFIX)
}

/// Puts the header lines of a function's answer into a response.
pub(super) fn outgoing(response: &mut HttpResponseBuilder, lines: &HeaderLines, request_id: &str) {
    response.insert_header((REQUEST_ID, request_id));
    for (name, value) in lines.iter() {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        if SERVERS_OWN.contains(&name) {
            continue;
        }
        let value = match name == header::SET_COOKIE {
            true => without_domain(value).into(),
            false => Cow::Borrowed(value),
        };
        if let Ok(value) = HeaderValue::from_bytes(&latin1(&value)) {
            response.append_header((name, value));
        }
    }
}

/// The bytes of a value: each of its characters is one (WHATWG Fetch, "byte sequence").
fn latin1(value: &str) -> Cow<'_, [u8]> {
    if value.is_ascii() {
        return value.as_bytes().into();
    }
    value.chars().map(|char| u8::try_from(u32::from(char)).unwrap_or(b'?')).collect()
}

/// A cookie that only the app's own host gets back: apps are siblings under one domain, and
/// none may set another's.
fn without_domain(cookie: &str) -> String {
    let kept = cookie.split(';').enumerate().filter(|(place, part)| {
        let name = part.split('=').next().unwrap_or_default().trim();
        *place == 0 || !name.eq_ignore_ascii_case("domain")
    });
    kept.map(|(_, part)| part).collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_stays_with_its_host() {
        for (set, kept) in [
            ("a=b", "a=b"),
            ("a=b; Domain=example.org; Path=/", "a=b; Path=/"),
            ("a=b;domain = .example.org ;Secure", "a=b;Secure"),
            ("domain=mine; DOMAIN=x", "domain=mine"),
        ] {
            assert_eq!(without_domain(set), kept);
        }
    }

    #[test]
    fn functions_do_not_see_the_nodes_credentials() {
        let mut headers = HeaderMap::new();
        headers.append(header::AUTHORIZATION, HeaderValue::from_static("Bearer fazt_a_b"));
        headers.append(header::AUTHORIZATION, HeaderValue::from_static("Basic abc"));
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=1; fazt=secret; __Host-fazt=secret; b=fazt=2"),
        );
        headers.append(header::COOKIE, HeaderValue::from_static("fazt=secret"));
        let lines = incoming(&headers);
        let mut seen: Vec<_> = lines.iter().collect();
        seen.sort_unstable();
        assert_eq!(seen, [("authorization", "Basic abc"), ("cookie", "a=1; b=fazt=2")]);
    }
}
