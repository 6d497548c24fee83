//! Values of settings: from what people write to what the program works with, and back.
//!
//! Sizes and durations are written with a unit (`64MB`, `30d`) or as plain bytes and seconds,
//! and are always kept as plain numbers.

use std::fmt;
use std::net::IpAddr;

use super::field::Field;
use crate::outbound::guard::AllowedHosts;
use crate::router::host::{HOST_BYTES_MAX, LABEL_BYTES_MAX};

/// What stands for "no value" where a setting may have none.
pub const NOTHING: &str = "none";

/// The host that every node answers to without being told: as a domain it means none.
const LOCALHOST: &str = "localhost";

/// Units of sizes, powers of 1024, the smallest first.
const SIZE_UNITS: [(&str, u64); 5] =
    [("B", 1), ("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("TB", 1 << 40)];

/// Units of durations in seconds, the smallest first.
const DURATION_UNITS: [(&str, u64); 5] =
    [("s", 1), ("m", 60), ("h", 60 * 60), ("d", 24 * 60 * 60), ("w", 7 * 24 * 60 * 60)];

/// What kind of value a setting has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A TCP port.
    Port,
    /// An IP address.
    Address,
    /// A host name in lower case.
    HostName,
    /// Hosts, separated by commas.
    HostList,
    /// `true` or `false`.
    Bool,
    /// Bytes.
    Bytes,
    /// A whole number of something.
    Count,
    /// Seconds.
    Duration,
}

impl Kind {
    /// The kind's name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Port => "port",
            Kind::Address => "address",
            Kind::HostName => "host_name",
            Kind::HostList => "host_list",
            Kind::Bool => "bool",
            Kind::Bytes => "bytes",
            Kind::Count => "count",
            Kind::Duration => "duration",
        }
    }
}

/// The least and the most that a number may be, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub min: u64,
    /// The most.
    pub max: u64,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// None, where a setting may have none.
    Nothing,
    /// Yes or no.
    Bool(bool),
    /// A port, a count, bytes or seconds.
    Number(u64),
    /// An address, a host name or several.
    Text(String),
}

impl fmt::Display for Value {
    /// The form in which the database keeps it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Nothing => f.write_str(NOTHING),
            Value::Bool(value) => value.fmt(f),
            Value::Number(value) => value.fmt(f),
            Value::Text(value) => f.write_str(value),
        }
    }
}

/// Reads a value of this kind.
///
/// # Errors
/// The rule that the text breaks, as the end of a sentence that begins with the key.
pub(super) fn parse(kind: Kind, bounds: Option<Bounds>, text: &str) -> Result<Value, String> {
    let text = text.trim();
    match kind {
        Kind::Address => {
            let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let address: Result<IpAddr, _> = bare.unwrap_or(text).parse();
            let address = address
                .map_err(|_| "must be an IP address such as 127.0.0.1, 0.0.0.0 or ::".to_owned())?;
            Ok(Value::Text(address.to_string()))
        }
        Kind::HostName => host_name(text),
        Kind::HostList => AllowedHosts::parse(text).map(|hosts| hosts.show()),
        Kind::Bool => match text {
            "true" | "on" | "yes" | "1" => Ok(Value::Bool(true)),
            "false" | "off" | "no" | "0" => Ok(Value::Bool(false)),
            _ => Err("must be true or false".to_owned()),
        },
        Kind::Port | Kind::Count => bounded(kind, bounds, text.parse().ok()),
        Kind::Bytes => bounded(kind, bounds, with_unit(text, &SIZE_UNITS, size_unit)),
        Kind::Duration => bounded(kind, bounds, with_unit(text, &DURATION_UNITS, str::to_owned)),
    }
}

/// The value as people write it: with the largest unit that divides it.
pub fn shown(kind: Kind, value: &Value) -> String {
    let units: &[(&str, u64)] = match kind {
        Kind::Bytes => &SIZE_UNITS,
        Kind::Duration => &DURATION_UNITS[..4],
        Kind::Port | Kind::Address | Kind::HostName | Kind::HostList | Kind::Bool | Kind::Count => {
            &[]
        }
    };
    let Value::Number(number) = value else { return value.to_string() };
    let fitting = units.iter().rev().find(|(_, size)| *number > 0 && number % size == 0);
    let (unit, size) = fitting.or(units.first()).unwrap_or(&("", 1));
    format!("{}{unit}", number / size)
}

fn bounded(kind: Kind, bounds: Option<Bounds>, number: Option<u64>) -> Result<Value, String> {
    let Bounds { min, max } = bounds.unwrap_or(Bounds { min: 0, max: u64::MAX });
    if let Some(number) = number.filter(|number| (min..=max).contains(number)) {
        return Ok(Value::Number(number));
    }
    let (noun, example) = match kind {
        Kind::Bytes => ("size", ", such as 64MB or a number of bytes"),
        Kind::Duration => ("duration", ", such as 10m, 12h, 30d or a number of seconds"),
        _ => ("whole number", ""),
    };
    let (min, max) = (shown(kind, &Value::Number(min)), shown(kind, &Value::Number(max)));
    Err(format!("must be a {noun} from {min} to {max}{example}"))
}

/// A whole number with one of the units or none; blanks between the two are fine.
fn with_unit(text: &str, units: &[(&str, u64)], canonical: impl Fn(&str) -> String) -> Option<u64> {
    let split = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let number: u64 = digits.parse().ok()?;
    let unit = unit.trim();
    if unit.is_empty() {
        return Some(number);
    }
    let unit = canonical(unit);
    let (_, size) = units.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*size)
}

/// `k`, `KB` and `KiB` are the same unit here, as everywhere in fazt.
fn size_unit(unit: &str) -> String {
    let upper = unit.to_ascii_uppercase();
    match upper.strip_suffix("IB").or(upper.strip_suffix('B')) {
        Some(letter) => format!("{letter}B"),
        None => format!("{upper}B"),
    }
}

/// A host name, folded: lower case, without the last dot.
fn host_name(text: &str) -> Result<Value, String> {
    let folded = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    if folded == LOCALHOST {
        return Ok(Value::Nothing);
    }
    if folded.parse::<IpAddr>().is_ok() || folded.starts_with('[') {
        return Err("must be a host name; an address has no names below it for apps".to_owned());
    }
    let is_label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let ends = label.starts_with('-') || label.ends_with('-');
        !label.is_empty() && label.len() <= LABEL_BYTES_MAX && inner && !ends
    };
    if folded.len() > HOST_BYTES_MAX || !folded.split('.').all(is_label) {
        let rule = "must be a host name such as example.org, without scheme, port or path";
        return Err(rule.to_owned());
    }
    Ok(Value::Text(folded))
}

#[cfg(test)]
mod tests;
