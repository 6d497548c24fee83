//! What `fazt dev` says on the terminal: a line for each release and each problem.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fazt_actors::deployer::path::FilePath;
use fazt_actors::timestamp::Timestamp;
use serde_json::json;

use super::site::Deployed;
use crate::cli::format;
use crate::cli::output::{self, Colour, Line, colours};
use crate::http::Problem;
use crate::node::Node;

/// Changed files that a line names.
const FILES_NAMED: usize = 3;

/// Prints what happens, for people or as JSON.
pub(super) struct Report {
    is_json: bool,
    has_colour: bool,
    clock: Option<Arc<Node>>,
}

impl Report {
    /// Prints to a terminal that may show colours, unless `NO_COLOR` is set.
    pub(super) fn new(is_json: bool) -> Report {
        let has_colour =
            colours::are_wanted() && io::stdout().is_terminal() && io::stderr().is_terminal();
        Report { is_json, has_colour, clock: None }
    }

    /// Lets SQLite tell the local time: the standard library does not.
    pub(super) fn with_clock(self, node: Arc<Node>) -> Report {
        Report { clock: Some(node), ..self }
    }

    /// Where the app is.
    pub(super) fn ready(&self, url: &str, dir: &Path) -> anyhow::Result<()> {
        if self.is_json {
            return line(&json!({ "event": "ready", "url": url }));
        }
        output::line(&format!(
            "\n  {url}\n\nFollowing {}; Ctrl-C stops it and leaves nothing behind.\n",
            dir.display()
        ))
    }

    /// A release.
    pub(super) async fn deployed(&self, done: &Deployed, took: Duration) -> anyhow::Result<()> {
        let millis = took.as_millis();
        if self.is_json {
            let paths = |paths: &[FilePath]| -> Vec<String> {
                paths.iter().map(FilePath::to_string).collect()
            };
            return line(&json!({
                "event": "deployed",
                "release": done.activated.number,
                "changed": paths(&done.changed),
                "removed": paths(&done.removed),
                "milliseconds": u64::try_from(millis).unwrap_or(u64::MAX),
            }));
        }
        self.deployed_line(&self.time().await, done, millis).print()
    }

    fn deployed_line(&self, time: &str, done: &Deployed, millis: u128) -> Line {
        let what = match done.activated.number {
            1 => format!(
                "{}, {}",
                format::count(done.activated.file_count, "file"),
                format::size(done.activated.size_bytes)
            ),
            _ => changes(&done.changed, &done.removed),
        };
        self.line_at(time)
            .painted(Colour::Green, &format!("v{}", done.activated.number))
            .plain(&format!("  {what}  "))
            .painted(Colour::Dim, &format!("{millis} ms"))
    }

    /// A folder that cannot be shown.
    pub(super) async fn failed(&self, problem: &Problem) -> anyhow::Result<()> {
        if self.is_json {
            return line(&json!({ "event": "problem", "problem": problem }));
        }
        for line in self.problem_lines(&self.time().await, problem) {
            line.print_note();
        }
        Ok(())
    }

    fn problem_lines(&self, time: &str, problem: &Problem) -> Vec<Line> {
        let mut place = problem.file.clone().unwrap_or_default();
        for number in [problem.line, problem.column].into_iter().flatten() {
            place.push_str(&format!(":{number}"));
        }
        if !place.is_empty() {
            place.push_str(": ");
        }
        let said = format!("error: {place}{}", problem.message);
        let mut lines = vec![self.line_at(time).painted(Colour::Red, &said)];
        let width = problem.excerpt.last().map_or(0, |line| line.number.to_string().len());
        for line in &problem.excerpt {
            let mark = if Some(line.number) == problem.line { '>' } else { ' ' };
            let text = format!("          {mark} {:width$} | {}", line.number, line.text);
            lines.push(Line::new(self.has_colour).plain(&text));
        }
        lines
    }

    /// The folder is what it was before the problem.
    pub(super) async fn recovered(&self) -> anyhow::Result<()> {
        if self.is_json {
            return line(&json!({ "event": "ok" }));
        }
        let line = self.line_at(&self.time().await).painted(Colour::Green, "ok");
        line.plain("  the live release is what the folder holds").print()
    }

    /// Something beside.
    pub(super) fn note(&self, text: &str) {
        output::note(text);
    }

