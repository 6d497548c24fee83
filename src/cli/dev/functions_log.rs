//! What the functions of the folder say, on the terminal of `fazt dev`.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use fazt_actors::app_logs::Level;
use fazt_actors::app_logs::stored::LogLine;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::cli::output::{self, Colour, Line, colours};

/// Prints lines as they come, until the node stops. What the node itself says of a deploy is
/// printed elsewhere.
pub(super) async fn follow(mut lines: Receiver<Arc<LogLine>>, is_json: bool) {
    let has_colour = colours::are_wanted() && io::stderr().is_terminal();
    loop {
        match lines.recv().await {
            Ok(line) if line.request_id.is_none() && line.source.is_none() => {}
            Ok(line) if is_json => print_json(&line),
            Ok(line) => print(&line, has_colour),
            Err(RecvError::Lagged(lost)) => {
                output::note(&format!("{lost} lines of functions were too fast to be shown"));
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn print_json(line: &LogLine) {
    let event = json!({
        "event": "log",
        "level": line.level.as_str(),
        "message": line.message,
        "source": line.source,
        "request_id": line.request_id,
    });
    // Where stdout is gone there is nobody left to tell.
    let _nobody_reads = output::line(&event.to_string());
}

fn print(line: &LogLine, has_colour: bool) {
    let level = line.level.as_str();
    let shown = Line::new(has_colour);
    let shown = match line.level {
        Level::Error => shown.painted(Colour::Red, level),
        Level::Warn => shown.painted(Colour::Yellow, level),
        Level::Info | Level::Debug => shown.painted(Colour::Dim, level),
    };
    let source = line.source.as_deref().unwrap_or_default();
    shown.plain("  ").plain(&line.message).plain("  ").painted(Colour::Dim, source).print_note();
}
