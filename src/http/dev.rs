//! What only the node of `fazt dev` answers: pages that reload themselves, and that say why
//! a change of the folder is not shown.
//!
//! It wraps the application of an ordinary node, which knows nothing of it. Pages of apps get
//! a script; nothing of an app is kept by the browser; `/_fazt/dev/` tells the script what
//! became of the folder. Everything else passes through unchanged.

mod inject;
mod live;
mod page;

use std::sync::Arc;

use actix_web::body::{BodySize, BoxBody, MessageBody, to_bytes_limited};
use actix_web::dev::{Service, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{App, Error, HttpResponse};

use super::connection::host_name;
use super::content_body::ContentBody;
use crate::node::Node;
pub use live::{Live, Problem, SourceLine};

/// Where the script and what it asks for answer, on every host that is this machine's own.
const PREFIX: &str = "/_fazt/dev/";

/// The script of every page. It holds nothing of the folder.
const SCRIPT: &str = include_str!("dev/reload.js");

/// Bytes of a page that gets the script; a larger one is sent as it is.
const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Says what a request is for. Browsers send it; fragments that a script fetches stay whole.
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The uses of a page that make a document of it.
const DOCUMENTS: [&str; 5] = ["document", "iframe", "frame", "embed", "object"];

/// Everything that the node of `fazt dev` answers, as an actix application.
pub fn dev_app(
    node: Arc<Node>,
    live: Arc<Live>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    super::app(node).wrap_fn(move |mut request, service| {
        let own = own_answer(&request, &live);
        // Read before the page is: a deploy between the two costs a reload, and none is missed.
        let dress = Dress::of(&request, &live);
        let answered = match own {
            Some(response) => Err(request.into_response(response)),
            None => {
                forget_what_is_kept(request.headers_mut());
                Ok(service.call(request))
            }
        };
        async move {
            let response = match answered {
                Ok(going) => going.await?.map_into_boxed_body(),
                Err(response) => response,
            };
            dress.put_on(response).await
        }
    })
}

/// The answer to a path of `fazt dev` itself, or for an app that has nothing yet.
fn own_answer(request: &ServiceRequest, live: &Arc<Live>) -> Option<HttpResponse> {
    let host = host_name(request.head());
    let path = request.uri().path();
    // Any other name was made by somebody else to lead here.
    let Some(name) = path.strip_prefix(PREFIX).filter(|_| is_this_machine(&host)) else {
        let is_asked = path != "/.well-known/fazt" && live.is_host(&host);
        return live
            .first_problem()
            .filter(|_| is_asked)
            .map(|problem| page::nothing_yet(&problem));
    };
    if *request.method() != Method::GET {
        let allowed = (header::ALLOW, "GET");
        return Some(HttpResponse::MethodNotAllowed().insert_header(allowed).finish());
    }
    match name {
        "reload.js" => {
            Some(HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(SCRIPT))
        }
        "state" => Some(HttpResponse::Ok().json(live.state())),
        "events" => Some(live::events(live)),
        _ => None,
    }
}

/// Whether only this machine can be meant: no other name resolves to it by itself, so that no
/// foreign page reads what stands in the folder by way of a name of its own.
fn is_this_machine(host: &str) -> bool {
    let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    is_address || host == "localhost" || is_app_host(host)
}

fn is_app_host(host: &str) -> bool {
    host.strip_suffix(".localhost").is_some_and(|label| label != "admin")
}

/// A browser may still hold what another node has answered under this address; "not modified"
/// would show it that page, which cannot reload itself.
fn forget_what_is_kept(headers: &mut HeaderMap) {
    headers.remove(header::IF_NONE_MATCH);
    headers.remove(header::IF_MODIFIED_SINCE);
}

/// What an answer gets on its way out.
struct Dress {
    /// The script's tag, for a page of an app.
    tag: Option<String>,
    is_head: bool,
}

impl Dress {
    fn of(request: &ServiceRequest, live: &Live) -> Dress {
        let destination = request.headers().get(&FETCH_DEST).and_then(|text| text.to_str().ok());
        let is_document = destination.is_none_or(|used_as| DOCUMENTS.contains(&used_as));
        let gets_script = is_document && is_app_host(&host_name(request.head()));
        Dress {
            tag: gets_script.then(|| live.script_tag()),
            is_head: *request.method() == Method::HEAD,
        }
    }

    async fn put_on(
        self,
        mut response: ServiceResponse<BoxBody>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
        let Some(tag) = self.tag.filter(|_| is_whole_page(&response)) else { return Ok(response) };
        // They describe the page without the script.
        for name in [header::ETAG, header::LAST_MODIFIED, header::ACCEPT_RANGES] {
            response.headers_mut().remove(name);
        }
        let (request, response) = response.into_parts();
        let (head, body) = response.into_parts();
        if self.is_head {
            let length = match body.size() {
                BodySize::Sized(length) => length + tag.len() as u64,
                BodySize::None | BodySize::Stream => 0,
            };
            let body = ContentBody::Length(length).boxed();
            return Ok(ServiceResponse::new(request, head.set_body(body)));
        }
        let page = match to_bytes_limited(body, PAGE_BYTES_MAX).await {
            Ok(page) => page?,
            // Its size was looked at before.
            Err(exceeded) => return Err(actix_web::error::ErrorInternalServerError(exceeded)),
        };
        let body = inject::with_tag(page, &tag).boxed();
        Ok(ServiceResponse::new(request, head.set_body(body)))
    }
}

/// Whether an answer is a page that the script can go into.
fn is_whole_page(response: &ServiceResponse<BoxBody>) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_html = content_type.is_some_and(|name| name.as_bytes().starts_with(b"text/html"));
    let size = response.response().body().size();
    let has_room = matches!(size, BodySize::Sized(size) if size <= PAGE_BYTES_MAX as u64);
    is_html && has_room && response.status() != StatusCode::PARTIAL_CONTENT
}
