//! The calls of an isolate: what came in with them, and their answers on the way out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

use super::log::first_place;
use super::value::{Args, HostError, Value};
use super::{Answer, Host, HostFunction, Pending};
use crate::app_logs::Level;
use crate::executor::call::{
    BODY_CHUNKS, Body, BodyError, CallError, CallId, CallRequest, CallResponse, CallResult,
    HeaderLines, Limit,
};
use crate::executor::limits::FunctionLimits;

/// Bytes of a response that is not streamed.
const RESPONSE_BYTES_MAX: usize = 6 * 1024 * 1024;

/// How long a stream may wait for its reader.
const STREAM_IDLE: Duration = Duration::from_secs(60);

/// Bytes of an error's message, and of its stack, that are kept.
const ERROR_BYTES_MAX: usize = 16 * 1024;

/// Bytes of an average name or value of a header line.
const LINE_PART_BYTES: usize = 24;

/// Chunks of a request's body, taken out while one is waited for.
type Chunks = mpsc::Receiver<Result<Bytes, BodyError>>;

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction::now("callFile", file),
    HostFunction::now("callHeaders", headers),
    HostFunction::now("callBytes", bytes),
    HostFunction::now("callText", text),
    HostFunction::later("callRead", read),
    HostFunction::now("respond", respond),
    HostFunction::now("respondStream", respond_stream),
    HostFunction::later("respondWrite", respond_write),
    HostFunction::now("respondEnd", respond_end),
    HostFunction::now("respondFail", respond_fail),
    HostFunction::now("respondAllow", respond_allow),
    HostFunction::now("currentCall", current),
    HostFunction::now("callResumes", resumes),
    HostFunction::now("callDone", done),
];

/// A call that is under way.
pub(in crate::executor) struct Call {
    request: CallRequest,
    /// The chunks of a body that comes bit by bit, as far as they have not been asked for.
    chunks: Option<Arc<tokio::sync::Mutex<Option<Chunks>>>>,
    answer: Option<oneshot::Sender<CallResult>>,
    stream: Option<mpsc::Sender<Result<Bytes, BodyError>>>,
    began: Instant,
    /// Processor time that its steps took.
    pub(in crate::executor) cpu: Duration,
    /// Time that its steps took by the clock.
    pub(in crate::executor) running: Duration,
    /// Bytes of log lines that it wrote.
    pub(in crate::executor) log_bytes: usize,
}

/// The calls of one isolate.
#[derive(Default)]
pub(in crate::executor) struct Calls(HashMap<CallId, Call, foldhash::fast::RandomState>);

impl Calls {
    /// Takes a call in.
    pub(in crate::executor) fn insert(
        &mut self,
        id: CallId,
        mut request: CallRequest,
        answer: oneshot::Sender<CallResult>,
    ) {
        let chunks = match std::mem::replace(&mut request.body, Body::Empty) {
            Body::Stream(chunks) => Some(Arc::new(tokio::sync::Mutex::new(Some(chunks)))),
            other => {
                request.body = other;
                None
            }
        };
        let call = Call {
            request,
            chunks,
            answer: Some(answer),
            stream: None,
            began: Instant::now(),
            cpu: Duration::ZERO,
            running: Duration::ZERO,
            log_bytes: 0,
        };
        self.0.insert(id, call);
    }

    /// Calls that are under way.
    pub(in crate::executor) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no call is under way.
    pub(in crate::executor) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A call by its number.
    pub(in crate::executor) fn get_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.0.get_mut(&id)
    }

    /// The calls that lasted for longer than they may, answered or not.
    pub(in crate::executor) fn overdue(
        &self,
        now: Instant,
        limits: &FunctionLimits,
    ) -> Vec<CallId> {
        let is_overdue = |call: &Call| {
            let age = now.saturating_duration_since(call.began);
            match (&call.stream, &call.answer) {
                (Some(_), _) => age > limits.stream_time,
                // What goes on after the answer has as long as the answer had.
                (None, None) => age > limits.answer_time * 2,
                (None, Some(_)) => age > limits.answer_time,
            }
        };
        self.0.iter().filter(|(_, call)| is_overdue(call)).map(|(id, _)| *id).collect()
    }

    /// The numbers of all calls.
    pub(in crate::executor) fn ids(&self) -> Vec<CallId> {
        self.0.keys().copied().collect()
    }

    /// Ends a call with `error`, as far as it has not answered.
    fn fail(&mut self, id: CallId, error: CallError) {
        let Some(call) = self.0.remove(&id) else { return };
        if let Some(answer) = call.answer {
            let _caller_left = answer.send(Err(error));
        } else if let Some(stream) = call.stream {
            let _caller_left = stream.try_send(Err(BodyError::Broken));
        }
    }

    fn by_argument(&mut self, args: Args<'_>) -> Option<&mut Call> {
        let id = args.number(0).ok()?;
        self.0.get_mut(&CallId(id as u64))
    }
}

