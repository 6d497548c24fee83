//! From a thread that reads contents to the writer that stores them, with back-pressure.

use std::future::poll_fn;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use tokio::sync::mpsc;

use super::DeployError;
use crate::contents::{ContentPiece, PutPieces};
use crate::killpoint;
use crate::priority;
use crate::store::WriterHandle;
use crate::timestamp::Timestamp;

/// Bytes that travel to the writer together: as many as it writes in one transaction.
const BATCH_BYTES: usize = 256 * 1024;

/// Pieces that travel to the writer together, however small.
const BATCH_PIECES: usize = 256;

/// Batches that wait between the reading thread and the writer.
const BATCHES_WAITING: usize = 4;

/// Batches that wait in the writer's bulk lane.
const BATCHES_IN_FLIGHT: usize = 4;

/// The nice value of a thread that reads contents: visitors come first.
const NICE: i32 = 15;

/// Where a reading thread puts what it reads.
pub(super) struct PieceSink {
    batches: mpsc::Sender<Vec<ContentPiece>>,
    batch: Vec<ContentPiece>,
    batch_bytes: usize,
}

impl PieceSink {
    /// Takes a piece; waits while the writer is behind.
    pub(super) fn put(&mut self, piece: ContentPiece) -> Result<(), DeployError> {
        let bytes: usize = piece.chunks.iter().map(bytes::Bytes::len).sum();
        if self.batch_bytes + bytes > BATCH_BYTES || self.batch.len() >= BATCH_PIECES {
            self.flush()?;
        }
        self.batch_bytes += bytes;
        self.batch.push(piece);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), DeployError> {
        self.batch_bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return Ok(());
        }
        self.batches.blocking_send(batch).map_err(|_stopped| DeployError::Interrupted)
    }
}

/// Runs `read` on a blocking thread and stores what it puts into its sink.
///
/// Answers what `read` answers once everything is durable.
pub(super) async fn store_pieces<T, F>(
    writer: &WriterHandle,
    at: Timestamp,
    read: F,
) -> Result<T, DeployError>
where
    T: Send + 'static,
    F: FnOnce(&mut PieceSink) -> Result<T, DeployError> + Send + 'static,
{
    let (sender, mut batches) = mpsc::channel(BATCHES_WAITING);
    let reading = tokio::task::spawn_blocking(move || {
        // The thread keeps that: it belongs to the deployer, which reads contents on it again.
        priority::lower(NICE, "contents are read");
        let mut sink = PieceSink { batches: sender, batch: Vec::new(), batch_bytes: 0 };
        let answer = read(&mut sink)?;
        sink.flush()?;
        Ok(answer)
    });
    let stored = stream::poll_fn(|cx| batches.poll_recv(cx))
        .map(|pieces: Vec<ContentPiece>| async move {
            let bytes = pieces.iter().flat_map(|piece| &piece.chunks).map(bytes::Bytes::len).sum();
            writer.commit_bulk(PutPieces { pieces, at }, bytes).await?;
            killpoint::reach("deploy.contents");
            Ok::<(), DeployError>(())
        })
        .buffer_unordered(BATCHES_IN_FLIGHT)
        .try_for_each(|()| async { Ok(()) })
        .await;
    // The reader waits for room that nobody makes any more unless the channel closes.
    batches.close();
    while poll_fn(|cx| batches.poll_recv(cx)).await.is_some() {}
    let answer = reading.await.unwrap_or(Err(DeployError::Interrupted));
    stored?;
    answer
}
