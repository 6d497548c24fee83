//! The connections of one isolate while they may be used again.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::sync::Arc;

use super::connect::Connect;
use super::wire::Marks;
use super::{FetchSession, POOL_AGE, Task};
use crate::limits::Limits;

/// One awc client for each scheme: awc keeps connections under host and port alone, and what
/// was asked for over TLS must not go over a connection without.
pub(super) struct Pool {
    plain: OnceCell<awc::Client>,
    tls: OnceCell<awc::Client>,
    connect: Connect,
    at_once: usize,
    kept_alive: usize,
    _expiry: Task,
}

impl Pool {
    pub(super) fn new(session: &FetchSession, allowed: Arc<Limits>, expiry: Task) -> Pool {
        let client = &session.client;
        let connect = Connect {
            lookups: Rc::clone(&client.lookups),
            lookup_places: Arc::clone(&session.lookup_places),
            bounds: Rc::clone(&client.bounds),
            allowed,
            tls: Some(Arc::clone(&client.tls)),
            marks: Rc::default(),
            open: Rc::clone(&client.open),
        };
        Pool {
            plain: OnceCell::new(),
            tls: OnceCell::new(),
            connect,
            at_once: client.bounds.at_once,
            kept_alive: client.bounds.kept_alive,
            _expiry: expiry,
        }
    }

    /// Whether its connections are those that these limits allow.
    pub(super) fn is_for(&self, limits: &Arc<Limits>) -> bool {
        let own = &self.connect.allowed;
        Arc::ptr_eq(own, limits) || own.fetch_allowed_hosts == limits.fetch_allowed_hosts
    }

    /// Whether a connection that is used now may be used again.
    pub(super) fn keeps_alive(&self) -> bool {
        self.connect.open.get() < self.kept_alive
    }

    /// What has happened on its connections.
    pub(super) fn marks(&self) -> &Marks {
        &self.connect.marks
    }

    /// The client for a scheme.
    pub(super) fn client(&self, is_tls: bool) -> &awc::Client {
        let slot = if is_tls { &self.tls } else { &self.plain };
        slot.get_or_init(|| {
            let mut connect = self.connect.clone();
            if !is_tls {
                connect.tls = None;
            }
            let bounds = Rc::clone(&connect.bounds);
            // The steps are timed one by one; this is their sum, and never strikes first.
            let patience =
                bounds.lookup_timeout + bounds.connect_timeout * 2 + bounds.handshake_timeout;
            let connector = awc::Connector::new()
                .connector(connect)
                .timeout(patience)
                .conn_lifetime(POOL_AGE)
                .limit(self.at_once);
            awc::Client::builder()
                .connector(connector)
                .disable_redirects()
                .disable_timeout()
                .finish()
        })
    }
}

/// Polls a future and adds up a mark that its connections make meanwhile: whatever else runs on
/// this thread is not polled inside of it.
pub(super) async fn marked<F: Future>(future: F, mark: &Cell<bool>) -> (F::Output, bool) {
    let mut future = std::pin::pin!(future);
    let mut is_marked = false;
    let output = std::future::poll_fn(|cx| {
        mark.set(false);
        let poll = future.as_mut().poll(cx);
        is_marked |= mark.get();
        poll
    })
    .await;
    (output, is_marked)
}
