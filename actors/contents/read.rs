//! Reads chunks.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension};

use super::ContentId;
use crate::encoding::Encoding;

/// All chunks of one form of a content, or `None` when that form is not stored.
pub fn read_whole(
    connection: &Connection,
    id: ContentId,
    encoding: Encoding,
) -> rusqlite::Result<Option<Bytes>> {
    let mut statement = connection.prepare_cached(
        "SELECT bytes FROM chunks WHERE content_id = ?1 AND encoding = ?2 ORDER BY position",
    )?;
    let mut rows = statement.query((id.0, encoding.code()))?;
    let Some(first) = rows.next()? else { return Ok(None) };
    let mut whole = first.get_ref(0)?.as_blob()?.to_vec();
    while let Some(row) = rows.next()? {
        whole.extend_from_slice(row.get_ref(0)?.as_blob()?);
    }
    whole.shrink_to_fit();
    Ok(Some(Bytes::from(whole)))
}

/// One chunk of one form of a content.
pub(super) fn read_chunk(
    connection: &Connection,
    id: ContentId,
    encoding: Encoding,
    position: u64,
) -> rusqlite::Result<Option<Bytes>> {
    connection
        .prepare_cached(
            "SELECT bytes FROM chunks WHERE content_id = ?1 AND encoding = ?2 AND position = ?3",
        )?
        .query_row((id.0, encoding.code(), position), |row| {
            Ok(Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?))
        })
        .optional()
}
