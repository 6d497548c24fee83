//! Writes the archives that nodes of the original are sent.
//!
//! The same files give the same bytes on every machine: no times, no owners, one mode.

use std::io::{self, Read, Seek, Write};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Bytes that are packed at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// An archive that grows.
pub struct Packer<W: Write + Seek> {
    zip: ZipWriter<W>,
    chunk: Vec<u8>,
}

impl<W: Write + Seek> std::fmt::Debug for Packer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packer").finish_non_exhaustive()
    }
}

impl<W: Write + Seek> Packer<W> {
    /// An archive without files, to be written to `out`.
    pub fn new(out: W) -> Packer<W> {
        Packer { zip: ZipWriter::new(out), chunk: vec![0; CHUNK_BYTES] }
    }

    /// Adds a file at `path`, and shows `seen` its bytes on their way.
    ///
    /// # Errors
    /// `content` cannot be read, `out` cannot be written, or a file is at `path` already.
    pub fn add(
        &mut self,
        path: &str,
        content: &mut impl Read,
        seen: &mut impl FnMut(&[u8]),
    ) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::DEFAULT)
            .unix_permissions(0o644);
        self.zip.start_file(path, options).map_err(system_cause)?;
        loop {
            let read = match content.read(&mut self.chunk) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                Err(cause) => return Err(cause),
            };
            seen(&self.chunk[..read]);
            self.zip.write_all(&self.chunk[..read])?;
        }
    }

    /// Ends the archive, and hands back what it was written to.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.zip.finish().map_err(system_cause)
    }
}

/// What the disk said, without the library's words around it.
fn system_cause(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(cause) => cause,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests;
