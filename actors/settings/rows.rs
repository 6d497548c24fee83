//! What the database says of settings: one row of text each.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction};

use crate::store::{Ordered, Write};

/// Keys and values as they are kept.
pub type Rows = BTreeMap<String, String>;

/// All that was ever set and not reset. A file that has no such table yet says nothing.
pub fn read_all(connection: &Connection) -> rusqlite::Result<Rows> {
    let is_there = connection
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'settings'")?
        .exists([])?;
    if !is_there {
        return Ok(Rows::new());
    }
    connection
        .prepare_cached("SELECT key, value FROM settings")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Sets some settings together.
pub struct SetSettings(pub Vec<(&'static str, String)>);

impl Write for SetSettings {
    type Output = ();

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        self.0.iter().try_for_each(|(key, value)| set(tx, key, value))
    }
}

/// Sets or resets one setting, and answers what the table holds then.
pub(super) struct Change {
    /// Its name.
    pub(super) key: String,
    /// Its value; `None` for the default.
    pub(super) value: Option<String>,
}

/// The table after a change.
pub(super) struct Changed {
    /// Whether there was a value to reset or a new one to set.
    pub(super) is_new: bool,
    /// All rows.
    pub(super) rows: Ordered<Rows>,
}

impl Write for Change {
    type Output = Changed;

    fn apply(self, tx: &Transaction<'_>) -> rusqlite::Result<Changed> {
        let is_new = match &self.value {
            Some(value) => set(tx, &self.key, value).map(|()| true)?,
            None => {
                tx.prepare_cached("DELETE FROM settings WHERE key = ?1")?.execute([&self.key])? == 1
            }
        };
        Ok(Changed { is_new, rows: Ordered::read(read_all(tx)?) })
    }
}

fn set(tx: &Transaction<'_>, key: &str, value: &str) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO settings (key, value) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )?
    .execute((key, value))
    .map(drop)
}
