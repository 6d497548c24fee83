//! Texts with `:placeholder` in them, into which the matched parts of a request are
//! put: the targets of redirects and the values of headers.
//!
//! Promise: what a visitor sent is escaped for the place where it lands. It cannot
//! end a header line, start a query or an attribute, or change a host beyond letters,
//! digits, hyphens and dots.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::router::pattern::{Captures, Names, PLACEHOLDERS_MAX, placeholder};

/// What stays as it is in a query and in a header's value: the unreserved
/// characters (RFC 3986 section 2.3) and slashes.
const ESCAPED_IN_VALUES: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
/// In a path its delimiters may stay as well (RFC 3986 section 3.3).
const ESCAPED_IN_PATHS: &AsciiSet = &ESCAPED_IN_VALUES
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');
/// What no URL has unescaped. A `%` stays: it belongs to an escape of the author's.
const ESCAPED_IN_URLS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Where in a text a captured part lands, which decides how it is escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Host and port of a URL: nothing is escaped, what does not fit is refused.
    Authority,
    /// The path of a URL.
    Path,
    /// A query, a fragment, or a header's value.
    Value,
}

/// A text with numbered holes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Capture { index: usize, place: Place },
}

impl Template {
    /// Appends a text. `:name` becomes a hole if `names` has it, else it stays.
    ///
    /// # Errors
    ///
    /// An advice for the author, when the template has more than
    /// [`PLACEHOLDERS_MAX`] holes.
    pub fn push(&mut self, text: &str, names: &Names, place: Place) -> Result<(), &'static str> {
        let mut start = 0;
        for (at, _) in text.match_indices(':') {
            let name = placeholder(&text[at..]);
            let Some(index) = names.position(name) else {
                continue;
            };
            if self.holes() == PLACEHOLDERS_MAX {
                return Err("use at most 16 placeholders");
            }
            self.push_text(&text[start..at]);
            self.pieces.push(Piece::Capture { index, place });
            start = at + 1 + name.len();
        }
        self.push_text(&text[start..]);
        Ok(())
    }

    /// The text, when there is no hole in it.
    pub fn as_text(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text with its holes filled; `None` when a part would land in a host and
    /// does not fit there.
    pub fn fill(&self, captures: &Captures<'_>) -> Option<String> {
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Capture { index, place } => {
                    let captured = captures.get(*index)?;
                    match place {
                        Place::Authority if !fits_in_host(captured) => return None,
                        Place::Authority => filled.push_str(captured),
                        Place::Path => {
                            filled.extend(utf8_percent_encode(captured, ESCAPED_IN_PATHS));
                        }
                        Place::Value => {
                            filled.extend(utf8_percent_encode(captured, ESCAPED_IN_VALUES));
                        }
                    }
                }
            }
        }
        Some(filled)
    }

    fn holes(&self) -> usize {
        self.pieces.iter().filter(|piece| matches!(piece, Piece::Capture { .. })).count()
    }

    fn push_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            _ if text.is_empty() => {}
            Some(Piece::Text(before)) => *before = format!("{before}{text}").into(),
            _ => self.pieces.push(Piece::Text(text.into())),
        }
    }
}

/// Escapes what no URL contains and leaves the rest, escapes included, as it is.
pub fn escape_url(url: &str) -> String {
    utf8_percent_encode(url, ESCAPED_IN_URLS).collect()
}

fn fits_in_host(captured: &str) -> bool {
    captured.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}
