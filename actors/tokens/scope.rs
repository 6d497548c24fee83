//! What a token may do.

use std::fmt;

use crate::kind::{ErrorKind, Fault};
use crate::name::AppName;

/// One permission of a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// See everything that is not secret.
    Read,
    /// Deploy any app, new ones included.
    Deploy,
    /// Deploy this app, and see what that needs.
    DeployApp(AppName),
    /// Everything.
    Admin,
}

/// A text that is no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no scope; there are read, deploy, deploy:<app> and admin")]
pub struct ScopeError(String);

impl Fault for ScopeError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn code(&self) -> &'static str {
        "VALIDATION_FAILED"
    }
}

impl Scope {
    /// Reads `read`, `deploy`, `deploy:<app>` or `admin`.
    pub fn parse(text: &str) -> Result<Scope, ScopeError> {
        match text {
            "read" => return Ok(Scope::Read),
            "deploy" => return Ok(Scope::Deploy),
            "admin" => return Ok(Scope::Admin),
            _ => {}
        }
        text.strip_prefix("deploy:")
            .and_then(|name| AppName::parse(name, None).ok())
            .map(Scope::DeployApp)
            .ok_or_else(|| ScopeError(text.chars().take(80).collect()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Read => f.write_str("read"),
            Scope::Deploy => f.write_str("deploy"),
            Scope::DeployApp(app) => write!(f, "deploy:{app}"),
            Scope::Admin => f.write_str("admin"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_what_they_print() {
        for text in ["read", "deploy", "deploy:blog", "admin"] {
            assert_eq!(Scope::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "deploy:", "deploy:-x", "Admin", "admin ", "write", "deploy:admin"] {
            assert!(Scope::parse(text).is_err(), "{text}");
        }
    }
}
