//! `_headers`: the response headers that an app's author sets or removes by path.
//!
//! The syntax is Netlify's, with Cloudflare's `! Name`, `:placeholder` in values and
//! `https://host/path` patterns. A file with a wrong line is refused as a whole when
//! it is deployed; nothing is skipped in silence.

use std::borrow::Cow;

use crate::limits::DeployLimits;
use crate::router::pattern::{Captures, Names, Pattern, without_scheme};
use crate::router::rule::{RuleError, RuleFault};
use crate::router::template::{Place, Template};

/// The name of the file, for messages.
const FILE: &str = "_headers";
/// Headers under one path.
pub const HEADERS_PER_RULE_MAX: usize = 64;

/// Headers that describe the message or the connection: only the server knows them
/// (RFC 9110 sections 7.6.1 and 8.6, RFC 9112 section 6.1).
const RESERVED: [&str; 11] = [
    "connection",
    "content-length",
    "content-range",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// One thing that a rule does to a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderAction<'r> {
    /// The header gets this value.
    Set {
        /// In lower case.
        name: &'r str,
        /// Printable ASCII, with placeholders filled in.
        value: Cow<'r, str>,
    },
    /// The header goes, whoever set it.
    Remove {
        /// In lower case.
        name: &'r str,
    },
}

/// The rules of one `_headers` file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderRules {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    pattern: Pattern,
    names: Names,
    edits: Vec<Edit>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    name: Box<str>,
    /// `None` removes the header.
    value: Option<Template>,
}

impl HeaderRules {
    /// Whether there is nothing to do for any path.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Rules in the file.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// What the rules do to the response for `path` (canonical) on `host` (in lower
    /// case, without port), in the file's order.
    ///
    /// Within one rule a repeated name arrives as one value, joined with commas;
    /// `set-cookie` cannot be joined (RFC 6265 section 3) and arrives once per cookie.
    pub fn matching<'a>(
        &'a self,
        host: &'a str,
        path: &'a str,
    ) -> impl Iterator<Item = HeaderAction<'a>> {
        self.rules.iter().flat_map(move |rule| {
            let mut captures = Captures::new();
            let is_about = rule.pattern.matches(host, path, &mut captures);
            let edits: &[Edit] = if is_about { &rule.edits } else { &[] };
            edits.iter().filter_map(move |edit| edit.action(&captures))
        })
    }
}

impl Edit {
    fn action(&self, captures: &Captures<'_>) -> Option<HeaderAction<'_>> {
        let name = &*self.name;
        let Some(template) = &self.value else {
            return Some(HeaderAction::Remove { name });
        };
        let value = match template.as_text() {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(template.fill(captures)?),
        };
        // A placeholder could have spelt the attribute that the parser refused.
        if name == "set-cookie" && has_domain(&value) {
            return None;
        }
        Some(HeaderAction::Set { name, value })
    }
}

/// Reads a `_headers` file.
///
/// # Errors
///
/// The first line that is wrong, and what to write there instead.
pub fn parse(text: &str, limits: &DeployLimits) -> Result<HeaderRules, RuleError> {
    let mut rules = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in text.lines().enumerate() {
        parse_line(line.trim(), &mut rules, limits.header_rules_max)
            .map_err(|fault| RuleError { file: FILE, line: index + 1, fault })?;
    }
    rules.retain(|rule| !rule.edits.is_empty());
    Ok(HeaderRules { rules })
}

fn parse_line(line: &str, rules: &mut Vec<Rule>, rules_max: usize) -> Result<(), RuleFault> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(());
    }
    if line.starts_with('/') || without_scheme(line).is_some() {
        if rules.len() == rules_max {
            return Err(RuleFault::TooMany { max: rules_max, what: "rules" });
        }
        rules.push(parse_path(line)?);
        return Ok(());
    }
    let Some(rule) = rules.last_mut() else {
        return Err(RuleFault::HeaderBeforePath);
    };
    if rule.edits.len() == HEADERS_PER_RULE_MAX {
        return Err(RuleFault::TooMany { max: HEADERS_PER_RULE_MAX, what: "headers for a path" });
    }
    if let Some(name) = line.strip_prefix('!') {
        let name = header_name(name.trim(), line)?;
        rule.edits.push(Edit { name, value: None });
        return Ok(());
    }
    let malformed = || RuleFault::Header { text: line.to_owned() };
    let (name, value) = line.split_once(':').ok_or_else(malformed)?;
    let (name, value) = (header_name(name.trim_end(), line)?, value.trim());
    let is_printable = value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
    if value.is_empty() || !is_printable {
        return Err(malformed());
    }
    set(rule, name, value)
}

fn parse_path(line: &str) -> Result<Rule, RuleFault> {
    let mut words = line.split_whitespace();
    let path = words.next().unwrap_or(line);
    if words.next().is_some_and(|word| !word.starts_with('#')) {
        let advice = "write a space in a path as `%20`";
        return Err(RuleFault::Pattern { pattern: line.to_owned(), advice });
    }
    let mut names = Names::default();
    let pattern = Pattern::parse(path, &mut names)?;
    Ok(Rule { pattern, names, edits: Vec::new() })
}

/// The name in lower case, if it is one (RFC 9110 section 5.1) and a rule may touch it.
fn header_name(name: &str, line: &str) -> Result<Box<str>, RuleFault> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(RuleFault::Header { text: line.to_owned() });
    }
    let folded = name.to_ascii_lowercase();
    if RESERVED.contains(&folded.as_str()) {
        return Err(RuleFault::ReservedHeader { name: name.to_owned() });
    }
    Ok(folded.into())
}

fn set(rule: &mut Rule, name: Box<str>, value: &str) -> Result<(), RuleFault> {
    let is_cookie = &*name == "set-cookie";
    if is_cookie && has_domain(value) {
        return Err(RuleFault::CookieDomain);
    }
    let too_many = |_| RuleFault::TooMany { max: 16, what: "placeholders in a value" };
    let earlier = rule.edits.iter_mut().rev().find(|edit| edit.name == name);
    if let Some(template) = earlier.and_then(|edit| edit.value.as_mut())
        && !is_cookie
    {
        template.push(", ", &rule.names, Place::Value).map_err(too_many)?;
        return template.push(value, &rule.names, Place::Value).map_err(too_many);
    }
    let mut template = Template::default();
    template.push(value, &rule.names, Place::Value).map_err(too_many)?;
    rule.edits.push(Edit { name, value: Some(template) });
    Ok(())
}

/// Whether a cookie has the attribute `Domain`, read as browsers read it
/// (RFC 6265 section 5.2).
fn has_domain(cookie: &str) -> bool {
    cookie.split(';').skip(1).any(|attribute| {
        let name = attribute.split('=').next().unwrap_or("");
        name.trim().eq_ignore_ascii_case("domain")
    })
}

#[cfg(test)]
mod tests;
