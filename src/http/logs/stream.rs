//! `/api/logs/stream`: an app's lines while they are said, as server-sent events (WHATWG HTML
//! section 9.2).
//!
//! Lines that are there already are read from the database, later ones come from the node's
//! memory. A reader that is too slow for that reads the database again: it misses a line only
//! when its app has said so much since that the line is no longer kept.

use std::fmt::Write as _;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use fazt_actors::app_logs::stored::{self, LogLine, Wanted};
use fazt_actors::store::StoreError;
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};
use tokio::time::Interval;
use utoipa::IntoParams;

use super::super::error::ApiResult;
use super::super::operator::Operator;
use super::super::permission::Read;
use super::super::stream::{ALIVE, GREETING, heartbeat};
use crate::node::Node;

/// Lines that are sent at once.
const LINES_AT_ONCE: usize = 256;

/// The header by which a browser that comes back says what it has (WHATWG HTML section 9.2.4).
const LAST_EVENT_ID: &str = "last-event-id";

/// Query of the stream.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct StreamQuery {
    /// Name or id of the app.
    #[param(required, min_length = 1, example = "blog")]
    site_id: Option<String>,
    /// Begin with the lines that have a higher id; else with the next one. The header
    /// `Last-Event-ID` counts before it.
    after: Option<i64>,
    /// Only lines of this level and those above: `debug`, `info`, `warn`, `error`.
    #[param(pattern = "^(debug|info|warn|error)$", example = "info")]
    level: Option<String>,
    /// Only lines of this request.
    #[param(example = "k3Jx9QmP2aZ7LwTd")]
    request_id: Option<String>,
}

/// `GET /api/logs/stream?site_id=`.
pub(in crate::http) async fn stream(
    operator: Operator<Read>,
    node: web::Data<Node>,
    request: HttpRequest,
    query: web::Query<StreamQuery>,
) -> ApiResult {
    let query = query.into_inner();
    let wanted = super::wanted(&node, query.site_id, query.level, query.request_id).await?;
    let room = node.events.enter()?;
    // Before the database is read, so that no line falls in between.
    let receiver = node.logs.subscribe();
    let app = wanted.app;
    let seen = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()?.parse().ok());
    let (cursor, is_behind) = match seen.or(query.after) {
        Some(after) => (after, true),
        None => (node.store.readers.read(move |c| stored::newest_id_of(c, app)).await?, false),
    };
    let reader = Reader {
        receiver,
        closing: node.events.closing(),
        operator,
        node,
        heartbeat: heartbeat(),
        wanted,
        cursor,
        is_behind,
        is_greeted: false,
        _room: room,
    };
    let lines = stream::unfold(reader, |mut reader| async move {
        let bytes = reader.next().await?;
        Some((Ok::<Bytes, actix_web::Error>(bytes), reader))
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .streaming(Box::pin(lines)))
}

struct Reader {
    receiver: broadcast::Receiver<Arc<LogLine>>,
    closing: watch::Receiver<bool>,
    operator: Operator<Read>,
    node: web::Data<Node>,
    heartbeat: Interval,
    wanted: Wanted,
    /// The row up to which this reader has all that it wants.
    cursor: i64,
    /// Whether the database has lines that will not come from memory.
    is_behind: bool,
    is_greeted: bool,
    _room: OwnedSemaphorePermit,
}

impl Reader {
    /// What to send next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.is_greeted {
            self.is_greeted = true;
            return Some(Bytes::from_static(GREETING));
        }
        loop {
            if self.is_behind {
                if !self.operator.may_still_read(&self.node) || *self.closing.borrow() {
                    return None;
                }
                let missed = match self.catch_up().await {
                    Ok(missed) => missed,
                    // The client comes back, and says what it has.
                    Err(error) => {
                        tracing::warn!(error = %error, "a stream of lines ends");
                        return None;
                    }
                };
                if !missed.is_empty() {
                    return Some(missed.into());
                }
                continue;
            }
            let received = tokio::select! {
                _ = self.closing.wait_for(|is_closing| *is_closing) => return None,
                received = self.receiver.recv() => Some(received),
                _ = self.heartbeat.tick() => None,
            };
            let text = match received {
                None => ALIVE.to_owned(),
                Some(Ok(line)) => self.with_those_that_wait(&line),
                Some(Err(RecvError::Lagged(_))) => {
                    self.is_behind = true;
                    continue;
                }
                Some(Err(RecvError::Closed)) => return None,
            };
            if text.is_empty() {
                continue;
            }
            return self.operator.may_still_read(&self.node).then(|| text.into());
        }
    }

    /// Reads some of what this reader has not got; none is left after a part that is not full.
    async fn catch_up(&mut self) -> Result<String, StoreError> {
        let (wanted, after) = (self.wanted.clone(), self.cursor);
        let read = self.node.store.readers.read(move |c| {
            let is_lost = after > 0 && stored::may_have_lost(c, wanted.app, after)?;
            Ok((stored::following(c, &wanted, after, LINES_AT_ONCE)?, is_lost))
        });
        let (lines, is_lost) = read.await?;
        self.is_behind = lines.len() == LINES_AT_ONCE;
        let mut text = String::new();
        if is_lost {
            // Writing to a string cannot fail.
            let _ = write!(text, "event: lagged\ndata: {{\"after\":{after}}}\n\n");
        }
        for line in lines {
            self.cursor = line.id;
            text.push_str(&event(line));
        }
        Ok(text)
    }

    /// The event of a line, and of the lines behind it that are there already.
    fn with_those_that_wait(&mut self, first: &LogLine) -> String {
        let mut text = self.take(first);
        for _ in 1..LINES_AT_ONCE {
            match self.receiver.try_recv() {
                Ok(line) => text.push_str(&self.take(&line)),
                Err(TryRecvError::Lagged(_)) => {
                    self.is_behind = true;
                    break;
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        text
    }

    /// The event of a line, if this reader wants it and has not got it.
    fn take(&mut self, line: &LogLine) -> String {
        if line.app != self.wanted.app || line.id <= self.cursor {
            return String::new();
        }
        self.cursor = line.id;
        if self.wanted.includes(line) { event(line.clone()) } else { String::new() }
    }
}

fn event(line: LogLine) -> String {
    let id = line.id;
    // JSON has no line breaks, so one line of `data` holds it.
    let data = serde_json::to_string(&super::shown(line)).unwrap_or_default();
    format!("event: line\nid: {id}\ndata: {data}\n\n")
}
