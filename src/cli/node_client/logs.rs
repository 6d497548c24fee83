//! What an app's code says, and what it reads as its environment.

use std::collections::VecDeque;

use bytes::{Buf, BytesMut};
use fazt_actors::outbound::{Body, Response, Verb};

use super::{NodeClient, Stranger, pages::with_query};
use crate::http::model::original::{EnvVar, EnvVarRequest, EnvVars, LogLine, Logs, Nothing};

/// Bytes of one event: the longest line with every letter escaped.
const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// What ends an event (WHATWG HTML section 9.2.6; nodes write no carriage returns).
const EVENT_END: &[u8] = b"\n\n";

/// Which lines of an app's log are wanted.
#[derive(Clone, Debug, Default)]
pub struct LineFilter {
    /// Name or id of the app.
    pub app: String,
    /// Of this level and those above.
    pub level: Option<String>,
    /// Of this request.
    pub request_id: Option<String>,
}

impl LineFilter {
    fn query(&self, path: &str, number: (&str, Option<String>)) -> String {
        let app = Some(self.app.clone());
        let (level, request_id) = (self.level.clone(), self.request_id.clone());
        let rest = [("level", level), ("request_id", request_id), number];
        with_query(&with_query(path, [("site_id", app)]), rest)
    }
}

impl NodeClient {
    /// `GET /api/logs`: the last lines, the latest first.
    pub async fn logs(&self, filter: &LineFilter, limit: u32) -> anyhow::Result<Vec<LogLine>> {
        let path = filter.query("/api/logs", ("limit", Some(limit.to_string())));
        Ok(self.get::<Logs>(&path).await?.logs)
    }

    /// `GET /api/logs/stream`: the lines behind `after`, and those to come.
    pub async fn follow_logs(&self, filter: &LineFilter, after: i64) -> anyhow::Result<LineStream> {
        let path = filter.query("/api/logs/stream", ("after", Some(after.to_string())));
        let request = self.request(Verb::Get, &path, Body::Empty);
        let url = request.url.clone();
        let response = self.accepted(request).await?;
        Ok(LineStream { response, url, buffer: BytesMut::new(), ready: VecDeque::new() })
    }

    /// `GET /api/envvars`.
    pub async fn variables(&self, app: &str) -> anyhow::Result<Vec<EnvVar>> {
        let path = with_query("/api/envvars", [("site_id", Some(app.to_owned()))]);
        Ok(self.get::<EnvVars>(&path).await?.vars)
    }

    /// `POST /api/envvars`.
    pub async fn set_variable(&self, variable: &EnvVarRequest) -> anyhow::Result<Nothing> {
        self.call(Verb::Post, "/api/envvars", variable).await
    }

    /// `DELETE /api/envvars`.
    pub async fn delete_variable(&self, id: i64) -> anyhow::Result<Nothing> {
        let path = with_query("/api/envvars", [("id", Some(id.to_string()))]);
        self.data(self.request(Verb::Delete, &path, Body::Empty)).await
    }
}

/// What a stream tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A line.
    Line(Box<LogLine>),
    /// Lines may be missing here.
    Gap,
}

/// Lines as they arrive.
#[derive(Debug)]
pub struct LineStream {
    response: Response,
    url: String,
    buffer: BytesMut,
    ready: VecDeque<Told>,
}

impl LineStream {
    /// The next line; none when the node ends the stream.
    ///
    /// # Errors
    /// The stream broke off, stood still for too long, or is no stream of lines.
    pub async fn next(&mut self) -> anyhow::Result<Option<Told>> {
        loop {
            if let Some(told) = self.ready.pop_front() {
                return Ok(Some(told));
            }
            let Some(chunk) = self.response.chunk().await? else { return Ok(None) };
            self.buffer.extend_from_slice(&chunk);
            while let Some(event) = next_event(&mut self.buffer) {
                let told = read(&event)
                    .map_err(|cause| Stranger::Body { url: self.url.clone(), cause })?;
                self.ready.extend(told);
            }
            if self.buffer.len() > EVENT_BYTES_MAX {
                anyhow::bail!("{} sends an event that does not end", self.url);
            }
        }
    }
}

/// Takes the first whole event out of the buffer.
fn next_event(buffer: &mut BytesMut) -> Option<String> {
    let end = buffer.windows(EVENT_END.len()).position(|part| part == EVENT_END)?;
    let event = buffer.split_to(end);
    buffer.advance(EVENT_END.len());
    Some(String::from_utf8_lossy(&event).into_owned())
}

/// What an event tells. Comments, and events of kinds to come, tell nothing.
fn read(event: &str) -> Result<Option<Told>, serde_json::Error> {
    let field = |name: &str| {
        let values = event.lines().filter_map(|line| line.split_once(": "));
        values.filter(|(field, _)| *field == name).map(|(_, value)| value).next()
    };
    match (field("event"), field("data")) {
        (Some("line"), Some(data)) => Ok(Some(Told::Line(serde_json::from_str(data)?))),
        (Some("lagged"), _) => Ok(Some(Told::Gap)),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_cut_out_of_what_arrives() {
        let mut buffer = BytesMut::new();
        let mut told = Vec::new();
        let stream = "retry: 2000\n\n: alive\n\nevent: line\nid: 7\ndata: {\"id\":7,\"level\":\
                      \"info\",\"message\":\"grüße: x\",\"created_at\":\"t\"}\n\nevent: other\n\
                      data: {}\n\nevent: lagged\ndata: {\"after\":7}\n\nevent: li";
        for byte in stream.bytes() {
            buffer.extend([byte]);
            while let Some(event) = next_event(&mut buffer) {
                told.extend(read(&event).unwrap());
            }
        }
        let [Told::Line(line), Told::Gap] = &told[..] else { panic!("{told:?}") };
        assert_eq!((line.id, line.message.as_str()), (7, "grüße: x"));
        assert_eq!(&buffer[..], b"event: li");
        assert!(read("event: line\ndata: <html>").is_err());
    }
}