impl Call {
    /// The id of the visitor's request.
    pub(in crate::executor) fn request_id(&self) -> &Arc<str> {
        &self.request.request_id
    }

    fn answer(&mut self, result: CallResult) {
        if let Some(answer) = self.answer.take() {
            let _caller_left = answer.send(result);
        }
    }
}

impl Host {
    /// Ends a call with `error`, as far as it has not answered, and what it still fetches.
    pub(in crate::executor) fn fail(&mut self, id: CallId, error: CallError) {
        self.calls.fail(id, error);
        self.fetch.end_call(id.0);
    }
}

/// `callFile(call)`: the file that answers.
fn file(host: &mut Host, args: Args<'_>) -> Answer {
    let file = host.calls.by_argument(args).map(|call| &*call.request.file);
    Ok(file.into())
}

/// `callHeaders(call)`: names and values of the request's header lines, in turn.
fn headers(host: &mut Host, args: Args<'_>) -> Answer {
    let Some(call) = host.calls.by_argument(args) else { return Ok(Value::List(Vec::new())) };
    let lines = call.request.headers.iter();
    Ok(Value::List(lines.flat_map(|(name, value)| [name.into(), value.into()]).collect()))
}

/// `callBytes(call)`: the body, where all of it is there.
fn bytes(host: &mut Host, args: Args<'_>) -> Answer {
    let body = host.calls.by_argument(args).map(|call| &call.request.body);
    Ok(match body {
        Some(Body::Whole(bytes)) => Value::Bytes(bytes.clone()),
        _ => Value::Null,
    })
}

/// `callText(call)`: the same decoded (Encoding standard, "UTF-8 decode"), without the bytes.
fn text(host: &mut Host, args: Args<'_>) -> Answer {
    let body = host.calls.by_argument(args).map(|call| &call.request.body);
    Ok(match body {
        Some(Body::Whole(bytes)) => {
            let (text, _has_errors) = encoding_rs::UTF_8.decode_with_bom_removal(bytes);
            Value::Text(text.into_owned())
        }
        _ => Value::Null,
    })
}

/// `callRead(call)`: the next chunk of the body, or null at its end.
fn read(host: &mut Host, args: Args<'_>) -> Result<Pending, HostError> {
    let Some(call) = host.calls.by_argument(args) else {
        return Err(HostError::type_error("the call has ended, and its body with it"));
    };
    let chunks = call.chunks.clone();
    Ok(async move {
        let Some(chunks) = chunks else { return Ok(Value::Null) };
        let mut chunks = chunks.lock().await;
        let Some(open) = chunks.as_mut() else { return Ok(Value::Null) };
        match open.recv().await {
            Some(Ok(bytes)) => Ok(Value::Bytes(bytes)),
            Some(Err(error)) => {
                *chunks = None;
                Err(HostError::type_error(error.to_string()))
            }
            None => {
                *chunks = None;
                Ok(Value::Null)
            }
        }
    }
    .boxed_local())
}

/// Status and header lines: a list of names and values in turn, or the content type alone.
fn status_and_headers(args: Args<'_>) -> Result<(u16, HeaderLines), HostError> {
    let status = u16::try_from(args.integer(1)?)
        .map_err(|_| HostError::range_error("a status is 200 to 599"))?;
    if let Value::Text(content_type) = args.value(2) {
        let name = "content-type";
        let mut headers = HeaderLines::with_capacity(1, name.len() + content_type.len());
        headers.push(name, content_type.as_bytes());
        return Ok((status, headers));
    }
    let list = args.list(2)?;
    let mut headers = HeaderLines::with_capacity(list.len() / 2, list.len() * LINE_PART_BYTES);
    for pair in list.chunks_exact(2) {
        let pair = Args(pair);
        headers.push(pair.text(0)?, pair.text(1)?.as_bytes());
    }
    Ok((status, headers))
}

/// `respond(call, status, headers, body, isLast)`: the whole answer; the body is text, bytes or
/// null. With the last the call is done.
fn respond(host: &mut Host, args: Args<'_>) -> Answer {
    let (status, headers) = status_and_headers(args)?;
    let body = match args.value(3) {
        Value::Null => Body::Empty,
        Value::Text(text) => Body::Whole(Bytes::copy_from_slice(text.as_bytes())),
        _ => Body::Whole(args.bytes(3)?),
    };
    let is_too_large = matches!(&body, Body::Whole(bytes) if bytes.len() > RESPONSE_BYTES_MAX);
    if let Some(answer) = host.calls.by_argument(args).and_then(|call| call.answer.take()) {
        let result = match is_too_large {
            true => Err(CallError::Limit(Limit::ResponseBytes)),
            false => Ok(CallResponse { status, headers, body }),
        };
        match &host.lane {
            Some(lane) => lane.outbox.post(answer, result),
            None => drop(answer.send(result)),
        }
    }
    if is_too_large {
        let max = RESPONSE_BYTES_MAX / 1024 / 1024;
        return Err(HostError::range_error(format!(
            "the response has more than {max} MiB; larger ones are streamed"
        )));
    }
    if args.flag(4)? {
        return done(host, args);
    }
    Ok(Value::Null)
}

