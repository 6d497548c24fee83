//! The table of settings: what may be set, to what, by whom, and when it counts.
//!
//! A row names a field of [`Values`]. The field gives the type and the default, the row
//! all the rest, so that nothing is stated twice.

use std::net::{IpAddr, Ipv4Addr};

use super::field::Field;
use super::value::{self, Bounds, Kind, NOTHING, Value};
use crate::limits::Limits;

/// The port of a node that was told no other.
pub const DEFAULT_PORT: u16 = 4698;

/// One kibibyte in bytes.
const KIB: u64 = 1 << 10;
/// One mebibyte in bytes.
const MIB: u64 = 1 << 20;
/// One gibibyte in bytes.
const GIB: u64 = 1 << 30;
/// One minute in seconds.
const MINUTE: u64 = 60;
/// One day in seconds.
const DAY: u64 = 24 * 60 * MINUTE;

/// All that can be set, as the program works with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// Port of the listener.
    pub port: u16,
    /// Address of the listener.
    pub listen: IpAddr,
    /// The node's main domain.
    pub domain: Option<String>,
    /// Whether each request is logged.
    pub access_log: bool,
    /// Every bound.
    pub limits: Limits,
}

impl Default for Values {
    fn default() -> Values {
        Values {
            port: DEFAULT_PORT,
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            domain: None,
            access_log: false,
            limits: Limits::default(),
        }
    }
}

/// When a change of a setting counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// From the next request on.
    AtOnce,
    /// Once the node was started again.
    AfterRestart,
}

/// Who may change a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangedBy {
    /// Whoever administers the node.
    Admin,
    /// Only the owner on the node's machine: a mistake here, or a stolen token, would open
    /// the node to others or make it unreachable.
    Owner,
}

/// A row of the table.
#[derive(Debug)]
pub struct Setting {
    /// Its name.
    pub key: &'static str,
    /// The kind of its value.
    pub kind: Kind,
    /// How much a number may be.
    pub bounds: Option<Bounds>,
    /// When a change counts.
    pub counts: Counts,
    /// Who may change it.
    pub changed_by: ChangedBy,
    /// What it is for, in one line.
    pub help: &'static str,
    read: fn(&Values) -> Value,
    write: fn(&mut Values, &Value),
}

impl Setting {
    /// Its value among all.
    pub fn of(&self, values: &Values) -> Value {
        (self.read)(values)
    }

    /// Puts its value among the others.
    pub(super) fn put(&self, values: &mut Values, value: &Value) {
        (self.write)(values, value);
    }

    /// Reads a value that people or the database wrote.
    ///
    /// # Errors
    /// The rule that the text breaks, as the end of a sentence that begins with the key.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        if text.trim() == NOTHING && self.is_optional() {
            return Ok(Value::Nothing);
        }
        let hint = if self.is_optional() { ", or `none`" } else { "" };
        value::parse(self.kind, self.bounds, text).map_err(|rule| rule + hint)
    }

    /// Its value as people write it.
    pub fn shown(&self, value: &Value) -> String {
        value::shown(self.kind, value)
    }

    /// Whether it may have no value.
    fn is_optional(&self) -> bool {
        self.of(&Values::default()) == Value::Nothing
    }
}

/// The limits of a node whose owner has raised every one of them as far as that goes. For
/// clients, which do not know what their node allows and leave the judgement to it.
pub fn widest() -> Limits {
    let mut values = Values::default();
    for setting in SETTINGS {
        if let Some(bounds) = setting.bounds {
            setting.put(&mut values, &Value::Number(bounds.max));
        }
    }
    values.limits
}

/// The row of this name.
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

macro_rules! bounds {
    () => {
        None
    };
    ($min:expr, $max:expr) => {
        Some(Bounds { min: $min, max: $max })
    };
}

macro_rules! settings {
    ($($key:literal $kind:ident($($min:expr, $max:expr)?) $counts:ident $changed_by:ident
        $first:ident$(.$rest:ident)*: $help:literal;)*
    ) => {
        &[$(Setting {
            key: $key,
            kind: Kind::$kind,
            bounds: bounds!($($min, $max)?),
            counts: Counts::$counts,
            changed_by: ChangedBy::$changed_by,
            help: $help,
            read: |values| values.$first$(.$rest)*.show(),
            write: |values, value| values.$first$(.$rest)*.assign(value),
        }),*]
    };
}

