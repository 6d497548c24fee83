//! One fetch from its first request to the last byte of its answer.

use std::rc::Rc;
use std::sync::Arc;

use awc::body::{self, BodyStream, SizedStream};
use awc::http::header::{self, HeaderMap, HeaderValue};
use awc::http::{Method, StatusCode};
use awc::{ClientResponse, SendClientRequest};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::error::{from_payload, from_send};
use super::gunzip::Gunzip;
use super::pool::{Pool, marked};
use super::request::{Hop, RedirectMode, Source, shown};
use super::upload::{Progress, pieces, written};
use super::{FetchError, FetchHead, FetchLimits, redirect};

/// All that one fetch needs.
pub(super) struct Exchange {
    pub(super) pool: Rc<Pool>,
    pub(super) places: Arc<Semaphore>,
    pub(super) bounds: Rc<FetchLimits>,
    pub(super) redirect: RedirectMode,
    pub(super) hop: Hop,
    pub(super) body: mpsc::Sender<Bytes>,
}

impl Exchange {
    /// Runs it. What goes wrong before the head is told to `head` as well.
    pub(super) async fn run(
        mut self,
        head: oneshot::Sender<Result<FetchHead, FetchError>>,
    ) -> Result<(), FetchError> {
        let patience = self.bounds.total_timeout;
        let deadline = Instant::now() + patience;
        let late =
            |_| FetchError::Timeout { what: "the end of the fetch", seconds: patience.as_secs() };
        // Held until the body is over.
        let places = Arc::clone(&self.places);
        let place = timeout(self.bounds.head_timeout, places.acquire_owned()).await;
        let answered = match &place {
            Ok(Ok(_)) => timeout_at(deadline, self.answer()).await.unwrap_or_else(|e| Err(late(e))),
            _ => Err(FetchError::Timeout {
                what: "other fetches to end",
                seconds: self.bounds.head_timeout.as_secs(),
            }),
        };
        match answered {
            Ok((answer, is_redirected)) => {
                let has_body = has_body(&self.hop.method, answer.status());
                let is_gzip = has_body && is_gzip(answer.headers());
                // Who no longer waits for the head has dropped the whole.
                let _ = head.send(Ok(self.head(&answer, is_redirected, is_gzip)));
                if !has_body {
                    return Ok(());
                }
                let passing = self.pass_body(answer, is_gzip);
                timeout_at(deadline, passing).await.unwrap_or_else(|e| Err(late(e)))
            }
            Err(error) => {
                let _ = head.send(Err(error.clone()));
                Err(error)
            }
        }
    }

    /// The answer at the end of all redirects, and whether there was one.
    async fn answer(&mut self) -> Result<(ClientResponse, bool), FetchError> {
        let mut redirects = 0;
        loop {
            let answer = self.send_patiently().await?;
            let status = answer.status();
            let location = answer.headers().get(header::LOCATION);
            let Some(location) = location.filter(|_| redirect::is_redirect(status)) else {
                return Ok((answer, redirects > 0));
            };
            match self.redirect {
                RedirectMode::Manual => return Ok((answer, redirects > 0)),
                RedirectMode::Error => {
                    return Err(FetchError::RedirectForbidden(shown(self.hop.url.as_str())));
                }
                RedirectMode::Follow => {}
            }
            if redirects == self.bounds.redirects_max {
                return Err(FetchError::TooManyRedirects(redirects));
            }
            redirects += 1;
            redirect::follow(&mut self.hop, status, location.as_bytes())?;
        }
    }

    /// Sends the request of this hop. Where a connection that was used before is closed by its
    /// host at that very moment, once more (RFC 9112 section 9.3.1).
    async fn send_patiently(&mut self) -> Result<ClientResponse, FetchError> {
        let is_repeatable = self.hop.is_repeatable();
        let (sent, is_new) = self.send().await;
        match sent {
            Err(error) if is_repeatable && !is_new && error.is_closed_early() => {
                self.send().await.0
            }
            sent => sent,
        }
    }

    /// Sends the request once; says also whether a connection was made for it.
    async fn send(&mut self) -> (Result<ClientResponse, FetchError>, bool) {
        let progress = Progress::new();
        let sending = match self.prepare(&progress) {
            Ok(sending) => sending,
            Err(error) => return (Err(error), true),
        };
        let host = self.hop.host();
        let patience = self.bounds.head_timeout;
        let sending = async move {
            tokio::select! {
                answer = sending => answer.map_err(|cause| from_send(cause, host)),
                () = progress.stalled(patience) => Err(FetchError::Timeout {
                    what: "the head of the answer",
                    seconds: patience.as_secs(),
                }),
            }
        };
        let (answer, is_new) = marked(sending, &self.pool.marks().connected).await;
        let answer = answer.and_then(|answer| match answer.status() {
            status if !status.is_informational() => Ok(answer),
            status => {
                let is_switch = status == StatusCode::SWITCHING_PROTOCOLS;
                let reason =
                    if is_switch { "it switches to another protocol" } else { "it never answers" };
                Err(FetchError::NotHttp { host: host.to_owned(), reason: reason.to_owned() })
            }
        });
        (answer, is_new)
    }

