//! What an app is called: its name, which is a label of a host name and may change, and its
//! id, which never does.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::kind::{ErrorKind, Fault};

/// Characters of a DNS label (RFC 1035 section 2.3.4).
const LABEL_BYTES_MAX: usize = 63;
/// Names that the node keeps for itself, or that people expect to belong to the domain.
const RESERVED: [&str; 12] = [
    "admin",
    "api",
    "www",
    "mail",
    "ftp",
    "smtp",
    "pop",
    "imap",
    "ns1",
    "ns2",
    "localhost",
    "docs",
];
/// Names that the node itself points at: the main domain's app and the "no such app" page.
const SYSTEM: [&str; 2] = ["root", "404"];

/// The name of an app: a DNS label in lower case, 1 to 63 of `a-z 0-9 -`, without a `-` at
/// an end, without `--`, and not reserved.
///
/// Cloning is cheap: the text is shared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AppName(Arc<str>);

impl AppName {
    /// Reads a name as people and clients write it.
    ///
    /// Upper case is folded. `blog.example.org` loses its suffix when `main_domain` is
    /// `example.org`, and `blog.localhost` always does. `root` and `404` are names;
    /// [`AppName::is_system`] tells them from the others.
    ///
    /// # Errors
    /// A [`NameError`] that says which rule the text breaks.
    pub fn parse(text: &str, main_domain: Option<&str>) -> Result<AppName, NameError> {
        let folded = text.to_ascii_lowercase();
        let label = without_suffix(&folded, main_domain);
        check_label(label)?;
        if RESERVED.contains(&label) {
            return Err(NameError::Reserved(label.to_owned()));
        }
        Ok(AppName(label.into()))
    }

    /// Whether this is `root` or `404`, which only the owner may deploy.
    pub fn is_system(&self) -> bool {
        is_system_app(self.as_str())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether this is the name of an app that only the owner may deploy.
pub fn is_system_app(name: &str) -> bool {
    SYSTEM.contains(&name)
}

/// `label.main` and `label.localhost` without their suffix; other texts as they are.
fn without_suffix<'a>(text: &'a str, main_domain: Option<&str>) -> &'a str {
    let main = main_domain.map(|main| main.trim_end_matches('.').to_ascii_lowercase());
    [main.as_deref(), Some("localhost")]
        .into_iter()
        .flatten()
        .filter(|suffix| !suffix.is_empty())
        .find_map(|suffix| text.strip_suffix(suffix)?.strip_suffix('.'))
        .unwrap_or(text)
}

/// Checks the rules of one label of a host name.
fn check_label(label: &str) -> Result<(), NameError> {
    if label.is_empty() {
        return Err(NameError::Empty);
    }
    if let Some(found) = label.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-')) {
        return Err(NameError::Character { name: shortened(label), found });
    }
    if label.len() > LABEL_BYTES_MAX {
        return Err(NameError::TooLong { length: label.len() });
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(NameError::HyphenAtEnd(label.to_owned()));
    }
    // `v3--blog` is the host name of release 3 of `blog`.
    if label.contains("--") {
        return Err(NameError::DoubleHyphen(label.to_owned()));
    }
    Ok(())
}

/// The beginning of a text that may be of any length, for a message.
fn shortened(text: &str) -> String {
    const CHARS_SHOWN: usize = 80;
    match text.char_indices().nth(CHARS_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The rule that a text breaks, so that it cannot name an app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is no character at all.
    #[error("an app name must not be empty")]
    Empty,
    /// More than 63 characters.
    #[error("an app name has at most 63 characters, this one has {length}")]
    TooLong {
        /// Characters found.
        length: usize,
    },
    /// Something else than a letter, a digit or a hyphen.
    #[error("app name `{name}` has {found:?}; allowed are a-z, 0-9 and `-`")]
    Character {
        /// The text, shortened if it is very long.
        name: String,
        /// The first character that is not allowed.
        found: char,
    },
    /// A hyphen at the beginning or at the end.
    #[error("app name `{0}` must not begin or end with `-`")]
    HyphenAtEnd(String),
    /// Two hyphens in a row.
    #[error("app name `{0}` must not contain `--`, which marks a release in a host name")]
    DoubleHyphen(String),
    /// A name that the node keeps for itself.
    #[error("app name `{0}` is reserved; choose another one")]
    Reserved(String),
}

impl Fault for NameError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            NameError::Reserved(_) => "RESERVED_APP_NAME",
            _ => "INVALID_APP_NAME",
        }
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for AppName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for AppName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<AppName, NameError> {
        AppName::parse(text, None)
    }
}

impl TryFrom<String> for AppName {
    type Error = NameError;

    fn try_from(text: String) -> Result<AppName, NameError> {
        text.parse()
    }
}

impl From<AppName> for String {
    fn from(name: AppName) -> String {
        name.as_str().to_owned()
    }
}

/// What every app id begins with.
const ID_PREFIX: &str = "app_";
/// Characters after the prefix: 62^12 is 71 bits, so ids of one node never meet.
const ID_CHARS: usize = 12;
/// The digits of an id.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What an app is, whatever it is called: `app_` and twelve base-62 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AppId(Arc<str>);

impl AppId {
    /// An id from 16 random bytes, which the caller draws from the system.
    pub fn generate(random: [u8; 16]) -> AppId {
        let mut id = String::with_capacity(ID_PREFIX.len() + ID_CHARS);
        id.push_str(ID_PREFIX);
        // 128 random bits over 71: the bias of the remainder is below 2^-56.
        let mut rest = u128::from_be_bytes(random);
        for _ in 0..ID_CHARS {
            id.push(char::from(BASE62[(rest % 62) as usize]));
            rest /= 62;
        }
        AppId(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no app id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an app id: `app_` and twelve letters or digits")]
pub struct IdError(String);

impl Fault for IdError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn code(&self) -> &'static str {
        "INVALID_APP_ID"
    }
}

impl FromStr for AppId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<AppId, IdError> {
        match text.strip_prefix(ID_PREFIX) {
            Some(rest)
                if rest.len() == ID_CHARS && rest.bytes().all(|b| b.is_ascii_alphanumeric()) =>
            {
                Ok(AppId(text.into()))
            }
            _ => Err(IdError(shortened(text))),
        }
    }
}

impl TryFrom<String> for AppId {
    type Error = IdError;

    fn try_from(text: String) -> Result<AppId, IdError> {
        text.parse()
    }
}

impl From<AppId> for String {
    fn from(id: AppId) -> String {
        id.as_str().to_owned()
    }
}

impl AsRef<str> for AppId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests;
