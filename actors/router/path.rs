//! The path of a request, made canonical once, before any decision is taken on it.
//!
//! Everything that compares, looks up or forbids paths works on the result; nobody
//! decodes it a second time.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::kind::{ErrorKind, Fault};

/// Bytes of a raw path, escapes included.
pub const RAW_PATH_BYTES_MAX: usize = 2048;

/// Why a request's path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path is empty or begins with something else than a slash.
    #[error("the path does not begin with `/`")]
    NotAbsolute,
    /// The path is longer than [`RAW_PATH_BYTES_MAX`].
    #[error("the path is longer than {RAW_PATH_BYTES_MAX} bytes")]
    TooLong,
    /// A `%` without two hexadecimal digits behind it.
    #[error("the path has a `%` without two hexadecimal digits after it")]
    Escape,
    /// The decoded bytes are not UTF-8.
    #[error("the decoded path is not UTF-8")]
    Utf8,
    /// A control character, NUL included, as it is or as an escape.
    #[error("the path contains a control character")]
    Control,
    /// A backslash, which some systems take for a slash.
    #[error("the path contains a backslash")]
    Backslash,
}

impl Fault for PathError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn code(&self) -> &'static str {
        "PATH_INVALID"
    }
}

/// Makes the raw path of a request target (what stands before `?`) canonical.
///
/// Escapes are decoded once; then repeated slashes collapse, `.` and `..` are
/// resolved (RFC 3986 section 5.2.4; `..` above the root stays there), and a slash
/// at the end is kept. `%2F` is a slash like any other. A path that is canonical
/// already is returned as it came, without an allocation.
///
/// # Errors
///
/// See [`PathError`]: all of them are the client's fault (400).
pub fn normalise(raw: &str) -> Result<Cow<'_, str>, PathError> {
    if !raw.starts_with('/') {
        return Err(PathError::NotAbsolute);
    }
    if raw.len() > RAW_PATH_BYTES_MAX {
        return Err(PathError::TooLong);
    }
    if is_plain(raw.as_bytes()) {
        return Ok(Cow::Borrowed(raw));
    }
    let decoded = decode(raw)?;
    if decoded.contains('\\') {
        return Err(PathError::Backslash);
    }
    if decoded.chars().any(char::is_control) {
        return Err(PathError::Control);
    }
    if is_resolved(&decoded) {
        return Ok(decoded);
    }
    Ok(Cow::Owned(resolve(&decoded)))
}

/// Whether one scan shows that nothing needs to be done. It may say no to a path
/// that is canonical, never yes to one that is not.
fn is_plain(raw: &[u8]) -> bool {
    let mut previous = 0;
    for &byte in raw {
        let suspicious = match byte {
            b'%' | b'\\' | 0x7f => true,
            b'/' | b'.' => previous == b'/',
            // Above ASCII stand the C1 control characters.
            _ => !(0x20..0x80).contains(&byte),
        };
        if suspicious {
            return false;
        }
        previous = byte;
    }
    true
}

fn decode(raw: &str) -> Result<Cow<'_, str>, PathError> {
    let escapes_are_whole = raw.split('%').skip(1).all(|after| {
        let mut digits = after.bytes().take(2).filter(u8::is_ascii_hexdigit);
        digits.next().is_some() && digits.next().is_some()
    });
    if !escapes_are_whole {
        return Err(PathError::Escape);
    }
    percent_decode_str(raw).decode_utf8().map_err(|_| PathError::Utf8)
}

/// Whether a decoded path has neither empty nor dot segments.
fn is_resolved(path: &str) -> bool {
    let inner = path.strip_prefix('/').unwrap_or(path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    path == "/" || !inner.split('/').any(|segment| matches!(segment, "" | "." | ".."))
}

fn resolve(path: &str) -> String {
    let mut resolved = String::with_capacity(path.len() + 1);
    let mut ends_in_directory = true;
    for segment in path.split('/') {
        ends_in_directory = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." => resolved.truncate(resolved.rfind('/').unwrap_or(0)),
            name => {
                resolved.push('/');
                resolved.push_str(name);
            }
        }
    }
    if ends_in_directory {
        resolved.push('/');
    }
    resolved
}

#[cfg(test)]
mod tests;
