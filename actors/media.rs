//! What a file is, from its name alone: the media type that visitors are told, whether
//! compressing it pays, and whether its name changes with its content.
//!
//! The table is in the binary, so that a site answers alike on every machine.

mod fingerprint;
mod table;

/// How a kind of file is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType {
    /// The value of `Content-Type`, with the charset where there is one (RFC 9110 section 8.3).
    pub name: &'static str,
    /// Whether compressed variants are worth storing.
    pub compressible: bool,
    /// Whether it is a page: pages are revalidated on every visit.
    pub html: bool,
}

/// What is told about a file of an unknown kind.
static UNKNOWN: MediaType =
    MediaType { name: "application/octet-stream", compressible: false, html: false };

/// The media type of the file at `path`, by its extension in either case.
pub fn media_type(path: &str) -> &'static MediaType {
    let file_name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    table::find(file_name).unwrap_or(&UNKNOWN)
}

/// Whether `file_name` carries a hash of the content, as build tools write it
/// (`app.3f2a9c1b.js`, `index-BkT3x9aZ.css`), so that it can be cached for ever.
///
/// When in doubt it says no: a missed hash costs a revalidation, a false one a stale page.
/// Pages are never fingerprinted.
pub fn is_fingerprinted(file_name: &str) -> bool {
    !media_type(file_name).html && fingerprint::has_hash(file_name)
}

#[cfg(test)]
mod tests;
