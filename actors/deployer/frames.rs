//! The body of a differential upload: contents one after the other.
//!
//! A frame is the content's SHA-256 (32 bytes), its length (8 bytes, big-endian) and
//! its bytes. Nothing is taken on trust: a hash that was not asked for, another
//! length, or bytes with another hash end the upload.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;

use super::pieces::PieceSink;
use super::{DeployError, UploadError};
use crate::content::{ContentHash, Hasher};
use crate::contents::{CHUNK_BYTES, ContentPiece, pieces_of};

/// Contents up to this size are read into memory once; larger ones are read twice.
const IN_MEMORY_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes before each content: its hash and its length.
const HEADER_BYTES: usize = 40;

/// Reads all frames of `body`, which holds only what `expected` lists, and sends them on.
///
/// Answers the hashes that it read.
pub(super) fn read_frames(
    mut body: impl Read + Seek,
    expected: &HashMap<ContentHash, u64>,
    sink: &mut PieceSink,
) -> Result<Vec<ContentHash>, DeployError> {
    let mut received = Vec::new();
    while let Some((hash, size)) = read_header(&mut body)? {
        match expected.get(&hash) {
            None => return Err(UploadError::Unexpected { hash }.into()),
            Some(wanted) if *wanted != size => {
                return Err(UploadError::WrongLength { hash, wanted: *wanted, found: size }.into());
            }
            Some(_) => {}
        }
        if size <= IN_MEMORY_BYTES_MAX {
            let bytes = read_exactly(&mut body, size)?;
            check_hash(hash, ContentHash::of(&bytes))?;
            sink.put(pieces_of(hash, &bytes))?;
        } else {
            read_large(&mut body, hash, size, sink)?;
        }
        received.push(hash);
    }
    Ok(received)
}

fn read_header(body: &mut impl Read) -> Result<Option<(ContentHash, u64)>, DeployError> {
    let mut header = [0_u8; HEADER_BYTES];
    let mut filled = 0;
    while filled < HEADER_BYTES {
        match body.read(&mut header[filled..]).map_err(DeployError::Spool)? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(UploadError::Truncated.into()),
            count => filled += count,
        }
    }
    let (mut hash, mut length) = ([0_u8; 32], [0_u8; 8]);
    hash.copy_from_slice(&header[..32]);
    length.copy_from_slice(&header[32..]);
    Ok(Some((ContentHash::from_bytes(hash), u64::from_be_bytes(length))))
}

/// Two passes: the hash must be right before a single chunk is stored under it.
fn read_large(
    body: &mut (impl Read + Seek),
    hash: ContentHash,
    size: u64,
    sink: &mut PieceSink,
) -> Result<(), DeployError> {
    let start = body.stream_position().map_err(DeployError::Spool)?;
    let mut hasher = Hasher::new();
    let mut rest = size;
    while rest > 0 {
        let chunk = read_exactly(body, rest.min(CHUNK_BYTES as u64))?;
        hasher.update(&chunk);
        rest -= chunk.len() as u64;
    }
    check_hash(hash, hasher.finish())?;
    body.seek(SeekFrom::Start(start)).map_err(DeployError::Spool)?;
    let mut position = 0;
    let mut rest = size;
    while rest > 0 {
        let chunk = read_exactly(body, rest.min(CHUNK_BYTES as u64))?;
        rest -= chunk.len() as u64;
        let chunks = vec![chunk];
        sink.put(ContentPiece {
            hash,
            size,
            first_position: position,
            chunks,
            is_last: rest == 0,
        })?;
        position += 1;
    }
    Ok(())
}

/// `count` bytes, which the caller has bounded.
fn read_exactly(body: &mut impl Read, count: u64) -> Result<Bytes, DeployError> {
    let mut bytes = vec![0; usize::try_from(count).unwrap_or(usize::MAX)];
    match body.read_exact(&mut bytes) {
        Ok(()) => Ok(bytes.into()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(UploadError::Truncated.into())
        }
        Err(error) => Err(DeployError::Spool(error)),
    }
}

fn check_hash(announced: ContentHash, found: ContentHash) -> Result<(), DeployError> {
    if announced == found {
        return Ok(());
    }
    Err(UploadError::WrongHash { announced, found }.into())
}
