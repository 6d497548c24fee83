//! Byte ranges (RFC 9110 section 14): which bytes a client asks for, and the frame
//! of an answer that carries several ranges.
//!
//! A server may ignore any `Range`. This one does so whenever the header is wrong or
//! asks for more work than the whole file would be.

use std::ops::RangeInclusive;

/// Ranges in one request; a client with more gets the whole.
pub const RANGES_MAX: usize = 16;

/// What a `Range` header asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ranges {
    /// Nothing that is served: answer with the whole (200).
    Ignore,
    /// Only bytes behind the end: answer 416 with [`unsatisfied`].
    Unsatisfiable,
    /// These bytes, in the order asked for; at least one range, none of them empty,
    /// no two overlapping.
    Parts(Vec<RangeInclusive<u64>>),
}

/// Reads a `Range` header for a representation of `size` bytes.
///
/// Ignored are other units than bytes, headers with a syntax error, more than
/// [`RANGES_MAX`] ranges, overlapping ranges (RFC 9110 section 14.2), and any range of
/// an empty representation, which no `Content-Range` could describe. Ranges
/// that begin behind the end are left out while others remain.
pub fn parse(header: &str, size: u64) -> Ranges {
    let Some((unit, set)) = header.split_once('=') else {
        return Ranges::Ignore;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") || size == 0 {
        return Ranges::Ignore;
    }
    let mut parts: Vec<RangeInclusive<u64>> = Vec::new();
    let mut count = 0;
    for spec in set.split(',').map(|spec| spec.trim_matches([' ', '\t'])) {
        if spec.is_empty() {
            continue;
        }
        count += 1;
        if count > RANGES_MAX {
            return Ranges::Ignore;
        }
        match parse_spec(spec, size) {
            None => return Ranges::Ignore,
            Some(None) => {}
            Some(Some(part)) if parts.iter().any(|other| overlap(other, &part)) => {
                return Ranges::Ignore;
            }
            Some(Some(part)) => parts.push(part),
        }
    }
    match (count, parts.is_empty()) {
        (0, _) => Ranges::Ignore,
        (_, true) => Ranges::Unsatisfiable,
        (_, false) => Ranges::Parts(parts),
    }
}

/// Reads `first-last`, `first-` or `-length`. `None` is a syntax error, `Some(None)`
/// a range without any byte of the representation.
fn parse_spec(spec: &str, size: u64) -> Option<Option<RangeInclusive<u64>>> {
    let (first, last) = spec.split_once('-')?;
    let end = size.checked_sub(1)?;
    if first.is_empty() {
        let length = parse_number(last)?;
        return Some((length > 0).then(|| size.saturating_sub(length)..=end));
    }
    let first = parse_number(first)?;
    let last = if last.is_empty() { u64::MAX } else { parse_number(last)? };
    if first > last {
        return None;
    }
    Some((first <= end).then(|| first..=last.min(end)))
}

/// Reads digits; what is beyond 64 bits is as far as numbers go.
fn parse_number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

fn overlap(one: &RangeInclusive<u64>, other: &RangeInclusive<u64>) -> bool {
    one.start() <= other.end() && other.start() <= one.end()
}

/// Bytes in a range.
pub fn length(part: &RangeInclusive<u64>) -> u64 {
    (part.end() - part.start()).saturating_add(1)
}

/// The `Content-Range` of a part of `size` bytes (RFC 9110 section 14.4).
pub fn content_range(part: &RangeInclusive<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", part.start(), part.end())
}

/// The `Content-Range` of a 416 answer.
pub fn unsatisfied(size: u64) -> String {
    format!("bytes */{size}")
}

/// The frame of a `multipart/byteranges` answer (RFC 9110 section 14.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Multipart {
    /// What stands before the bytes of each part, in the parts' order.
    pub heads: Vec<String>,
    /// What stands after the bytes of the last part.
    pub tail: String,
    /// The answer's exact `Content-Length`: heads, parts and tail, in bytes.
    pub length: u64,
    /// The answer's `Content-Type`.
    pub content_type: String,
}

/// Frames parts of a representation of `size` bytes and type `content_type`.
///
/// `boundary` must not occur in the content (a random one of 24 characters will
/// not) and consists of letters and digits, at most 70 (RFC 2046 section 5.1.1).
pub fn multipart(
    parts: &[RangeInclusive<u64>],
    size: u64,
    content_type: &str,
    boundary: &str,
) -> Multipart {
    let mut heads = Vec::with_capacity(parts.len());
    let mut total = 0_u64;
    for part in parts {
        // The line break before a boundary belongs to it; the first has none before it.
        let separator = if heads.is_empty() { "" } else { "\r\n" };
        let range = content_range(part, size);
        let head = format!(
            "{separator}--{boundary}\r\n\
             Content-Type: {content_type}\r\n\
             Content-Range: {range}\r\n\r\n"
        );
        total = total.saturating_add(head.len() as u64).saturating_add(length(part));
        heads.push(head);
    }
    let tail = format!("\r\n--{boundary}--\r\n");
    Multipart {
        heads,
        length: total.saturating_add(tail.len() as u64),
        tail,
        content_type: format!("multipart/byteranges; boundary={boundary}"),
    }
}

#[cfg(test)]
mod tests;
