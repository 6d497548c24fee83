//! What functions read as their environment: names and values, per app.
//!
//! Values are written and never read back through the API.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::kind::{ErrorKind, Fault};
use crate::store::Write;
use crate::timestamp::Timestamp;

/// Bytes of a name.
pub const NAME_BYTES_MAX: usize = 128;

/// Bytes of a value.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;

/// Variables of one app.
const VARIABLES_MAX: usize = 200;

/// Names that mean something to programs and systems, as the original refused them.
const RESERVED: [&str; 15] = [
    "PATH",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "HOME",
    "USER",
    "SHELL",
    "PWD",
    "TERM",
    "LANG",
    "LC_ALL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "NODE_OPTIONS",
    "NODE_PATH",
];

/// Why a variable cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// The name breaks the rule.
    #[error("a name has 1 to {NAME_BYTES_MAX} of A-Z, 0-9 and _, and begins with a letter")]
    Name,
    /// The name has a meaning of its own.
    #[error("`{0}` is a reserved name")]
    Reserved(String),
    /// The value is too long.
    #[error("a value has at most {VALUE_BYTES_MAX} bytes")]
    Value,
    /// There are as many as may be.
    #[error("this app has {VARIABLES_MAX} variables already; delete some")]
    TooMany,
}

impl Fault for EnvError {
    fn kind(&self) -> ErrorKind {
        match self {
            EnvError::TooMany => ErrorKind::Conflict,
            _ => ErrorKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            EnvError::TooMany => "TOO_MANY_VARIABLES",
            _ => "VALIDATION_FAILED",
        }
    }
}

/// Checks the name of a variable.
///
/// # Errors
/// It breaks the rule, or is reserved.
pub fn check_name(name: &str) -> Result<(), EnvError> {
    let is_allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let is_name = name.len() <= NAME_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(is_allowed);
    match (is_name, RESERVED.contains(&name)) {
        (false, _) => Err(EnvError::Name),
        (true, true) => Err(EnvError::Reserved(name.to_owned())),
        (true, false) => Ok(()),
    }
}

/// A variable, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its row.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// The variables of an app by name.
pub fn list(connection: &Connection, app: i64) -> rusqlite::Result<Vec<Variable>> {
    connection
        .prepare_cached("SELECT id, name FROM env_vars WHERE app_id = ?1 ORDER BY name")?
        .query_map([app], |row| Ok(Variable { id: row.get(0)?, name: row.get(1)? }))?
        .collect()
}

/// Names and values of an app's variables, by name: for the app's own functions.
pub fn values(connection: &Connection, app: i64) -> rusqlite::Result<Vec<(String, String)>> {
    connection
        .prepare_cached("SELECT name, value FROM env_vars WHERE app_id = ?1 ORDER BY name")?
        .query_map([app], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Sets a variable of an app, new or not.
pub struct SetVariable {
    /// The app's row.
    pub app: i64,
    /// Its name, checked.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Now.
    pub at: Timestamp,
}

impl Write for SetVariable {
    type Output = Result<i64, EnvError>;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Self::Output> {
        let others: usize = tx
            .prepare_cached("SELECT count(*) FROM env_vars WHERE app_id = ?1 AND name <> ?2")?
            .query_row((self.app, &self.name), |row| row.get(0))?;
        if others >= VARIABLES_MAX {
            return Ok(Err(EnvError::TooMany));
        }
        tx.prepare_cached(
            "INSERT INTO env_vars (app_id, name, value, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (app_id, name) DO UPDATE SET value = excluded.value, updated_at = ?4
             RETURNING id",
        )?
        .query_row((self.app, &self.name, &self.value, self.at), |row| row.get(0))
        .map(Ok)
    }
}

/// A variable that was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The row of its app.
    pub app: i64,
    /// The name of its app.
    pub app_name: String,
    /// Its own.
    pub name: String,
}

/// Deletes a variable by its row.
pub struct DeleteVariable(pub i64);

impl Write for DeleteVariable {
    type Output = Option<Deleted>;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Self::Output> {
        let found = tx
            .prepare_cached(
                "SELECT apps.id, apps.name, env_vars.name
                 FROM env_vars JOIN apps ON apps.id = app_id
                 WHERE env_vars.id = ?1 AND deleted_at IS NULL",
            )?
            .query_row([self.0], |row| {
                Ok(Deleted { app: row.get(0)?, app_name: row.get(1)?, name: row.get(2)? })
            })
            .optional()?;
        if found.is_some() {
            tx.prepare_cached("DELETE FROM env_vars WHERE id = ?1")?.execute([self.0])?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rule_of_the_original() {
        for name in ["A", "API_KEY", "X9_", &"A".repeat(128)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in
            ["", "a", "_A", "9A", "A-B", "A B", "É", "PATH", "NODE_OPTIONS", &"A".repeat(129)]
        {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
