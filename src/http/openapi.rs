//! `GET /api/openapi.json`: the API in the words of `OpenAPI` 3.1.
//!
//! The document is built once, from two tables. `routes::ENDPOINTS` says what exists and
//! who may; the tables below this module say what travels. An endpoint that is in only
//! one of them fails the tests, so the document cannot fall behind the program.

mod account;
mod answers;
mod apps;
mod deploying;
mod description;
mod node;
mod original;
mod parameters;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse};
use fazt_actors::content::ContentHash;
use fazt_actors::kind::ErrorKind;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{OperationBuilder, PathsBuilder};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, Tag,
};

use super::conditional;
use super::error::{ApiError, ApiResult};
use super::operator::Operator;
use super::permission::{Permission, Public};
use super::routes::{ENDPOINTS, Endpoint};
use description::Description;

/// Name of the security scheme of tokens.
const TOKEN: &str = "token";

/// Name of the security scheme of a browser that is signed in.
const SESSION: &str = "session";

/// What stands above everything else.
const ABOUT: &str = "The API of a fazt node, on its admin host. A success is `{\"data\": …}`, \
    with `\"meta\"` where a list is paged; a failure is `{\"error\": {\"code\", \"message\", \
    \"details\"?}}`. Fields that are not described are ignored in requests; newer nodes may add \
    some to answers. Times are RFC 3339 in UTC. `x-permission` says who may use an operation, \
    `x-audit` what the audit log calls it.";

/// The document as it is sent, with its entity tag.
struct Document {
    json: String,
    etag: String,
}

static DOCUMENT: LazyLock<Result<Document, serde_json::Error>> = LazyLock::new(|| {
    let json = document().to_json()?;
    let etag = format!("\"{}\"", ContentHash::of(json.as_bytes()));
    Ok(Document { json, etag })
});

/// `GET /api/openapi.json`.
pub(super) async fn show(_operator: Operator<Public>, request: HttpRequest) -> ApiResult {
    let document = DOCUMENT.as_ref().map_err(|error| {
        tracing::error!(error = %error, "the description of the API cannot be written");
        let message = "the node failed; its log says why, under the id in X-Request-Id";
        ApiError::new(ErrorKind::Internal, "INTERNAL_ERROR", message)
    })?;
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let is_known = known.is_some_and(|tags| conditional::if_none_match(tags, &document.etag));
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    // The same for everybody, until the next version of the node.
    response.insert_header((header::CACHE_CONTROL, "no-cache"));
    response.insert_header((header::ETAG, document.etag.as_str()));
    if is_known {
        return Ok(response.finish());
    }
    Ok(response.content_type("application/json").body(document.json.as_str()))
}

/// What every endpoint takes and answers, in the order of the document's groups.
fn descriptions() -> Vec<Description> {
    [
        account::descriptions(),
        apps::descriptions(),
        deploying::descriptions(),
        node::descriptions(),
        original::descriptions(),
    ]
    .concat()
}

fn document() -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut components = answers::FAILURES
        .iter()
        .fold(ComponentsBuilder::new(), |components, failure| {
            components.response(failure.name, failure.response())
        })
        .security_scheme(TOKEN, token_scheme())
        .security_scheme(SESSION, session_scheme());
    let descriptions = descriptions();
    for endpoint in ENDPOINTS {
        let Some(found) = descriptions.iter().find(|found| found.is_of(endpoint)) else {
            continue;
        };
        paths = paths.path(template(endpoint.path), operation(endpoint, found));
        components = components.schemas_from_iter(found.schemas.iter().cloned());
    }
    components = components.schemas_from_iter(answers::schemas());
    let tags = description::GROUPS
        .map(|(name, about)| Tag::builder().name(name).description(Some(about)).build());
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("fazt")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT)),
        )
        .paths(paths)
        .components(Some(components.build()))
        .tags(Some(tags))
        .build()
}

/// One endpoint: what the table says of it, and what its description adds.
fn operation(endpoint: &Endpoint, found: &Description) -> PathItem {
    let mut extensions = BTreeMap::from([("x-permission", name_of(endpoint.permission))]);
    if let Some(action) = endpoint.action {
        extensions.insert("x-audit", action);
    }
    let mut parameters = parameters::of_path(endpoint.path);
    parameters.extend((endpoint.query)());
    let operation = OperationBuilder::new()
        .tag(found.group)
        .operation_id(Some(found.id))
        .summary(Some(found.summary))
        .description(found.about)
        .parameters((!parameters.is_empty()).then_some(parameters))
        .request_body(found.body.clone())
        .responses(answers::of(endpoint, found))
        .securities(Some(securities(endpoint.permission)))
        .extensions(Some(extensions.into_iter().collect::<Extensions>()));
    PathItem::new(method(&endpoint.method), operation)
}

/// Those that the table uses.
fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::PUT => HttpMethod::Put,
        Method::POST => HttpMethod::Post,
        Method::DELETE => HttpMethod::Delete,
        Method::PATCH => HttpMethod::Patch,
        Method::HEAD => HttpMethod::Head,
        _ => HttpMethod::Get,
    }
}

/// A pattern of the table as `OpenAPI` writes it: `{path:.+}` is `{path}` there.
fn template(pattern: &str) -> String {
    pattern.replace(":.+}", "}")
}

/// The credentials that open an endpoint.
fn securities(permission: Permission) -> Vec<SecurityRequirement> {
    let token = || SecurityRequirement::new::<_, [&str; 0], _>(TOKEN, []);
    let session = || SecurityRequirement::new::<_, [&str; 0], _>(SESSION, []);
    match permission {
        // A credential is not needed, and read where there is one.
        Permission::Public => vec![SecurityRequirement::default(), token(), session()],
        Permission::Person => vec![session()],
        // No credential that travels opens it.
        Permission::OwnersSocket => Vec::new(),
        _ => vec![token(), session()],
    }
}

/// Permissions for programs that read the document.
fn name_of(permission: Permission) -> &'static str {
    match permission {
        Permission::Public => "public",
        Permission::Signed => "signed",
        Permission::Read => "read",
        Permission::ReadApp => "read_app",
        Permission::DeployApp => "deploy_app",
        Permission::DeployNamed => "deploy_named",
        Permission::Admin => "admin",
        Permission::Person => "person",
        Permission::OwnersSocket => "owners_socket",
    }
}

fn token_scheme() -> SecurityScheme {
    SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("fazt_<id>_<secret>")
            .description(Some("`fazt server create-key` or `fazt token create` makes one."))
            .build(),
    )
}

fn session_scheme() -> SecurityScheme {
    let about = "Set by `POST /api/login`; over plain HTTP it is called `fazt`. Unsafe methods \
                 also need `Sec-Fetch-Site: same-origin`, or the node's own `Origin`.";
    SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("__Host-fazt", about)))
}

#[cfg(test)]
mod tests;
