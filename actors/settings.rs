//! Settings: what an owner may change of a node, and which value counts.
//!
//! A flag wins over the environment, that over the database, and that over the default.
//! [`SETTINGS`](table::SETTINGS) is the table of all; the database holds only what was
//! set. A value there that breaks its row's rule counts as not set and is reported, a key
//! that this version does not know is kept and reported.
//!
//! Promises: requests read a value without a lock; a change that was answered is durable,
//! and counts at once or says that it waits for a restart.

mod field;
pub mod live;
pub mod rows;
pub mod table;
pub mod value;

use std::collections::BTreeMap;

use crate::kind::{ErrorKind, Fault};
use crate::store::StoreError;
use rows::Rows;
use table::{Setting, Values, find};
use value::Value;

/// Characters of an unknown key that a message repeats.
const SHOWN_KEY_CHARS: usize = 80;

/// Where the value in force comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An option of the command that started the node.
    Flag,
    /// A variable of its environment, or a socket that it inherited.
    Environment,
    /// The table.
    Database,
    /// The program.
    Default,
}

impl Source {
    /// The source's name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Source::Flag => "flag",
            Source::Environment => "environment",
            Source::Database => "database",
            Source::Default => "default",
        }
    }
}

/// The settings that flags and the environment decide while the process lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given(BTreeMap<&'static str, Source>);

impl Given {
    /// Adds a setting.
    pub fn insert(&mut self, key: &'static str, source: Source) {
        self.0.insert(key, source);
    }
}

/// Why a setting was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// There is none of this name.
    #[error("there is no setting `{key}`; `fazt server config` shows those there are")]
    Unknown {
        /// The name, cut short.
        key: String,
    },
    /// The value breaks the rule of its row.
    #[error("{key} {rule}")]
    Value {
        /// The setting.
        key: &'static str,
        /// The rule, as the end of a sentence.
        rule: String,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SettingError {
    /// There is no setting of this name.
    pub fn unknown(key: &str) -> SettingError {
        SettingError::Unknown { key: key.chars().take(SHOWN_KEY_CHARS).collect() }
    }
}

impl Fault for SettingError {
    fn kind(&self) -> ErrorKind {
        match self {
            SettingError::Unknown { .. } => ErrorKind::NotFound,
            SettingError::Value { .. } => ErrorKind::Invalid,
            SettingError::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            SettingError::Unknown { .. } => "SETTING_NOT_FOUND",
            SettingError::Value { .. } => "VALIDATION_FAILED",
            SettingError::Store(error) => error.code(),
        }
    }
}

/// Reads a value for the setting of this name.
///
/// # Errors
/// There is none of this name, or the value breaks its rule.
pub fn parse(key: &str, text: &str) -> Result<(&'static Setting, Value), SettingError> {
    let setting = find(key).ok_or_else(|| SettingError::unknown(key))?;
    match setting.parse(text) {
        Ok(value) => Ok((setting, value)),
        Err(rule) => Err(SettingError::Value { key: setting.key, rule }),
    }
}

/// What the database's rows come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The values: those of the rows, over those that hold without them.
    pub values: Values,
    /// Rows whose value breaks a rule, by their key: these count as not set.
    pub refused: BTreeMap<&'static str, String>,
    /// Keys that are not in the table of settings.
    pub unknown: Vec<String>,
}

/// Puts rows over the values that hold without them.
pub fn resolve(base: &Values, rows: &Rows) -> Resolved {
    let mut resolved =
        Resolved { values: base.clone(), refused: BTreeMap::new(), unknown: Vec::new() };
    for (key, text) in rows {
        let Some(setting) = find(key) else {
            resolved.unknown.push(key.clone());
            continue;
        };
        match setting.parse(text) {
            Ok(value) => setting.put(&mut resolved.values, &value),
            Err(rule) => {
                resolved.refused.insert(setting.key, rule);
            }
        }
    }
    resolved
}

#[cfg(test)]
mod tests;
