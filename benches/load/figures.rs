//! How numbers are judged and written, and what machine they are from.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use super::node::binary;

/// What a number should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// Nothing: it is there to be known.
    Nothing,
}

impl Wanted {
    /// Whether the number is as it should be; empty when nothing is wanted.
    pub(crate) fn verdict(self, number: f64) -> &'static str {
        let is_met = match self {
            Wanted::AtLeast(least) => number >= least,
            Wanted::AtMost(most) => number <= most,
            Wanted::Nothing => return "",
        };
        if is_met { "ok" } else { "missed" }
    }
}

/// Processor, cores, kernel, day, and the versions of fazt and of `programs`, each with the
/// flag that makes it say so.
pub(crate) fn machine(programs: &[(&str, &str)]) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| {
            Some(line.strip_prefix("model name")?.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut versions = vec![version(&binary().to_string_lossy(), "--version")];
    versions.extend(programs.iter().map(|(program, flag)| version(program, flag)));
    format!(
        "{processor}, {cores} cores, Linux {}, {}; {}",
        read("/proc/sys/kernel/osrelease").trim(),
        time::OffsetDateTime::now_utc().date(),
        versions.join(", "),
    )
}

/// A number with about three digits that count.
pub(crate) fn shown(number: f64, unit: &str) -> String {
    let digits = match number.abs() {
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    let plain = format!("{number:.digits$}");
    let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), ""), |halves| halves);
    let mut text = String::new();
    for (nth, digit) in whole.chars().enumerate() {
        if nth > 0 && (whole.len() - nth) % 3 == 0 && digit.is_ascii_digit() {
            text.push(',');
        }
        text.push(digit);
    }
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        let _always = write!(text, ".{fraction}");
    }
    if unit.is_empty() { text } else { format!("{text} {unit}") }
}

/// The name and version that a program prints first.
fn version(program: &str, flag: &str) -> String {
    let Ok(output) = Command::new(program).arg(flag).output() else { return program.to_owned() };
    // nginx answers on stderr; wrk says how to use it after its version.
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    let line = printed.lines().next().unwrap_or(program).trim_start_matches("nginx version: ");
    line.split(" [").next().unwrap_or(line).to_owned()
}
