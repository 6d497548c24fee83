//! Why a function did not answer: little for visitors, all of it for the one who writes it.

use std::fmt::Write as _;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use fazt_actors::executor::call::CallError;
use fazt_actors::executor::code::Code;
use fazt_actors::kind::{ErrorKind, Fault};
use serde_json::json;

use crate::http::error::ApiError;
use crate::http::pages::{self, escaped};

/// Lines of the source that are shown before and after the one that failed.
const LINES_AROUND: usize = 3;

/// A call without an answer.
pub(super) struct Failure<'a> {
    pub(super) error: &'a CallError,
    pub(super) code: &'a Code,
    pub(super) request_id: &'a str,
    pub(super) wants_json: bool,
    /// Whether the reason is shown: on the node of `fazt dev`.
    pub(super) shows_reason: bool,
}

impl Failure<'_> {
    pub(super) fn response(&self) -> HttpResponse {
        let mut response = match (self.wants_json, self.error) {
            (true, _) => self.json(),
            (false, CallError::Failed { message, stack }) if self.shows_reason => {
                self.reason(message, stack)
            }
            (false, _) => pages::page(self.status(), self.title(), &self.text()),
        };
        let headers = response.headers_mut();
        if let Ok(id) = header::HeaderValue::from_str(self.request_id) {
            headers.insert(header::HeaderName::from_static("x-request-id"), id);
        }
        if let CallError::MethodNotAllowed { allow } = self.error
            && let Ok(allow) = header::HeaderValue::from_str(allow)
        {
            headers.insert(header::ALLOW, allow);
        }
        headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
        response
    }

    fn status(&self) -> StatusCode {
        match self.error {
            CallError::NoEngine => StatusCode::NOT_IMPLEMENTED,
            error => ApiError::new(error.kind(), error.code(), "").status_code(),
        }
    }

    fn title(&self) -> &'static str {
        match (self.error, self.error.kind()) {
            (CallError::NoEngine, _) => "No functions here",
            (CallError::MethodNotAllowed { .. }, _) => "Method not allowed",
            (CallError::Suspended(_), _) => "Suspended",
            (_, ErrorKind::Busy) => "Busy",
            (_, ErrorKind::Timeout) => "Too slow",
            (_, ErrorKind::TooLarge) => "Too large",
            _ => "Something went wrong",
        }
    }

    /// What a visitor is told, in HTML. Nothing of the app's code is in it.
    fn text(&self) -> String {
        let said = match (self.error, self.error.kind()) {
            (CallError::NoEngine, _) => {
                return "This node was built without a JavaScript engine, so functions do not \
                        run on it. Build it with V8, or deploy to a node that has it."
                    .to_owned();
            }
            (CallError::MethodNotAllowed { .. }, _) => "This address does not answer that method.",
            (CallError::Suspended(_), _) => {
                "This app could not be stopped in time and is suspended for a moment."
            }
            (_, ErrorKind::Busy) => "Too much is going on here right now. Try again in a moment.",
            (_, ErrorKind::Timeout) => "The app took too long to answer.",
            (_, ErrorKind::TooLarge) => "The request is larger than this address takes.",
            _ => "The app failed to answer.",
        };
        format!("{said} Request <code>{}</code>.", escaped(self.request_id))
    }

    fn json(&self) -> HttpResponse {
        let message = self.text().replace("<code>", "").replace("</code>", "");
        let mut error = json!({
            "code": self.error.code(),
            "message": message,
            "request_id": self.request_id,
        });
        if let (true, CallError::Failed { message, stack }) = (self.shows_reason, self.error) {
            error["reason"] = json!(message);
            error["stack"] = json!(stack);
        }
        HttpResponse::build(self.status()).json(json!({ "error": error }))
    }

    /// What was thrown and where, with the lines of the source around it.
    fn reason(&self, message: &str, stack: &str) -> HttpResponse {
        let mut text = format!("<strong>{}</strong></p>", escaped(message));
        if let Some((file, line)) = first_place(stack)
            && let Some(source) = self.code.bundle.text(file)
        {
            let _ = write!(text, "<p>{}:{line}</p><pre>", escaped(file));
            let first = line.saturating_sub(LINES_AROUND + 1);
            let shown = source.lines().enumerate().skip(first);
            for (place, shown) in shown.take_while(|(place, _)| *place < line + LINES_AROUND) {
                let mark = if place + 1 == line { "&gt;" } else { " " };
                let _ = writeln!(text, "{mark} {:>4} | {}", place + 1, escaped(shown));
            }
            text.push_str("</pre>");
        }
        let _ = write!(
            text,
            "<pre>{}</pre><p>Request <code>{}</code>. Visitors do not see this; the node of \
             <code>fazt dev</code> shows it.",
            escaped(stack),
            escaped(self.request_id)
        );
        pages::page(self.status(), "The function failed", &text)
    }
}

/// The first place in the app's own files that a stack names: `api/x.js:12:3`.
fn first_place(stack: &str) -> Option<(&str, usize)> {
    stack.lines().find_map(|line| {
        let place = line.trim().rsplit(['(', ' ']).next()?.trim_end_matches(')');
        let mut parts = place.rsplitn(3, ':');
        let (_column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
        let is_ours = file.starts_with("api/") || file == "main.js";
        is_ours.then_some(())?;
        Some((file, line.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_failure_is_found() {
        let stack = "Error: no\n    at fz (fazt:94_call:3:1)\n    at f (api/ab/x.ts:12:3)\n";
        assert_eq!(first_place(stack), Some(("api/ab/x.ts", 12)));
        assert_eq!(first_place("Error: no\n    at api/y.js:7:1"), Some(("api/y.js", 7)));
        assert_eq!(first_place("Error: no"), None);
    }
}
