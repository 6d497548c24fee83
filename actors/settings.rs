//! Settings that live in the database: the third step of the precedence
//! flag, environment, database, default.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::store::Write;

/// A setting that the database may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The port of the listener.
    Port,
    /// The address of the listener.
    Listen,
    /// The node's main domain.
    Domain,
    /// Whether requests are logged.
    AccessLog,
}

impl Setting {
    /// The key in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Setting::Port => "server.port",
            Setting::Listen => "server.listen",
            Setting::Domain => "server.domain",
            Setting::AccessLog => "server.access_log",
        }
    }
}

/// The value of a setting, if it was ever set.
pub fn get(connection: &Connection, setting: Setting) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT value FROM settings WHERE key = ?1")?
        .query_row([setting.key()], |row| row.get(0))
        .optional()
}

/// Sets some settings together.
pub struct SetSettings(pub Vec<(Setting, String)>);

impl Write for SetSettings {
    type Output = ();

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut set = tx.prepare_cached(
            "INSERT INTO settings (key, value) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?;
        for (setting, value) in self.0 {
            set.execute((setting.key(), value))?;
        }
        Ok(())
    }
}
