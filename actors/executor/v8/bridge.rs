//! The operations that V8 gives to the prelude. What they do stands in `host`.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use deno_core::{op2, v8};

use super::alloc::BufferMeter;
use super::convert::{from_v8, text_to_v8, to_v8};
use crate::executor::code::Code;
use crate::executor::host::value::{Args, HostError, Value};
use crate::executor::host::{Host, HostFunction, Kind, Location, OperationId, functions};

/// How every file of an app is named towards V8.
pub(super) const SCHEME: &str = "app:///";

/// What V8 names for one function of the prelude.
type Callback = v8::Global<v8::Function>;

/// What an isolate's operations work with; it lies in a slot of the isolate.
pub(super) struct Bridge {
    /// Whose isolate it is; none while it is blank.
    pub(super) tenant: RefCell<Option<Tenant>>,
    /// Makes the exception for a failure of the host.
    pub(super) make_error: RefCell<Option<Callback>>,
    /// Bytes in buffers.
    pub(super) meter: Arc<BufferMeter>,
    /// The functions, by number.
    table: Vec<&'static HostFunction>,
}

/// The app of an isolate.
#[derive(Clone)]
pub(super) struct Tenant {
    pub(super) code: Arc<Code>,
    pub(super) host: Rc<RefCell<Host>>,
}

impl Bridge {
    pub(super) fn new(meter: Arc<BufferMeter>) -> Rc<Bridge> {
        Rc::new(Bridge {
            tenant: RefCell::new(None),
            make_error: RefCell::new(None),
            meter,
            table: functions().collect(),
        })
    }
}

deno_core::extension!(
    fazt,
    ops = [op_fazt_table, op_fazt_host, op_fazt_begin, op_fazt_cancel, op_fazt_compile],
);

type Local<'s> = v8::Local<'s, v8::Value>;

fn bridge(scope: &v8::PinScope<'_, '_>) -> Option<Rc<Bridge>> {
    scope.get_slot::<Rc<Bridge>>().cloned()
}

/// Names of all functions of the host, each with whether it answers later.
#[op2]
fn op_fazt_table<'s, 'i>(scope: &mut v8::PinScope<'s, 'i>) -> v8::Local<'s, v8::Value> {
    let rows: Vec<Value> = functions()
        .map(|function| {
            let is_later = matches!(function.kind, Kind::Later(_));
            Value::List(vec![function.name.into(), is_later.into()])
        })
        .collect();
    let meter = BufferMeter::new(0);
    to_v8(scope, &Value::List(rows), &meter).unwrap_or_else(|_| v8::undefined(scope).into())
}

/// Calls a function that answers at once. Absent arguments are undefined: a list of them would be
/// one more object for each call.
#[op2(reentrant)]
fn op_fazt_host<'s, 'i>(
    scope: &mut v8::PinScope<'s, 'i>,
    #[smi] number: u32,
    first: Local<'s>,
    second: Local<'s>,
    third: Local<'s>,
    fourth: Local<'s>,
    fifth: Local<'s>,
) -> Local<'s> {
    let undefined = v8::undefined(scope).into();
    let Some(bridge) = bridge(scope) else { return undefined };
    let values = [first, second, third, fourth, fifth].map(|argument| from_v8(scope, argument));
    let answer = with_function(scope, &bridge, number, &values, |host, function, args| {
        match function.kind {
            Kind::Now(call) => call(host, args),
            Kind::Later(_) => Err(HostError::type_error("this function answers later")),
        }
    });
    finish(scope, &bridge, answer)
}

/// Begins an operation; answers its number.
#[op2(reentrant)]
fn op_fazt_begin<'s, 'i>(
    scope: &mut v8::PinScope<'s, 'i>,
    #[smi] number: u32,
    arguments: v8::Local<'s, v8::Array>,
) -> v8::Local<'s, v8::Value> {
    let undefined = v8::undefined(scope).into();
    let Some(bridge) = bridge(scope) else { return undefined };
    let Value::List(values) = from_v8(scope, arguments.into()) else { return undefined };
    let answer = with_function(scope, &bridge, number, &values, |host, function, args| {
        host.begin(function, args).map(|id| Value::from(id.0))
    });
    finish(scope, &bridge, answer)
}

/// Drops an operation.
#[op2(fast)]
fn op_fazt_cancel(scope: &mut v8::PinScope<'_, '_>, #[smi] id: u32) {
    if let Some(bridge) = bridge(scope)
        && let Some(tenant) = &*bridge.tenant.borrow()
    {
        tenant.host.borrow_mut().operations.cancel(OperationId(id));
    }
}

