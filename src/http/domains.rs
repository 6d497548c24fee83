//! `/api/mapped-domains`: host names of their own that lead to an app.
//!
//! Not `/api/domains`, which in the API of the original counts visits.

use actix_web::{HttpRequest, web};
use fazt_actors::apps::Shown;
use fazt_actors::domains::{self, Domain, MapDomain, UnmapDomain};
use fazt_actors::kind::ErrorKind;
use fazt_actors::router::PublishDomains;
use fazt_actors::timestamp::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::{answer, created, next_cursor, page, page_size};
use super::apps::find;
use super::body::read_json;
use super::error::{ApiError, ApiResult};
use super::model::{MappedDomain, MappedDomainRequest, Message};
use super::operator::Operator;
use super::permission::{Admin, Read};
use crate::node::Node;

/// Domains on a page at most, and unless fewer are asked for.
const PAGE_MAX: usize = 1_000;

/// Query of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Only of the app with this name or id.
    #[param(example = "blog")]
    app: Option<String>,
    /// Domains on a page: 1,000 at most, and unless fewer are asked for.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// `GET /api/mapped-domains`.
pub(super) async fn list(
    _operator: Operator<Read>,
    node: web::Data<Node>,
    query: web::Query<ListQuery>,
) -> ApiResult {
    let query = query.into_inner();
    let app = match query.app {
        Some(key) => Some(find(&node, &key, Shown::Live).await?.id),
        None => None,
    };
    let limit = page_size(query.limit, PAGE_MAX, PAGE_MAX);
    let after = query.cursor.unwrap_or_default();
    let found = node.store.readers.read(move |c| domains::list(c, app, &after, limit)).await?;
    let next_cursor = next_cursor(&found, limit, |row| row.domain.clone());
    let data = found
        .into_iter()
        .map(|row| MappedDomain {
            domain: row.domain,
            app: row.app,
            app_id: row.app_id,
            created_at: row.created_at.to_rfc3339(),
        })
        .collect();
    Ok(page(data, next_cursor, None))
}

/// `POST /api/mapped-domains`.
pub(super) async fn add(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult {
    let body: MappedDomainRequest =
        read_json(&request, payload, node.limits().json_body_bytes_max).await?;
    operator.about(&body.domain);
    let domain = Domain::parse(&body.domain, node.routes.table().hosts())
        .map_err(|error| ApiError::field("domain", error.to_string()))?;
    let app = find(&node, &body.app, Shown::Live).await?;
    operator.about_app(&app.name);
    let name = domain.as_str().to_owned();
    let map = MapDomain { domain, app: app.id, at: Timestamp::now() };
    let since = node.store.writer.commit(map).await??;
    node.router.ask_patiently(PublishDomains).await??;
    let data = MappedDomain {
        domain: name,
        app: app.name,
        app_id: app.public_id,
        created_at: since.to_rfc3339(),
    };
    Ok(created(data))
}

/// `DELETE /api/mapped-domains/{domain}`.
pub(super) async fn remove(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    domain: web::Path<String>,
) -> ApiResult {
    operator.about(&domain);
    let name = domain.trim_end_matches('.').to_ascii_lowercase();
    let Some(app) = node.store.writer.commit(UnmapDomain(name)).await? else {
        let message = "no app has this domain; `fazt domain list` shows those there are";
        return Err(ApiError::new(ErrorKind::NotFound, "DOMAIN_NOT_FOUND", message));
    };
    operator.about_app(&app);
    node.router.ask_patiently(PublishDomains).await??;
    Ok(answer(Message { message: "domain removed".to_owned() }))
}
