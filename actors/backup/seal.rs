//! The last 512 bytes of a backup: a line that says what all bytes before it hash to.
//!
//! The seal is text, so that `tail -c 512 FILE` shows it and `head -c … FILE | sha256sum`
//! checks it. Every bit of the file counts: those before the seal by their hash, those of the
//! seal itself because there is only one way to write it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::BackupError;
use super::copy::UNWANTED;
use crate::content::{ContentHash, Hasher};

/// Bytes of a seal: a sector, so that the pages before it keep their alignment.
const SEAL_BYTES: usize = 512;

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 1024 * 1024;

/// How a seal begins. The number is that of the form of backups, not of fazt.
const MAGIC: &str = "-- fazt backup, form 1 -- sha256 ";

/// The bytes of a seal.
fn render(sha256: &ContentHash, length: u64) -> [u8; SEAL_BYTES] {
    let mut seal = [b' '; SEAL_BYTES];
    let text = format!("{MAGIC}{sha256} of the first {length} bytes --");
    for (to, from) in seal.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    seal[SEAL_BYTES - 1] = b'\n';
    seal
}

/// The hash that a seal behind `length` bytes names, if it is a seal to the last bit.
fn parse(seal: &[u8; SEAL_BYTES], length: u64) -> Option<ContentHash> {
    let text = std::str::from_utf8(seal).ok()?;
    let (digits, _rest) = text.strip_prefix(MAGIC)?.split_once(' ')?;
    let sha256 = digits.parse().ok()?;
    (*seal == render(&sha256, length)).then_some(sha256)
}

/// A backup by its bytes: sealed, and not yet compared with its seal.
pub(super) struct Sealed {
    file: File,
    path: PathBuf,
    /// Bytes before the seal.
    pub(super) length: u64,
    sha256: ContentHash,
}

impl Sealed {
    /// Opens a backup and reads its seal.
    pub(super) fn open(path: &Path) -> Result<Sealed, BackupError> {
        let io = || BackupError::io("read", path);
        // To open a pipe would wait for whoever writes into it.
        let refused = |reason| BackupError::Place { path: path.to_owned(), reason };
        match std::fs::metadata(path).map_err(io())?.file_type() {
            kind if kind.is_dir() => return Err(refused("is a folder: name a file in it")),
            kind if !kind.is_file() => return Err(refused("is not a file")),
            _ => {}
        }
        let mut file = File::open(path).map_err(io())?;
        let metadata = file.metadata().map_err(io())?;
        let not_a_backup = || BackupError::NotABackup { path: path.to_owned() };
        let length = metadata.len().checked_sub(SEAL_BYTES as u64).ok_or_else(not_a_backup)?;
        let mut seal = [0; SEAL_BYTES];
        file.seek(SeekFrom::Start(length)).map_err(io())?;
        file.read_exact(&mut seal).map_err(io())?;
        let sha256 = parse(&seal, length).ok_or_else(not_a_backup)?;
        Ok(Sealed { file, path: path.to_owned(), length, sha256 })
    }

    /// Bytes of the whole file.
    pub(super) fn size_bytes(&self) -> u64 {
        self.length + SEAL_BYTES as u64
    }

    /// The hash that the seal names.
    pub(super) fn sha256(&self) -> ContentHash {
        self.sha256
    }

    /// Compares all bytes with the seal. Stops when `is_wanted` says no.
    pub(super) fn check(&mut self, is_wanted: &dyn Fn() -> bool) -> Result<(), BackupError> {
        self.compare(|_piece| while_wanted(is_wanted))
    }

    /// Writes the bytes before the seal to `target`. An error means that what was written is
    /// not the backup.
    pub(super) fn unpack(&mut self, target: &mut impl Write) -> Result<(), BackupError> {
        let path = self.path.clone();
        self.compare(|piece| target.write_all(piece).map_err(BackupError::io("copy", &path)))
    }

    fn compare(
        &mut self,
        see: impl FnMut(&[u8]) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        self.file.rewind().map_err(BackupError::io("read", &self.path))?;
        let found = hash(&mut self.file, self.length, &self.path, see)?;
        if found == self.sha256 {
            return Ok(());
        }
        let what = "its bytes do not match the hash at its end".to_owned();
        Err(BackupError::Damaged { path: self.path.clone(), what })
    }
}

fn while_wanted(is_wanted: &dyn Fn() -> bool) -> Result<(), BackupError> {
    if is_wanted() { Ok(()) } else { Err(BackupError::GaveUp(UNWANTED.into())) }
}

/// Appends the seal to a file that has its last bytes. Stops when `is_wanted` says no.
pub(super) fn seal(
    file: &mut File,
    path: &Path,
    is_wanted: &dyn Fn() -> bool,
) -> Result<(u64, ContentHash), BackupError> {
    let io = |error| BackupError::io("write", path)(error);
    let length = file.metadata().map_err(io)?.len();
    file.rewind().map_err(io)?;
    let sha256 = hash(file, length, path, |_piece| while_wanted(is_wanted))?;
    file.seek(SeekFrom::Start(length)).map_err(io)?;
    file.write_all(&render(&sha256, length)).map_err(io)?;
    Ok((length + SEAL_BYTES as u64, sha256))
}

/// Hashes the next `length` bytes of a file and shows them to `see`, piece by piece.
fn hash(
    file: &mut File,
    length: u64,
    path: &Path,
    mut see: impl FnMut(&[u8]) -> Result<(), BackupError>,
) -> Result<ContentHash, BackupError> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut rest = length;
    while rest > 0 {
        let wanted = usize::try_from(rest).unwrap_or(BUFFER_BYTES).min(BUFFER_BYTES);
        let piece = &mut buffer[..wanted];
        file.read_exact(piece).map_err(BackupError::io("read", path))?;
        hasher.update(piece);
        see(piece)?;
        rest -= wanted as u64;
    }
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_with_one_other_bit_is_none() {
        let sha256 = ContentHash::of(b"abc");
        let seal = render(&sha256, 8192);
        assert_eq!(parse(&seal, 8192), Some(sha256));
        assert_eq!(parse(&seal, 8193), None);
        for bit in 0..SEAL_BYTES * 8 {
            let mut flipped = seal;
            flipped[bit / 8] ^= 1 << (bit % 8);
            // Another digit of the hash is read as another hash, and that is no match either.
            assert_ne!(parse(&flipped, 8192), Some(sha256), "bit {bit}");
        }
    }

    #[test]
    fn the_longest_seal_fits() {
        let seal = render(&ContentHash::of(b""), u64::MAX);
        assert!(seal.ends_with(b"  \n"), "{}", String::from_utf8_lossy(&seal));
    }
}
