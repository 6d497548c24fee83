//! Whether a list of files can be a release: counts, sizes, and names that fit together.
//!
//! The archive and the differential upload come through the same check, so that neither is
//! a way round the other's limits.

use std::collections::HashSet;

use crate::deployer::path::FilePath;
use crate::kind::{ErrorKind, Fault};
use crate::limits::DeployLimits;

/// What a checked list amounts to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Files in the list; at most `files_max`.
    pub files: usize,
    /// Bytes of all of them; at most `unpacked_bytes_max`.
    pub bytes: u64,
}

/// Checks files, given as path and size in bytes, against the limits and each other.
///
/// # Errors
/// The first rule that the list breaks, with the path that breaks it.
pub fn check_files<'a>(
    files: impl IntoIterator<Item = (&'a FilePath, u64)>,
    limits: &DeployLimits,
) -> Result<Totals, FileSetError> {
    let mut totals = Totals::default();
    let mut paths: HashSet<&str> = HashSet::new();
    for (path, bytes) in files {
        if totals.files == limits.files_max {
            let path = path.to_string();
            return Err(FileSetError::TooManyFiles { path, max: limits.files_max });
        }
        if bytes > limits.file_bytes_max {
            let (path, max) = (path.to_string(), limits.file_bytes_max);
            return Err(FileSetError::FileTooLarge { path, bytes, max });
        }
        totals.files += 1;
        totals.bytes = totals.bytes.saturating_add(bytes);
        if totals.bytes > limits.unpacked_bytes_max {
            let path = path.to_string();
            return Err(FileSetError::TooLarge { path, max: limits.unpacked_bytes_max });
        }
        if !paths.insert(path.as_str()) {
            return Err(FileSetError::Duplicate { path: path.to_string() });
        }
    }
    if paths.is_empty() {
        return Err(FileSetError::NoFiles);
    }
    match find_file_that_is_a_folder(&paths) {
        Some((path, inside)) => {
            Err(FileSetError::FileAndFolder { path: path.to_owned(), inside: inside.to_owned() })
        }
        None => Ok(totals),
    }
}

/// A path that is also the folder of another one, the first in order, so that the same list
/// always gives the same message.
fn find_file_that_is_a_folder<'a>(paths: &HashSet<&'a str>) -> Option<(&'a str, &'a str)> {
    paths
        .iter()
        .flat_map(|path| path.match_indices('/').map(|(end, _)| (&path[..end], *path)))
        .filter(|(folder, _)| paths.contains(folder))
        .min()
}

/// Why a list of files cannot be a release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileSetError {
    /// The list is empty.
    #[error("there are no files to deploy")]
    NoFiles,
    /// More files than a release may have.
    #[error("`{path}` is one file too many: a release has at most {max} files")]
    TooManyFiles {
        /// The first file above the limit.
        path: String,
        /// The limit.
        max: usize,
    },
    /// One file is above the limit.
    #[error("`{path}` has {bytes} bytes, a file may have {max}")]
    FileTooLarge {
        /// The file.
        path: String,
        /// Its bytes.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// All files together are above the limit.
    #[error("with `{path}` the files have more than {max} bytes together")]
    TooLarge {
        /// The file with which the sum went above the limit.
        path: String,
        /// The limit.
        max: u64,
    },
    /// The same path twice.
    #[error("`{path}` is there twice")]
    Duplicate {
        /// The path.
        path: String,
    },
    /// A path is a file, and also a folder with something in it.
    #[error("`{path}` is a file and also the folder of `{inside}`")]
    FileAndFolder {
        /// The file.
        path: String,
        /// A file inside the folder of the same name.
        inside: String,
    },
}

impl Fault for FileSetError {
    fn kind(&self) -> ErrorKind {
        match self {
            FileSetError::TooManyFiles { .. }
            | FileSetError::FileTooLarge { .. }
            | FileSetError::TooLarge { .. } => ErrorKind::TooLarge,
            _ => ErrorKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            FileSetError::NoFiles => "NO_FILES",
            FileSetError::TooManyFiles { .. } => "TOO_MANY_FILES",
            FileSetError::FileTooLarge { .. } => "FILE_TOO_LARGE",
            FileSetError::TooLarge { .. } => "RELEASE_TOO_LARGE",
            FileSetError::Duplicate { .. } => "DUPLICATE_PATH",
            FileSetError::FileAndFolder { .. } => "FILE_AND_FOLDER",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, u64)], expect: Result<Totals, (&str, &str)>) {
        let limits = DeployLimits {
            files_max: 3,
            file_bytes_max: 10,
            unpacked_bytes_max: 20,
            ..DeployLimits::default()
        };
        let files: Vec<_> = files
            .iter()
            .map(|(path, bytes)| (FilePath::parse(path, &limits).unwrap(), *bytes))
            .collect();
        let found = check_files(files.iter().map(|(path, bytes)| (path, *bytes)), &limits);
        let found = found.map_err(|error| (error.code(), error.to_string()));
        assert_eq!(found, expect.map_err(|(code, text)| (code, text.to_owned())), "{files:?}");
    }

    #[test]
    fn limits_are_reached_and_not_passed() {
        check(&[("a", 10), ("b", 10), ("c", 0)], Ok(Totals { files: 3, bytes: 20 }));
        check(&[], Err(("NO_FILES", "there are no files to deploy")));
        check(
            &[("a", 0), ("b", 0), ("c", 0), ("d", 0)],
            Err(("TOO_MANY_FILES", "`d` is one file too many: a release has at most 3 files")),
        );
        check(&[("a", 11)], Err(("FILE_TOO_LARGE", "`a` has 11 bytes, a file may have 10")));
        check(
            &[("a", 10), ("b", 10), ("c", 1)],
            Err(("RELEASE_TOO_LARGE", "with `c` the files have more than 20 bytes together")),
        );
    }

    #[test]
    fn names_must_fit_together() {
        check(&[("a/b", 0), ("ab", 0), ("a/bc", 0)], Ok(Totals { files: 3, bytes: 0 }));
        check(&[("A", 0), ("a", 0)], Ok(Totals { files: 2, bytes: 0 }));
        check(&[("a", 0), ("a", 0)], Err(("DUPLICATE_PATH", "`a` is there twice")));
        let text = "`a` is a file and also the folder of `a/b/c`";
        check(&[("a/b/c", 0), ("a", 0)], Err(("FILE_AND_FOLDER", text)));
        check(&[("a", 0), ("a.x", 0), ("a/b/c", 0)], Err(("FILE_AND_FOLDER", text)));
    }
}
