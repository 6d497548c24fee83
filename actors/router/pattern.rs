//! The patterns of `_headers` and `_redirects`: which hosts and paths a rule is
//! about, and the texts into which the matched parts are put.
//!
//! A pattern has literals, placeholders (`:name`, one or more characters up to the
//! next `/`, or `.` in a host) and at most one splat (`*`, anything). Between
//! literals a placeholder takes as little as it can and a splat as much as it can,
//! so a match is found, or excluded, in one pass without backtracking.
//!
//! As at Netlify a slash at the end does not matter: `/blog` is also about `/blog/`,
//! and `/blog/*` is also about `/blog`. Escapes in a pattern are decoded, because
//! they are compared with decoded paths.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::router::path::RAW_PATH_BYTES_MAX;
use crate::router::rule::RuleFault;

/// Placeholders in one rule, those of its query conditions included.
pub const PLACEHOLDERS_MAX: usize = 16;

/// Bytes of a pattern: no path that it could match is longer.
pub const PATTERN_BYTES_MAX: usize = RAW_PATH_BYTES_MAX;

/// The name by which targets and values refer to the splat.
const SPLAT: &str = "splat";

/// The parts of a request that a pattern's placeholders matched, in their order.
pub type Captures<'t> = Vec<Cow<'t, str>>;

/// The names of a rule's placeholders, in the order of their captures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<Box<str>>);

impl Names {
    /// Takes up a name.
    ///
    /// # Errors
    ///
    /// An advice for the author, when the name is taken or one too many.
    pub fn add(&mut self, name: &str) -> Result<(), &'static str> {
        if self.position(name).is_some() {
            return Err("use each placeholder once, and one `*` in all");
        }
        if self.0.len() == PLACEHOLDERS_MAX {
            return Err("use at most 16 placeholders");
        }
        self.0.push(name.into());
        Ok(())
    }

    /// Where the captures hold what this name matched.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|known| **known == *name)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A pattern for paths, with or without a condition on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    host: Option<Glob>,
    path: Glob,
}

impl Pattern {
    /// Reads `/path` or `https://host/path`; the scheme and the port do not matter.
    /// The names of placeholders are added to `names`.
    ///
    /// # Errors
    ///
    /// [`RuleFault::Pattern`] says what to write instead.
    pub fn parse(text: &str, names: &mut Names) -> Result<Pattern, RuleFault> {
        let fault = |advice| RuleFault::Pattern { pattern: text.to_owned(), advice };
        if text.len() > PATTERN_BYTES_MAX {
            return Err(fault("shorten it to 2,048 bytes"));
        }
        let (host, path) = match without_scheme(text) {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None if text.starts_with('/') => ("", text),
            None => return Err(fault("begin with `/`, `http://` or `https://`")),
        };
        let path = path.split('#').next().unwrap_or(path);
        if path.contains('?') {
            return Err(fault("write conditions on the query as `name=value` after the path"));
        }
        let host = match host {
            "" if path.len() < text.len() && !text.starts_with('/') => {
                return Err(fault("name a host after `//`"));
            }
            "" => None,
            named => Some(Glob::parse(&fold_host(named), '.', names).map_err(fault)?),
        };
        let path = if path.is_empty() { "/" } else { path };
        Ok(Pattern { host, path: Glob::parse(path, '/', names).map_err(fault)? })
    }

    /// The path and nothing else, without a slash at its end, when the pattern is no
    /// more than that.
    pub fn as_literal(&self) -> Option<&str> {
        match (&self.host, self.path.head.as_slice()) {
            (None, [Token::Literal(path)]) if self.path.splat.is_none() => Some(path),
            _ => None,
        }
    }

    /// Whether the pattern is about this host (folded, without port) and this path
    /// (canonical). What the placeholders matched is appended to `captures`.
    pub fn matches<'t>(&self, host: &'t str, path: &'t str, captures: &mut Captures<'t>) -> bool {
        let known = captures.len();
        let matched = self.host.as_ref().is_none_or(|pattern| pattern.matches(host, captures))
            && self.path.matches(path, captures);
        if !matched {
            captures.truncate(known);
        }
        matched
    }
}

/// Takes the slash at the end off, except from the root.
pub fn without_last_slash(path: &str) -> &str {
    match path.strip_suffix('/') {
        Some("") | None => path,
        Some(shorter) => shorter,
    }
}

/// What follows `http://` or `https://`.
pub fn without_scheme(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    known.then_some(rest)
}

