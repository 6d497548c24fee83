//! What became of the folder: the last release, and why a later change is none.
//!
//! One value that is replaced, not a queue: a page that looks away for a while, or connects
//! late, sees what is true now, and nothing has to be kept for it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Pages that listen at the same time; one for each browser is the rule.
const STREAMS_MAX: usize = 64;

/// How often a silent stream says something, so that a browser that is gone is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Milliseconds after which a browser asks again for a stream that broke.
const RETRY_MILLIS: u64 = 500;

/// Characters that tell one run of `fazt dev` from another.
const RUN_CHARS: usize = 8;

/// Why the folder as it is now cannot be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What is wrong, and what to do about it.
    pub message: String,
    /// The file, from the top of the folder.
    pub file: Option<String>,
    /// The line in it, from 1.
    pub line: Option<usize>,
    /// The character in that line, from 1.
    pub column: Option<usize>,
    /// The lines around it.
    pub excerpt: Vec<SourceLine>,
}

/// A line of a file of the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceLine {
    /// Its number, from 1.
    pub number: usize,
    /// Its text.
    pub text: String,
}

/// What a page is told, whole, each time that something changes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct State {
    /// This run of `fazt dev`; after another start the numbers begin anew.
    run: String,
    /// The live release; 0 before the first.
    release: u32,
    /// The last release that differs in more than style sheets.
    reload: u32,
    /// What keeps a later change from being shown.
    problem: Option<Problem>,
    #[serde(skip)]
    is_over: bool,
}

impl State {
    /// What to call the step from `before` to this; none where a page sees no difference.
    fn step(&self, before: &State) -> Option<&'static str> {
        match (&self.problem, &before.problem) {
            _ if self.reload > before.reload => Some("reload"),
            _ if self.release > before.release => Some("css"),
            (Some(problem), known) if known.as_ref() != Some(problem) => Some("problem"),
            (None, Some(_)) => Some("ok"),
            _ => None,
        }
    }

    /// As an event of a stream (HTML, section 9.2.6).
    fn event(&self, name: &str) -> String {
        let data = serde_json::to_string(self).unwrap_or_default();
        format!("event: {name}\ndata: {data}\n\n")
    }
}

/// What `fazt dev` tells the pages that are open.
#[derive(Debug)]
pub struct Live {
    host: String,
    state: watch::Sender<State>,
    slots: Arc<Semaphore>,
}

impl Live {
    /// Nothing is deployed yet of the app `label`.
    pub fn new(label: &str) -> Live {
        let run = fazt_actors::random::base62(RUN_CHARS);
        let state = State { run, release: 0, reload: 0, problem: None, is_over: false };
        Live {
            host: format!("{label}.localhost"),
            state: watch::Sender::new(state),
            slots: Arc::new(Semaphore::new(STREAMS_MAX)),
        }
    }

    /// The release `number` is live. Pages reload, or fetch their style sheets anew when only
    /// those changed.
    pub fn deployed(&self, number: u32, only_styles: bool) {
        self.state.send_modify(|state| {
            state.release = number;
            if !only_styles {
                state.reload = number;
            }
            state.problem = None;
        });
    }

    /// The folder as it is now is not shown.
    pub fn failed(&self, problem: &Problem) {
        self.state.send_modify(|state| state.problem = Some(problem.clone()));
    }

    /// The folder is again what the live release shows.
    pub fn recovered(&self) {
        self.state.send_modify(|state| state.problem = None);
    }

    /// Ends all streams, so that the node can stop.
    pub fn end(&self) {
        self.state.send_modify(|state| state.is_over = true);
    }

    /// Whether this is the host of the app.
    pub(super) fn is_host(&self, host: &str) -> bool {
        self.host == host
    }

    /// What is wrong with the folder, while there is nothing else to show.
    pub(super) fn first_problem(&self) -> Option<Problem> {
        let state = self.state.borrow();
        state.problem.clone().filter(|_| state.release == 0)
    }

    pub(super) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// The tag that loads the script, with what the page around it shows.
    pub(super) fn script_tag(&self) -> String {
        let state = self.state.borrow();
        format!(
            "<script src=\"/_fazt/dev/reload.js\" data-run=\"{}\" data-release=\"{}\" defer>\
             </script>",
            state.run, state.release
        )
    }
}

/// A stream of what becomes of the folder, which begins with how it is now.
pub(super) fn events(live: &Live) -> HttpResponse {
    let Ok(slot) = Arc::clone(&live.slots).try_acquire_owned() else {
        let retry = (header::RETRY_AFTER, "5");
        let text = format!("{STREAMS_MAX} pages listen already; close some");
        return HttpResponse::ServiceUnavailable().insert_header(retry).body(text);
    };
    let listener = Listener { states: live.state.subscribe(), told: None, _slot: slot };
    let events = stream::unfold(listener, |mut listener| async move {
        let text = listener.next().await?;
        Some((Ok::<Bytes, Infallible>(text.into()), listener))
    });
    HttpResponse::Ok().content_type("text/event-stream; charset=utf-8").streaming(events)
}

/// One stream.
struct Listener {
    states: watch::Receiver<State>,
    /// What the page knows.
    told: Option<State>,
    _slot: OwnedSemaphorePermit,
}

impl Listener {
    /// The next text to send; none at the end.
    async fn next(&mut self) -> Option<String> {
        let Some(told) = &self.told else {
            let state = self.states.borrow_and_update().clone();
            if state.is_over {
                return None;
            }
            let event = state.event("state");
            self.told = Some(state);
            return Some(format!("retry: {RETRY_MILLIS}\n{event}"));
        };
        loop {
            match tokio::time::timeout(HEARTBEAT, self.states.changed()).await {
                Err(_elapsed) => return Some(": \n\n".to_owned()),
                Ok(changed) => changed.ok()?,
            }
            let state = self.states.borrow_and_update().clone();
            if state.is_over {
                return None;
            }
            if let Some(name) = state.step(told) {
                let event = state.event(name);
                self.told = Some(state);
                return Some(event);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_looked_away_sees_the_greatest_step() {
        let live = Live::new("site");
        let problem = Problem { message: "no".to_owned(), ..Problem::default() };
        let at = |change: &dyn Fn()| {
            change();
            live.state()
        };
        let start = live.state();
        let first = at(&|| live.deployed(1, false));
        let styles = at(&|| live.deployed(2, true));
        let broken = at(&|| live.failed(&problem));
        let same = at(&|| live.failed(&problem));
        let mended = at(&|| live.recovered());
        for (before, after, step) in [
            (&start, &first, Some("reload")),
            (&first, &styles, Some("css")),
            (&styles, &broken, Some("problem")),
            (&broken, &same, None),
            (&broken, &mended, Some("ok")),
            (&styles, &mended, None),
            (&first, &mended, Some("css")),
            (&start, &broken, Some("reload")),
        ] {
            assert_eq!(after.step(before), step, "{before:?} to {after:?}");
        }
    }
}
