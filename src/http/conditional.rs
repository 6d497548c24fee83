//! Conditional requests (RFC 9110 section 13): whether what a client has is still
//! what there is.

use std::time::{Duration, UNIX_EPOCH};

/// Whether `If-None-Match` names the current tag: then the answer is 304.
///
/// Tags are compared weakly (RFC 9110 section 13.1.2). `etag` has its quotes, and
/// `W/` if it is weak. What follows a syntax error in the header is not read.
pub fn if_none_match(header: &str, etag: &str) -> bool {
    is_any(header) || tags(header).any(|tag| opaque(tag) == opaque(etag))
}

/// Whether `If-Match` names the current tag: otherwise the answer is 412.
///
/// Tags are compared strongly (RFC 9110 section 13.1.1): a weak one never matches.
pub fn if_match(header: &str, etag: &str) -> bool {
    is_any(header) || (is_strong(etag) && tags(header).any(|tag| tag == etag))
}

/// Whether `If-Range` allows a partial answer: otherwise the whole is sent.
///
/// A strong tag must be the current one (RFC 9110 section 13.1.5), a date must be
/// spelt exactly like `last_modified`, the `Last-Modified` of the answer.
pub fn if_range(header: &str, etag: &str, last_modified: &str) -> bool {
    let header = header.trim();
    if header.contains('"') {
        return is_strong(header) && header == etag;
    }
    !header.is_empty() && header == last_modified
}

/// Whether `If-Modified-Since` is the second of the current `Last-Modified`, given in
/// seconds since 1970: then the answer is 304.
///
/// Only equality counts. After a rollback the current version is older than the one
/// that a client has, and "not newer" would keep the wrong one alive.
pub fn modified_since_equal(header: &str, last_modified_secs: u64) -> bool {
    let current = UNIX_EPOCH.checked_add(Duration::from_secs(last_modified_secs));
    httpdate::parse_http_date(header.trim()).ok().is_some_and(|since| Some(since) == current)
}

fn is_any(header: &str) -> bool {
    header.trim() == "*"
}

fn is_strong(tag: &str) -> bool {
    tag.starts_with('"')
}

/// A tag without its mark of weakness.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The entity tags of a list, each with quotes and perhaps `W/`; commas inside the
/// quotes belong to the tag.
fn tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (_, tag_and_rest) =
            opaque(rest).split_at_checked(1).filter(|(quote, _)| *quote == "\"")?;
        let end = rest.len() - tag_and_rest.len() + tag_and_rest.find('"')? + 1;
        let (tag, after) = rest.split_at_checked(end)?;
        let is_whole = matches!(after.bytes().next(), None | Some(b' ' | b'\t' | b','));
        rest = after;
        is_whole.then_some(tag)
    })
}

#[cfg(test)]
mod tests;
