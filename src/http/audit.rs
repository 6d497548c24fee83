//! `/api/audit`, and how entries come to be there.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use actix_web::web;
use fazt_actors::audit::{self, ActorKind, AuditRow, Entry, PAGE_MAX, Record, Wanted};
use fazt_actors::timestamp::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::{next_cursor, page, page_size};
use super::error::{ApiError, ApiResult};
use super::model::{AuditEntry, StreamEvent};
use super::operator::{Caller, Identity, Operator};
use super::permission::Admin;
use super::routes::Endpoint;
use super::stream::Event;
use crate::node::Node;

/// Entries on a page, unless another number is asked for.
const PAGE_DEFAULT: usize = 50;

/// What the log says of a change that was made.
const OK: &str = "ok";

/// Refused changes of one minute that are written down: whoever is refused in a loop must not
/// fill the disk. Changes that are made are always written.
const REFUSALS_PER_MINUTE: u32 = 600;

/// Milliseconds of a minute.
const MINUTE_MILLIS: i64 = 60_000;

/// Counts the refusals of a minute.
#[derive(Debug, Default)]
pub struct RefusalMeter {
    minute: AtomicI64,
    count: AtomicU32,
}

impl RefusalMeter {
    /// Whether one more refusal is written down. Two threads at the turn of a minute may
    /// let a few more through, which does no harm.
    fn admits(&self, now: Timestamp) -> bool {
        let minute = now.0.div_euclid(MINUTE_MILLIS);
        if self.minute.swap(minute, Ordering::Relaxed) != minute {
            self.count.store(0, Ordering::Relaxed);
        }
        let before = self.count.fetch_add(1, Ordering::Relaxed);
        if before == REFUSALS_PER_MINUTE {
            tracing::warn!("more changes were refused this minute than the audit log takes");
        }
        before < REFUSALS_PER_MINUTE
    }
}

/// Writes down that somebody used an endpoint, where the table calls that a change. Returns
/// once the entry is durable.
pub(super) async fn record(
    node: &Node,
    endpoint: &Endpoint,
    caller: &Caller,
    refusal: Option<&ApiError>,
) {
    let Some(action) = endpoint.action else { return };
    record_action(node, action, caller, refusal.map_or(OK, ApiError::code)).await;
}

/// Writes down what the node did by itself on behalf of whoever started it.
pub(crate) async fn record_start(
    node: &Node,
    action: &'static str,
    resource: Option<&str>,
    details: &str,
) {
    let caller = Caller::owner();
    if let Some(resource) = resource {
        caller.about(resource);
    }
    caller.remark(details.to_owned());
    record_action(node, action, &caller, OK).await;
}

/// Writes down a change by another name than the table's.
pub(super) async fn record_action(
    node: &Node,
    action: &'static str,
    caller: &Caller,
    result: &str,
) {
    let at = Timestamp::now();
    if result != OK && !node.refusals.admits(at) {
        return;
    }
    let (kind, actor_id) = match &caller.identity {
        Identity::Nobody => (ActorKind::Nobody, None),
        Identity::Owner => (ActorKind::Socket, None),
        Identity::Session(session, _) => (ActorKind::Session, Some(session.id.to_string())),
        Identity::Token(token) => (ActorKind::Token, Some(token.id.to_string())),
    };
    let subject = caller.subject();
    let entry = Entry {
        at,
        kind,
        actor_id,
        actor: caller.name().to_owned(),
        address: caller.shown_address(),
        action,
        app: subject.app,
        resource: subject.resource,
        result: result.to_owned(),
        details: subject.details,
    };
    match node.store.writer.commit(Record(entry.clone())).await {
        Ok(id) => node.events.publish(Event::of(id, &entry)),
        // The change itself is made, and its caller is told so; the log says what is missing.
        Err(error) => {
            tracing::error!(error = %error, ?entry, "cannot write into the audit log");
        }
    }
}

/// Query of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// Only of the app with this name.
    #[param(example = "blog")]
    app: Option<String>,
    /// Only of this action, such as `app.deploy`.
    action: Option<String>,
    /// Only of whoever has this name.
    actor: Option<String>,
    /// Only from this time on.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Only before this time.
    #[param(format = DateTime)]
    until: Option<String>,
    /// Entries on a page: 50 unless said, and 1,000 at most.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(pattern = "^[0-9]{1,15}~[0-9]{1,18}$")]
    cursor: Option<String>,
}

/// `GET /api/audit`.
pub(super) async fn list(
    _operator: Operator<Admin>,
    node: web::Data<Node>,
    query: web::Query<AuditQuery>,
) -> ApiResult {
    let query = query.into_inner();
    let time = |field: &str, text: Option<String>| -> ApiResult<Option<Timestamp>> {
        let Some(text) = text else { return Ok(None) };
        let parsed = Timestamp::parse_rfc3339(&text);
        let parsed = parsed
            .ok_or_else(|| ApiError::field(field, "must be a time such as 2026-01-31T12:00:00Z"));
        parsed.map(Some)
    };
    let wanted = Wanted {
        app: query.app.map(|app| app.to_ascii_lowercase()),
        action: query.action,
        actor: query.actor,
        since: time("since", query.since)?,
        until: time("until", query.until)?,
        before: query.cursor.as_deref().map(read_cursor).transpose()?,
    };
    let limit = page_size(query.limit, PAGE_DEFAULT, PAGE_MAX);
    let found = node.store.readers.read(move |c| audit::page(c, &wanted, limit)).await?;
    let next_cursor = next_cursor(&found, limit, |row| format!("{}~{}", row.at.0, row.id));
    let data: Vec<AuditEntry> = found.into_iter().map(shown).collect();
    Ok(page(data, next_cursor, None))
}

fn read_cursor(text: &str) -> ApiResult<(Timestamp, i64)> {
    text.split_once('~')
        .and_then(|(at, id)| Some((Timestamp(at.parse().ok()?), id.parse().ok()?)))
        .ok_or_else(|| ApiError::field("cursor", "must be a `next_cursor` of an earlier page"))
}

fn shown(row: AuditRow) -> AuditEntry {
    AuditEntry {
        event: StreamEvent {
            id: row.id,
            at: row.at.to_rfc3339(),
            action: row.action,
            actor: row.actor,
            app: row.app,
            resource: row.resource,
            result: row.result,
            details: row.details,
        },
        actor_kind: row.kind,
        actor_id: row.actor_id,
        address: row.address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_written_up_to_a_number_a_minute() {
        let meter = RefusalMeter::default();
        let written = |minute: i64| {
            let at = Timestamp(minute * MINUTE_MILLIS);
            (0..2 * REFUSALS_PER_MINUTE).filter(|_| meter.admits(at)).count()
        };
        assert_eq!(written(1), REFUSALS_PER_MINUTE as usize);
        assert_eq!(written(1), 0);
        assert_eq!(written(2), REFUSALS_PER_MINUTE as usize);
    }
}
