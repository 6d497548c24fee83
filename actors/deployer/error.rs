//! Why a deploy was refused or failed.

use std::io;

use super::archive::error::ArchiveError;
use super::file_set::FileSetError;
use super::manifest::ManifestError;
use super::path::FilePath;
use super::writes::ActivationRefusal;
use crate::content::ContentHash;
use crate::executor::bundle::BundleTooLarge;
use crate::kind::{ErrorKind, Fault};
use crate::mailbox::MailboxError;
use crate::router::rule::RuleError;
use crate::scripts::ScriptError;
use crate::store::StoreError;

/// Why a deploy was refused or failed. In each case nothing has changed for visitors.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The files together.
    #[error(transparent)]
    Files(#[from] FileSetError),
    /// The manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A rule of `_headers` or `_redirects`.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A file of a function.
    #[error(transparent)]
    Function(#[from] ScriptError),
    /// The files of functions together.
    #[error(transparent)]
    FunctionsTooLarge(#[from] BundleTooLarge),
    /// A configuration file that is not UTF-8.
    #[error("{file} is not UTF-8 text")]
    NotText {
        /// The file.
        file: &'static str,
    },
    /// A configuration file above its own limit.
    #[error("{file} is larger than {max} bytes")]
    ConfigTooLarge {
        /// The file.
        file: &'static str,
        /// Bytes allowed.
        max: u64,
    },
    /// The differential upload.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The state of the app.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The spool file.
    #[error("the upload could not be kept while it was read")]
    Spool(#[source] io::Error),
    /// The work was cut short by a failure elsewhere, which has been logged.
    #[error("the deploy was interrupted; nothing was changed")]
    Interrupted,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<MailboxError> for DeployError {
    fn from(error: MailboxError) -> DeployError {
        DeployError::Store(error.into())
    }
}

impl Fault for DeployError {
    fn kind(&self) -> ErrorKind {
        match self {
            DeployError::Archive(error) => error.kind(),
            DeployError::Files(error) => error.kind(),
            DeployError::Manifest(error) => error.kind(),
            DeployError::Rule(error) => error.kind(),
            DeployError::Upload(error) => error.kind(),
            DeployError::Refused(error) => error.kind(),
            DeployError::Store(error) => error.kind(),
            DeployError::NotText { .. } | DeployError::Function(_) => ErrorKind::Invalid,
            DeployError::ConfigTooLarge { .. } | DeployError::FunctionsTooLarge(_) => {
                ErrorKind::TooLarge
            }
            DeployError::Spool(_) | DeployError::Interrupted => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            DeployError::Archive(error) => error.code(),
            DeployError::Files(error) => error.code(),
            DeployError::Manifest(error) => error.code(),
            DeployError::Rule(error) => error.code(),
            DeployError::Upload(error) => error.code(),
            DeployError::Refused(error) => error.code(),
            DeployError::Store(error) => error.code(),
            DeployError::Function(_) => "INVALID_FUNCTION",
            DeployError::FunctionsTooLarge(_) => "FUNCTIONS_TOO_LARGE",
            DeployError::NotText { .. } => "INVALID_RULE_FILE",
            DeployError::ConfigTooLarge { .. } => "RULE_FILE_TOO_LARGE",
            DeployError::Spool(error) if error.kind() == io::ErrorKind::StorageFull => "DISK_FULL",
            DeployError::Spool(_) | DeployError::Interrupted => "INTERNAL_ERROR",
        }
    }
}

/// The app is not in the state that the request needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another release went live since the client looked.
    #[error(
        "the live release is now {}, not the one this upload is based on; compare again",
        .live.map_or_else(|| "none".to_owned(), |number| format!("v{number}"))
    )]
    Moved {
        /// The number that is live now.
        live: Option<u32>,
    },
    /// There is no such app, or it is deleted.
    #[error("there is no such app; `fazt app list` shows those there are")]
    NoApp,
    /// There is no such release any more.
    #[error("there is no such release; `fazt app releases` shows those that are kept")]
    NoRelease,
    /// The name belongs to another app now.
    #[error("another app has taken the name; delete or rename that one first")]
    NameTaken,
}

impl Fault for Refusal {
    fn kind(&self) -> ErrorKind {
        match self {
            Refusal::Moved { .. } | Refusal::NameTaken => ErrorKind::Conflict,
            Refusal::NoApp | Refusal::NoRelease => ErrorKind::NotFound,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Refusal::Moved { .. } => "RELEASE_MOVED",
            Refusal::NoApp => "APP_NOT_FOUND",
            Refusal::NoRelease => "RELEASE_NOT_FOUND",
            Refusal::NameTaken => "NAME_TAKEN",
        }
    }
}

impl From<ActivationRefusal> for DeployError {
    fn from(refusal: ActivationRefusal) -> DeployError {
        match refusal {
            ActivationRefusal::Moved { live } => Refusal::Moved { live }.into(),
            ActivationRefusal::NoApp => Refusal::NoApp.into(),
            ActivationRefusal::NoRelease => Refusal::NoRelease.into(),
            ActivationRefusal::Incomplete => UploadError::Vanished.into(),
        }
    }
}

/// What is wrong with a differential upload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// The id is wrong, another app's, or older than an hour.
    #[error("there is no such upload (any more): begin again")]
    Unknown,
    /// Too many are open.
    #[error("too many uploads are open; commit or abandon one, or try again later")]
    TooMany,
    /// A content that was not asked for.
    #[error("content {hash} was not asked for")]
    Unexpected {
        /// Its hash, as announced.
        hash: ContentHash,
    },
    /// A content of another length than the upload said.
    #[error("content {hash} was announced with {wanted} bytes and came with {found}")]
    WrongLength {
        /// Its hash.
        hash: ContentHash,
        /// Bytes announced when the upload began.
        wanted: u64,
        /// Bytes announced in the frame.
        found: u64,
    },
    /// Bytes with another hash.
    #[error("the bytes sent as {announced} have the hash {found}: did the file change meanwhile?")]
    WrongHash {
        /// The hash in the frame.
        announced: ContentHash,
        /// The hash of the bytes.
        found: ContentHash,
    },
    /// The body ends inside a frame.
    #[error("the body ends in the middle of a content")]
    Truncated,
    /// The commit came too early.
    #[error("{unsent} contents have not been sent yet")]
    Incomplete {
        /// How many.
        unsent: usize,
    },
    /// A content that was there when the upload began is not any more.
    #[error("the content of `{path}` is not stored (any more): begin again")]
    ContentGone {
        /// The file.
        path: FilePath,
    },
    /// A content vanished between listing and activation.
    #[error("a content of the release is not stored any more: begin again")]
    Vanished,
}

impl Fault for UploadError {
    fn kind(&self) -> ErrorKind {
        match self {
            UploadError::Unknown => ErrorKind::NotFound,
            UploadError::TooMany => ErrorKind::Busy,
            UploadError::Unexpected { .. }
            | UploadError::WrongLength { .. }
            | UploadError::WrongHash { .. }
            | UploadError::Truncated => ErrorKind::Invalid,
            UploadError::Incomplete { .. }
            | UploadError::ContentGone { .. }
            | UploadError::Vanished => ErrorKind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            UploadError::Unknown => "UPLOAD_NOT_FOUND",
            UploadError::TooMany => "TOO_MANY_UPLOADS",
            UploadError::Unexpected { .. } => "UNEXPECTED_CONTENT",
            UploadError::WrongLength { .. } => "WRONG_LENGTH",
            UploadError::WrongHash { .. } => "WRONG_HASH",
            UploadError::Truncated => "TRUNCATED_UPLOAD",
            UploadError::Incomplete { .. } => "UPLOAD_INCOMPLETE",
            UploadError::ContentGone { .. } | UploadError::Vanished => "CONTENT_GONE",
        }
    }
}
