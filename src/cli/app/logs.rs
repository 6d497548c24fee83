//! `fazt app logs`: the last lines of an app's log, and those to come.

use std::io::{self, IsTerminal};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use fazt_actors::app_logs::Level;
use time::{OffsetDateTime, UtcDateTime, format_description::well_known::Rfc3339};

use crate::cli::node_client::{LineFilter, NodeClient, Refusal, Stranger, Told};
use crate::cli::output::{self, Colour, Line, colours};
use crate::cli::target::{Target, with_node};
use crate::http::model::original::LogLine;

/// Lines that are shown where no number is given.
const LINES_DEFAULT: u32 = 50;
/// Lines that a node answers at once.
const LINES_MAX: i64 = 1_000;
/// The pause before a stream that broke is opened again; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest of those pauses.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Attempts in a row, five minutes in all, after which nobody is thought to come back.
const ATTEMPTS_MAX: u32 = 60;

/// `fazt app logs`.
#[derive(Args, Debug)]
pub struct LogsArgs {
    /// Name or id of the app
    app: String,
    /// Go on with the lines to come, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// How many of the last lines
    #[arg(long, short = 'n', default_value_t = LINES_DEFAULT, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=LINES_MAX))]
    lines: u32,
    /// Lines of this level and those above: debug, info, warn or error
    #[arg(long, value_parser = parse_level)]
    level: Option<Level>,
    /// Lines of this request alone: the id that its error page shows
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    #[command(flatten)]
    target: Target,
    /// Print JSON: a list, or a line each with --follow
    #[arg(long)]
    json: bool,
}

fn parse_level(text: &str) -> Result<Level, String> {
    let level = Level::parse(&text.to_ascii_lowercase());
    level.ok_or_else(|| "write debug, info, warn or error".to_owned())
}

/// Shows the lines.
///
/// # Errors
/// The node cannot be reached or refuses.
pub(super) async fn run(args: LogsArgs) -> anyhow::Result<()> {
    let filter = LineFilter {
        app: args.app.clone(),
        level: args.level.map(|level| level.as_str().to_owned()),
        request_id: args.request.clone(),
    };
    let printer = Printer::new(args.json);
    with_node(&args.target, async |node| {
        // Without any line, whoever follows must know behind which one to begin.
        let mut lines = node.logs(&filter, args.lines.max(1)).await?;
        let newest = lines.first().map_or(0, |line| line.id);
        lines.truncate(args.lines as usize);
        lines.reverse();
        if !args.follow {
            return printer.list(&lines, &args.app);
        }
        for line in &lines {
            printer.line(line)?;
        }
        tokio::select! {
            followed = follow(node, &filter, newest, &printer) => followed,
            stopped = tokio::signal::ctrl_c() => stopped.context("cannot wait for Ctrl-C"),
        }
    })
    .await
}

