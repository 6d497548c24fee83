//! `_redirects`: where an app's author sends visitors, and which file answers for
//! which path.
//!
//! The syntax is Netlify's: `from [name=value …] to [status[!]] [Condition=…]`. The
//! first rule of the file that matches wins. Rules without wildcards and conditions
//! are found by hashing, so thousands of them cost nothing.
//!
//! `Language=` is compared with the language that the visitor likes best. This node
//! knows neither a visitor's country nor roles: a rule with `Country=`, `Role=`,
//! `Cookie=` or `Sign=` is checked and never matches.

mod language;
mod line;
mod query;
mod target;

use std::collections::HashMap;

use crate::limits::DeployLimits;
use crate::router::pattern::{Captures, Pattern, without_last_slash};
use crate::router::redirects::query::QueryCondition;
use crate::router::redirects::target::Target;
use crate::router::rule::{RuleError, RuleFault};

/// The name of the file, for messages.
const FILE: &str = "_redirects";

/// The parts of a request that redirects depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedirectQuery<'r> {
    /// The host in lower case, without port and last dot.
    pub host: &'r str,
    /// The canonical path, as [`crate::router::path::normalise`] gives it.
    pub path: &'r str,
    /// What follows `?`, escaped as it came.
    pub query: Option<&'r str>,
    /// The `Accept-Language` header.
    pub accept_language: Option<&'r str>,
}

/// The answer of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// 301, 302, 303, 307 or 308 for a `Location`; 200, 404 or 410 to answer with the
    /// file at `target` and this status.
    pub status: u16,
    /// An absolute URL, or a path with perhaps a query, escaped: fit for a `Location`
    /// header. To find a file, its path goes through `normalise` like a visitor's.
    pub target: String,
}

/// The rules of one `_redirects` file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RedirectRules {
    rules: Vec<Rule>,
    /// Rules that are about one path and nothing else, by that path without the slash
    /// at its end; indexes into `rules`, ascending.
    literal: HashMap<Box<str>, Vec<usize>>,
    /// All others, ascending, and those of them that come before files.
    patterned: Vec<usize>,
    patterned_forced: Vec<usize>,
    has_forced: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    pattern: Pattern,
    query: Vec<QueryCondition>,
    /// Lower-case language tags; no condition when empty.
    languages: Vec<Box<str>>,
    status: u16,
    /// Comes before an existing file (`!`).
    forced: bool,
    target: Target,
}

impl RedirectRules {
    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Rules in the file.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Finds the first rule that answers the request.
    ///
    /// With `forced_only` the rules that come before an existing file (`!`); ask so
    /// first, then look for the file, then ask for all. A redirect to the path that
    /// was asked for would never end and is passed over.
    pub fn find(&self, request: &RedirectQuery<'_>, forced_only: bool) -> Option<Redirect> {
        if self.rules.is_empty() || (forced_only && !self.has_forced) {
            return None;
        }
        let literal = self.literal.get(without_last_slash(request.path));
        let mut literal = literal.map_or(&[][..], Vec::as_slice);
        let mut patterned = if forced_only { &*self.patterned_forced } else { &*self.patterned };
        let mut captures = Captures::new();
        loop {
            // Two ascending lists are merged: the file's order decides.
            let next = match (literal, patterned) {
                ([], []) => return None,
                ([one, rest @ ..], []) => (one, rest, patterned),
                ([], [one, rest @ ..]) => (one, literal, rest),
                ([one, rest @ ..], [other, ..]) if one < other => (one, rest, patterned),
                (_, [one, rest @ ..]) => (one, literal, rest),
            };
            let index;
            (index, literal, patterned) = next;
            let rule = self.rules.get(*index)?;
            if forced_only && !rule.forced {
                continue;
            }
            captures.clear();
            if let Some(redirect) = rule.answer(request, &mut captures) {
                return Some(redirect);
            }
        }
    }

    fn insert(&mut self, rule: Rule) {
        let index = self.rules.len();
        self.has_forced |= rule.forced;
        let is_unconditional = rule.query.is_empty() && rule.languages.is_empty();
        match rule.pattern.as_literal().filter(|_| is_unconditional) {
            Some(path) => self.literal.entry(path.into()).or_default().push(index),
            None => {
                self.patterned.push(index);
                if rule.forced {
                    self.patterned_forced.push(index);
                }
            }
        }
        self.rules.push(rule);
    }
}

impl Rule {
    fn answer<'t>(
        &self,
        request: &RedirectQuery<'t>,
        captures: &mut Captures<'t>,
    ) -> Option<Redirect> {
        if !self.pattern.matches(request.host, request.path, captures) {
            return None;
        }
        let asked = request.query.unwrap_or("");
        if !self.query.iter().all(|condition| condition.matches(asked, captures)) {
            return None;
        }
        if !self.languages.is_empty() && !self.speaks(request.accept_language?) {
            return None;
        }
        let target = self.target.fill(captures, request.query)?;
        let sends_away = (300..400).contains(&self.status);
        if sends_away && self.leads_back(&target, request) {
            return None;
        }
        Some(Redirect { status: self.status, target })
    }

    fn speaks(&self, accept_language: &str) -> bool {
        let Some(preferred) = language::preferred(accept_language) else {
            return false;
        };
        self.languages.iter().any(|known| language::covers(known, preferred))
    }

    /// Whether the same rule would answer the request that it caused.
    fn leads_back(&self, location: &str, request: &RedirectQuery<'_>) -> bool {
        let Some(query) = target::query_at_same_place(location, request.host, request.path) else {
            return false;
        };
        let mut ignored = Captures::new();
        self.query.iter().all(|condition| condition.matches(query, &mut ignored))
    }
}

/// Reads a `_redirects` file.
///
/// # Errors
///
/// The first line that is wrong, and what to write there instead.
pub fn parse(text: &str, limits: &DeployLimits) -> Result<RedirectRules, RuleError> {
    let mut rules = RedirectRules::default();
    let mut count = 0;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in text.lines().enumerate() {
        let at_line = |fault| RuleError { file: FILE, line: index + 1, fault };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if count == limits.redirect_rules_max {
            let max = limits.redirect_rules_max;
            return Err(at_line(RuleFault::TooMany { max, what: "rules" }));
        }
        count += 1;
        if let Some(rule) = line::parse(line).map_err(at_line)? {
            rules.insert(rule);
        }
    }
    Ok(rules)
}

#[cfg(test)]
mod tests;
