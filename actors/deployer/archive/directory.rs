//! Reads the directory at the end of a ZIP archive and judges every entry of it, also those
//! that are not deployed (APPNOTE 6.3.10, sections 4.3.12 and 4.3.7).
//!
//! Only the directory is believed about names, and nothing about sizes until the bytes
//! themselves have been read.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};

use zip::CompressionMethod;
use zip::read::{Config, OwnedZipFileEntry, ZipFileEntry};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

use super::error::{ArchiveError, Damage, Reason};
use crate::deployer::file_set::FileSetError;
use crate::deployer::path::FilePath;
use crate::limits::DeployLimits;

/// Entries of a directory, those included that are not deployed: a `node_modules` has many.
pub(super) const ENTRIES_MAX: usize = 65_535;
/// Bytes of a directory. Names, extra fields and comments of that size are held in memory.
const DIRECTORY_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Bytes of a local header before its name (section 4.3.7).
const LOCAL_HEADER_BYTES: u64 = 30;
/// What a local header begins with.
const LOCAL_HEADER_SIGNATURE: [u8; 4] = *b"PK\x03\x04";
/// The bits of general purpose flags that speak of encryption (section 4.4.4).
const ENCRYPTION_FLAGS: u16 = 1 | 1 << 6 | 1 << 13;
/// The file type in a Unix mode, and its values.
const TYPE_MASK: u32 = 0o170_000;
const TYPE_FILE: u32 = 0o100_000;
const TYPE_FOLDER: u32 = 0o040_000;
const TYPE_LINK: u32 = 0o120_000;

/// What is in an archive.
pub(super) struct Directory {
    /// The files to deploy, in the order of the directory.
    pub(super) files: Vec<(FilePath, OwnedZipFileEntry)>,
    /// Files that are never deployed.
    pub(super) dropped: usize,
}

/// The bytes that an entry occupies: its local header and its data.
struct Span {
    start: u64,
    end: u64,
    entry: String,
}

/// Reads and judges the whole directory.
pub(super) fn read<R: Read + Seek>(
    reader: &mut R,
    limits: &DeployLimits,
) -> Result<Directory, ArchiveError> {
    let mut archive = ZipIterable::try_new(&mut *reader, Config::default()).map_err(unreadable)?;
    if archive.len() > ENTRIES_MAX {
        return Err(ArchiveError::DirectoryTooLarge { what: "entries", max: ENTRIES_MAX as u64 });
    }
    let mut directory = Directory { files: Vec::new(), dropped: 0 };
    let mut seen = HashMap::new();
    let mut starts: Vec<(u64, u64, String)> = Vec::with_capacity(archive.len());
    let mut directory_start = None;
    for entry in archive.files().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let first = *directory_start.get_or_insert(entry.central_header_start());
        if entry.central_header_start().saturating_sub(first) > DIRECTORY_BYTES_MAX {
            let what = "bytes of names and comments";
            return Err(ArchiveError::DirectoryTooLarge { what, max: DIRECTORY_BYTES_MAX });
        }
        let name = printable(entry.name_raw());
        let (path, is_folder) = judge(&entry, limits)
            .and_then(|(path, is_folder)| match seen.insert(path.clone(), is_folder) {
                // A folder may be listed again: that changes nothing.
                Some(was_folder) if !(was_folder && is_folder) => Err(Reason::Duplicate),
                _ => Ok((path, is_folder)),
            })
            .map_err(|reason| ArchiveError::Entry { entry: name.clone(), reason })?;
        starts.push((entry.header_start(), entry.compressed_size(), name));
        if is_folder {
            continue;
        }
        if is_dropped(&path) {
            directory.dropped += 1;
            continue;
        }
        if directory.files.len() == limits.files_max {
            let (path, max) = (path.to_string(), limits.files_max);
            return Err(FileSetError::TooManyFiles { path, max }.into());
        }
        directory.files.push((path, entry.into()));
    }
    check_overlaps(reader, starts, directory_start.unwrap_or(0))?;
    Ok(directory)
}

/// An error of the ZIP reader: the spool file's, or the archive's.
fn unreadable(error: ZipError) -> ArchiveError {
    match error {
        ZipError::Io(error) if error.raw_os_error().is_some() => ArchiveError::Read(error),
        error => ArchiveError::Invalid(error),
    }
}

