//! A ZIP archive as a list of files with their bytes: the only place that knows of ZIP.
//!
//! [`Archive::open`] judges the whole directory before a single byte is unpacked: an archive
//! is accepted whole or refused whole, with the entry named. [`Archive::read`] then unpacks
//! one file piece by piece, and never yields more bytes than the directory declared, whatever
//! the compressed data says.
//!
//! Left out silently, as `fazt deploy` leaves them out of a folder: dot-files except under
//! `.well-known/`, and `node_modules`; also `__MACOSX`, which macOS adds. They must still be
//! sound: an archive with a hostile entry is refused wherever the entry lies. What is left is
//! unwrapped when it lies in one folder, as most programs pack it, unless that folder is
//! `api`, `private` or a dot-folder.

mod directory;
pub mod error;
pub mod pack;

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};

use zip::ZipReadOptions;
use zip::read::OwnedZipFileEntry;
use zip::result::ZipError;

use crate::deployer::file_set::{self, Totals};
use crate::deployer::path::FilePath;
use crate::limits::DeployLimits;
use error::{ArchiveError, Damage, Reason};

/// Bytes of the largest piece that [`Archive::read`] hands over.
pub const PIECE_BYTES_MAX: usize = 256 * 1024;

/// One file of an archive.
pub struct Entry {
    path: FilePath,
    zip: OwnedZipFileEntry,
}

impl Entry {
    /// Where the file will be in the release, the wrapping folder removed.
    pub fn path(&self) -> &FilePath {
        &self.path
    }

    /// Bytes of the unpacked file. [`Archive::read`] yields exactly as many or fails.
    pub fn size(&self) -> u64 {
        self.zip.size()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.path, self.size())
    }
}

/// An archive whose directory was found to be sound.
#[derive(Debug)]
pub struct Archive<R> {
    reader: R,
    entries: Vec<Entry>,
    totals: Totals,
    piece: Vec<u8>,
}

impl<R: Read + Seek> Archive<R> {
    /// Reads and checks the directory of an archive of `len` bytes.
    ///
    /// Blocks on `reader`, and holds up to about 64 MiB for the largest directory allowed.
    ///
    /// # Errors
    /// What is wrong with the archive, with the entry named where one is to blame.
    pub fn open(
        mut reader: R,
        len: u64,
        limits: &DeployLimits,
    ) -> Result<Archive<R>, ArchiveError> {
        if len > limits.archive_bytes_max {
            return Err(ArchiveError::TooLarge { bytes: len, max: limits.archive_bytes_max });
        }
        let directory = directory::read(&mut reader, limits)?;
        if directory.files.is_empty() {
            return Err(ArchiveError::Empty { dropped: directory.dropped });
        }
        let entries = unwrap_folder(directory.files, limits)?;
        let sizes = entries.iter().map(|entry| (entry.path(), entry.size()));
        let totals = file_set::check_files(sizes, limits)?;
        Ok(Archive { reader, entries, totals, piece: Vec::new() })
    }

    /// The files, in the order in which the archive lists them.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Files and bytes of the whole archive, as its directory declares them.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Unpacks the file `entries()[index]` and hands it to `consume` in pieces of at most
    /// [`PIECE_BYTES_MAX`] bytes.
    ///
    /// The checksum is known only after the last piece, so nothing may be made of the pieces
    /// before this returns `Ok`.
    ///
    /// # Errors
    /// [`ArchiveError::Entry`] when the data is damaged or is not as long as declared,
    /// [`ArchiveError::Store`] when `consume` fails, [`ArchiveError::Read`] when the spool
    /// file does.
    pub fn read(
        &mut self,
        index: usize,
        consume: &mut impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), ArchiveError> {
        let Some(entry) = self.entries.get(index) else {
            return Err(ArchiveError::NoSuchEntry { index });
        };
        let name = || directory::printable(entry.zip.name_raw());
        let refused = |reason| ArchiveError::Entry { entry: name(), reason };
        let damaged = |error: io::Error| match directory::is_of_the_system(&error) {
            true => ArchiveError::Read(error),
            false => refused(Reason::Damaged(Damage::Data)),
        };
        let zip = entry.zip.as_ref().with_reader(&mut self.reader, ZipReadOptions::new());
        let mut file = zip.map_err(|error| match error {
            ZipError::Io(error) => damaged(error),
            _ => refused(Reason::Damaged(Damage::Header)),
        })?;
        self.piece.resize(PIECE_BYTES_MAX, 0);
        let mut left = entry.size();
        loop {
            let filled = fill(&mut file, &mut self.piece).map_err(damaged)?;
            if filled == 0 {
                break;
            }
            // The reader holds to the declared size by itself; this is the second lock.
            left = left
                .checked_sub(filled as u64)
                .ok_or_else(|| refused(Reason::Damaged(Damage::Data)))?;
            consume(&self.piece[..filled])
                .map_err(|source| ArchiveError::Store { entry: name(), source })?;
        }
        match left {
            0 => Ok(()),
            _ => Err(refused(Reason::Damaged(Damage::Size))),
        }
    }

    /// The reader, at its beginning.
    ///
    /// # Errors
    /// What seeking reports.
    pub fn into_inner(mut self) -> io::Result<R> {
        self.reader.seek(SeekFrom::Start(0))?;
        Ok(self.reader)
    }
}

/// Reads until `buffer` is full or there is no more; decoders give small reads otherwise.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Takes the files out of the one folder that holds them all, if there is one.
fn unwrap_folder(
    files: Vec<(FilePath, OwnedZipFileEntry)>,
    limits: &DeployLimits,
) -> Result<Vec<Entry>, ArchiveError> {
    let wrapper = wrapping_folder(&files).map(|folder| folder.len() + 1).unwrap_or(0);
    files
        .into_iter()
        .map(|(path, zip)| {
            if wrapper == 0 {
                return Ok(Entry { path, zip });
            }
            // Judged again: `site/C:/x` is a path, `C:/x` is none.
            match FilePath::parse(&path.as_str()[wrapper..], limits) {
                Ok(path) => Ok(Entry { path, zip }),
                Err(refusal) => {
                    let entry = directory::printable(zip.name_raw());
                    Err(ArchiveError::Entry { entry, reason: Reason::Path(refusal) })
                }
            }
        })
        .collect()
}

/// The folder that holds all files, unless its name means something by itself.
fn wrapping_folder(files: &[(FilePath, OwnedZipFileEntry)]) -> Option<&str> {
    let (first, _) = files.first()?;
    let (folder, _) = first.as_str().split_once('/')?;
    if matches!(folder, "api" | "private") || folder.starts_with('.') {
        return None;
    }
    let holds = |path: &FilePath| {
        path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    };
    files.iter().all(|(path, _)| holds(path)).then_some(folder)
}

#[cfg(test)]
mod tests;
