//! Why an archive is refused.

use std::fmt;
use std::io;

use crate::deployer::file_set::FileSetError;
use crate::deployer::path::PathRefusal;
use crate::kind::{ErrorKind, Fault};

/// Why an archive, or something in it, cannot become a release.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// More bytes than an upload may have.
    #[error("the archive has {bytes} bytes, allowed are {max}")]
    TooLarge {
        /// Bytes of the archive.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// The bytes are no ZIP archive, or its directory is damaged.
    #[error("this is not a readable zip archive")]
    Invalid(#[source] zip::result::ZipError),
    /// The directory lists more than a machine should have to hold in memory.
    #[error("the archive lists more than {max} {what}")]
    DirectoryTooLarge {
        /// What there is too much of: "entries" or "bytes of names and comments".
        what: &'static str,
        /// The limit.
        max: u64,
    },
    /// One entry breaks a rule; nothing of the archive is used.
    #[error("archive entry `{entry}` is refused: {reason}")]
    Entry {
        /// The name in the archive, made printable.
        entry: String,
        /// The rule.
        reason: Reason,
    },
    /// There is no file to deploy.
    #[error("the archive holds no files{}", described(.dropped))]
    Empty {
        /// Files that were there and are never deployed.
        dropped: usize,
    },
    /// The files of the archive cannot be one release.
    #[error(transparent)]
    Files(#[from] FileSetError),
    /// The spooled archive could not be read.
    #[error("the archive could not be read")]
    Read(#[source] io::Error),
    /// The receiver of the bytes failed.
    #[error("`{entry}` could not be stored")]
    Store {
        /// The name in the archive, made printable.
        entry: String,
        /// What the receiver said.
        source: io::Error,
    },
    /// The caller asked for an entry that does not exist.
    #[error("the archive has no entry number {index}")]
    NoSuchEntry {
        /// The number asked for.
        index: usize,
    },
}

/// What was left out, for the message of an empty archive.
fn described(dropped: &usize) -> String {
    match dropped {
        0 => String::new(),
        n => format!(" to deploy: its {n} files are dot-files or lie in `node_modules`"),
    }
}

impl Fault for ArchiveError {
    fn kind(&self) -> ErrorKind {
        match self {
            ArchiveError::TooLarge { .. } | ArchiveError::DirectoryTooLarge { .. } => {
                ErrorKind::TooLarge
            }
            ArchiveError::Invalid(_) | ArchiveError::Entry { .. } | ArchiveError::Empty { .. } => {
                ErrorKind::Invalid
            }
            ArchiveError::Files(error) => error.kind(),
            ArchiveError::Read(_)
            | ArchiveError::Store { .. }
            | ArchiveError::NoSuchEntry { .. } => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            ArchiveError::TooLarge { .. } => "ARCHIVE_TOO_LARGE",
            ArchiveError::Invalid(_) => "INVALID_ARCHIVE",
            ArchiveError::DirectoryTooLarge { .. } => "TOO_MANY_ENTRIES",
            ArchiveError::Entry { .. } => "ENTRY_REFUSED",
            ArchiveError::Empty { .. } => "EMPTY_ARCHIVE",
            ArchiveError::Files(error) => error.code(),
            ArchiveError::Read(_) => "ARCHIVE_UNREADABLE",
            ArchiveError::Store { .. } => "ENTRY_NOT_STORED",
            ArchiveError::NoSuchEntry { .. } => "NO_SUCH_ENTRY",
        }
    }
}

/// The rule that one entry breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its name is no path inside a site.
    Path(PathRefusal),
    /// Its name is not UTF-8.
    NotUtf8,
    /// It is a symbolic link.
    Link,
    /// It is a device, a pipe, a socket or the like.
    Special,
    /// It is encrypted.
    Encrypted,
    /// It is compressed in a way other than "deflate".
    Method(zip::CompressionMethod),
    /// Its name is there twice.
    Duplicate,
    /// It uses bytes that belong to another entry or to the directory.
    Overlap,
    /// It unpacks to more than `max` times its compressed size.
    Ratio {
        /// The limit.
        max: u64,
    },
    /// What the archive says about it is not true.
    Damaged(Damage),
}

/// What is wrong with the bytes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// There is no header where the directory says, or it reaches past the end.
    Header,
    /// Decompression or the checksum failed, or there are more bytes than declared.
    Data,
    /// There are fewer bytes than declared.
    Size,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Path(refusal) => refusal.fmt(f),
            Reason::NotUtf8 => f.write_str("its name is not UTF-8"),
            Reason::Link => f.write_str("it is a symbolic link; put the file itself there"),
            Reason::Special => f.write_str("it is neither a file nor a folder"),
            Reason::Encrypted => f.write_str("it is encrypted; send it without a password"),
            Reason::Method(method) => {
                write!(f, "it is compressed with {method}; use \"deflate\" or \"store\"")
            }
            Reason::Duplicate => f.write_str("it is there twice"),
            Reason::Overlap => f.write_str("its bytes overlap with another part of the archive"),
            Reason::Ratio { max } => {
                write!(f, "it unpacks to more than {max} times its compressed size")
            }
            Reason::Damaged(Damage::Header) => f.write_str("its header is missing or damaged"),
            Reason::Damaged(Damage::Data) => {
                f.write_str("its data is damaged, or differs from its checksum or declared size")
            }
            Reason::Damaged(Damage::Size) => f.write_str("it is shorter than its declared size"),
        }
    }
}
