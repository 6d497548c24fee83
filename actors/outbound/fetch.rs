//! The way out for functions: `fetch` (WHATWG Fetch) behind a guard.
//!
//! A [`FetchClient`] belongs to a thread, a [`FetchSession`] to one isolate: its connections
//! are never those of another app. It promises that nothing is reached that the guard does not
//! permit, on no hop of a redirect; that each bound of [`FetchLimits`] holds; that both bodies
//! stream with at most a few chunks in memory; and that nothing of a [`Fetch`] is left once its
//! handle is dropped.
//!
//! Needs a tokio runtime of one thread with a `LocalSet` around it, and no actix system.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustls::ClientConfig;
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::limits::LiveLimits;
use crate::outbound::use_ring;

mod connect;
mod error;
mod exchange;
mod gunzip;
mod limits;
mod lookup;
mod pool;
mod redirect;
mod request;
mod upload;
mod wire;

pub use error::FetchError;
pub use limits::FetchLimits;
pub use lookup::{Found, Resolve};
pub use request::{FetchBody, FetchRequest, RedirectMode};
pub use upload::FetchWriter;

use exchange::Exchange;
use lookup::Lookups;
use pool::Pool;
use request::{Hop, Source};

/// How long a pool of connections is used before a new one takes its place: awc closes a
/// connection that nobody uses only when its host is asked again.
const POOL_AGE: Duration = Duration::from_secs(60);

/// What the fetches of one thread share.
pub struct FetchClient {
    limits: LiveLimits,
    bounds: Rc<FetchLimits>,
    lookups: Rc<Lookups>,
    tls: Arc<ClientConfig>,
    /// Exchanges that may still begin.
    places: Arc<Semaphore>,
    /// Connections that are open.
    open: Rc<Cell<usize>>,
}

impl fmt::Debug for FetchClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchClient").field("open", &self.open).finish_non_exhaustive()
    }
}

impl FetchClient {
    /// A client that may also reach what `fetch_allowed_hosts` of these limits names, as it is
    /// when a fetch begins.
    pub fn new(limits: LiveLimits) -> FetchClient {
        let bounds = FetchLimits::default();
        let resolve = lookup::system(bounds.lookups_at_once);
        FetchClient::with(limits, bounds, resolve)
    }

    /// A client with other bounds than the usual, and its own way to find hosts.
    pub fn with(limits: LiveLimits, bounds: FetchLimits, resolve: Resolve) -> FetchClient {
        use_ring();
        let roots = actix_tls::connect::rustls_0_23::webpki_roots_cert_store();
        let mut tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        FetchClient {
            limits,
            places: Arc::new(Semaphore::new(bounds.at_once)),
            bounds: Rc::new(bounds),
            lookups: Rc::new(Lookups::new(resolve)),
            tls: Arc::new(tls),
            open: Rc::default(),
        }
    }

    /// The bounds.
    pub fn bounds(&self) -> &FetchLimits {
        &self.bounds
    }
}

/// The fetches of one isolate.
pub struct FetchSession {
    client: Rc<FetchClient>,
    lookup_places: Arc<Semaphore>,
    pool: Rc<RefCell<Option<Rc<Pool>>>>,
}

impl fmt::Debug for FetchSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchSession").field("client", &self.client).finish_non_exhaustive()
    }
}

impl FetchSession {
    /// A session without connections.
    pub fn new(client: Rc<FetchClient>) -> FetchSession {
        let lookup_places = Arc::new(Semaphore::new(client.bounds.lookups_per_isolate));
        FetchSession { client, lookup_places, pool: Rc::default() }
    }

    /// The client that it belongs to.
    pub fn client(&self) -> &FetchClient {
        &self.client
    }

