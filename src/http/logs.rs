//! `/api/logs`: what happened to an app.

use actix_web::web;
use fazt_actors::app_logs::{self, PAGE_MAX};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::answer;
use super::error::ApiResult;
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
    let app = named(&node, query.site_id).await?;
    let lines = node.store.readers.read(move |c| app_logs::newest(c, app.id, limit)).await?;
    let logs = lines
        .into_iter()
        .map(|line| LogLine {
            id: line.id,
            level: line.level,
            message: line.message,
            created_at: line.at.to_rfc3339(),
        })
        .collect();
    Ok(answer(Logs { logs }))
}
