//! The table of endpoints: what exists, and who may ask for it.
//!
//! What is not in it does not exist. Each row's permission is enforced by
//! `operator::authorise`, which wraps every endpoint that is registered from here.

use std::fmt;

use actix_web::http::Method;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, ResponseError, Route, web};
use fazt_actors::kind::ErrorKind;

use super::error::ApiError;
use super::{apps, deploy, operator, releases, system, tokens, uploads};

/// What somebody must be allowed to do to use an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Everybody.
    Public,
    /// Scope `read`.
    Read,
    /// Scope `read`, or one that may deploy the app in the path.
    ReadApp,
    /// A scope that may deploy the app in the path.
    DeployApp,
    /// A scope that may deploy; the handler checks the app that the body names.
    DeployNamed,
    /// Scope `admin`.
    Admin,
    /// Only a connection through the node's own socket.
    OwnersSocket,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Permission::Public => "nothing",
            Permission::Read => "`read`",
            Permission::ReadApp => "`read` or `deploy:<this app>`",
            Permission::DeployApp => "`deploy` or `deploy:<this app>`",
            Permission::DeployNamed => "`deploy` or `deploy:<app>`",
            Permission::Admin => "`admin`",
            Permission::OwnersSocket => "the node's own socket (run the command on its machine)",
        })
    }
}

/// A row of the table.
pub struct Endpoint {
    /// The method.
    pub method: Method,
    /// The path below the admin host, with actix's placeholders.
    pub path: &'static str,
    /// Who may.
    pub permission: Permission,
    handler: fn() -> Route,
}

const fn endpoint(
    method: Method,
    path: &'static str,
    permission: Permission,
    handler: fn() -> Route,
) -> Endpoint {
    Endpoint { method, path, permission, handler }
}

use Permission::{Admin, DeployApp, DeployNamed, OwnersSocket, Read, ReadApp};

/// Every endpoint of the API.
pub static ENDPOINTS: &[Endpoint] = &[
    endpoint(Method::GET, "/api/system/health", Read, || web::to(system::health)),
    endpoint(Method::POST, "/api/system/stop", OwnersSocket, || web::to(system::stop)),
    endpoint(Method::GET, "/api/apps", Read, || web::to(apps::list)),
    endpoint(Method::GET, "/api/apps/{app}", ReadApp, || web::to(apps::show)),
    endpoint(Method::DELETE, "/api/apps/{app}", Admin, || web::to(apps::delete)),
    endpoint(Method::POST, "/api/apps/{app}/restore", Admin, || web::to(apps::restore)),
    endpoint(Method::POST, "/api/apps/{app}/rollback", DeployApp, || web::to(apps::roll_back)),
    endpoint(Method::GET, "/api/apps/{app}/releases", ReadApp, || web::to(releases::list)),
    endpoint(Method::GET, "/api/apps/{app}/releases/{release}/files", ReadApp, || {
        web::to(releases::files)
    }),
    endpoint(Method::GET, "/api/apps/{app}/releases/{release}/files/{path:.+}", ReadApp, || {
        web::to(releases::file)
    }),
    endpoint(Method::POST, "/api/deploy", DeployNamed, || web::to(deploy::archive)),
    endpoint(Method::POST, "/api/apps/{app}/uploads", DeployApp, || web::to(uploads::begin)),
    endpoint(Method::PUT, "/api/apps/{app}/uploads/{upload}/blobs", DeployApp, || {
        web::to(uploads::receive)
    }),
    endpoint(Method::POST, "/api/apps/{app}/uploads/{upload}/commit", DeployApp, || {
        web::to(uploads::commit)
    }),
    endpoint(Method::DELETE, "/api/apps/{app}/uploads/{upload}", DeployApp, || {
        web::to(uploads::abandon)
    }),
    endpoint(Method::GET, "/api/tokens", Admin, || web::to(tokens::list)),
    endpoint(Method::POST, "/api/tokens", Admin, || web::to(tokens::create)),
    endpoint(Method::DELETE, "/api/tokens/{token}", Admin, || web::to(tokens::revoke)),
];

/// The row for a method and the pattern of a registered path.
pub(super) fn find_endpoint(method: &Method, pattern: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.path == pattern && endpoint.method == *method)
}

/// Registers the table below the scope `/api`.
pub(super) fn register(service: &mut web::ServiceConfig) {
    let mut paths: Vec<&str> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    paths.dedup();
    for path in paths {
        let below_scope = path.strip_prefix("/api").unwrap_or(path);
        let mut resource = web::resource(below_scope);
        // Other methods never reach `authorise`: they exist for nobody.
        for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.path == path) {
            let guarded = (endpoint.handler)().method(endpoint.method.clone());
            resource = resource.route(guarded.wrap(from_fn(operator::authorise)));
        }
        service.service(resource.default_service(web::to(method_not_allowed)));
    }
}

async fn method_not_allowed(request: HttpRequest) -> HttpResponse {
    let pattern = request.match_pattern().unwrap_or_default();
    let allowed: Vec<&str> = ENDPOINTS
        .iter()
        .filter(|endpoint| endpoint.path == pattern)
        .map(|endpoint| endpoint.method.as_str())
        .collect();
    let allowed = allowed.join(", ");
    let message = format!("{} is not a method of this endpoint; {allowed} is", request.method());
    let mut response =
        ApiError::new(ErrorKind::Invalid, "METHOD_NOT_ALLOWED", message).error_response();
    if let Ok(value) = header::HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}
