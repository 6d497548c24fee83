//! The body of a form with one file (RFC 7578), read while it is sent.

use std::{
    fs::File,
    io::{self, Read, Seek},
};

use bytes::Bytes;
use futures_util::stream::{StreamExt, try_unfold};

use super::Body;
use crate::random;

/// Bytes that are read from the file at once.
const CHUNK_BYTES: usize = 256 * 1024;
/// Characters of a boundary: 190 bits that nobody can guess and put into a file.
const BOUNDARY_CHARS: usize = 32;

/// The file of a form.
#[derive(Debug)]
pub struct FormFile {
    /// Name of the field; letters, digits and `_` only.
    pub field: &'static str,
    /// Name that the file is said to have; letters, digits, `.` and `_` only.
    pub name: &'static str,
    /// Its content, from the first byte to the last.
    pub content: File,
}

/// A form with text fields and, last, one file. The texts are short, and hold no line break.
///
/// # Errors
/// The file cannot be measured.
pub fn form(fields: &[(&str, &str)], mut file: FormFile) -> io::Result<Body> {
    let boundary = format!("fazt{}", random::base62(BOUNDARY_CHARS));
    let length = file.content.metadata()?.len();
    file.content.rewind()?;
    let mut head = String::new();
    for (name, text) in fields {
        head.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"
        ));
    }
    head.push_str(&format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
         Content-Type: application/zip\r\n\r\n",
        file.field, file.name
    ));
    let tail = format!("\r\n--{boundary}--\r\n");
    let length = head.len() as u64 + length + tail.len() as u64;
    let pieces =
        [Piece::Text(Bytes::from(head)), Piece::File(file.content), Piece::Text(Bytes::from(tail))];
    let chunks = try_unfold(pieces.into_iter().collect(), next_chunk).boxed_local();
    let content_type = format!("multipart/form-data; boundary={boundary}");
    Ok(Body::Form { content_type, length, chunks })
}

enum Piece {
    Text(Bytes),
    File(File),
}

type Pieces = std::collections::VecDeque<Piece>;

async fn next_chunk(mut left: Pieces) -> io::Result<Option<(Bytes, Pieces)>> {
    while let Some(piece) = left.pop_front() {
        let file = match piece {
            Piece::Text(text) => return Ok(Some((text, left))),
            Piece::File(file) => file,
        };
        let reading = tokio::task::spawn_blocking(move || {
            let mut chunk = Vec::with_capacity(CHUNK_BYTES);
            let read = (&file).take(CHUNK_BYTES as u64).read_to_end(&mut chunk);
            read.map(|_| (chunk, file))
        });
        let (chunk, file) = reading.await.map_err(io::Error::other)??;
        if !chunk.is_empty() {
            left.push_front(Piece::File(file));
            return Ok(Some((Bytes::from(chunk), left)));
        }
    }
    Ok(None)
}
