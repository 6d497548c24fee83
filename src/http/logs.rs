//! `/api/logs`: what happened to an app, and what its code says.

pub(super) mod stream;

use actix_web::web;
use fazt_actors::app_logs::Level;
use fazt_actors::app_logs::stored::{self, PAGE_MAX, Wanted};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::answer;
use super::error::{ApiError, ApiResult};
use super::model::original::{LogLine, Logs};
use super::operator::Operator;
use super::permission::Read;
use super::sites::named;
use crate::node::Node;

/// Lines of one answer, unless another number is asked for.
const LINES_DEFAULT: usize = 50;

/// Query of the lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LogsQuery {
    /// Name or id of the app.
    #[param(required, min_length = 1, example = "blog")]
    site_id: Option<String>,
    /// Lines of the answer: 1 to 1,000; 50 unless said.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    limit: Option<u32>,
    /// Only lines with a higher id.
    after: Option<i64>,
    /// Only lines of this level and those above: `debug`, `info`, `warn`, `error`.
    #[param(pattern = "^(debug|info|warn|error)$", example = "info")]
    level: Option<String>,
    /// Only lines of this request.
    #[param(example = "k3Jx9QmP2aZ7LwTd")]
    request_id: Option<String>,
}

/// `GET /api/logs?site_id=`.
pub(super) async fn list(
    _operator: Operator<Read>,
    node: web::Data<Node>,
    query: web::Query<LogsQuery>,
) -> ApiResult {
    let query = query.into_inner();
    let limit = match query.limit.map_or(LINES_DEFAULT, |limit| limit as usize) {
        limit @ 1..=PAGE_MAX => limit,
        _ => LINES_DEFAULT,
    };
    let wanted = wanted(&node, query.site_id, query.level, query.request_id).await?;
    let after = query.after.unwrap_or(0);
    let lines = node.store.readers.read(move |c| stored::newest(c, &wanted, after, limit)).await?;
    Ok(answer(Logs { logs: lines.into_iter().map(shown).collect() }))
}

/// The lines that a query asks for.
async fn wanted(
    node: &Node,
    site: Option<String>,
    level: Option<String>,
    request_id: Option<String>,
) -> ApiResult<Wanted> {
    let level = level.map(|name| {
        let level = Level::parse(&name);
        level.ok_or_else(|| ApiError::field("level", "must be debug, info, warn or error"))
    });
    let level = level.transpose()?;
    let app = named(node, site).await?.id;
    Ok(Wanted { app, level, request_id })
}

fn shown(line: stored::LogLine) -> LogLine {
    LogLine {
        id: line.id,
        level: line.level.as_str().to_owned(),
        message: line.message,
        created_at: line.at.to_rfc3339(),
        source: line.source,
        request_id: line.request_id,
    }
}
