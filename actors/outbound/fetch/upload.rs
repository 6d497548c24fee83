//! A request's body while a function writes it.
//!
//! awc gathers 8 KiB before it sends, so small pieces leave together, or at the end.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, LocalBoxStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::FetchError;

/// Chunks that wait between a function and its connection, each way.
pub(super) const CHUNKS_WAITING_MAX: usize = 4;

/// Bytes that are given to the connection at once: it copies them.
const PIECE_BYTES: usize = 64 * 1024;

/// The end of a body that a function writes to. A body is only whole after [`FetchWriter::end`]:
/// without it the connection is broken off, so that nobody takes a part for the whole.
#[derive(Debug)]
pub struct FetchWriter {
    chunks: Option<mpsc::Sender<Bytes>>,
    is_whole: Rc<Cell<bool>>,
}

/// The end that is sent from.
pub(super) struct Upload {
    chunks: mpsc::Receiver<Bytes>,
    is_whole: Rc<Cell<bool>>,
}

/// A new body.
pub(super) fn upload() -> (FetchWriter, Upload) {
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING_MAX);
    let is_whole = Rc::new(Cell::new(false));
    let writer = FetchWriter { chunks: Some(sender), is_whole: Rc::clone(&is_whole) };
    (writer, Upload { chunks: receiver, is_whole })
}

impl FetchWriter {
    /// Adds bytes; waits while the connection is behind.
    ///
    /// # Errors
    /// Nobody takes them any more, or the body has ended.
    pub fn write(&self, bytes: Bytes) -> impl Future<Output = Result<(), FetchError>> + use<> {
        let chunks = self.chunks.clone();
        async move {
            let chunks = chunks.ok_or(FetchError::Aborted)?;
            // To HTTP an empty chunk is the end.
            if bytes.is_empty() {
                return Ok(());
            }
            chunks.send(bytes).await.map_err(|_| FetchError::Aborted)
        }
    }

    /// Says that the body is whole.
    pub fn end(&mut self) {
        self.is_whole.set(true);
        self.chunks = None;
    }
}

/// What is known about how far a request has got.
pub(super) struct Progress {
    /// When the connection last took something.
    moved: Cell<Instant>,
    /// Whether it is the function that is waited for.
    waits: Cell<bool>,
}

impl Progress {
    pub(super) fn new() -> Rc<Progress> {
        Rc::new(Progress { moved: Cell::new(Instant::now()), waits: Cell::new(false) })
    }

    /// Ends when the host has moved nothing for this long.
    pub(super) async fn stalled(&self, patience: Duration) {
        loop {
            let until = self.moved.get() + patience;
            tokio::time::sleep_until(until).await;
            if self.waits.get() {
                self.moved.set(Instant::now());
            } else if self.moved.get() + patience <= Instant::now() {
                return;
            }
        }
    }

    fn moves(&self) {
        self.waits.set(false);
        self.moved.set(Instant::now());
    }
}

/// Bytes in pieces of a size that costs little to copy.
pub(super) fn pieces(
    bytes: Bytes,
    progress: Rc<Progress>,
) -> LocalBoxStream<'static, Result<Bytes, FetchError>> {
    let next = move |mut rest: Bytes| {
        progress.moves();
        let piece = rest.split_to(rest.len().min(PIECE_BYTES));
        std::future::ready((!piece.is_empty()).then_some((Ok(piece), rest)))
    };
    stream::unfold(bytes, next).boxed_local()
}

/// What a function writes, in such pieces.
pub(super) fn written(
    upload: Upload,
    bytes_max: u64,
    progress: Rc<Progress>,
) -> LocalBoxStream<'static, Result<Bytes, FetchError>> {
    struct State {
        upload: Upload,
        rest: Bytes,
        bytes_left: u64,
    }
    let state = State { upload, rest: Bytes::new(), bytes_left: bytes_max };
    stream::try_unfold(state, move |mut state| {
        let progress = Rc::clone(&progress);
        async move {
            progress.moves();
            if state.rest.is_empty() {
                progress.waits.set(true);
                let chunk = state.upload.chunks.recv().await;
                progress.moves();
                match chunk {
                    Some(chunk) => state.rest = chunk,
                    None if state.upload.is_whole.get() => return Ok(None),
                    None => return Err(FetchError::Aborted),
                }
                let size = state.rest.len() as u64;
                let too_large = FetchError::RequestTooLarge(bytes_max);
                state.bytes_left = state.bytes_left.checked_sub(size).ok_or(too_large)?;
            }
            let piece = state.rest.split_to(state.rest.len().min(PIECE_BYTES));
            Ok(Some((piece, state)))
        }
    })
    .boxed_local()
}
