//! The hot path: a visitor's request, from its host to its file.
//!
//! A request for a cached file reads two snapshots and a cache, waits for nobody and
//! copies no content. What must never be served is not in a release's index, so no
//! decision here can reveal it.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::http::header::{self, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use fazt_actors::executor::routes::RouteMatch;
use fazt_actors::router::View;
use fazt_actors::router::index::{IndexedFile, ReleaseIndex, Resolved};
use fazt_actors::router::path::normalise;
use fazt_actors::router::redirects::{Redirect, RedirectQuery};
use fazt_actors::router::table::{Destination, RoutedApp};
use fazt_actors::router::template::escape_url;
use fazt_actors::timestamp::Timestamp;

use super::connection::{destination, host_name, host_of};
use super::error::ApiError;
use super::file_response::{FileAnswer, NOINDEX, apply_header_rules, file_response};
use super::functions::FunctionVisit;
use super::metrics::body_bytes;
use super::{pages, system};
use crate::node::Node;
use crate::request_counters::{Answered, RequestKind};

/// Paths of the node on every host; no app can have files here.
const NODE_PREFIX: &str = "/_fazt/";

/// Where any host names the node.
const DISCOVERY_PATH: &str = "/.well-known/fazt";

/// Where any host says whether the node lives; an app's own file of that name wins.
const HEALTH_PATH: &str = "/health";

/// The methods that files answer.
const FILE_METHODS: &str = "GET, HEAD, OPTIONS";

/// Answers whatever is not an endpoint of the API.
pub(super) async fn serve(
    request: HttpRequest,
    payload: web::Payload,
    node: Arc<Node>,
) -> HttpResponse {
    let started = Instant::now();
    let mut kind = RequestKind::Site;
    let response = answer(&request, payload, &node, &mut kind).await;
    let took = started.elapsed();
    let body_bytes = body_bytes(request.method(), response.body().size());
    let status = response.status().as_u16();
    node.requests.count(Answered { kind, status, took, body_bytes });
    if !node.settings.logs_requests() {
        return response;
    }
    tracing::info!(
        target: "fazt::access",
        host = host_of(request.head()),
        method = %request.method(),
        path = request.uri().path(),
        status,
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    response
}

/// The answer; `kind` says afterwards whom it was for.
async fn answer(
    request: &HttpRequest,
    payload: web::Payload,
    node: &Node,
    kind: &mut RequestKind,
) -> HttpResponse {
    let path = match normalise(request.uri().path()) {
        Ok(path) => path,
        Err(error) => return pages::bad_request(&error.to_string()),
    };
    if path == DISCOVERY_PATH {
        return system::discovery(node);
    }
    if path.starts_with(NODE_PREFIX) {
        return pages::no_such_page();
    }
    let payload = Cell::new(Some(payload));
    let visit = Visit { request, payload, node, path };
    match destination(request, node) {
        Destination::App(app) => visit.app(&app, StatusCode::OK).await,
        Destination::Preview(app, number) => visit.preview(&app, number).await,
        Destination::Admin => {
            *kind = RequestKind::Admin;
            visit.admin().await
        }
        Destination::UndeployedRoot => visit.health_or(pages::undeployed_root).await,
        Destination::Nobody(Some(app)) => visit.app(&app, StatusCode::NOT_FOUND).await,
        Destination::Nobody(None) => visit.health_or(pages::no_such_app).await,
    }
}

/// One request on its way to a file.
struct Visit<'a> {
    request: &'a HttpRequest,
    /// The body, until a function takes it.
    payload: Cell<Option<web::Payload>>,
    node: &'a Node,
    path: Cow<'a, str>,
}

/// The release that a request is answered from.
struct Site {
    /// The rows of the app and of the release.
    app: i64,
    release: i64,
    index: Arc<ReleaseIndex>,
    status: StatusCode,
    is_preview: bool,
}

