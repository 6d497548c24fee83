//! Stores contents and their encoded variants.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{CHUNK_BYTES, ContentId};
use crate::content::ContentHash;
use crate::encoding::{Encoding, Encodings};
use crate::store::Write;
use crate::timestamp::Timestamp;

/// Some consecutive chunks of one content.
#[derive(Clone, Debug)]
pub struct ContentPiece {
    /// The identity of the whole content.
    pub hash: ContentHash,
    /// Bytes of the whole content.
    pub size: u64,
    /// Position of the first of `chunks`.
    pub first_position: u64,
    /// Each of [`CHUNK_BYTES`], the content's last one shorter.
    pub chunks: Vec<Bytes>,
    /// Whether the content ends with these.
    pub is_last: bool,
}

/// The one piece of a content that fits in memory.
pub fn pieces_of(hash: ContentHash, bytes: &Bytes) -> ContentPiece {
    ContentPiece {
        hash,
        size: bytes.len() as u64,
        first_position: 0,
        chunks: split(bytes),
        is_last: true,
    }
}

fn split(bytes: &Bytes) -> Vec<Bytes> {
    // An empty content has one empty chunk, so that "no chunk" always means "not stored".
    let count = bytes.len().div_ceil(CHUNK_BYTES).max(1);
    (0..count)
        .map(|n| bytes.slice(n * CHUNK_BYTES..bytes.len().min((n + 1) * CHUNK_BYTES)))
        .collect()
}

/// Stores pieces of contents. Idempotent: what is there already is left alone.
pub struct PutPieces {
    /// What to store.
    pub pieces: Vec<ContentPiece>,
    /// When it was sent; a content that no release takes up is kept for an hour from then.
    pub at: Timestamp,
}

impl Write for PutPieces {
    type Output = ();

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        self.pieces.iter().try_for_each(|piece| put_piece(tx, piece, self.at))
    }
}

fn put_piece(tx: &Connection, piece: &ContentPiece, at: Timestamp) -> rusqlite::Result<()> {
    let (id, complete): (i64, bool) = tx
        .prepare_cached(
            "INSERT INTO contents (sha256, size_bytes, unused_since) VALUES (?1, ?2, ?3)
             ON CONFLICT (sha256) DO UPDATE SET
                 unused_since =
                     CASE WHEN unused_since IS NULL THEN NULL ELSE excluded.unused_since END,
                 -- Half swept: which variants are still whole is not known any more.
                 encodings = CASE WHEN complete = 1 THEN encodings END
             RETURNING id, complete",
        )?
        .query_row((piece.hash.as_bytes(), piece.size, at), |row| Ok((row.get(0)?, row.get(1)?)))?;
    if complete {
        return Ok(());
    }
    put_chunks(tx, ContentId(id), Encoding::Identity, piece.first_position, &piece.chunks)?;
    if piece.is_last {
        tx.prepare_cached("UPDATE contents SET complete = 1 WHERE id = ?1")?.execute([id])?;
    }
    Ok(())
}

fn put_chunks(
    tx: &Connection,
    id: ContentId,
    encoding: Encoding,
    first_position: u64,
    chunks: &[Bytes],
) -> rusqlite::Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT OR IGNORE INTO chunks (content_id, encoding, position, bytes)
         VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (position, chunk) in (first_position..).zip(chunks) {
        insert.execute((id.0, encoding.code(), position, chunk.as_ref()))?;
    }
    Ok(())
}

/// Records which encodings of a content are worth having, and stores those.
pub struct PutVariant {
    /// The content.
    pub id: ContentId,
    /// The encoded forms; empty when none is smaller enough.
    pub variants: Vec<(Encoding, Bytes)>,
}

impl PutVariant {
    /// Bytes that this stores.
    pub fn bytes(&self) -> usize {
        self.variants.iter().map(|(_, bytes)| bytes.len()).sum()
    }
}

impl Write for PutVariant {
    type Output = ();

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        let known: Option<i64> = tx
            .prepare_cached("SELECT 1 FROM contents WHERE id = ?1 AND encodings IS NULL")?
            .query_row([self.id.0], |row| row.get(0))
            .optional()?;
        if known.is_none() {
            // Swept meanwhile, or another release had it encoded first.
            return Ok(());
        }
        // What a sweep left of earlier variants must not mix with these.
        tx.prepare_cached("DELETE FROM chunks WHERE content_id = ?1 AND encoding <> ?2")?
            .execute((self.id.0, Encoding::Identity.code()))?;
        for (encoding, bytes) in &self.variants {
            put_chunks(tx, self.id, *encoding, 0, &split(bytes))?;
        }
        let encodings: Encodings = self.variants.iter().map(|(encoding, _)| *encoding).collect();
        tx.prepare_cached("UPDATE contents SET encodings = ?2 WHERE id = ?1")?
            .execute((self.id.0, encodings.bits()))?;
        Ok(())
    }
}
