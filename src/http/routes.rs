//! The table of endpoints: what exists, and who may ask for it.
//!
//! What is not in it does not exist. Each row's permission is enforced by
//! `operator::authorise`, which wraps every endpoint that is registered from here.

use actix_web::http::Method;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, ResponseError, Route, web};
use fazt_actors::kind::ErrorKind;
use utoipa::openapi::path::Parameter;

use super::error::ApiError;
pub use super::permission::Permission;
use super::permission::{
    Admin, DeployApp, DeployNamed, Grant, OwnersSocket, Person, Public, Read, ReadApp, Signed,
    guarded, query,
};
use super::{
    account, apps, audit, backup, deploy, domains, env, keys, logs, metrics, openapi, operator,
    releases, sessions, settings, sites, stream, system, tokens, uploads,
};

/// A row of the table.
pub struct Endpoint {
    /// The method.
    pub method: Method,
    /// The path below the admin host, with actix's placeholders.
    pub path: &'static str,
    /// Who may.
    pub permission: Permission,
    /// What the audit log calls a use of it; `None` for what changes nothing that is seen.
    pub action: Option<&'static str>,
    handler: fn() -> Route,
    /// What the handler reads from the query.
    pub(super) query: fn() -> Vec<Parameter>,
}

macro_rules! action {
    () => {
        None
    };
    ($action:literal) => {
        Some($action)
    };
}

/// A handler that takes another `Operator` than its row says does not compile.
macro_rules! endpoints {
    ($($method:ident $path:literal $permission:ident $handler:path $(=> $action:literal)?;)*) => {
        &[$(Endpoint {
            method: Method::$method,
            path: $path,
            permission: <$permission as Grant>::PERMISSION,
            action: action!($($action)?),
            handler: || guarded::<$permission, _>($handler),
            query: || query::<$permission, _>($handler),
        }),*]
    };
}

/// Every endpoint of the API: method, path, who may, handler, and its name in the audit log.
#[rustfmt::skip]
pub static ENDPOINTS: &[Endpoint] = endpoints! {
    POST   "/api/login"                              Public       account::login;
    POST   "/api/logout"                             Public       account::logout;
    GET    "/api/auth/status"                        Public       account::status;
    GET    "/api/user/me"                            Signed       account::me;
    PUT    "/api/user/credentials"                   Person       account::change => "owner.change";
    GET    "/api/sessions"                           Admin        sessions::list;
    DELETE "/api/sessions/{session}"                 Admin        sessions::end => "session.end";
    GET    "/api/audit"                              Admin        audit::list;
    GET    "/api/openapi.json"                       Public       openapi::show;
    GET    "/api/stream"                             Read         stream::stream;
    GET    "/api/system/health"                      Read         system::health;
    POST   "/api/system/stop"                        OwnersSocket system::stop => "node.stop";
    POST   "/api/system/backup"                      OwnersSocket backup::create => "backup.create";
    GET    "/api/system/metrics"                     Read         metrics::show;
    GET    "/api/system/config"                      Read         system::original::config;
    GET    "/api/system/limits"                      Read         system::original::limits;
    GET    "/api/system/cache"                       Read         system::original::cache;
    GET    "/api/system/db"                          Read         system::original::db;
    GET    "/api/config"                             Read         system::original::config;
    GET    "/api/settings"                           Read         settings::list;
    PUT    "/api/settings/{key}"                     Admin        settings::set => "setting.set";
    DELETE "/api/settings/{key}" Admin settings::reset => "setting.reset";
    GET    "/api/apps"                               Read         apps::list;
    GET    "/api/apps/{app}"                         ReadApp      apps::show;
    DELETE "/api/apps/{app}"                         Admin        apps::delete => "app.delete";
    GET    "/api/apps/{app}/files"                   ReadApp      sites::files;
    POST   "/api/apps/{app}/restore"                 Admin        apps::restore => "app.restore";
    POST   "/api/apps/{app}/rollback"                DeployApp    apps::roll_back => "app.rollback";
    GET    "/api/apps/{app}/releases"                ReadApp      releases::list;
    GET    "/api/apps/{app}/releases/{release}/files" ReadApp      releases::files;
    GET    "/api/apps/{app}/releases/{release}/files/{path:.+}" ReadApp      releases::file;
    POST   "/api/deploy"                             DeployNamed  deploy::archive => "app.deploy";
    POST   "/api/apps/{app}/uploads"                 DeployApp    uploads::begin;
    PUT    "/api/apps/{app}/uploads/{upload}/blobs"  DeployApp    uploads::receive;
    POST   "/api/apps/{app}/uploads/{upload}/commit" DeployApp    uploads::commit => "app.deploy";
    DELETE "/api/apps/{app}/uploads/{upload}"        DeployApp    uploads::abandon;
    GET    "/api/sites"                              Read         sites::list;
    DELETE "/api/sites"                              Admin        sites::delete => "app.delete";
    GET    "/api/sites/{app}"                        ReadApp      sites::show;
    GET    "/api/sites/{app}/files"                  ReadApp      sites::files;
    GET    "/api/sites/{app}/files/{path:.+}"        ReadApp      sites::file;
    GET    "/api/deployments"                        Read         sites::deployments;
    GET    "/api/envvars"                            Read         env::list;
    POST   "/api/envvars"                            Admin        env::set => "env.set";
    DELETE "/api/envvars"                            Admin        env::delete => "env.delete";
    GET    "/api/logs"                               Read         logs::list;
    GET    "/api/logs/stream"                        Read         logs::stream::stream;
    GET    "/api/mapped-domains"                     Read         domains::list;
    POST   "/api/mapped-domains"                     Admin        domains::add => "domain.add";
    DELETE "/api/mapped-domains/{domain}" Admin domains::remove => "domain.remove";
    GET    "/api/tokens"                             Admin        tokens::list;
    POST   "/api/tokens"                             Admin        tokens::create => "token.create";
    DELETE "/api/tokens/{token}"                     Admin        tokens::revoke => "token.revoke";
    GET    "/api/keys"                               Admin        keys::list;
    POST   "/api/keys"                               Admin        keys::create => "token.create";
    DELETE "/api/keys"                               Admin        keys::delete => "token.revoke";
};

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
