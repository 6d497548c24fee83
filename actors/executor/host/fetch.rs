//! What is below `fetch` in JavaScript (WHATWG Fetch 5.6): requests that leave the node, over
//! the guarded client.
//!
//! A fetch is a number to JavaScript. It ends with its call at the latest, and dropping the
//! state of an isolate ends all of them.

use std::collections::HashMap;
use std::rc::Rc;

use futures_util::FutureExt;

use super::value::{Args, HostError, Value};
use super::{Answer, Host, HostFunction, Pending};
use crate::outbound::fetch::{
    Fetch, FetchBody, FetchClient, FetchError, FetchHead, FetchRequest, FetchSession, FetchWriter,
    RedirectMode,
};

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction::now("fetchStart", start),
    HostFunction::later("fetchHead", head),
    HostFunction::later("fetchRead", read),
    HostFunction::later("fetchWrite", write),
    HostFunction::now("fetchWriteEnd", write_end),
    HostFunction::now("fetchAbort", abort),
];

/// The fetches of one isolate. The default one has no way out.
#[derive(Debug, Default)]
pub struct FetchState {
    session: Option<FetchSession>,
    open: HashMap<u32, Open>,
    /// The handle that was given out last.
    last: u32,
    /// The call whose code runs.
    call: u64,
    /// Fetches that each call has begun, until it ends.
    begun: HashMap<u64, u32>,
}

/// One fetch.
#[derive(Debug)]
struct Open {
    fetch: Fetch,
    /// Where the body of the request goes that is still written.
    writer: Option<FetchWriter>,
    call: u64,
}

impl FetchState {
    /// Fetches over the client of this thread. Connections are this isolate's own.
    pub fn new(client: Rc<FetchClient>) -> FetchState {
        FetchState { session: Some(FetchSession::new(client)), ..FetchState::default() }
    }

    /// Says whose code runs from now on: what it fetches counts for this call. Said again
    /// whenever a call goes on.
    pub fn begin_call(&mut self, call: u64) {
        self.call = call;
    }

    /// Forgets a call, and ends what it still fetches.
    pub fn end_call(&mut self, call: u64) {
        self.begun.remove(&call);
        self.open.retain(|_, open| open.call != call);
    }

    /// How many fetches are under way, or have a body that nobody has read.
    pub fn open_count(&self) -> usize {
        self.open.values().filter(|open| !open.fetch.is_over()).count()
    }

    fn start(&mut self, request: FetchRequest) -> Result<u32, FetchError> {
        let session = self.session.as_ref().ok_or(FetchError::Unavailable)?;
        let bounds = session.client().bounds();
        let begun = self.begun.entry(self.call).or_default();
        if *begun >= bounds.per_call {
            return Err(FetchError::TooManyFetches(bounds.per_call));
        }
        if self.open.len() >= bounds.open_per_isolate {
            self.open.retain(|_, open| !open.fetch.is_over());
        }
        if self.open.len() >= bounds.open_per_isolate {
            return Err(FetchError::TooManyOpen(bounds.open_per_isolate));
        }
        let (fetch, writer) = session.start(request)?;
        *begun += 1;
        self.last = self.last.wrapping_add(1);
        self.open.insert(self.last, Open { fetch, writer, call: self.call });
        Ok(self.last)
    }

    fn open(&mut self, args: Args<'_>) -> Result<&mut Open, HostError> {
        self.open.get_mut(&args.integer(0)?).ok_or_else(|| thrown(FetchError::Aborted))
    }
}

/// What JavaScript sees of a failure: the standard knows only its "network error".
fn thrown(error: FetchError) -> HostError {
    HostError::type_error(error.to_string())
}

/// `fetchStart(method, url, flatHeaders, body, redirect) -> handle`. The body is null, bytes,
/// or `true` for one that will be written.
fn start(host: &mut Host, args: Args<'_>) -> Answer {
    let body = match args.value(3) {
        Value::Null => FetchBody::Empty,
        Value::Bool(true) => FetchBody::Stream,
        _ => FetchBody::Bytes(args.bytes(3)?),
    };
    let redirect = match args.text(4)? {
        "follow" => RedirectMode::Follow,
        "error" => RedirectMode::Error,
        "manual" => RedirectMode::Manual,
        other => return Err(HostError::type_error(format!("`{other}` is no redirect mode"))),
    };
    let request = FetchRequest {
        method: args.text(0)?.to_owned(),
        url: args.text(1)?.to_owned(),
        headers: pairs(args.list(2)?)?,
        body,
        redirect,
    };
    host.fetch.start(request).map(Value::from).map_err(thrown)
}

/// The pairs of a list of names and values in turn.
fn pairs(flat: &[Value]) -> Result<Vec<(String, String)>, HostError> {
    let pairs = flat.chunks(2).map(|pair| match pair {
        [Value::Text(name), Value::Text(value)] => Ok((name.clone(), value.clone())),
        _ => Err(HostError::type_error("headers must be names and values in turn")),
    });
    pairs.collect()
}

/// `fetchHead(handle) -> [status, statusText, finalUrl, wasRedirected, flatHeaders]`, once.
fn head(host: &mut Host, args: Args<'_>) -> Result<Pending, HostError> {
    let head = host.fetch.open(args)?.fetch.head();
    Ok(head.map(|head| head.map(value_of).map_err(thrown)).boxed_local())
}

fn value_of(head: FetchHead) -> Value {
    let FetchHead { status, status_text, url, is_redirected, headers } = head;
    let flat = headers.into_iter().flat_map(|(name, value)| [Value::Text(name), value.into()]);
    let flat: Vec<Value> = flat.collect();
    let status = Value::from(u32::from(status));
    vec![status, status_text.into(), url.into(), is_redirected.into(), flat.into()].into()
}

/// `fetchRead(handle) -> bytes`, null at the end.
fn read(host: &mut Host, args: Args<'_>) -> Result<Pending, HostError> {
    let body = host.fetch.open(args)?.fetch.body();
    Ok(async move { body.read().await.map(Value::from).map_err(thrown) }.boxed_local())
}

/// `fetchWrite(handle, bytes)`: done when there is room for more.
fn write(host: &mut Host, args: Args<'_>) -> Result<Pending, HostError> {
    let bytes = args.bytes(1)?;
    let writer = host.fetch.open(args)?.writer.as_ref();
    let written = writer.ok_or_else(|| thrown(FetchError::Aborted))?.write(bytes);
    Ok(written.map(|written| written.map(Value::from).map_err(thrown)).boxed_local())
}

/// `fetchWriteEnd(handle)`: the body is whole.
fn write_end(host: &mut Host, args: Args<'_>) -> Answer {
    // After an abort there is nothing to end.
    if let Ok(open) = host.fetch.open(args)
        && let Some(mut writer) = open.writer.take()
    {
        writer.end();
    }
    Ok(Value::Null)
}

/// `fetchAbort(handle)`: ends it, wherever it is; also what frees one that was read.
fn abort(host: &mut Host, args: Args<'_>) -> Answer {
    host.fetch.open.remove(&args.integer(0)?);
    Ok(Value::Null)
}

#[cfg(test)]
mod tests;
