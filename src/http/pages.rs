//! The few pages that the node itself answers with, and the dashboard's files.

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};

/// Files of the dashboard, built into the binary.
#[derive(rust_embed::RustEmbed)]
#[folder = "admin/dist"]
struct Dashboard;

/// Scripts and styles only from the dashboard itself; nobody may frame it.
const DASHBOARD_POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

/// The host names nobody's app.
pub(super) fn no_such_app() -> HttpResponse {
    page(
        StatusCode::NOT_FOUND,
        "No app here",
        "No app answers at this address. It may have been renamed or taken down.",
    )
}

/// The main domain, before anybody deployed the app `root`.
pub(super) fn undeployed_root() -> HttpResponse {
    page(
        StatusCode::OK,
        "This is fazt",
        "The node is running. Deploy an app called <code>root</code> to show it here: \
         <code>fazt deploy DIR --name root</code>",
    )
}

/// The app has nothing under this path.
pub(super) fn no_such_page() -> HttpResponse {
    page(StatusCode::NOT_FOUND, "Not found", "There is nothing at this address.")
}

/// The release of a preview host is not kept.
pub(super) fn no_such_release() -> HttpResponse {
    page(StatusCode::NOT_FOUND, "No such release", "This release does not exist, or not any more.")
}

/// The request target breaks a rule; `reason` is one of ours and safe in HTML.
pub(super) fn bad_request(reason: &str) -> HttpResponse {
    page(StatusCode::BAD_REQUEST, "Bad request", reason)
}

/// A file cannot be read right now.
pub(super) fn busy() -> HttpResponse {
    let mut response = page(
        StatusCode::SERVICE_UNAVAILABLE,
        "Busy",
        "The node has too much to do right now. Try again in a moment.",
    );
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The body of a request is larger than anything here takes.
pub(super) fn too_large() -> HttpResponse {
    page(StatusCode::PAYLOAD_TOO_LARGE, "Too large", "The request is larger than an app may read.")
}

/// The body of a request stood still for too long.
pub(super) fn too_slow() -> HttpResponse {
    page(StatusCode::REQUEST_TIMEOUT, "Too slow", "The rest of the request did not come in time.")
}

/// A text as it is written in HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A page of the node's own; `text` is HTML.
pub(super) fn page(status: StatusCode, title: &str, text: &str) -> HttpResponse {
    let body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n\
         <style>body{{font:16px/1.6 system-ui,sans-serif;max-width:36rem;margin:18vh auto;\
         padding:0 1.5rem;color:#222;background:#fff}}h1{{font-size:1.5rem;margin:0 0 .5rem}}\
         code,pre{{background:#f2f2f2;padding:.1em .3em;border-radius:3px}}\
         pre{{overflow:auto;font-size:.85rem;padding:.8em}}\
         @media(prefers-color-scheme:dark){{body{{color:#ddd;background:#181818}}\
         code,pre{{background:#2a2a2a}}}}</style>\n<h1>{title}</h1>\n<p>{text}</p>\n</html>\n"
    );
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(body)
}

/// A file of the dashboard, or its page for paths that the dashboard routes itself.
pub(super) fn dashboard(request: &HttpRequest) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::MethodNotAllowed()
            .insert_header((header::ALLOW, "GET, HEAD"))
            .finish();
    }
    let path = request.path().trim_start_matches('/');
    let (path, file) = match Dashboard::get(path) {
        Some(file) => (path, file),
        None if path.rsplit('/').next().is_some_and(|name| name.contains('.')) => {
            return no_such_page();
        }
        None => match Dashboard::get("index.html") {
            Some(file) => ("index.html", file),
            None => return no_such_page(),
        },
    };
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, fazt_actors::media::media_type(path).name))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, DASHBOARD_POLICY))
        .body(file.data.into_owned())
}