    /// Begins a fetch, and hands out the body's writer if that is to be a stream.
    ///
    /// # Errors
    /// The request cannot be sent, whatever the host answers.
    pub fn start(&self, request: FetchRequest) -> Result<(Fetch, Option<FetchWriter>), FetchError> {
        let FetchRequest { method, url, headers, body, redirect } = request;
        let (writer, source) = match body {
            FetchBody::Empty => (None, Source::Empty),
            FetchBody::Bytes(bytes) => (None, Source::Bytes(bytes)),
            FetchBody::Stream => {
                let (writer, upload) = upload::upload();
                (Some(writer), Source::Stream(Some(upload)))
            }
        };
        let hop = Hop::new(&method, &url, &headers, source, &self.client.bounds)?;
        let (head_sender, head) = oneshot::channel();
        let (body_sender, body) = mpsc::channel(upload::CHUNKS_WAITING_MAX);
        let state = Rc::new(RefCell::new(State::Underway));
        let exchange = Exchange {
            pool: self.pool(),
            places: Arc::clone(&self.client.places),
            bounds: Rc::clone(&self.client.bounds),
            redirect,
            hop,
            body: body_sender,
        };
        let outcome = Rc::clone(&state);
        let task = tokio::task::spawn_local(async move {
            let end = match exchange.run(head_sender).await {
                Ok(()) => State::Whole,
                Err(error) => State::Failed(error),
            };
            outcome.replace(end);
        });
        let task = Task(task.abort_handle());
        let body = Rc::new(FetchReader { chunks: Mutex::new(body), state });
        Ok((Fetch { head: Some(head), body, _task: task }, writer))
    }

    /// The connections to use: new ones once the owner allows other hosts, or these are old.
    fn pool(&self) -> Rc<Pool> {
        let now = self.client.limits.now();
        let mut slot = self.pool.borrow_mut();
        if let Some(pool) = slot.as_ref().filter(|pool| pool.is_for(&now)) {
            return Rc::clone(pool);
        }
        let weak = Rc::downgrade(&self.pool);
        let expiry = tokio::task::spawn_local(async move {
            tokio::time::sleep(POOL_AGE).await;
            if let Some(slot) = weak.upgrade() {
                slot.take();
            }
        });
        let pool = Rc::new(Pool::new(self, now, Task(expiry.abort_handle())));
        *slot = Some(Rc::clone(&pool));
        pool
    }
}

/// A task that ends with whoever wants it.
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How far a fetch has got.
enum State {
    Underway,
    Whole,
    Failed(FetchError),
}

/// The head of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchHead {
    /// The status code (RFC 9110 section 15).
    pub status: u16,
    /// What the code is called; empty for one that has no name.
    pub status_text: &'static str,
    /// The address that answered, without fragment.
    pub url: String,
    /// Whether a redirect led there.
    pub is_redirected: bool,
    /// Names in lower case, and values; each character of a value is a byte.
    pub headers: Vec<(String, String)>,
}

/// A fetch under way. Dropping it ends the exchange and closes its connection.
pub struct Fetch {
    head: Option<oneshot::Receiver<Result<FetchHead, FetchError>>>,
    body: Rc<FetchReader>,
    _task: Task,
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch").field("is_over", &self.is_over()).finish_non_exhaustive()
    }
}

impl Fetch {
    /// The head of the answer, once.
    ///
    /// # Errors
    /// None came; the second time, [`FetchError::Aborted`].
    pub fn head(&mut self) -> impl Future<Output = Result<FetchHead, FetchError>> + use<> {
        let head = self.head.take();
        async move {
            match head {
                Some(head) => head.await.unwrap_or(Err(FetchError::Aborted)),
                None => Err(FetchError::Aborted),
            }
        }
    }

    /// The body of the answer.
    pub fn body(&self) -> Rc<FetchReader> {
        Rc::clone(&self.body)
    }

    /// Whether nothing is to be had from it any more: the exchange is over, and its body read.
    pub fn is_over(&self) -> bool {
        let is_ended = !matches!(*self.body.state.borrow(), State::Underway);
        is_ended && self.body.chunks.try_lock().is_ok_and(|chunks| chunks.is_empty())
    }
}

/// The body of an answer.
pub struct FetchReader {
    chunks: Mutex<mpsc::Receiver<Bytes>>,
    state: Rc<RefCell<State>>,
}

impl fmt::Debug for FetchReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FetchReader")
    }
}

impl FetchReader {
    /// The next bytes; none at the end. Those who read at the same time take turns.
    ///
    /// # Errors
    /// The body broke off, is too large, took too long, or was aborted.
    pub async fn read(&self) -> Result<Option<Bytes>, FetchError> {
        if let Some(bytes) = self.chunks.lock().await.recv().await {
            return Ok(Some(bytes));
        }
        match &*self.state.borrow() {
            State::Whole => Ok(None),
            State::Failed(error) => Err(error.clone()),
            State::Underway => Err(FetchError::Aborted),
        }
    }
}

#[cfg(test)]
mod tests;
