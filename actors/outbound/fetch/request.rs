//! What a function asks for, judged before anything is sent.

use awc::http::{
    Method, Uri,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use bytes::Bytes;
use url::{Position, Url};

use super::{FetchError, FetchLimits, upload::Upload};
use crate::outbound::USER_AGENT;

/// What is done about a redirect (WHATWG Fetch 2.2.5, "redirect mode").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectMode {
    /// It is followed.
    Follow,
    /// It is a failure.
    Error,
    /// It is an answer like any other.
    Manual,
}

/// What a request carries.
#[derive(Debug)]
pub enum FetchBody {
    /// Nothing.
    Empty,
    /// Bytes, which a redirect may need once more.
    Bytes(Bytes),
    /// Bytes as they are written to the [`FetchWriter`](super::FetchWriter).
    Stream,
}

/// A request as a function makes it.
#[derive(Debug)]
pub struct FetchRequest {
    /// The method, in any case.
    pub method: String,
    /// An absolute address.
    pub url: String,
    /// Names and values; each character of a value is a byte (Infra 4.5, "isomorphic encode").
    pub headers: Vec<(String, String)>,
    /// What it carries.
    pub body: FetchBody,
    /// What is done about a redirect.
    pub redirect: RedirectMode,
}

/// A body on its way.
pub(super) enum Source {
    Empty,
    Bytes(Bytes),
    /// Absent once it was sent: a stream is sent once.
    Stream(Option<Upload>),
}

/// A request that may be sent, and what redirects make of it.
pub(super) struct Hop {
    pub(super) method: Method,
    /// With http or https, a host, and no credentials.
    pub(super) url: Url,
    /// Without those that belong to one connection or to one host.
    pub(super) headers: HeaderMap,
    pub(super) body: Source,
}

/// Characters of an address or a name that a message repeats.
const SHOWN_CHARS: usize = 200;

/// Headers that functions do not decide about: they frame the message or belong to the
/// connection, and a second opinion about them is how requests are smuggled (RFC 9112 section
/// 11.2). In order.
const OURS: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Tells a loop of nodes that fetch from each other from traffic (RFC 8586).
const CDN_LOOP: &str = "cdn-loop";
const CDN_ID: &str = "fazt";

pub(super) fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}

impl Hop {
    /// Judges a request.
    ///
    /// # Errors
    /// It cannot be sent, whatever the host answers.
    pub(super) fn new(
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Source,
        limits: &FetchLimits,
    ) -> Result<Hop, FetchError> {
        let method = method_of(method)?;
        let url = url_of(url)?;
        if !matches!(body, Source::Empty) && matches!(method, Method::GET | Method::HEAD) {
            return Err(FetchError::BodyNotAllowed(method.to_string()));
        }
        if let Source::Bytes(bytes) = &body
            && bytes.len() as u64 > limits.request_bytes_max
        {
            return Err(FetchError::RequestTooLarge(limits.request_bytes_max));
        }
        Ok(Hop { method, url, headers: headers_of(headers, limits)?, body })
    }

    /// The host as errors name it.
    pub(super) fn host(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// The address in awc's terms. The scheme is always http: TLS is the connection's matter,
    /// and that is made by us.
    pub(super) fn uri(&self) -> Result<Uri, FetchError> {
        let port = self.url.port_or_known_default().unwrap_or_default();
        let host = self.url.host_str().unwrap_or_default();
        let rest = &self.url[Position::BeforePath..Position::AfterQuery];
        let uri = Uri::try_from(format!("http://{host}:{port}{rest}")).ok();
        // Both must read the same host and port there: what is judged is what is named.
        let is_same = |uri: &Uri| uri.host() == Some(host) && uri.port_u16() == Some(port);
        uri.filter(is_same).ok_or_else(|| FetchError::Url {
            url: shown(self.url.as_str()),
            reason: "it is longer than a request may be, or holds a strange character",
        })
    }

    /// Whether the request may be sent a second time without being asked (RFC 9110 section
    /// 9.2.2).
    pub(super) fn is_repeatable(&self) -> bool {
        let is_idempotent = matches!(
            self.method,
            Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE
        );
        is_idempotent && !matches!(self.body, Source::Stream(_))
    }
}

/// Methods whose case does not matter, and those that are not for scripts (WHATWG Fetch 2.2.1).
fn method_of(text: &str) -> Result<Method, FetchError> {
    let upper = text.to_ascii_uppercase();
    let is_normalised = matches!(&*upper, "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT");
    let is_forbidden = matches!(&*upper, "CONNECT" | "TRACE" | "TRACK");
    let method = if is_normalised { upper.as_str() } else { text };
    Method::from_bytes(method.as_bytes())
        .ok()
        .filter(|_| !is_forbidden)
        .ok_or_else(|| FetchError::Method(shown(text)))
}

fn url_of(text: &str) -> Result<Url, FetchError> {
    let refused = |reason| FetchError::Url { url: shown(text), reason };
    let url = Url::parse(text).map_err(|_| refused("it is not an absolute URL"))?;
    check_url(&url).map_err(refused)?;
    Ok(url)
}

/// What every address must be, those of redirects too.
pub(super) fn check_url(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("its scheme is neither http nor https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it contains a user name or a password; use the Authorization header");
    }
    Ok(())
}

