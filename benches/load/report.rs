//! The table, and the line that says on which machine it was made.

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
    fn verdict(self, number: f64) -> &'static str {
        let is_met = match self {
            Wanted::AtLeast(least) => number >= least,
            Wanted::AtMost(most) => number <= most,
            Wanted::Nothing => return "",
        };
        if is_met { "ok" } else { "missed" }
    }
}

/// One line of the table.
struct Line {
    what: String,
    fazt: String,
    nginx: String,
    ratio: String,
    wanted: String,
    verdict: &'static str,
}

/// The table while it grows.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

impl Report {
    /// A number of fazt alone.
    pub(crate) fn single(&mut self, what: &str, number: f64, unit: &str, wanted: Wanted) {
        self.lines.push(Line {
            what: what.to_owned(),
            fazt: shown(number, unit),
            nginx: String::new(),
            ratio: String::new(),
            wanted: match wanted {
                Wanted::AtLeast(least) => format!("≥ {}", shown(least, unit)),
                Wanted::AtMost(most) => format!("≤ {}", shown(most, unit)),
                Wanted::Nothing => String::new(),
            },
            verdict: wanted.verdict(number),
        });
    }

    /// A number of fazt beside that of nginx, judged by the ratio of the two.
    pub(crate) fn ratio(&mut self, what: &str, pair: [f64; 2], unit: &str, wanted: Wanted) {
        let ratio = pair[0] / pair[1];
        self.pair(what, pair, unit, wanted.verdict(ratio));
        self.want(match wanted {
            Wanted::AtLeast(least) => format!("≥ {least} ×"),
            Wanted::AtMost(most) => format!("≤ {most} ×"),
            Wanted::Nothing => String::new(),
        });
    }

    /// A number of fazt beside that of nginx, judged by itself.
    pub(crate) fn beside(&mut self, what: &str, pair: [f64; 2], unit: &str, wanted: Wanted) {
        self.pair(what, pair, unit, wanted.verdict(pair[0]));
        self.want(match wanted {
            Wanted::AtLeast(least) => format!("≥ {}", shown(least, unit)),
            Wanted::AtMost(most) => format!("≤ {}", shown(most, unit)),
            Wanted::Nothing => String::new(),
        });
    }

    fn pair(&mut self, what: &str, pair: [f64; 2], unit: &str, verdict: &'static str) {
        self.lines.push(Line {
            what: what.to_owned(),
            fazt: shown(pair[0], unit),
            nginx: shown(pair[1], unit),
            ratio: format!("{:.2}", pair[0] / pair[1]),
            wanted: String::new(),
            verdict,
        });
    }

    fn want(&mut self, wanted: String) {
        if let Some(line) = self.lines.last_mut() {
            line.wanted = wanted;
        }
    }

    /// How many numbers are not what they should be.
    pub(crate) fn missed(&self) -> usize {
        self.lines.iter().filter(|line| line.verdict == "missed").count()
    }

    /// The table in Markdown.
    pub(crate) fn table(&self) -> String {
        let head = Line {
            what: "what".to_owned(),
            fazt: "fazt".to_owned(),
            nginx: "nginx".to_owned(),
            ratio: "ratio".to_owned(),
            wanted: "wanted".to_owned(),
            verdict: "",
        };
        let widths = [
            self.width(&head, |line| &line.what),
            self.width(&head, |line| &line.fazt),
            self.width(&head, |line| &line.nginx),
            self.width(&head, |line| &line.ratio),
            self.width(&head, |line| &line.wanted),
        ];
        let mut table = row(&head, widths);
        let dashes = widths.map(|width| "-".repeat(width));
        let [what, fazt, nginx, ratio, wanted] = dashes;
        let ruler = format!("|-{what}-|-{fazt}:|-{nginx}:|-{ratio}:|-{wanted}:|--------|\n");
        table.push_str(&ruler);
        self.lines.iter().for_each(|line| table.push_str(&row(line, widths)));
        table
    }

    fn width(&self, head: &Line, column: impl Fn(&Line) -> &String) -> usize {
        let lines = self.lines.iter().chain([head]);
        lines.map(|line| column(line).chars().count()).max().unwrap_or(0)
    }
}

fn row(line: &Line, widths: [usize; 5]) -> String {
    let [what, fazt, nginx, ratio, wanted] = widths;
    format!(
        "| {:what$} | {:>fazt$} | {:>nginx$} | {:>ratio$} | {:>wanted$} | {:6} |\n",
        line.what, line.fazt, line.nginx, line.ratio, line.wanted, line.verdict,
    )
}

/// A number with about three digits that count.
fn shown(number: f64, unit: &str) -> String {
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

/// Processor, cores, kernel, day and versions.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| {
            Some(line.strip_prefix("model name")?.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{processor}, {cores} cores, Linux {}, {}; {}, {}, {}",
        read("/proc/sys/kernel/osrelease").trim(),
        time::OffsetDateTime::now_utc().date(),
        version(&binary().to_string_lossy(), "--version"),
        version("nginx", "-v"),
        version("wrk", "-v"),
    )
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