/// Compiles the body of a function whose code is a file.
#[op2(reentrant)]
fn op_fazt_compile<'s, 'i>(
    scope: &mut v8::PinScope<'s, 'i>,
    code: v8::Local<'s, v8::String>,
    #[string] file: String,
    names: v8::Local<'s, v8::Array>,
) -> v8::Local<'s, v8::Value> {
    let mut arguments = Vec::new();
    for index in 0..names.length() {
        if let Some(name) = names.get_index(scope, index)
            && let Ok(name) = v8::Local::<v8::String>::try_from(name)
        {
            arguments.push(name);
        }
    }
    let undefined = v8::undefined(scope).into();
    let Some(bridge) = bridge(scope) else { return undefined };
    let Some(tenant) = bridge.tenant.borrow().clone() else { return undefined };
    // An exception of the compiler, a syntax error, is pending where there is no function.
    compile(scope, code, &file, &arguments, &tenant.code).map_or(undefined, Into::into)
}

fn compile<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    code: v8::Local<'s, v8::String>,
    file: &str,
    arguments: &[v8::Local<'s, v8::String>],
    app: &Code,
) -> Option<v8::Local<'s, v8::Function>> {
    use v8::script_compiler::{
        CachedData, CompileOptions, NoCacheReason, Source, compile_function,
    };
    let name = text_to_v8(scope, &format!("{SCHEME}{file}")).ok()?;
    let origin =
        v8::ScriptOrigin::new(scope, name.into(), 0, 0, false, 0, None, false, false, false, None);
    let kept = app.compiled(file);
    let (mut source, options) = match &kept {
        Some(kept) => (
            Source::new_with_cached_data(code, Some(&origin), CachedData::new(kept)),
            CompileOptions::ConsumeCodeCache,
        ),
        None => (Source::new(code, Some(&origin)), CompileOptions::NoCompileOptions),
    };
    let function =
        compile_function(scope, &mut source, arguments, &[], options, NoCacheReason::NoReason)?;
    let is_refused = source.get_cached_data().is_some_and(|data| data.rejected());
    if (kept.is_none() || is_refused)
        && let Some(made) = function.create_code_cache()
    {
        app.keep_compiled(file, &made);
    }
    Some(function)
}

fn with_function(
    scope: &mut v8::PinScope<'_, '_>,
    bridge: &Bridge,
    number: u32,
    values: &[Value],
    act: impl FnOnce(&mut Host, &HostFunction, Args<'_>) -> Result<Value, HostError>,
) -> Result<Value, HostError> {
    let tenant = bridge.tenant.borrow();
    let blank = || HostError::type_error("the isolate serves no app yet");
    let tenant = tenant.as_ref().ok_or_else(blank)?;
    let unknown = || HostError::type_error("there is no such function");
    let function = *bridge.table.get(number as usize).ok_or_else(unknown)?;
    let location = if function.wants_location { caller(scope) } else { None };
    let mut host = tenant.host.borrow_mut();
    host.location = location;
    act(&mut host, function, Args(values))
}

/// Frames that are looked at for one of the app's own.
const FRAMES_MAX: usize = 12;

/// The innermost frame in the app's own files.
fn caller(scope: &mut v8::PinScope<'_, '_>) -> Option<Location> {
    let trace = v8::StackTrace::current_stack_trace(scope, FRAMES_MAX)?;
    for index in 0..trace.get_frame_count() {
        let Some(frame) = trace.get_frame(scope, index) else { continue };
        let Some(script) = frame.get_script_name(scope) else { continue };
        if let Some(file) = script.to_rust_string_lossy(scope).strip_prefix(SCHEME) {
            let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            return Some(Location {
                file: file.to_owned(),
                line: number(frame.get_line_number()),
                column: number(frame.get_column()),
            });
        }
    }
    None
}

/// Hands an answer to the script, or throws.
fn finish<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    bridge: &Bridge,
    answer: Result<Value, HostError>,
) -> Local<'s> {
    let undefined: Local<'s> = v8::undefined(scope).into();
    match answer.and_then(|value| to_v8(scope, &value, &bridge.meter)) {
        Ok(value) => value,
        Err(error) => {
            throw(scope, bridge, &error);
            undefined
        }
    }
}

fn throw(scope: &mut v8::PinScope<'_, '_>, bridge: &Bridge, error: &HostError) {
    let Ok(name) = text_to_v8(scope, error.name) else { return };
    let Ok(message) = text_to_v8(scope, &error.message) else { return };
    let make = bridge.make_error.borrow().clone();
    let exception = make.and_then(|make| {
        let make = v8::Local::new(scope, make);
        let receiver = v8::undefined(scope).into();
        make.call(scope, receiver, &[name.into(), message.into()])
    });
    let exception = exception.unwrap_or_else(|| v8::Exception::error(scope, message));
    scope.throw_exception(exception);
}