/// Prints the lines behind `newest` as they come, also over the end of a stream: a node that
/// was started again goes on where it was.
async fn follow(
    node: &NodeClient,
    filter: &LineFilter,
    mut newest: i64,
    printer: &Printer,
) -> anyhow::Result<()> {
    let (mut pause, mut attempts) = (FIRST_PAUSE, 0);
    loop {
        let ended = match node.follow_logs(filter, newest).await {
            Ok(mut stream) => {
                (pause, attempts) = (FIRST_PAUSE, 0);
                loop {
                    match stream.next().await {
                        Ok(Some(Told::Line(line))) => {
                            newest = line.id;
                            printer.line(&line)?;
                        }
                        Ok(Some(Told::Gap)) => {
                            output::note("some lines are missing here: they are no longer kept");
                        }
                        Ok(None) => break None,
                        Err(error) => break Some(error),
                    }
                }
            }
            Err(error) => Some(error),
        };
        attempts += 1;
        if let Some(error) = ended.filter(|error| is_final(error) || attempts >= ATTEMPTS_MAX) {
            return Err(error);
        }
        // A stream that has ended is opened again and nobody needs to know.
        if attempts == 2 {
            output::note("the node does not answer; trying again");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Whether a node has said something that it will say again.
fn is_final(error: &anyhow::Error) -> bool {
    if let Some(refusal) = Refusal::of(error) {
        return refusal.status < 500;
    }
    match Stranger::of(error) {
        // What stands before a node says so while the node is started again.
        Some(Stranger::Status { status, .. } | Stranger::Page { status, .. }) => *status < 500,
        Some(_) => true,
        None => false,
    }
}

/// Prints lines, for whoever reads them.
struct Printer {
    is_json: bool,
    is_terminal: bool,
    has_colour: bool,
}

impl Printer {
    fn new(is_json: bool) -> Printer {
        let is_terminal = io::stdout().is_terminal();
        Printer { is_json, is_terminal, has_colour: is_terminal && colours::are_wanted() }
    }

    fn list(&self, lines: &[LogLine], app: &str) -> anyhow::Result<()> {
        if self.is_json {
            return output::json(&lines);
        }
        if lines.is_empty() && self.is_terminal {
            return output::line(&format!("The log of {app} has no such lines."));
        }
        lines.iter().try_for_each(|line| self.line(line))
    }

    fn line(&self, line: &LogLine) -> anyhow::Result<()> {
        if self.is_json {
            return output::json_line(line);
        }
        if self.is_terminal {
            return self.for_people(line).print();
        }
        let source = line.source.as_deref().unwrap_or_default();
        let request_id = line.request_id.as_deref().unwrap_or_default();
        output::row(&[&line.created_at, &line.level, &line.message, source, request_id])
    }

    /// Time, level, what it says, and where it was said.
    fn for_people(&self, line: &LogLine) -> Line {
        let level = format!("{:<5}", line.level);
        let shown = Line::new(self.has_colour).painted(Colour::Dim, &short(&line.created_at));
        let shown = match Level::parse(&line.level) {
            Some(Level::Error) => shown.plain(" ").painted(Colour::Red, &level),
            Some(Level::Warn) => shown.plain(" ").painted(Colour::Yellow, &level),
            Some(Level::Debug) => shown.plain(" ").painted(Colour::Dim, &level),
            Some(Level::Info) | None => shown.plain(" ").plain(&level),
        };
        let shown = shown.plain(" ").plain(&line.message);
        match &line.source {
            Some(source) => shown.plain("  ").painted(Colour::Dim, source),
            None => shown,
        }
    }
}

/// A time of the API in a width that does not change: `2026-01-31T12:00:00.120Z`.
fn short(rfc3339: &str) -> String {
    let Ok(at) = OffsetDateTime::parse(rfc3339, &Rfc3339) else { return rfc3339.to_owned() };
    let at = UtcDateTime::from(at);
    let (date, (hour, minute, second)) = (at.date(), at.as_hms());
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{:03}Z", at.millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_people_has_colours_of_its_own_alone() {
        let printer = |has_colour| Printer { is_json: false, is_terminal: true, has_colour };
        let mut line = LogLine {
            id: 1,
            level: "error".to_owned(),
            message: "no \x1b[2J".to_owned(),
            created_at: "2026-01-31T12:00:00.12Z".to_owned(),
            source: Some("api/x.js:12".to_owned()),
            request_id: None,
        };
        assert_eq!(
            printer(false).for_people(&line).as_str(),
            "2026-01-31T12:00:00.120Z error no \u{fffd}[2J  api/x.js:12"
        );
        assert_eq!(
            printer(true).for_people(&line).as_str(),
            "\x1b[2m2026-01-31T12:00:00.120Z\x1b[0m \x1b[31merror\x1b[0m no \u{fffd}[2J  \
             \x1b[2mapi/x.js:12\x1b[0m"
        );
        (line.level, line.source) = ("info".to_owned(), None);
        assert_eq!(
            printer(true).for_people(&line).as_str(),
            "\x1b[2m2026-01-31T12:00:00.120Z\x1b[0m info  no \u{fffd}[2J"
        );
    }
}
