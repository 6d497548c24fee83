//! Bodies of functions: in from the visitor, out to him, neither faster than it is taken.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use bytes::{Bytes, BytesMut};
use fazt_actors::executor::call::{BODY_CHUNKS, Body, BodyError};
use fazt_actors::executor::functions::CallGuard;
use futures_util::StreamExt;
use tokio::sync::mpsc;

use crate::http::pages;

/// Bytes of a body that is read before its function begins.
const WHOLE_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes of a body that a function reads while it comes.
const STREAM_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// The body of a request: all of it where it is small, else as it comes.
pub(super) async fn read(
    request: &HttpRequest,
    payload: Payload,
    idle: Duration,
) -> Result<Body, HttpResponse> {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length: Option<u64> = length.and_then(|text| text.parse().ok());
    match length {
        None if !headers.contains_key(header::TRANSFER_ENCODING) => Ok(Body::Empty),
        Some(0) => Ok(Body::Empty),
        Some(length) if length <= WHOLE_BYTES_MAX => whole(payload, length, idle).await,
        Some(length) if length > STREAM_BYTES_MAX => Err(pages::too_large()),
        _ => Ok(Body::Stream(pump(payload, idle))),
    }
}

async fn whole(mut payload: Payload, length: u64, idle: Duration) -> Result<Body, HttpResponse> {
    let mut bytes = BytesMut::with_capacity(usize::try_from(length).unwrap_or(0));
    loop {
        match tokio::time::timeout(idle, payload.next()).await {
            Ok(Some(Ok(chunk))) => bytes.extend_from_slice(&chunk),
            Ok(Some(Err(_))) => return Err(pages::bad_request("the body broke off")),
            Ok(None) => return Ok(Body::Whole(bytes.freeze())),
            Err(_) => return Err(pages::too_slow()),
        }
    }
}

/// Hands the chunks of a body over as they come, in a task of its own: the function may answer
/// before it has read them all.
fn pump(mut payload: Payload, idle: Duration) -> mpsc::Receiver<Result<Bytes, BodyError>> {
    let (sender, receiver) = mpsc::channel(BODY_CHUNKS);
    actix_web::rt::spawn(async move {
        let mut total = 0;
        while let Some(next) = tokio::time::timeout(idle, payload.next()).await.transpose() {
            let chunk = match next {
                Ok(Ok(chunk)) => chunk,
                Ok(Err(_)) | Err(_) => {
                    let _reader_left = sender.send(Err(BodyError::Broken)).await;
                    return;
                }
            };
            total += chunk.len() as u64;
            if total > STREAM_BYTES_MAX {
                let bytes_max = STREAM_BYTES_MAX;
                let _reader_left = sender.send(Err(BodyError::TooLarge { bytes_max })).await;
                return;
            }
            if sender.send(Ok(chunk)).await.is_err() {
                return;
            }
        }
    });
    receiver
}

/// The body of a response that is sent while the function makes it.
pub(super) struct Outgoing {
    chunks: mpsc::Receiver<Result<Bytes, BodyError>>,
    guard: Option<CallGuard>,
}

impl Outgoing {
    /// The guard aborts the call when the visitor leaves before the end.
    pub(super) fn new(
        chunks: mpsc::Receiver<Result<Bytes, BodyError>>,
        guard: CallGuard,
    ) -> Outgoing {
        Outgoing { chunks, guard: Some(guard) }
    }
}

impl MessageBody for Outgoing {
    type Error = BodyError;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        let next = self.chunks.poll_recv(context);
        if matches!(next, Poll::Ready(None))
            && let Some(guard) = self.guard.take()
        {
            guard.finish();
        }
        next
    }
}
