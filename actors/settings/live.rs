//! The settings of a running node: read by everybody, changed through the writer.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::rows::{Change, Changed, Rows};
use super::table::{Counts, SETTINGS, Setting, Values, find};
use super::value::Value;
use super::{Given, Resolved, SettingError, Source, resolve};
use crate::limits::LiveLimits;
use crate::store::{Ordered, Store, WriterHandle};

/// A setting as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its name.
    pub key: String,
    /// The value in force.
    pub value: Value,
    /// The value without flag, environment and database.
    pub default: Value,
    /// What the database holds.
    pub stored: Option<String>,
    /// Where the value in force comes from.
    pub source: Source,
    /// The value that a restart brings, where that is another one.
    pub pending: Option<Value>,
    /// The rule that the stored value breaks.
    pub refused: Option<String>,
}

/// The settings of a running node.
#[derive(Clone)]
pub struct Settings {
    shared: Arc<Shared>,
}

struct Shared {
    writer: WriterHandle,
    /// What holds without the database.
    base: Values,
    /// What the node was started with, given values included.
    started: Values,
    given: Given,
    /// The settings that the database decided when the node was started.
    started_from_rows: BTreeSet<&'static str>,
    stored: ArcSwap<Stored>,
    /// Held while a change is shown, so that none is shown over a later one.
    showing: Mutex<()>,
    limits: LiveLimits,
    logs_requests: AtomicBool,
}

/// The table as the last change left it.
struct Stored {
    rows: Ordered<Rows>,
    /// What the rows come to, under the values that are given.
    resolved: Resolved,
}

impl Settings {
    /// The settings of a node that was started with `started`, whose rows are `rows`.
    /// `base` holds where these say nothing.
    pub fn new(store: &Store, base: Values, started: Values, given: Given, rows: Rows) -> Settings {
        let stored = Stored::read(&base, &started, &given, Ordered::read(rows));
        let from_rows = SETTINGS.iter().map(|setting| setting.key);
        let from_rows = from_rows.filter(|key| stored.counts(key)).collect();
        let shared = Shared {
            writer: store.writer.clone(),
            limits: LiveLimits::new(started.limits.clone()),
            logs_requests: AtomicBool::new(started.access_log),
            stored: ArcSwap::from_pointee(stored),
            showing: Mutex::new(()),
            started_from_rows: from_rows,
            base,
            started,
            given,
        };
        Settings { shared: Arc::new(shared) }
    }

    /// Every bound, as it is now and as it will be.
    pub fn limits(&self) -> &LiveLimits {
        &self.shared.limits
    }

    /// Whether each request is logged.
    pub fn logs_requests(&self) -> bool {
        self.shared.logs_requests.load(Ordering::Relaxed)
    }

    /// The settings in the order of their table, then the rows that are none of it.
    pub fn list(&self) -> Vec<Shown> {
        let stored = self.shared.stored.load_full();
        let known = SETTINGS.iter().map(|setting| self.shared.show(&stored, setting));
        let unknown = stored.resolved.unknown.iter().map(|key| {
            let text = stored.rows.get(key).cloned().unwrap_or_default();
            Shown {
                key: key.clone(),
                value: Value::Text(text.clone()),
                default: Value::Nothing,
                stored: Some(text),
                source: Source::Database,
                pending: None,
                refused: None,
            }
        });
        known.chain(unknown).collect()
    }

    /// One setting.
    pub fn show(&self, setting: &'static Setting) -> Shown {
        self.shared.show(&self.shared.stored.load_full(), setting)
    }

    /// Sets a setting to a value that its row has parsed.
    ///
    /// # Errors
    /// The database.
    pub async fn set(
        &self,
        setting: &'static Setting,
        value: &Value,
    ) -> Result<Shown, SettingError> {
        self.change(setting.key, Some(value.to_string())).await?;
        Ok(self.show(setting))
    }

    /// Takes a setting, or a row that is none, out of the table.
    ///
    /// # Errors
    /// There is neither, or the database.
    pub async fn reset(&self, key: &str) -> Result<(), SettingError> {
        let was_there = self.change(key, None).await?;
        if was_there || find(key).is_some() {
            return Ok(());
        }
        Err(SettingError::unknown(key))
    }

    async fn change(&self, key: &str, value: Option<String>) -> Result<bool, SettingError> {
        let change = Change { key: key.to_owned(), value };
        let changed = self.shared.writer.commit(change).await?;
        let is_new = changed.is_new;
        self.shared.publish(changed);
        Ok(is_new)
    }
}

impl Stored {
    fn read(base: &Values, started: &Values, given: &Given, rows: Ordered<Rows>) -> Stored {
        let mut resolved = resolve(base, &rows);
        for setting in SETTINGS.iter().filter(|setting| given.0.contains_key(setting.key)) {
            setting.put(&mut resolved.values, &setting.of(started));
        }
        Stored { rows, resolved }
    }

    /// Whether there is a row for the setting that keeps its rule.
    fn counts(&self, key: &str) -> bool {
        self.rows.contains_key(key) && !self.resolved.refused.contains_key(key)
    }
}

impl Shared {
    /// Shows the table after a change, unless that of a later one is shown already.
    fn publish(&self, changed: Changed) {
        let next = Stored::read(&self.base, &self.started, &self.given, changed.rows);
        let _one_at_a_time = self.showing.lock().unwrap_or_else(PoisonError::into_inner);
        if next.rows.is_before(&self.stored.load().rows) {
            return;
        }
        let values = self.in_force(&next);
        self.logs_requests.store(values.access_log, Ordering::Relaxed);
        self.limits.replace(values.limits);
        self.stored.store(Arc::new(next));
    }

    /// What the table says where that counts at once, else what the node was started with.
    fn in_force(&self, stored: &Stored) -> Values {
        let mut values = self.started.clone();
        for setting in SETTINGS.iter().filter(|setting| setting.counts == Counts::AtOnce) {
            setting.put(&mut values, &setting.of(&stored.resolved.values));
        }
        values
    }

    fn show(&self, stored: &Stored, setting: &'static Setting) -> Shown {
        let wanted = setting.of(&stored.resolved.values);
        let value = match setting.counts {
            Counts::AtOnce => wanted.clone(),
            Counts::AfterRestart => setting.of(&self.started),
        };
        let row = stored.rows.get(setting.key).cloned();
        let refused = stored.resolved.refused.get(setting.key).cloned();
        let is_from_row = match setting.counts {
            Counts::AtOnce => stored.counts(setting.key),
            Counts::AfterRestart => self.started_from_rows.contains(setting.key),
        };
        let source = match self.given.0.get(setting.key) {
            Some(given) => *given,
            None if is_from_row => Source::Database,
            None => Source::Default,
        };
        Shown {
            key: setting.key.to_owned(),
            pending: (wanted != value).then_some(wanted),
            default: setting.of(&self.base),
            stored: row,
            value,
            source,
            refused,
        }
    }
}