    /// A line that begins with a time.
    fn line_at(&self, time: &str) -> Line {
        Line::new(self.has_colour).painted(Colour::Dim, time).plain("  ")
    }

    async fn time(&self) -> String {
        let Some(node) = &self.clock else { return String::new() };
        let now = Timestamp::now();
        let time = node.store.readers.read(move |connection| now.local_time(connection)).await;
        time.unwrap_or_default()
    }
}

/// `2 files changed, 1 removed: index.html, style.css, old.html`.
fn changes(changed: &[FilePath], removed: &[FilePath]) -> String {
    let mut counts = Vec::with_capacity(2);
    if !changed.is_empty() {
        counts.push(format!("{} changed", format::count(changed.len() as u64, "file")));
    }
    match (changed.len(), removed.len()) {
        (_, 0) => {}
        (0, count) => counts.push(format!("{} removed", format::count(count as u64, "file"))),
        (_, count) => counts.push(format!("{count} removed")),
    }
    let all = changed.len() + removed.len();
    let named = changed.iter().chain(removed).take(FILES_NAMED).map(FilePath::as_str);
    let named: Vec<&str> = named.collect();
    let more = if all > FILES_NAMED { ", …" } else { "" };
    format!("{}: {}{more}", counts.join(", "), named.join(", "))
}

fn line(event: &serde_json::Value) -> anyhow::Result<()> {
    output::line(&event.to_string())
}

/// What the node itself has to say goes to stderr, if it is a warning.
pub(super) fn log_warnings() {
    use tracing_subscriber::filter::LevelFilter;
    let lines = tracing_subscriber::fmt().with_writer(io::stderr).with_target(false);
    let lines = lines.with_max_level(LevelFilter::WARN).with_ansi(false).finish();
    // A second subscriber in one process is only met by tests, and the first one stays.
    let _already_set = tracing::subscriber::set_global_default(lines);
}

#[cfg(test)]
mod tests {
    use fazt_actors::deployer::writes::Activated;
    use fazt_actors::limits::DeployLimits;

    use crate::http::SourceLine;

    use super::*;

    fn paths(text: &str) -> Vec<FilePath> {
        let limits = DeployLimits::default();
        text.split_whitespace().map(|path| FilePath::parse(path, &limits).unwrap()).collect()
    }

    #[test]
    fn a_line_names_some_files_and_counts_all() {
        for (changed, removed, line) in [
            ("a", "", "1 file changed: a"),
            ("a b", "", "2 files changed: a, b"),
            ("", "a b", "2 files removed: a, b"),
            ("a b", "c", "2 files changed, 1 removed: a, b, c"),
            ("a b c d", "e", "4 files changed, 1 removed: a, b, c, …"),
        ] {
            assert_eq!(changes(&paths(changed), &paths(removed)), line);
        }
    }

    #[test]
    fn a_terminal_shows_the_colours_and_nothing_that_the_folder_adds_to_them() {
        let report = Report { is_json: false, has_colour: true, clock: None };
        let done = Deployed {
            activated: Activated {
                app: 1,
                app_id: "app".to_owned(),
                name: "site".to_owned(),
                release: 2,
                number: 2,
                previous: Some(1),
                file_count: 1,
                size_bytes: 1,
            },
            changed: paths("a.html"),
            removed: Vec::new(),
        };
        assert_eq!(
            report.deployed_line("07:05:09", &done, 12).as_str(),
            "\x1b[2m07:05:09\x1b[0m  \x1b[32mv2\x1b[0m  1 file changed: a.html  \x1b[2m12 ms\x1b[0m"
        );
        let problem = Problem {
            message: "unknown status `\x1b[8m`".to_owned(),
            file: Some("_redirects".to_owned()),
            line: Some(1),
            excerpt: vec![SourceLine { number: 1, text: "/a /b \x1b[8m".to_owned() }],
            ..Problem::default()
        };
        let lines = report.problem_lines("07:05:09", &problem);
        let lines: Vec<&str> = lines.iter().map(Line::as_str).collect();
        assert_eq!(
            lines,
            [
                "\x1b[2m07:05:09\x1b[0m  \x1b[31merror: _redirects:1: \
                 unknown status `\u{fffd}[8m`\x1b[0m",
                "          > 1 | /a /b \u{fffd}[8m",
            ]
        );
    }
}
