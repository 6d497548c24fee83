//! Conditions on the query of a request: `id=7`, `id=:id`, or `id` alone.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::router::pattern::{Captures, Names, placeholder};
use crate::router::rule::RuleFault;

/// A parameter that a request must have. Others may be there as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueryCondition {
    name: Box<str>,
    value: Expected,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expected {
    Anything,
    Captured,
    Exactly(Box<str>),
}

impl QueryCondition {
    /// Reads one word between path and target.
    pub(super) fn parse(word: &str, names: &mut Names) -> Result<QueryCondition, RuleFault> {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let value = match value {
            None => Expected::Anything,
            Some(value) if is_placeholder(value) => {
                names
                    .add(&value[1..])
                    .map_err(|advice| RuleFault::Pattern { pattern: word.to_owned(), advice })?;
                Expected::Captured
            }
            Some(value) => Expected::Exactly(decode(value).into()),
        };
        Ok(QueryCondition { name: decode(name).into(), value })
    }

    /// Whether the query of a request (escaped) meets the condition. A captured value
    /// is appended.
    pub(super) fn matches<'t>(&self, query: &'t str, captures: &mut Captures<'t>) -> bool {
        let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let Some((_, value)) = pairs.find(|(name, _)| decode(name) == *self.name) else {
            return false;
        };
        match &self.value {
            Expected::Anything => true,
            Expected::Exactly(expected) => decode(value) == **expected,
            Expected::Captured => {
                captures.push(decode(value));
                !value.is_empty()
            }
        }
    }
}

fn is_placeholder(value: &str) -> bool {
    let name = placeholder(value);
    !name.is_empty() && name.len() + 1 == value.len()
}

/// Decodes a part of a query as forms write it (`+` is a space).
fn decode(part: &str) -> Cow<'_, str> {
    if !part.contains('+') {
        return percent_decode_str(part).decode_utf8_lossy();
    }
    let spaced = part.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}
