//! One line of `_redirects`, read into a rule.

use crate::router::pattern::{Names, Pattern, without_scheme};
use crate::router::redirects::Rule;
use crate::router::redirects::query::QueryCondition;
use crate::router::redirects::target::Target;
use crate::router::rule::RuleFault;

/// The statuses that a rule may answer with.
const STATUSES: [u16; 8] = [200, 301, 302, 303, 307, 308, 404, 410];
/// The status of a rule without one.
const DEFAULT_STATUS: u16 = 301;

/// Reads a line that is neither empty nor a comment. `None` is a rule that is right
/// and can never match here.
pub(super) fn parse(line: &str) -> Result<Option<Rule>, RuleFault> {
    let words: Vec<&str> =
        line.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
    let Some((from, rest)) = words.split_first() else {
        return Ok(None);
    };
    let parts = Parts::new(from, rest)?;
    let mut names = Names::default();
    let pattern = Pattern::parse(from, &mut names)?;
    let mut query = Vec::with_capacity(parts.query.len());
    for word in parts.query {
        query.push(QueryCondition::parse(word, &mut names)?);
    }
    let mut options = parts.options;
    let (status, forced) = match options.split_first() {
        Some((first, rest)) if !first.contains('=') => {
            options = rest;
            parse_status(first)?
        }
        _ => (DEFAULT_STATUS, false),
    };
    let target = Target::parse(&parts.to, &names)?;
    if target.is_absolute() && !(300..400).contains(&status) {
        return Err(RuleFault::ForeignRewrite { status, target: parts.to });
    }
    let mut languages = Vec::new();
    let mut is_possible = true;
    for option in options {
        let Some((name, value)) = option.split_once('=') else {
            return Err(RuleFault::Condition { condition: (*option).to_owned() });
        };
        match name.to_ascii_lowercase().as_str() {
            "language" => languages.extend(tags(value)),
            "country" | "role" | "cookie" | "sign" | "signed" => is_possible = false,
            _ => return Err(RuleFault::Condition { condition: (*option).to_owned() }),
        }
    }
    let rule = Rule { pattern, query, languages, status, forced, target };
    Ok(is_possible.then_some(rule))
}

/// The words of a line by their purpose.
struct Parts<'w> {
    query: &'w [&'w str],
    to: String,
    options: &'w [&'w str],
}

impl<'w> Parts<'w> {
    fn new(from: &str, rest: &'w [&'w str]) -> Result<Parts<'w>, RuleFault> {
        let fault = |target: &str, advice| RuleFault::Target { target: target.to_owned(), advice };
        let Some(first) = rest.first() else {
            return Err(fault("", "write a path or a URL after the path to match"));
        };
        // Without a target the rule is about the status of the path itself.
        let is_status = first.trim_end_matches('!').bytes().all(|byte| byte.is_ascii_digit());
        if is_status {
            let path = without_scheme(from)
                .map_or(from, |rest| rest.find('/').map_or("/", |slash| &rest[slash..]));
            let to = path.replace('*', ":splat");
            return Ok(Parts { query: &[], to, options: rest });
        }
        let is_target = |word: &&str| word.starts_with('/') || without_scheme(word).is_some();
        let Some(at) = rest.iter().position(is_target) else {
            return Err(fault(first, "begin the target with `/`, `http://` or `https://`"));
        };
        Ok(Parts { query: &rest[..at], to: rest[at].to_owned(), options: &rest[at + 1..] })
    }
}

fn parse_status(word: &str) -> Result<(u16, bool), RuleFault> {
    let (digits, forced) = match word.strip_suffix('!') {
        Some(digits) => (digits, true),
        None => (word, false),
    };
    match digits.parse() {
        Ok(status) if STATUSES.contains(&status) => Ok((status, forced)),
        _ => Err(RuleFault::Status { status: word.to_owned() }),
    }
}

fn tags(value: &str) -> impl Iterator<Item = Box<str>> {
    value.split(',').filter(|tag| !tag.is_empty()).map(|tag| tag.to_ascii_lowercase().into())
}
