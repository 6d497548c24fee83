//! `/api/stream`: what happens on the node, while it happens, as server-sent events (WHATWG
//! HTML section 9.2).
//!
//! Events are made from entries of the audit log, after they are durable. A reader that is
//! too slow loses events and is told how many; nothing waits for it.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use fazt_actors::audit::Entry;
use fazt_actors::kind::ErrorKind;
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tokio::time::{Instant, Interval};

use super::error::{ApiError, ApiResult};
use super::model::StreamEvent;
use super::operator::Operator;
use super::permission::Read;
use crate::node::Node;

/// Events kept for readers that are behind.
const EVENTS_KEPT: usize = 256;

/// Streams that are open at the same time, those of lines included.
pub(super) const STREAMS_MAX: usize = 64;

/// How often something is sent, so that neither side takes a quiet line for a dead one. As
/// often a stream looks whether its reader may still read.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What a stream begins with: the head goes out with the first bytes, and a reader waits for
/// the head.
pub(super) const GREETING: &[u8] = b"retry: 2000\n\n";

/// What is sent where there is nothing to send.
pub(super) const ALIVE: &str = ": alive\n\n";

/// An event with its bytes, made once for all readers.
#[derive(Debug)]
pub(crate) struct Event {
    bytes: Bytes,
    /// Whether only an administrator may see it.
    is_private: bool,
}

impl Event {
    /// The event of an entry of the audit log.
    pub(crate) fn of(id: i64, entry: &Entry) -> Event {
        let is_ok = entry.result == "ok";
        let kind = match entry.action {
            "app.deploy" | "app.rollback" if is_ok => "deploy",
            "app.delete" | "app.restore" if is_ok => "app",
            _ => "audit",
        };
        let is_private = kind == "audit";
        let data = StreamEvent {
            id,
            at: entry.at.to_rfc3339(),
            action: entry.action.to_owned(),
            actor: entry.actor.clone(),
            app: entry.app.clone(),
            resource: entry.resource.clone(),
            result: entry.result.clone(),
            details: entry.details.clone(),
        };
        let data = serde_json::to_string(&data).unwrap_or_default();
        let bytes = format!("event: {kind}\nid: {id}\ndata: {data}\n\n").into();
        Event { bytes, is_private }
    }
}

/// Where events are published and read. One for all workers.
pub struct Events {
    sender: broadcast::Sender<Arc<Event>>,
    rooms: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

impl Default for Events {
    fn default() -> Events {
        Events {
            sender: broadcast::Sender::new(EVENTS_KEPT),
            rooms: Arc::new(Semaphore::new(STREAMS_MAX)),
            closing: watch::Sender::new(false),
        }
    }
}

impl Events {
    /// Tells whoever reads. Never waits.
    pub(crate) fn publish(&self, event: Event) {
        let _nobody_reads = self.sender.send(Arc::new(event));
    }

    /// Room for one more stream, until it is dropped.
    pub(super) fn enter(&self) -> ApiResult<OwnedSemaphorePermit> {
        Arc::clone(&self.rooms).try_acquire_owned().map_err(|_| {
            let message = format!("{STREAMS_MAX} streams are open already; close one or try later");
            ApiError::new(ErrorKind::Busy, "TOO_MANY_STREAMS", message)
        })
    }

    /// Turns true when all streams are to end.
    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Streams that are open.
    pub(super) fn open_streams(&self) -> usize {
        STREAMS_MAX.saturating_sub(self.rooms.available_permits())
    }

    /// Ends all streams, so that a stop does not wait for them.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }
}

/// `GET /api/stream`.
pub(super) async fn stream(operator: Operator<Read>, node: web::Data<Node>) -> ApiResult {
    let room = node.events.enter()?;
    let reader = Reader {
        receiver: node.events.sender.subscribe(),
        closing: node.events.closing(),
        operator,
        node,
        heartbeat: heartbeat(),
        is_greeted: false,
        _room: room,
    };
    let events = stream::unfold(reader, |mut reader| async move {
        let bytes = reader.next().await?;
        Some((Ok::<Bytes, actix_web::Error>(bytes), reader))
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .streaming(Box::pin(events)))
}

/// Ticks as long as a stream is open.
pub(super) fn heartbeat() -> Interval {
    tokio::time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT)
}

struct Reader {
    receiver: broadcast::Receiver<Arc<Event>>,
    closing: watch::Receiver<bool>,
    operator: Operator<Read>,
    node: web::Data<Node>,
    /// Ticks whatever happens: events that this reader may not see do not put it off.
    heartbeat: Interval,
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
            let received = tokio::select! {
                _ = self.closing.wait_for(|is_closing| *is_closing) => return None,
                received = self.receiver.recv() => Some(received),
                _ = self.heartbeat.tick() => None,
            };
            if !self.operator.may_still_read(&self.node) {
                return None;
            }
            let Some(received) = received else {
                return Some(Bytes::from_static(ALIVE.as_bytes()));
            };
            match received {
                Ok(event) if event.is_private && !self.operator.is_admin() => {}
                Ok(event) => return Some(event.bytes.clone()),
                Err(RecvError::Lagged(lost)) => {
                    let text = format!("event: lagged\ndata: {{\"lost\":{lost}}}\n\n");
                    return Some(text.into());
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
