//! What an app says: lines for its log, within a bound for each call.

use std::sync::Arc;

use super::calls::cut;
use super::value::{Args, Value};
use super::{Answer, Host, HostFunction};
use crate::app_logs::{AppLogs, Level, NewLine};
use crate::executor::bundle::FOLDER;
use crate::executor::call::CallId;
use crate::executor::routes::ROOT_MAIN;
use crate::timestamp::Timestamp;

/// Bytes of log lines of one call; what comes after is cut.
const CALL_BYTES_MAX: usize = 64 * 1024;

/// Bytes of one line.
const LINE_BYTES_MAX: usize = 16 * 1024;

/// Bytes that a line costs whatever it says.
const LINE_BYTES: usize = 32;

pub(super) const FUNCTIONS: &[HostFunction] =
    &[HostFunction::now("log", log).with_location(), HostFunction::now("report", report)];

/// Where the lines of an isolate go.
pub(super) struct LogState {
    sink: AppLogs,
    /// Bytes of lines that belong to no call any more.
    stray_bytes: usize,
    /// The call that was done last: what its own step says after that is still its own.
    ended: Option<EndedCall>,
}

/// What the log needs of a call that is done.
struct EndedCall {
    id: CallId,
    request_id: Arc<str>,
    log_bytes: usize,
}

impl LogState {
    pub(super) fn new(sink: AppLogs) -> LogState {
        LogState { sink, stray_bytes: 0, ended: None }
    }

    /// Notes a call that is done.
    pub(super) fn end_call(&mut self, id: CallId, request_id: Arc<str>, log_bytes: usize) {
        self.ended = Some(EndedCall { id, request_id, log_bytes });
    }
}

/// `log(level, text)`.
fn log(host: &mut Host, args: Args<'_>) -> Answer {
    let level = Level::parse(args.text(0)?).unwrap_or(Level::Info);
    host.say(level, args.text(1)?);
    Ok(Value::Null)
}

/// `report(text)`: an error that nobody caught, with its stack, in which the place is found.
fn report(host: &mut Host, args: Args<'_>) -> Answer {
    let text = host.code.bundle.original_stack(args.text(0)?);
    let source = first_place(&text);
    host.say_at(Level::Error, &text, source);
    Ok(Value::Null)
}

/// `file:line` of the first place in the app's own files that a stack names.
pub(super) fn first_place(stack: &str) -> Option<String> {
    stack.lines().skip(1).find_map(|line| {
        let place = line.trim().trim_end_matches(')').rsplit(['(', ' ']).next()?;
        let (place, _column) = place.rsplit_once(':')?;
        (place.starts_with(FOLDER) || place.starts_with(ROOT_MAIN)).then(|| place.to_owned())
    })
}

impl Host {
    /// Writes a line to the app's log, for the current call.
    pub(in crate::executor) fn say(&mut self, level: Level, text: &str) {
        let source = self.location.take().map(|location| {
            let at = self.code.bundle.original_location(location);
            format!("{}:{}", at.file, at.line)
        });
        self.say_at(level, text, source);
    }

    /// The same for a line whose place is known.
    pub(super) fn say_at(&mut self, level: Level, text: &str, source: Option<String>) {
        let (request_id, spent) = match (self.calls.get_mut(self.current), &mut self.log.ended) {
            (Some(call), _) => (Some(Arc::clone(call.request_id())), &mut call.log_bytes),
            (None, Some(ended)) if ended.id == self.current => {
                (Some(Arc::clone(&ended.request_id)), &mut ended.log_bytes)
            }
            _ => (None, &mut self.log.stray_bytes),
        };
        if *spent >= CALL_BYTES_MAX {
            return;
        }
        let text = cut(text, LINE_BYTES_MAX.min(CALL_BYTES_MAX - *spent));
        *spent += text.len() + LINE_BYTES;
        let mut message = text.to_owned();
        if *spent >= CALL_BYTES_MAX {
            message.push_str(" … (the log of this call is cut here)");
        }
        let (app, at) = (self.code.app.row, Timestamp::now());
        self.log.sink.tell(NewLine { app, level, message, source, request_id, at });
    }
}
