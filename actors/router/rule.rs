//! What can be wrong with a rule in `_headers` or `_redirects`.

use crate::kind::{ErrorKind, Fault};

/// A rule that cannot be deployed: the file, the line, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{file}`, line {line}: {fault}")]
pub struct RuleError {
    /// `_headers` or `_redirects`.
    pub file: &'static str,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: RuleFault,
}

/// What is wrong with one line. Each text says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleFault {
    /// The file has more rules than a deploy may bring.
    #[error("more than {max} {what}; merge some with `*` or `:placeholder`")]
    TooMany {
        /// The limit.
        max: usize,
        /// What is counted, in the plural.
        what: &'static str,
    },
    /// A header stands above the first path.
    #[error("this header belongs to no path; put a line such as `/*` above it")]
    HeaderBeforePath,
    /// Neither a path nor a header.
    #[error("`{text}` is no header; write `Name: value` in printable ASCII, or `! Name`")]
    Header {
        /// The line.
        text: String,
    },
    /// A header that only the server may set.
    #[error("`{name}` is set by the server; remove this line")]
    ReservedHeader {
        /// The header.
        name: String,
    },
    /// A cookie that would reach other apps.
    #[error("a cookie with `Domain` would reach other apps; remove the `Domain` attribute")]
    CookieDomain,
    /// A path or URL to match that cannot be matched.
    #[error("cannot match `{pattern}`: {advice}")]
    Pattern {
        /// What stands in the file.
        pattern: String,
        /// What to write instead.
        advice: &'static str,
    },
    /// A redirect without a target, or with one that leads nowhere.
    #[error("cannot redirect to `{target}`: {advice}")]
    Target {
        /// What stands in the file.
        target: String,
        /// What to write instead.
        advice: &'static str,
    },
    /// A rewrite to another host.
    #[error("status {status} cannot show `{target}` of another host; use 301 or 302")]
    ForeignRewrite {
        /// The rule's status.
        status: u16,
        /// The rule's target.
        target: String,
    },
    /// A status that rules cannot have.
    #[error("unknown status `{status}`; use 200, 301, 302, 303, 307, 308, 404 or 410")]
    Status {
        /// What stands in the file.
        status: String,
    },
    /// A condition that does not exist.
    #[error("unknown condition `{condition}`; use `Language=`, `Country=`, `Role=` or `Cookie=`")]
    Condition {
        /// What stands in the file.
        condition: String,
    },
}

impl Fault for RuleError {
    fn kind(&self) -> ErrorKind {
        match self.fault {
            RuleFault::TooMany { .. } => ErrorKind::TooLarge,
            _ => ErrorKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self.fault {
            RuleFault::TooMany { .. } => "TOO_MANY_RULES",
            _ => "RULE_INVALID",
        }
    }
}