    fn prepare(&mut self, progress: &Rc<Progress>) -> Result<SendClientRequest, FetchError> {
        let client = self.pool.client(self.hop.url.scheme() == "https");
        let mut request = client.request(self.hop.method.clone(), self.hop.uri()?);
        if !self.pool.keeps_alive() {
            request = request.force_close();
        }
        let mut headers = self.hop.headers.clone();
        if let Ok(host) = HeaderValue::from_str(self.hop.host()) {
            headers.insert(header::HOST, host);
        }
        *request.headers_mut() = headers;
        let progress = Rc::clone(progress);
        Ok(match &mut self.hop.body {
            // Only these methods say that they carry nothing (RFC 9110 section 8.6).
            Source::Empty if matches!(self.hop.method, Method::POST | Method::PUT) => {
                request.send_body(())
            }
            Source::Empty => request.send_body(body::None::new()),
            Source::Bytes(bytes) if bytes.is_empty() => request.send_body(()),
            Source::Bytes(bytes) => {
                let length = bytes.len() as u64;
                request.send_body(SizedStream::new(length, pieces(bytes.clone(), progress)))
            }
            Source::Stream(upload) => {
                let upload = upload.take().ok_or(FetchError::Aborted)?;
                let stream = written(upload, self.bounds.request_bytes_max, progress);
                request.send_body(BodyStream::new(stream))
            }
        })
    }

    fn head(&self, answer: &ClientResponse, is_redirected: bool, is_gzip: bool) -> FetchHead {
        let headers = answer.headers().iter();
        // They are not true of the unpacked body.
        let is_true = |name: &header::HeaderName| {
            !is_gzip || (name != header::CONTENT_ENCODING && name != header::CONTENT_LENGTH)
        };
        let headers = headers.filter(|(name, _)| is_true(name)).map(|(name, value)| {
            let value = value.as_bytes().iter().map(|byte| char::from(*byte)).collect();
            (name.as_str().to_owned(), value)
        });
        let mut url = self.hop.url.clone();
        url.set_fragment(None);
        FetchHead {
            status: answer.status().as_u16(),
            status_text: answer.status().canonical_reason().unwrap_or_default(),
            url: url.into(),
            is_redirected,
            headers: headers.collect(),
        }
    }

    /// Passes the body on, as fast as it is read.
    async fn pass_body(self, answer: ClientResponse, is_gzip: bool) -> Result<(), FetchError> {
        let mut packed = Packed::new(&self, answer);
        let mut gunzip = is_gzip.then(Gunzip::new);
        let mut passed = 0;
        let bytes_max = self.bounds.response_bytes_max;
        while let Some(chunk) = packed.next().await? {
            let mut chunk = Some(chunk);
            if let Some(gunzip) = &mut gunzip {
                gunzip.feed(chunk.take().unwrap_or_default());
            }
            loop {
                let piece = match &mut gunzip {
                    None => chunk.take(),
                    Some(gunzip) => gunzip.next().map_err(|_| self.not_gzip())?,
                };
                let Some(piece) = piece else { break };
                passed += piece.len() as u64;
                if passed > bytes_max {
                    return Err(FetchError::ResponseTooLarge(bytes_max));
                }
                if self.body.send(piece).await.is_err() {
                    return Err(FetchError::Aborted);
                }
            }
        }
        match gunzip {
            Some(gunzip) if !gunzip.is_whole() => Err(self.not_gzip()),
            _ => Ok(()),
        }
    }

    fn not_gzip(&self) -> FetchError {
        FetchError::Encoding { host: self.hop.host().to_owned() }
    }
}

/// The body as it travels.
struct Packed<'a> {
    exchange: &'a Exchange,
    answer: ClientResponse,
    /// Bytes that have not arrived, where the head promised a number. awc takes a connection
    /// that closes early for the end of the body.
    missing: Option<u64>,
    /// Whether the end of the connection is not the end of the body.
    is_chunked: bool,
    bytes_left: u64,
}

impl<'a> Packed<'a> {
    fn new(exchange: &'a Exchange, answer: ClientResponse) -> Packed<'a> {
        let headers = answer.headers();
        let is_chunked = headers.contains_key(header::TRANSFER_ENCODING);
        let length = headers.get(header::CONTENT_LENGTH).filter(|_| !is_chunked);
        let missing = length.and_then(|length| length.to_str().ok()?.trim().parse().ok());
        let bytes_left = exchange.bounds.response_bytes_max;
        Packed { exchange, answer, missing, is_chunked, bytes_left }
    }

    /// The next bytes; must not be called again after the end.
    async fn next(&mut self) -> Result<Option<Bytes>, FetchError> {
        let Exchange { pool, bounds, hop, .. } = self.exchange;
        let patience = bounds.idle_timeout;
        let late =
            |_| FetchError::Timeout { what: "the rest of the answer", seconds: patience.as_secs() };
        let next = marked(self.answer.next(), &pool.marks().ended);
        let (next, is_closed) = timeout(patience, next).await.map_err(late)?;
        let Some(chunk) = next else {
            let is_short = self.missing.is_some_and(|missing| missing > 0);
            if is_short || (self.is_chunked && is_closed) {
                let reason = "it was closed before the end of the body".to_owned();
                return Err(FetchError::Broken { host: hop.host().to_owned(), reason });
            }
            return Ok(None);
        };
        let chunk = chunk.map_err(|cause| from_payload(cause, hop.host()))?;
        let size = chunk.len() as u64;
        self.missing = self.missing.map(|missing| missing.saturating_sub(size));
        let too_large = FetchError::ResponseTooLarge(bounds.response_bytes_max);
        self.bytes_left = self.bytes_left.checked_sub(size).ok_or(too_large)?;
        Ok(Some(chunk))
    }
}

/// Whether an answer carries something (RFC 9110 section 6.4.1, WHATWG Fetch 2.2.3).
fn has_body(method: &Method, status: StatusCode) -> bool {
    *method != Method::HEAD && !matches!(status.as_u16(), 204 | 205 | 304)
}

fn is_gzip(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING);
    let (first, second) = (encodings.next(), encodings.next());
    let is_named = |value: &HeaderValue| {
        let name = value.as_bytes().trim_ascii();
        name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip")
    };
    second.is_none() && first.is_some_and(is_named)
}
