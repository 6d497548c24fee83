//! Where a rule leads: a text with placeholders that becomes a URL.

use crate::router::path::{RAW_PATH_BYTES_MAX, normalise};
use crate::router::pattern::{Captures, Names, without_last_slash, without_scheme};
use crate::router::rule::RuleFault;
use crate::router::template::{Place, Template, escape_url};

/// A target with its placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    template: Template,
    is_absolute: bool,
    has_query: bool,
}

impl Target {
    /// Reads a path or an `http` URL.
    pub(super) fn parse(text: &str, names: &Names) -> Result<Target, RuleFault> {
        let fault = |advice| RuleFault::Target { target: text.to_owned(), advice };
        if text.len() > RAW_PATH_BYTES_MAX {
            return Err(fault("shorten it to 2,048 bytes"));
        }
        if text.starts_with("//") {
            return Err(fault("begin with one `/`, or with `https://` for another host"));
        }
        let authority_start = without_scheme(text).map_or(0, |rest| text.len() - rest.len());
        let (scheme, rest) = text.split_at(authority_start);
        let is_absolute = !scheme.is_empty();
        let authority_end =
            if is_absolute { rest.find(['/', '?', '#']).unwrap_or(rest.len()) } else { 0 };
        let (authority, rest) = rest.split_at(authority_end);
        if is_absolute && !is_host(authority) {
            return Err(fault("write the host in its ASCII form, such as `xn--…`"));
        }
        let (path, value) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
        let mut template = Template::default();
        template.push(scheme, &Names::default(), Place::Authority).map_err(fault)?;
        template.push(authority, names, Place::Authority).map_err(fault)?;
        template.push(&escape_url(path), names, Place::Path).map_err(fault)?;
        template.push(&escape_url(value), names, Place::Value).map_err(fault)?;
        Ok(Target { template, is_absolute, has_query: value.starts_with('?') })
    }

    /// Whether the target names a host.
    pub(super) fn is_absolute(&self) -> bool {
        self.is_absolute
    }

    /// The URL for one request, whose query is handed on when the target has none.
    pub(super) fn fill(&self, captures: &Captures<'_>, query: Option<&str>) -> Option<String> {
        let mut url = match self.template.as_text() {
            Some(text) => text.to_owned(),
            None => self.template.fill(captures)?,
        };
        if !self.is_absolute {
            // Two slashes at the start would name a host of the visitor's choice.
            let doubled = url.len() - url.trim_start_matches('/').len();
            url.drain(..doubled.saturating_sub(1));
        }
        if let Some(query) = query.filter(|query| !query.is_empty() && !self.has_query) {
            let at = url.find('#').unwrap_or(url.len());
            url.insert_str(at, &format!("?{}", escape_url(query).replace('#', "%23")));
        }
        Some(url)
    }
}

/// The query of `location` if it is on this host at this path, slash at the end or
/// not; the scheme does not matter.
pub(super) fn query_at_same_place<'l>(
    location: &'l str,
    host: &str,
    path: &str,
) -> Option<&'l str> {
    let rest = match without_scheme(location) {
        Some(rest) => {
            let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
            let name = authority.split(':').next().unwrap_or("");
            if !name.trim_end_matches('.').eq_ignore_ascii_case(host) {
                return None;
            }
            rest
        }
        None => location,
    };
    let rest = rest.split('#').next().unwrap_or("");
    let (there, query) = rest.split_once('?').unwrap_or((rest, ""));
    let there = normalise(if there.is_empty() { "/" } else { there }).ok()?;
    (without_last_slash(&there) == without_last_slash(path)).then_some(query)
}

/// Whether an authority is a host, maybe with a port and placeholders.
fn is_host(authority: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    !authority.is_empty() && authority.bytes().all(allowed)
}