/// Lower-cases the literals of a host pattern and takes its port off; the names of
/// placeholders keep their case.
fn fold_host(host: &str) -> String {
    let port = host.rfind(':').filter(|&at| {
        let digits = &host[at + 1..];
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let name = &host[..port.unwrap_or(host.len())];
    let mut folded = String::with_capacity(name.len());
    for label in name.split_inclusive('.') {
        match label.find(':') {
            Some(at) => {
                folded.push_str(&label[..at].to_ascii_lowercase());
                folded.push_str(&label[at..]);
            }
            None => folded.push_str(&label.to_ascii_lowercase()),
        }
    }
    folded
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Literal(Box<str>),
    Placeholder,
}

/// What ends a glob in `*` and perhaps a literal.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Splat {
    tail: Box<str>,
    /// The head without its last slash, when the glob is `…/*`: the directory itself.
    directory: Option<Vec<Token>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Glob {
    delimiter: char,
    /// Literals and placeholders; two placeholders never touch.
    head: Vec<Token>,
    splat: Option<Splat>,
}

impl Glob {
    fn parse(text: &str, delimiter: char, names: &mut Names) -> Result<Glob, &'static str> {
        let (head, tail) = match text.split_once('*') {
            Some((head, tail)) => (head, Some(tail)),
            // As everywhere, the slash at the end of a path does not matter.
            None if delimiter == '/' => (without_last_slash(text), None),
            None => (text, None),
        };
        let head = parse_head(head, names)?;
        let Some(tail) = tail else {
            return Ok(Glob { delimiter, head, splat: None });
        };
        if matches!(head.last(), Some(Token::Placeholder)) {
            return Err("put some text between a placeholder and `*`");
        }
        if tail.contains('*') || next_placeholder(tail) < tail.len() {
            return Err("after `*` only plain text can follow");
        }
        names.add(SPLAT)?;
        let tail = decode(tail)?;
        let directory = if tail.is_empty() { without_slash_token(&head) } else { None };
        Ok(Glob { delimiter, head, splat: Some(Splat { tail, directory }) })
    }

    /// Matches all of `text`. On failure the captures are in any state.
    fn matches<'t>(&self, text: &'t str, captures: &mut Captures<'t>) -> bool {
        let Some(splat) = &self.splat else {
            let text = if self.delimiter == '/' { without_last_slash(text) } else { text };
            return self.advance(&self.head, text, true, captures).is_some();
        };
        let known = captures.len();
        let rest = self.advance(&self.head, text, false, captures);
        if let Some(matched) = rest.and_then(|rest| rest.strip_suffix(&*splat.tail)) {
            captures.push(Cow::Borrowed(matched));
            return true;
        }
        captures.truncate(known);
        let Some(directory) = &splat.directory else {
            return false;
        };
        let is_directory = self.advance(directory, text, true, captures).is_some();
        captures.push(Cow::Borrowed(""));
        is_directory
    }

    /// Matches tokens from the start of `text`, `to_end` or not, and returns what
    /// is left of it.
    fn advance<'t>(
        &self,
        tokens: &[Token],
        text: &'t str,
        to_end: bool,
        captures: &mut Captures<'t>,
    ) -> Option<&'t str> {
        let mut rest = text;
        let mut tokens = tokens;
        while let [token, after @ ..] = tokens {
            tokens = after;
            if let Token::Literal(literal) = token {
                rest = rest.strip_prefix(&**literal)?;
                continue;
            }
            let end = match after {
                [] => rest.len(),
                [Token::Literal(last)] if to_end => rest.len().checked_sub(last.len())?,
                [Token::Literal(next), ..] => self.end_of_placeholder(rest, next)?,
                [Token::Placeholder, ..] => return None,
            };
            let (taken, left) = rest.split_at_checked(end)?;
            if taken.is_empty() || taken.contains(self.delimiter) {
                return None;
            }
            captures.push(Cow::Borrowed(taken));
            rest = left;
        }
        (!to_end || rest.is_empty()).then_some(rest)
    }

    /// Where a placeholder ends so that `next` follows: at the first place that
    /// leaves it at least one character, and before the delimiter.
    fn end_of_placeholder(&self, rest: &str, next: &str) -> Option<usize> {
        let first = rest.chars().next().filter(|&first| first != self.delimiter)?;
        let skipped = first.len_utf8();
        let limit = rest.find(self.delimiter).unwrap_or(rest.len());
        // The literal may begin at the delimiter, and go on behind it.
        let end = (limit + next.len()).min(rest.len());
        let end = rest.get(..end).map_or(rest.len(), |_| end);
        let found = skipped + rest.get(skipped..end)?.find(next)?;
        (found <= limit).then_some(found)
    }
}

/// The name of the placeholder that `text` begins with, else nothing.
pub fn placeholder(text: &str) -> &str {
    let Some(name) = text.strip_prefix(':') else {
        return "";
    };
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return "";
    }
    let is_end = |next: char| !(next.is_ascii_alphanumeric() || next == '_');
    name.split(is_end).next().unwrap_or("")
}

/// Splits what stands before a splat into tokens.
fn parse_head(head: &str, names: &mut Names) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut rest = head;
    while !rest.is_empty() {
        let name = placeholder(rest);
        if name.is_empty() {
            let (literal, after) = rest.split_at(next_placeholder(rest));
            tokens.push(Token::Literal(decode(literal)?));
            rest = after;
            continue;
        }
        if matches!(tokens.last(), Some(Token::Placeholder)) {
            return Err("put some text between two placeholders");
        }
        names.add(name)?;
        tokens.push(Token::Placeholder);
        rest = &rest[1 + name.len()..];
    }
    Ok(tokens)
}

/// The tokens without the slash at their end; `None` when there is none, or nothing
/// before it.
fn without_slash_token(head: &[Token]) -> Option<Vec<Token>> {
    let (last, before) = head.split_last()?;
    let Token::Literal(last) = last else {
        return None;
    };
    let shorter = last.strip_suffix('/')?;
    let mut tokens = before.to_vec();
    if !shorter.is_empty() {
        tokens.push(Token::Literal(shorter.into()));
    }
    (!tokens.is_empty()).then_some(tokens)
}

/// Where the first placeholder begins, else the length.
fn next_placeholder(text: &str) -> usize {
    let colons = text.match_indices(':').map(|(at, _)| at);
    colons.into_iter().find(|&at| !placeholder(&text[at..]).is_empty()).unwrap_or(text.len())
}

fn decode(literal: &str) -> Result<Box<str>, &'static str> {
    let decoded = percent_decode_str(literal).decode_utf8();
    decoded.map(Box::from).map_err(|_| "escape the UTF-8 bytes of each character")
}

#[cfg(test)]
mod tests;