/// A name as it may be shown: long or unprintable ones are shortened and escaped.
pub(super) fn printable(name: &[u8]) -> String {
    const CHARS_SHOWN: usize = 200;
    let name = String::from_utf8_lossy(&name[..name.len().min(4 * CHARS_SHOWN)]);
    let mut shown: String = name
        .chars()
        .take(CHARS_SHOWN)
        .flat_map(|c| {
            let escape = if c.is_control() { Some(c.escape_default()) } else { None };
            let plain = if escape.is_none() { Some(c) } else { None };
            escape.into_iter().flatten().chain(plain)
        })
        .collect();
    if name.chars().nth(CHARS_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Judges one entry by itself: its path, and whether it is a folder.
fn judge(entry: &ZipFileEntry<'_>, limits: &DeployLimits) -> Result<(FilePath, bool), Reason> {
    let name = std::str::from_utf8(entry.name_raw()).map_err(|_| Reason::NotUtf8)?;
    let folder = name.strip_suffix('/');
    let path = FilePath::parse(folder.unwrap_or(name), limits).map_err(Reason::Path)?;
    if entry.flags().as_u16() & ENCRYPTION_FLAGS != 0 {
        return Err(Reason::Encrypted);
    }
    // The upper half is the Unix mode, also when a program of another system wrote it.
    match ((entry.external_attributes() >> 16) & TYPE_MASK, folder) {
        (0, _) | (TYPE_FILE, None) | (TYPE_FOLDER, Some(_)) => {}
        (TYPE_LINK, _) => return Err(Reason::Link),
        _ => return Err(Reason::Special),
    }
    if folder.is_some() {
        return Ok((path, true));
    }
    match entry.compression() {
        CompressionMethod::Stored if entry.compressed_size() != entry.size() => {
            return Err(Reason::Damaged(Damage::Size));
        }
        CompressionMethod::Stored | CompressionMethod::Deflated => {}
        method => return Err(Reason::Method(method)),
    }
    let allowed = entry.compressed_size().saturating_mul(limits.ratio_max);
    if entry.size() > limits.ratio_exempt_bytes && entry.size() > allowed {
        return Err(Reason::Ratio { max: limits.ratio_max });
    }
    Ok((path, false))
}

/// Files that `fazt deploy` leaves out of a folder, and what macOS adds to an archive.
fn is_dropped(path: &FilePath) -> bool {
    path.has_dot_segment() || path.is_in_node_modules() || path.as_str().starts_with("__MACOSX/")
}

/// Refuses entries that share bytes with each other or with the directory: thousands of them
/// could otherwise unpack the same few bytes.
fn check_overlaps<R: Read + Seek>(
    reader: &mut R,
    mut starts: Vec<(u64, u64, String)>,
    directory_start: u64,
) -> Result<(), ArchiveError> {
    // In the order of the file, so that the headers are read forward; of two entries at one
    // place the later one in the directory is to blame.
    starts.sort_by_key(|(start, ..)| *start);
    let mut end_of_previous = 0;
    for (start, compressed, entry) in starts {
        if start < end_of_previous {
            return Err(ArchiveError::Entry { entry, reason: Reason::Overlap });
        }
        let span = span(reader, start, compressed, entry)?;
        if span.end > directory_start {
            return Err(ArchiveError::Entry { entry: span.entry, reason: Reason::Overlap });
        }
        end_of_previous = span.end.max(span.start);
    }
    Ok(())
}

/// Where an entry begins and ends, from its local header.
fn span<R: Read + Seek>(
    reader: &mut R,
    start: u64,
    compressed: u64,
    entry: String,
) -> Result<Span, ArchiveError> {
    let mut header = [0u8; LOCAL_HEADER_BYTES as usize];
    let found = reader.seek(SeekFrom::Start(start)).and_then(|_| reader.read_exact(&mut header));
    match found {
        Ok(()) if header.starts_with(&LOCAL_HEADER_SIGNATURE) => {}
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof && is_of_the_system(&error) => {
            return Err(ArchiveError::Read(error));
        }
        _ => return Err(ArchiveError::Entry { entry, reason: Reason::Damaged(Damage::Header) }),
    }
    let name_bytes = u16::from_le_bytes([header[26], header[27]]);
    let extra_bytes = u16::from_le_bytes([header[28], header[29]]);
    let end = start
        .saturating_add(LOCAL_HEADER_BYTES)
        .saturating_add(u64::from(name_bytes) + u64::from(extra_bytes))
        .saturating_add(compressed);
    Ok(Span { start, end, entry })
}

/// Whether the system reported the error, rather than a decoder.
pub(super) fn is_of_the_system(error: &io::Error) -> bool {
    error.raw_os_error().is_some()
}