/// Every setting: name, kind and bounds, when a change counts, who may make it; field and help.
#[rustfmt::skip]
pub static SETTINGS: &[Setting] = settings! {
    "server.port" Port(1, 65_535) AfterRestart Owner
        port:
        "TCP port of the listener";
    "server.listen" Address() AfterRestart Owner
        listen:
        "Address to listen on; 0.0.0.0 or :: for all";
    "server.domain" HostName() AfterRestart Admin
        domain:
        "Main domain: apps answer at APP.DOMAIN";
    "server.access_log" Bool() AtOnce Admin
        access_log:
        "Whether a log line is written for each request";
    "api.json_body_bytes_max" Bytes(64 * KIB, 64 * MIB) AtOnce Admin
        limits.json_body_bytes_max:
        "Size of one JSON request body";
    "apps.releases_kept" Count(1, 1_000) AtOnce Admin
        limits.releases_kept:
        "Releases kept of an app, the live one included; counts at its next deploy";
    "apps.earlier_releases_reachable" Count(0, 1_000) AtOnce Admin
        limits.earlier_releases_reachable:
        "Earlier releases whose files open pages can still load, however old they are";
    "apps.earlier_release_reachable_for" Duration(0, 30 * DAY) AtOnce Admin
        limits.earlier_release_reachable_for:
        "How long open pages can load the files of any replaced release";
    "apps.deleted_kept_for" Duration(0, 3_650 * DAY) AtOnce Admin
        limits.deleted_app_kept_for:
        "How long a deleted app can be restored";
    "audit.days_kept" Count(1, 3_650) AtOnce Admin
        limits.audit_days_kept:
        "Days that the audit log goes back";
    "deploy.archive_bytes_max" Bytes(MIB, 16 * GIB) AtOnce Admin
        limits.deploy.archive_bytes_max:
        "Size of an uploaded archive";
    "deploy.unpacked_bytes_max" Bytes(MIB, 64 * GIB) AtOnce Admin
        limits.deploy.unpacked_bytes_max:
        "Size of all files of a release together";
    "deploy.file_bytes_max" Bytes(64 * KIB, 16 * GIB) AtOnce Admin
        limits.deploy.file_bytes_max:
        "Size of one file";
    "deploy.files_max" Count(1, 200_000) AtOnce Admin
        limits.deploy.files_max:
        "Files in a release";
    "deploy.path_bytes_max" Count(64, 4_096) AtOnce Admin
        limits.deploy.path_bytes_max:
        "Bytes of the path of a file";
    "deploy.ratio_max" Count(2, 10_000) AtOnce Admin
        limits.deploy.ratio_max:
        "How many times larger than its packed form an entry of an archive may be";
    "deploy.ratio_exempt_bytes" Bytes(0, GIB) AtOnce Admin
        limits.deploy.ratio_exempt_bytes:
        "Entries of an archive up to this size are exempt from the ratio";
    "deploy.header_rules_max" Count(0, 50_000) AtOnce Admin
        limits.deploy.header_rules_max:
        "Rules in a _headers file";
    "deploy.redirect_rules_max" Count(0, 50_000) AtOnce Admin
        limits.deploy.redirect_rules_max:
        "Rules in a _redirects file";
    "deploy.config_file_bytes_max" Bytes(4 * KIB, 16 * MIB) AtOnce Admin
        limits.deploy.config_file_bytes_max:
        "Size of a _headers, _redirects or fazt.json file";
    "deploy.uploads_per_app" Count(1, 64) AtOnce Admin
        limits.uploads_per_app:
        "Uploads of one app that are not committed yet";
    "deploy.at_once" Count(1, 64) AfterRestart Admin
        limits.deploys_at_once:
        "Deploys that run side by side";
    "deploy.waiting" Count(0, 1_024) AfterRestart Admin
        limits.deploys_waiting:
        "Deploys that wait for their turn before the next one is refused";
    "functions.fetch_allowed_hosts" HostList() AtOnce Owner
        limits.fetch_allowed_hosts:
        "Hosts that functions may fetch from although they are in a private network";
    "functions.running_time_ms" Count(50, 600_000) AfterRestart Admin
        limits.functions.running_time_ms:
        "Processor time in milliseconds that one call may take";
    "functions.answer_time" Duration(1, 10 * MINUTE) AfterRestart Admin
        limits.functions.answer_time:
        "How long a call may take until it begins to answer";
    "functions.stream_time" Duration(1, DAY) AfterRestart Admin
        limits.functions.stream_time:
        "How long a call may stream its answer";
    "functions.isolate_bytes_max" Bytes(16 * MIB, 4 * GIB) AfterRestart Admin
        limits.functions.isolate_bytes_max:
        "Memory of one isolate, buffers included";
    "functions.isolates_max" Count(1, 100_000) AfterRestart Admin
        limits.functions.isolates_max:
        "Isolates that live at the same time";
    "functions.memory_bytes_max" Bytes(32 * MIB, 1_024 * GIB) AfterRestart Admin
        limits.functions.memory_bytes_max:
        "Memory of all isolates together; a quarter of the machine's unless set";
    "functions.waiting_max" Count(1, 100_000) AfterRestart Admin
        limits.functions.waiting_max:
        "Calls that may be under way or wait, all apps together";
    "functions.threads" Count(0, 32) AfterRestart Admin
        limits.functions.threads:
        "Threads that run functions; 0 for one on each processor";
    "store.database_bytes_max" Bytes(64 * MIB, 64 * 1_024 * GIB) AfterRestart Admin
        limits.database_bytes_max:
        "Size that the database file may grow to";
    "store.unused_content_kept_for" Duration(MINUTE, 30 * DAY) AtOnce Admin
        limits.unused_content_kept_for:
        "How long contents and uploads that nothing uses are kept";
    "cache.content_bytes" Bytes(MIB, 64 * GIB) AfterRestart Admin
        limits.content_cache_bytes:
        "Memory for the contents of files";
    "cache.content_item_bytes_max" Bytes(4 * KIB, 64 * MIB) AfterRestart Admin
        limits.cached_content_bytes_max:
        "Contents up to this size are kept in memory; larger ones are read in chunks";
    "cache.index_bytes" Bytes(MIB, 64 * GIB) AfterRestart Admin
        limits.index_cache_bytes:
        "Memory for the lists of the files of releases";
};
