//! The body of a request with contents, read from disk while it is sent.
//!
//! Each blob is a frame: 32 bytes SHA-256, 8 bytes length with the highest first, then the
//! bytes. Frames follow each other without padding. A file is read once more while it is
//! sent and hashed on the way, so that one which changed since is told by its name; its last
//! bytes are held back until the hash is known to be right.

use std::{
    fs::File,
    io::{self, Read},
    rc::Rc,
    vec,
};

use bytes::Bytes;
use fazt_actors::content::Hasher;
use futures_util::stream::{LocalBoxStream, StreamExt, try_unfold};

use super::plan::Blob;

/// Bytes that are read at once, over the borders of small files: a hop to a blocking thread
/// costs as much as reading some of them.
const CHUNK_BYTES: usize = 256 * 1024;

/// Reads the frames of a batch piece by piece.
pub(super) struct FrameReader {
    waiting: vec::IntoIter<Blob>,
    open: Option<OpenBlob>,
}

struct OpenBlob {
    blob: Blob,
    file: File,
    left: u64,
    hasher: Hasher,
}

impl FrameReader {
    pub(super) fn new(batch: Vec<Blob>) -> FrameReader {
        FrameReader { waiting: batch.into_iter(), open: None }
    }

    /// The next piece of about [`CHUNK_BYTES`]; none at the end.
    fn next_chunk(&mut self) -> io::Result<Option<Bytes>> {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        while chunk.len() < CHUNK_BYTES {
            let mut open = match self.open.take() {
                Some(open) => open,
                None => match self.waiting.next() {
                    Some(blob) => OpenBlob::start(blob, &mut chunk)?,
                    None => break,
                },
            };
            open.read_into(&mut chunk)?;
            if open.left > 0 {
                self.open = Some(open);
            } else {
                open.finish()?;
            }
        }
        Ok((!chunk.is_empty()).then(|| Bytes::from(chunk)))
    }
}

impl OpenBlob {
    /// Opens the file and writes the frame's head.
    fn start(blob: Blob, chunk: &mut Vec<u8>) -> io::Result<OpenBlob> {
        let file = File::open(&blob.full_path).map_err(|cause| {
            io::Error::new(cause.kind(), format!("{}: {cause}", blob.full_path.display()))
        })?;
        chunk.extend_from_slice(blob.hash.as_bytes());
        chunk.extend_from_slice(&blob.size.to_be_bytes());
        Ok(OpenBlob { left: blob.size, blob, file, hasher: Hasher::new() })
    }

    /// Reads up to the end of the blob or of the chunk.
    fn read_into(&mut self, chunk: &mut Vec<u8>) -> io::Result<()> {
        let room = CHUNK_BYTES.saturating_sub(chunk.len()) as u64;
        let wanted = room.min(self.left);
        let start = chunk.len();
        let read = (&mut self.file).take(wanted).read_to_end(chunk)? as u64;
        if read < wanted {
            return Err(self.changed());
        }
        self.hasher.update(&chunk[start..]);
        self.left -= read;
        Ok(())
    }

    /// Checks that the file still is what was promised.
    fn finish(mut self) -> io::Result<()> {
        let grown = self.file.read(&mut [0])? > 0;
        let hasher = std::mem::take(&mut self.hasher);
        if grown || hasher.finish() != self.blob.hash {
            return Err(self.changed());
        }
        Ok(())
    }

    fn changed(&self) -> io::Error {
        let path = self.blob.full_path.display();
        io::Error::other(format!(
            "{path} changed while it was sent; nothing is deployed, run the command again"
        ))
    }
}

/// The frames as the body of a request; `sent` is told the bytes of each piece.
pub(super) fn stream(
    reader: FrameReader,
    sent: Rc<dyn Fn(u64)>,
) -> LocalBoxStream<'static, io::Result<Bytes>> {
    let pieces = try_unfold(reader, move |mut reader| {
        let sent = Rc::clone(&sent);
        async move {
            let reading = tokio::task::spawn_blocking(move || {
                let chunk = reader.next_chunk();
                (reader, chunk)
            });
            let (reader, chunk) = reading.await.map_err(io::Error::other)?;
            let Some(chunk) = chunk? else { return Ok(None) };
            sent(chunk.len() as u64);
            Ok(Some((chunk, reader)))
        }
    });
    pieces.boxed_local()
}

#[cfg(test)]
mod tests;
