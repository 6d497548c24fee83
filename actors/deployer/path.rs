//! The path of a file inside a release.
//!
//! A [`FilePath`] is checked once, where it enters, and is never normalised: a name that
//! would have to be cleaned is refused, so that two names can never mean one file.

use std::borrow::Borrow;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::kind::{ErrorKind, Fault};
use crate::limits::DeployLimits;

/// The one dot-folder that visitors may see (RFC 8615).
const WELL_KNOWN: &str = ".well-known";

/// A relative path: segments separated by `/`, none empty, `.` or `..`, without a leading or
/// trailing `/`, backslashes or control characters, at most `path_bytes_max` bytes of UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(Box<str>);

impl FilePath {
    /// Checks `text`, which is taken as it stands.
    ///
    /// # Errors
    /// The rule that the text breaks. The message does not repeat the text.
    pub fn parse(text: &str, limits: &DeployLimits) -> Result<FilePath, PathRefusal> {
        if text.is_empty() {
            return Err(PathRefusal::Empty);
        }
        if text.len() > limits.path_bytes_max {
            return Err(PathRefusal::TooLong { bytes: text.len(), max: limits.path_bytes_max });
        }
        if text.contains(char::is_control) {
            return Err(PathRefusal::ControlCharacter);
        }
        if text.contains('\\') {
            return Err(PathRefusal::Backslash);
        }
        if text.starts_with('/') || has_drive_letter(text) {
            return Err(PathRefusal::Absolute);
        }
        for segment in text.split('/') {
            match segment {
                "" => return Err(PathRefusal::EmptySegment),
                "." => return Err(PathRefusal::DotSegment),
                ".." => return Err(PathRefusal::ParentSegment),
                _ => {}
            }
        }
        Ok(FilePath(text.into()))
    }

    /// A path that was checked before it was stored.
    pub fn from_stored(text: String) -> FilePath {
        FilePath(text.into_boxed_str())
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// What follows the last dot of the file name, unless the name begins with that dot.
    pub fn extension(&self) -> Option<&str> {
        match self.file_name().rsplit_once('.') {
            Some(("", _)) | None => None,
            Some((_, extension)) => Some(extension),
        }
    }

    /// The folders that the file lies in, outermost first: `a` and `a/b` for `a/b/c`.
    pub fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(end, _)| &self.0[..end])
    }

    /// Whether visitors never get this file: `api/`, `private/`, the manifest, `_headers` and
    /// `_redirects` at the top, and dot-files anywhere except under `.well-known/`.
    ///
    /// `manifest.json` is fazt's manifest or the web app's; only its content and the absence
    /// of a `fazt.json` tell, so the caller says which.
    pub fn is_hidden(&self, manifest_json_is_ours: bool) -> bool {
        match self.as_str() {
            "fazt.json" | "_headers" | "_redirects" => return true,
            "manifest.json" => return manifest_json_is_ours,
            _ => {}
        }
        let top = self.0.split_once('/').map(|(folder, _)| folder);
        matches!(top, Some("api" | "private")) || self.has_dot_segment()
    }

    /// Whether a segment begins with a dot, other than a folder called `.well-known`.
    pub fn has_dot_segment(&self) -> bool {
        has_dot_segment(&self.0)
    }

    /// Whether the file lies in a folder called `node_modules`.
    pub fn is_in_node_modules(&self) -> bool {
        self.0
            .rsplit_once('/')
            .is_some_and(|(folders, _)| folders.split('/').any(|folder| folder == "node_modules"))
    }
}

/// Whether a segment of `path` begins with a dot, other than a folder called `.well-known`.
fn has_dot_segment(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    name.starts_with('.')
        || folders.split('/').any(|folder| folder.starts_with('.') && folder != WELL_KNOWN)
}

