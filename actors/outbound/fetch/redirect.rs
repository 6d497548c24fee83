//! Which redirects are followed, and with what (WHATWG Fetch 4.4, "HTTP-redirect fetch").

use awc::http::{Method, StatusCode, header};
use url::Url;

use super::FetchError;
use super::request::{Hop, Source, check_url, shown};

/// Whether a status may come with a `Location` to follow.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Headers that describe a body, and go with it (WHATWG Fetch 2.2.5, "request-body-header
/// name").
const OF_THE_BODY: [header::HeaderName; 4] = [
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_TYPE,
];

/// Headers that are meant for one origin. The standard drops the first; the others are as
/// secret, and only browsers keep scripts from setting them.
const CREDENTIALS: [header::HeaderName; 3] =
    [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];

/// Turns a request into the one that a redirect asks for.
///
/// # Errors
/// It cannot be followed.
pub(super) fn follow(hop: &mut Hop, status: StatusCode, location: &[u8]) -> Result<(), FetchError> {
    let refused = |hop: &Hop, reason| FetchError::Redirect { url: shown(hop.url.as_str()), reason };
    let location = String::from_utf8_lossy(location);
    let target = hop.url.join(&location).map_err(|_| refused(hop, "not to a valid address"))?;
    if check_url(&target).is_err() {
        let reason = "not to an http or https address without user name and password";
        return Err(refused(hop, reason));
    }
    let is_see_other = status == StatusCode::SEE_OTHER;
    if !is_see_other && matches!(hop.body, Source::Stream(_)) {
        return Err(refused(hop, "a body that is a stream cannot be sent again"));
    }
    let drops_body = match status.as_u16() {
        301 | 302 => hop.method == Method::POST,
        303 => !matches!(hop.method, Method::GET | Method::HEAD),
        _ => false,
    };
    if drops_body {
        hop.method = Method::GET;
        hop.body = Source::Empty;
        OF_THE_BODY.iter().for_each(|name| drop(hop.headers.remove(name)));
    }
    if !is_same_origin(&hop.url, &target) {
        CREDENTIALS.iter().for_each(|name| drop(hop.headers.remove(name)));
    }
    hop.url = target;
    Ok(())
}

fn is_same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}
