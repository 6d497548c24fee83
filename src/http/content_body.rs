//! Response bodies: bytes from memory without a copy, or a large file read as the client takes it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use fazt_actors::contents::{CHUNK_BYTES, ContentId, Contents};
use fazt_actors::encoding::Encoding;
use fazt_actors::store::StoreError;

use super::error::{ApiError, ApiResult};

/// Bytes handed to the connection at a time: two of them and a head fit its write buffer
/// ([`WRITE_BUFFER_BYTES`]), which then never grows above what actix keeps allocated.
const SLICE_BYTES: usize = 62 * 1024;

/// Bytes after which a connection's write buffer is sent: fewer, larger writes wake the
/// receiver less often, and the copy still stays in the processor's cache.
pub const WRITE_BUFFER_BYTES: usize = 120 * 1024;

/// Some consecutive bytes of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContentRange {
    start: u64,
    length: u64,
}

impl ContentRange {
    /// All of a form of this size.
    pub(super) const fn whole(size: u64) -> ContentRange {
        ContentRange { start: 0, length: size }
    }

    /// `length` bytes from `start`.
    pub(super) const fn part(start: u64, length: u64) -> ContentRange {
        ContentRange { start, length }
    }

    fn of(self, bytes: &Bytes) -> Bytes {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX).min(bytes.len());
        let length = usize::try_from(self.length).unwrap_or(usize::MAX);
        bytes.slice(start..start.saturating_add(length).min(bytes.len()))
    }
}

/// The body with these bytes of one form of a content, which has `size` bytes in all.
///
/// # Errors
/// The database is busy, or the content is gone.
pub(super) async fn content_body(
    contents: &Contents,
    id: ContentId,
    encoding: Encoding,
    size: u64,
    range: ContentRange,
) -> ApiResult<ContentBody> {
    if let Some(bytes) = contents.cached(id, encoding) {
        return Ok(ContentBody::Memory(range.of(&bytes)));
    }
    // The index does not know the length of an encoded form, so those are never streamed;
    // contents above the encoder's limit have none.
    if encoding != Encoding::Identity || contents.is_cacheable(size) {
        let bytes = contents.load(id, encoding).await?.ok_or_else(gone)?;
        return Ok(ContentBody::Memory(range.of(&bytes)));
    }
    Ok(ContentBody::Chunks(Chunks::new(contents.clone(), id, encoding, range)))
}

fn gone() -> ApiError {
    let message = "the content is not stored any more; ask again";
    ApiError::new(fazt_actors::kind::ErrorKind::Busy, "CONTENT_GONE", message)
}

/// Why a body ends before its length.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The content was removed while it was sent.
    #[error("a chunk of the content is not stored any more")]
    ChunkMissing,
}

/// The bytes of an answer.
pub(super) enum ContentBody {
    /// None, for HEAD; the length that GET would have.
    Length(u64),
    /// From memory.
    Memory(Bytes),
    /// From the database, a chunk at a time.
    Chunks(Chunks),
    /// Several ranges, each with its head, and the end.
    Parts(Parts),
}

impl MessageBody for ContentBody {
    type Error = BodyError;

    fn size(&self) -> BodySize {
        BodySize::Sized(match self {
            ContentBody::Length(length) => *length,
            ContentBody::Memory(bytes) => bytes.len() as u64,
            ContentBody::Chunks(chunks) => chunks.rest,
            ContentBody::Parts(parts) => parts.length,
        })
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        match self.get_mut() {
            ContentBody::Length(_) => Poll::Ready(None),
            ContentBody::Memory(bytes) if bytes.is_empty() => Poll::Ready(None),
            ContentBody::Memory(bytes) => {
                Poll::Ready(Some(Ok(bytes.split_to(bytes.len().min(SLICE_BYTES)))))
            }
            ContentBody::Chunks(chunks) => chunks.poll_next(cx),
            ContentBody::Parts(parts) => parts.poll_next(cx),
        }
    }

    fn try_into_bytes(self) -> Result<Bytes, ContentBody> {
        match self {
            ContentBody::Memory(bytes) if bytes.len() <= SLICE_BYTES => Ok(bytes),
            other => Err(other),
        }
    }
}

type ReadChunk = Pin<Box<dyn Future<Output = Result<Option<Bytes>, StoreError>>>>;

/// A content too large for memory. Each chunk is a read of its own, begun when the client
/// has taken the one before, so a stalled client holds no connection to the database.
pub(super) struct Chunks {
    contents: Contents,
    id: ContentId,
    encoding: Encoding,
    position: u64,
    skip: u64,
    rest: u64,
    reading: Option<ReadChunk>,
    pending: Bytes,
}

impl Chunks {
    fn new(contents: Contents, id: ContentId, encoding: Encoding, range: ContentRange) -> Chunks {
        Chunks {
            contents,
            id,
            encoding,
            position: range.start / CHUNK_BYTES as u64,
            skip: range.start % CHUNK_BYTES as u64,
            rest: range.length,
            reading: None,
            pending: Bytes::new(),
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if !self.pending.is_empty() {
            return Poll::Ready(Some(Ok(self.take_slice())));
        }
        if self.rest == 0 {
            return Poll::Ready(None);
        }
        let (contents, id, encoding, position) =
            (&self.contents, self.id, self.encoding, self.position);
        let reading = self.reading.get_or_insert_with(|| {
            let contents = contents.clone();
            Box::pin(async move { contents.chunk(id, encoding, position).await })
        });
        let read = ready!(reading.as_mut().poll(cx));
        self.reading = None;
        match read {
            Ok(Some(chunk)) => {
                let skip = usize::try_from(self.skip).unwrap_or(0).min(chunk.len());
                let wanted = usize::try_from(self.rest).unwrap_or(usize::MAX);
                let end = skip.saturating_add(wanted).min(chunk.len());
                self.pending = chunk.slice(skip..end);
                self.position += 1;
                self.skip = 0;
                Poll::Ready(Some(Ok(self.take_slice())))
            }
            // The length was promised; ending early makes the client see that it broke.
            Ok(None) => Poll::Ready(Some(Err(BodyError::ChunkMissing))),
            Err(error) => Poll::Ready(Some(Err(error.into()))),
        }
    }

    fn take_slice(&mut self) -> Bytes {
        let slice = self.pending.split_to(self.pending.len().min(SLICE_BYTES));
        self.rest -= slice.len() as u64;
        slice
    }
}

/// The frame of a `multipart/byteranges` answer and the bytes between.
pub(super) struct Parts {
    /// Head and body of each part that was not sent yet, the next one last.
    waiting: Vec<(Bytes, ContentBody)>,
    current: Option<Box<ContentBody>>,
    tail: Bytes,
    length: u64,
}

impl Parts {
    /// Parts in the order in which they are sent, and the exact length of everything.
    pub(super) fn new(mut parts: Vec<(Bytes, ContentBody)>, tail: Bytes, length: u64) -> Parts {
        parts.reverse();
        Parts { waiting: parts, current: None, tail, length }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if let Some(body) = &mut self.current {
            match ready!(Pin::new(body.as_mut()).poll_next(cx)) {
                Some(next) => return Poll::Ready(Some(next)),
                None => self.current = None,
            }
        }
        if let Some((head, body)) = self.waiting.pop() {
            self.current = Some(Box::new(body));
            return Poll::Ready(Some(Ok(head)));
        }
        let tail = std::mem::take(&mut self.tail);
        Poll::Ready((!tail.is_empty()).then_some(Ok(tail)))
    }
}
