//! Whether a browser sent a request from the dashboard's own pages.
//!
//! Apps live on sibling host names, which browsers count as the same site: `SameSite`
//! alone does not keep them out. So a change that is asked for with a cookie needs the
//! browser's word for where it comes from.

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};

/// Where a request comes from, as the browser tells (Fetch Metadata, section 2.3; RFC 6454
/// section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// From the dashboard itself, or typed by the user.
    Own,
    /// From another page.
    Other,
    /// Nobody said: no browser of the last years.
    Untold,
}

/// Reads where a request to `host` comes from.
pub(super) fn source(headers: &HeaderMap, host: &str) -> Source {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match text("sec-fetch-site") {
        Some("same-origin" | "none") => Source::Own,
        Some(_) => Source::Other,
        None => match text("origin") {
            Some(origin) if is_origin_of(origin, host) => Source::Own,
            Some(_) => Source::Other,
            None => Source::Untold,
        },
    }
}

/// Whether a method changes nothing by itself (RFC 9110 section 9.2.1).
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the page that sent this request was loaded over TLS, as its origin tells.
pub(super) fn is_from_https(headers: &HeaderMap) -> Option<bool> {
    let origin = headers.get(header::ORIGIN)?.to_str().ok()?;
    Some(origin.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")))
}

fn is_origin_of(origin: &str, host: &str) -> bool {
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    !host.is_empty() && authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn only_the_dashboard_itself_is_own() {
        let check = |given: &[(&'static str, &str)], expected: Source| {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                let value = HeaderValue::from_str(value).unwrap();
                headers.insert(HeaderName::from_static(name), value);
            }
            assert_eq!(source(&headers, "admin.example.org:8443"), expected, "{given:?}");
        };
        check(&[("sec-fetch-site", "same-origin")], Source::Own);
        check(&[("sec-fetch-site", "none")], Source::Own);
        check(&[("sec-fetch-site", "same-site")], Source::Other);
        check(&[("sec-fetch-site", "cross-site")], Source::Other);
        check(&[("sec-fetch-site", "Same-Origin")], Source::Other);
        check(&[("origin", "https://admin.example.org:8443")], Source::Own);
        check(&[("origin", "http://ADMIN.example.org:8443")], Source::Own);
        check(&[("origin", "https://admin.example.org")], Source::Other);
        check(&[("origin", "https://blog.example.org:8443")], Source::Other);
        check(&[("origin", "null")], Source::Other);
        check(&[("origin", "")], Source::Other);
        check(&[], Source::Untold);
        let both = [("sec-fetch-site", "same-site"), ("origin", "https://admin.example.org:8443")];
        check(&both, Source::Other);
    }
}