/// Whether a text begins as `C:` does, which is absolute on some systems.
fn has_drive_letter(text: &str) -> bool {
    matches!(text.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// The rule that a path breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathRefusal {
    /// There is no name.
    #[error("its path is empty")]
    Empty,
    /// More bytes than the limit.
    #[error("its path has {bytes} bytes, allowed are {max}")]
    TooLong {
        /// Bytes of the path.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// NUL, a line break or another control character.
    #[error("its path has a control character")]
    ControlCharacter,
    /// A backslash, which some systems take for a separator.
    #[error("its path has a backslash; separate folders with `/`")]
    Backslash,
    /// It begins with `/` or with a drive letter.
    #[error("its path is absolute; paths are relative to the site's folder")]
    Absolute,
    /// Two slashes in a row, or one at the end.
    #[error("its path has an empty segment (`//`, or `/` at the end)")]
    EmptySegment,
    /// A segment `.`.
    #[error("its path has a segment `.`")]
    DotSegment,
    /// A segment `..`.
    #[error("its path has a segment `..`")]
    ParentSegment,
}

impl Fault for PathRefusal {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn code(&self) -> &'static str {
        "INVALID_PATH"
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for FilePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for FilePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for FilePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(text: &str) -> FilePath {
        FilePath::parse(text, &DeployLimits::default()).unwrap()
    }

    #[test]
    fn only_clean_relative_paths_are_accepted() {
        fn check(text: &str, expect: Option<PathRefusal>) {
            let limits = DeployLimits { path_bytes_max: 32, ..DeployLimits::default() };
            assert_eq!(FilePath::parse(text, &limits).err(), expect, "{text:?}");
        }
        check("index.html", None);
        check("a/b/c.txt", None);
        check("ünïcode/☃.html", None);
        check("a b/..c/...", None);
        check(".well-known/x", None);
        check("", Some(PathRefusal::Empty));
        check("/etc/passwd", Some(PathRefusal::Absolute));
        check("//host/x", Some(PathRefusal::Absolute));
        check("C:/x", Some(PathRefusal::Absolute));
        check("c:x", Some(PathRefusal::Absolute));
        check("a\\b", Some(PathRefusal::Backslash));
        check("..\\x", Some(PathRefusal::Backslash));
        check("a\0b", Some(PathRefusal::ControlCharacter));
        check("a\nb", Some(PathRefusal::ControlCharacter));
        check("a\u{85}b", Some(PathRefusal::ControlCharacter));
        check("../x", Some(PathRefusal::ParentSegment));
        check("x/../y", Some(PathRefusal::ParentSegment));
        check("x/..", Some(PathRefusal::ParentSegment));
        check("./x", Some(PathRefusal::DotSegment));
        check("x/./y", Some(PathRefusal::DotSegment));
        check("x//y", Some(PathRefusal::EmptySegment));
        check("x/", Some(PathRefusal::EmptySegment));
        check(&"é".repeat(16), None);
        check(&"a".repeat(33), Some(PathRefusal::TooLong { bytes: 33, max: 32 }));
    }

    #[test]
    fn what_visitors_never_get() {
        fn check(text: &str, expect: bool) {
            assert_eq!(path(text).is_hidden(true), expect, "{text}");
        }
        check("index.html", false);
        check("api/hello.js", true);
        check("api", false);
        check("docs/api/x.html", false);
        check("private/x", true);
        check("fazt.json", true);
        check("docs/fazt.json", false);
        check("manifest.json", true);
        check("_headers", true);
        check("_redirects", true);
        check("docs/_redirects", false);
        check(".env", true);
        check("a/.git/config", true);
        check("a/.env", true);
        check(".well-known/security.txt", false);
        check(".well-known/.secret", true);
        check(".well-known", true);
        check("a/.well-known/x", false);
        assert!(!path("manifest.json").is_hidden(false));
    }

    #[test]
    fn extensions_and_ancestors() {
        fn check(text: &str, expect: Option<&str>) {
            assert_eq!(path(text).extension(), expect, "{text}");
        }
        check("a.b/c", None);
        check("a/b.tar.gz", Some("gz"));
        check(".env", None);
        check("a.", Some(""));
        assert_eq!(path("a/b/c").ancestors().collect::<Vec<_>>(), ["a", "a/b"]);
        assert!(path("a/node_modules/b").is_in_node_modules());
        assert!(!path("a/node_modules").is_in_node_modules());
    }

    /// Many cases, and no file of failures beside the source.
    fn cases() -> ProptestConfig {
        ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) }
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn no_accepted_path_leaves_its_folder(text in "[./\\\\a:\\x00é ]{0,24}") {
            if let Ok(path) = FilePath::parse(&text, &DeployLimits::default()) {
                let clean = std::path::Path::new(path.as_str())
                    .components()
                    .all(|part| matches!(part, std::path::Component::Normal(_)));
                prop_assert!(clean);
                prop_assert_eq!(path.as_str(), text);
            }
        }
    }
}
