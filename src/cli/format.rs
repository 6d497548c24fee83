//! Sizes, times and durations as people write and read them.

use time::{OffsetDateTime, UtcDateTime, format_description::well_known::Rfc3339};

/// The longest expiry: a number above it is a slip of the hand.
const DURATION_SECONDS_MAX: u64 = 100 * YEAR;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;
const YEAR: u64 = 365 * DAY;

/// Bytes as people read them: `512 B`, `1.5 KB`, `20 MB`. Powers of 1024.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KB", "MB", "GB", "TB", "PB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // What rounds to 1024 of a unit is shown as 1 of the next.
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = if value < 9.95 { 1 } else { 0 };
    format!("{value:.digits$} {}", UNITS[unit])
}

/// A time of the API, seen from `now`: `just now`, `5 minutes ago`, `in 3 days`; the text
/// itself when it is not one.
pub fn relative(rfc3339: &str, now: UtcDateTime) -> String {
    let Ok(then) = OffsetDateTime::parse(rfc3339, &Rfc3339) else {
        return rfc3339.to_owned();
    };
    let seconds = (now.unix_timestamp()).saturating_sub(then.unix_timestamp());
    let amount = span(seconds.unsigned_abs());
    match seconds {
        -4..=4 => "just now".to_owned(),
        5.. => format!("{amount} ago"),
        _ => format!("in {amount}"),
    }
}

/// The largest whole unit of a span: `3 days`.
fn span(seconds: u64) -> String {
    let (unit, length) = match seconds {
        YEAR.. => ("year", YEAR),
        DAY.. => ("day", DAY),
        HOUR.. => ("hour", HOUR),
        MINUTE.. => ("minute", MINUTE),
        _ => ("second", 1),
    };
    let amount = seconds / length;
    let plural = if amount == 1 { "" } else { "s" };
    format!("{amount} {unit}{plural}")
}

/// How long something has run: `4m`, `3h 4m`, `2d 3h`.
pub fn uptime(seconds: u64) -> String {
    match seconds {
        DAY.. => format!("{}d {}h", seconds / DAY, seconds % DAY / HOUR),
        HOUR.. => format!("{}h {}m", seconds / HOUR, seconds % HOUR / MINUTE),
        MINUTE.. => format!("{}m {}s", seconds / MINUTE, seconds % MINUTE),
        _ => format!("{seconds}s"),
    }
}

/// Reads a duration such as `30d`, `12h`, `90m`, `2w` or `1y`, in seconds.
///
/// # Errors
/// The text is not a whole number above zero with one of the units, or is above 100 years.
pub fn parse_duration(text: &str) -> Result<u64, String> {
    let wanted = "write a number and a unit, such as 30d, 12h, 45m, 90s, 2w or 1y";
    let split = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let length = match unit {
        "s" => 1,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => WEEK,
        "y" => YEAR,
        _ => return Err(wanted.to_owned()),
    };
    let amount: u64 = digits.parse().map_err(|_| wanted.to_owned())?;
    match amount.checked_mul(length) {
        Some(0) => Err("a duration of nothing would expire at once".to_owned()),
        Some(seconds) if seconds <= DURATION_SECONDS_MAX => Ok(seconds),
        _ => Err("that is more than 100 years; leave the expiry out for none".to_owned()),
    }
}

/// Reads the number of a release: `v7` or `7`.
///
/// # Errors
/// The text is neither.
pub fn parse_release(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let numeric = digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(number) if numeric && number > 0 => Ok(number),
        _ => Err("a release is written like v7".to_owned()),
    }
}

/// `1 file`, `3 files`.
pub fn count(amount: u64, noun: &str) -> String {
    let plural = if amount == 1 { "" } else { "s" };
    format!("{amount} {noun}{plural}")
}

#[cfg(test)]
mod tests;