/// The headers that are sent, with those that functions may leave to us.
fn headers_of(given: &[(String, String)], limits: &FetchLimits) -> Result<HeaderMap, FetchError> {
    let (count_max, bytes_max) = (limits.request_headers_max, limits.request_header_bytes_max);
    let bytes: usize = given.iter().map(|(name, value)| name.len() + value.len()).sum();
    if given.len() > count_max || bytes > bytes_max {
        return Err(FetchError::TooManyHeaders { count_max, bytes_max });
    }
    let mut headers = HeaderMap::with_capacity(given.len() + 5);
    let mut cdn_loop = Vec::new();
    for (name, value) in given {
        let refused = || FetchError::Header(shown(name));
        let own_name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        let own_value = latin1(value.trim_matches(is_http_whitespace))
            .and_then(|bytes| HeaderValue::from_bytes(&bytes).ok())
            .ok_or_else(refused)?;
        let lower = own_name.as_str();
        if lower == CDN_LOOP {
            cdn_loop.push(value.trim_matches(is_http_whitespace));
        } else if OURS.binary_search(&lower).is_err() && !lower.starts_with("proxy-") {
            headers.append(own_name, own_value);
        }
    }
    // A function cannot hide that a request went through here.
    cdn_loop.push(CDN_ID);
    let cdn_loop = latin1(&cdn_loop.join(", "))
        .and_then(|bytes| HeaderValue::from_bytes(&bytes).ok())
        .unwrap_or(HeaderValue::from_static(CDN_ID));
    headers.insert(HeaderName::from_static(CDN_LOOP), cdn_loop);
    let encoding = if headers.contains_key(header::RANGE) { "identity" } else { "gzip" };
    for (name, value) in [
        (header::ACCEPT, "*/*"),
        (header::ACCEPT_ENCODING, encoding),
        (header::USER_AGENT, USER_AGENT),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    Ok(headers)
}

fn is_http_whitespace(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n')
}

/// The bytes of a text whose characters are bytes.
fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn an_address_means_the_same_to_all_who_read_it(
            host in "[a-zA-Z0-9.:@%_~!$&'()*+,;=\\[\\]{}|^`\"\\\\-]{1,12}",
            rest in "[/?#\\PC]{0,12}",
        ) {
            let url = format!("http://{host}/{rest}");
            let limits = FetchLimits::default();
            if let Ok(hop) = Hop::new("GET", &url, &[], Source::Empty, &limits)
                && let Ok(uri) = hop.uri()
            {
                prop_assert_eq!(uri.host(), hop.url.host_str());
                prop_assert_eq!(uri.port_u16(), hop.url.port_or_known_default());
                let sent = uri.path_and_query().map(|sent| sent.as_str());
                let named = &hop.url[Position::BeforePath..Position::AfterQuery];
                prop_assert_eq!(sent, Some(named));
            }
        }

        #[test]
        fn every_host_of_letters_can_be_asked(host in "[a-z0-9-]{1,10}(\\.[a-z]{1,5}){0,2}") {
            let url = format!("https://{host}/a b?c={{\"d\": [1]}}|^`#e");
            let limits = FetchLimits::default();
            if let Ok(hop) = Hop::new("GET", &url, &[], Source::Empty, &limits) {
                prop_assert!(hop.uri().is_ok(), "{}", hop.url);
            }
        }
    }
}