impl Visit<'_> {
    async fn app(&self, app: &RoutedApp, status: StatusCode) -> HttpResponse {
        let Some(release) = app.live else { return self.health_or(pages::no_such_page).await };
        let view = View::Live { generation: app.generation };
        match self.index(release, view).await {
            Ok(Some(index)) => {
                let site = Site { app: app.id, release, index, status, is_preview: false };
                self.site(&site).await
            }
            Ok(None) => pages::busy(),
            Err(error) => error.error_response(),
        }
    }

    async fn preview(&self, app: &RoutedApp, number: u32) -> HttpResponse {
        let release = match self.node.routes.release_numbered(app.id, number).await {
            Ok(Some(release)) => release,
            Ok(None) => return pages::no_such_release(),
            Err(error) => return ApiError::from(error).error_response(),
        };
        match self.index(release, View::Alone).await {
            Ok(Some(index)) => {
                let (app, status) = (app.id, StatusCode::OK);
                let site = Site { app, release, index, status, is_preview: true };
                let mut response = self.site(&site).await;
                response.headers_mut().insert(NOINDEX.0, NOINDEX.1);
                response
            }
            Ok(None) => pages::no_such_release(),
            Err(error) => error.error_response(),
        }
    }

    async fn admin(&self) -> HttpResponse {
        self.health_or(|| pages::dashboard(self.request)).await
    }

    /// The node's health where that is asked for, else a page.
    async fn health_or(&self, page: impl FnOnce() -> HttpResponse) -> HttpResponse {
        if self.path != HEALTH_PATH {
            return page();
        }
        let mut response = if self.node.store.is_healthy().await {
            HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("OK")
        } else {
            HttpResponse::ServiceUnavailable().finish()
        };
        let no_store = header::HeaderValue::from_static("no-store");
        response.headers_mut().insert(header::CACHE_CONTROL, no_store);
        response
    }

    async fn index(&self, release: i64, view: View) -> Result<Option<Arc<ReleaseIndex>>, ApiError> {
        if let Some(index) = self.node.routes.cached_index(release, view) {
            return Ok(Some(index));
        }
        Ok(self.node.routes.index(release, view).await?)
    }

    async fn site(&self, site: &Site) -> HttpResponse {
        if let Some(found) = site.index.functions.find(&self.path) {
            return self.function(site, &self.path, found).await;
        }
        match *self.request.method() {
            Method::GET | Method::HEAD => {}
            Method::OPTIONS => return allow(StatusCode::NO_CONTENT),
            _ => return allow(StatusCode::METHOD_NOT_ALLOWED),
        }
        let index = &*site.index;
        if let Some(redirect) = self.redirect(index, true) {
            return self.follow(site, &redirect).await;
        }
        match index.resolve(&self.path) {
            Resolved::File(file) => return self.file(site, file, site.status).await,
            Resolved::AddSlash => return self.moved(&format!("{}/", self.path)),
            Resolved::DropSlash => return self.moved(self.path.trim_end_matches('/')),
            Resolved::Missing => {}
        }
        if let Some(redirect) = self.redirect(index, false) {
            return self.follow(site, &redirect).await;
        }
        self.missing(site).await
    }

    /// The answer of the app's own code. Boxed: it is larger than all that files need.
    async fn function(&self, site: &Site, path: &str, found: RouteMatch<'_>) -> HttpResponse {
        let Some(payload) = self.payload.take() else { return pages::busy() };
        let visit = FunctionVisit {
            node: self.node,
            request: self.request,
            path,
            app: site.app,
            release: site.release,
            is_preview: site.is_preview,
            found,
        };
        Box::pin(visit.answer(payload.into_inner())).await
    }

    /// No file and no rule: an earlier release's file, the app's own page for it, or ours.
    async fn missing(&self, site: &Site) -> HttpResponse {
        let now = Timestamp::now();
        for release in site.index.reachable_earlier(now, &self.node.limits()) {
            let Ok(Some(earlier)) = self.index(release, View::Alone).await else { continue };
            if let Resolved::File(file) = earlier.resolve(&self.path)
                && !file.media.html
            {
                return self.file(site, file, site.status).await;
            }
        }
        if self.path == HEALTH_PATH {
            // A page for every path is not the app's own answer to this one.
            return self.health_or(pages::no_such_page).await;
        }
        if let Some(page) = site.index.fallback().filter(|_| self.wants_page()) {
            return self.file(site, page, site.status).await;
        }
        match site.index.not_found_page(&self.path) {
            Some(page) => self.file(site, page, StatusCode::NOT_FOUND).await,
            None => pages::no_such_page(),
        }
    }

    /// Whether a page is a sensible answer: to a browser that navigates, or to a path
    /// without an extension. A missing script must not turn into HTML.
    fn wants_page(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let is_page_name = !name.contains('.') || name.ends_with(".html");
        is_page_name || self.header(header::ACCEPT).is_some_and(|types| types.contains("text/html"))
    }

    async fn file(&self, site: &Site, file: &IndexedFile, status: StatusCode) -> HttpResponse {
        let answer = FileAnswer { file, status, is_preview: site.is_preview };
        match file_response(self.node, self.request, answer).await {
            Ok(mut response) => {
                let rules = &site.index.headers;
                if !rules.is_empty() {
                    apply_header_rules(
                        &mut response,
                        rules,
                        &host_name(self.request.head()),
                        &self.path,
                    );
                }
                response
            }
            Err(error) => error.error_response(),
        }
    }

    fn redirect(&self, index: &ReleaseIndex, forced_only: bool) -> Option<Redirect> {
        if index.redirects.is_empty() {
            return None;
        }
        let query = RedirectQuery {
            host: &host_name(self.request.head()),
            path: &self.path,
            query: self.request.uri().query(),
            accept_language: self.header(header::ACCEPT_LANGUAGE),
        };
        index.redirects.find(&query, forced_only)
    }

    /// Answers as a rule of `_redirects` says.
    async fn follow(&self, site: &Site, redirect: &Redirect) -> HttpResponse {
        let status = StatusCode::from_u16(redirect.status).unwrap_or(StatusCode::FOUND);
        if status.is_redirection() {
            return location(status, &redirect.target);
        }
        let target = redirect.target.split(['?', '#']).next().unwrap_or_default();
        let Ok(target) = normalise(target) else { return pages::no_such_page() };
        // A rewrite finds its file as a visitor would, through the same index.
        if let Some(found) = site.index.functions.find(&target) {
            return self.function(site, &target, found).await;
        }
        match site.index.resolve(&target) {
            Resolved::File(file) => {
                let status = if status == StatusCode::OK { site.status } else { status };
                self.file(site, file, status).await
            }
            Resolved::AddSlash => match site.index.resolve(&format!("{target}/")) {
                Resolved::File(file) => self.file(site, file, status).await,
                _ => self.missing(site).await,
            },
            Resolved::DropSlash | Resolved::Missing => self.missing(site).await,
        }
    }

    /// The same page under its one right path, with the query of this request.
    fn moved(&self, path: &str) -> HttpResponse {
        let mut target = escape_url(path);
        if let Some(query) = self.request.uri().query() {
            target.push('?');
            target.push_str(query);
        }
        location(StatusCode::MOVED_PERMANENTLY, &target)
    }

    fn header(&self, name: HeaderName) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }
}

fn location(status: StatusCode, target: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::LOCATION, target))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .finish()
}

fn allow(status: StatusCode) -> HttpResponse {
    HttpResponse::build(status).insert_header((header::ALLOW, FILE_METHODS)).finish()
}