/// `respondStream(call, status, headers)`: the head of an answer whose body follows.
fn respond_stream(host: &mut Host, args: Args<'_>) -> Answer {
    let (status, headers) = status_and_headers(args)?;
    if let Some(call) = host.calls.by_argument(args) {
        let (sender, chunks) = mpsc::channel(BODY_CHUNKS);
        call.stream = Some(sender);
        call.answer(Ok(CallResponse { status, headers, body: Body::Stream(chunks) }));
    }
    Ok(Value::Null)
}

/// `respondWrite(call, bytes)`: waits until the client takes more; true while it does.
fn respond_write(host: &mut Host, args: Args<'_>) -> Result<Pending, HostError> {
    let bytes = match args.value(1) {
        Value::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
        _ => args.bytes(1)?,
    };
    let stream = host.calls.by_argument(args).and_then(|call| call.stream.clone());
    Ok(async move {
        let Some(stream) = stream else { return Ok(Value::Bool(false)) };
        let sent = tokio::time::timeout(STREAM_IDLE, stream.send(Ok(bytes))).await;
        Ok(Value::Bool(matches!(sent, Ok(Ok(())))))
    }
    .boxed_local())
}

/// `respondEnd(call, isWhole)`: the end of a body; one that is not whole breaks off.
fn respond_end(host: &mut Host, args: Args<'_>) -> Answer {
    let is_whole = args.flag(1)?;
    if let Some(call) = host.calls.by_argument(args)
        && let Some(stream) = call.stream.take()
        && !is_whole
    {
        // No room: the reader learns it from a body without an end.
        let _no_room = stream.try_send(Err(BodyError::Broken));
    }
    Ok(Value::Null)
}

/// `respondFail(call, message, stack)`: the handler failed.
fn respond_fail(host: &mut Host, args: Args<'_>) -> Answer {
    let message = cut(args.text(1)?, ERROR_BYTES_MAX).to_owned();
    let stack = host.code.bundle.original_stack(cut(args.text(2)?, ERROR_BYTES_MAX));
    if message != BODY_TOO_LARGE {
        host.say_at(Level::Error, &stack, first_place(&stack));
    }
    if let Some(call) = host.calls.by_argument(args) {
        let is_too_large = message == BODY_TOO_LARGE;
        call.answer(Err(if is_too_large {
            CallError::BodyTooLarge
        } else {
            CallError::Failed { message, stack }
        }));
    }
    Ok(Value::Null)
}

/// What the prelude throws when a body is larger than what may be read at once.
const BODY_TOO_LARGE: &str = "fazt: body too large";

/// `respondAllow(call, methods)`: the file has no handler for this method.
fn respond_allow(host: &mut Host, args: Args<'_>) -> Answer {
    let allow = args.text(1)?.to_owned();
    if let Some(call) = host.calls.by_argument(args) {
        call.answer(Err(CallError::MethodNotAllowed { allow }));
    }
    Ok(Value::Null)
}

/// `currentCall()`: whose code runs, or null when that call is done.
fn current(host: &mut Host, _: Args<'_>) -> Answer {
    let call = host.current;
    Ok(host.calls.get_mut(call).map(|_| call.0 as f64).into())
}

/// `callResumes(call)`: from here on the step runs for this call, whatever it began for.
fn resumes(host: &mut Host, args: Args<'_>) -> Answer {
    let call = CallId(args.number(0)? as u64);
    // An engine may go on with other calls after one was interrupted: that one is to blame.
    if !host.lane.as_ref().is_some_and(|lane| lane.is_interrupted()) {
        host.current = call;
        host.fetch.begin_call(call.0);
    }
    Ok(Value::Null)
}

/// `callDone(call)`: nothing of the call is under way any more.
fn done(host: &mut Host, args: Args<'_>) -> Answer {
    let call = CallId(args.number(0)? as u64);
    host.fetch.end_call(call.0);
    if let Some(ended) = host.calls.0.remove(&call) {
        host.log.end_call(call, ended.request.request_id, ended.log_bytes);
    }
    Ok(Value::Null)
}

/// At most `max` bytes of a text, at a border of characters.
pub(super) fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
