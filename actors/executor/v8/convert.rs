//! Plain values to V8's and back.

use bytes::Bytes;
use deno_core::v8;

use super::alloc::BufferMeter;
use crate::executor::host::value::{HostError, Value};

/// Lists inside lists that may cross.
const DEPTH_MAX: u32 = 8;

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

/// A value of the script as a plain one; functions and other objects become null.
pub(super) fn from_v8(scope: Scope<'_, '_, '_>, value: v8::Local<'_, v8::Value>) -> Value {
    read(scope, value, 0)
}

fn read(scope: Scope<'_, '_, '_>, value: v8::Local<'_, v8::Value>, depth: u32) -> Value {
    if value.is_null_or_undefined() {
        return Value::Null;
    }
    if value.is_string() {
        return Value::Text(value.to_rust_string_lossy(scope));
    }
    if value.is_number() {
        return Value::Number(value.number_value(scope).unwrap_or(f64::NAN));
    }
    if value.is_boolean() {
        return Value::Bool(value.is_true());
    }
    if let Ok(view) = v8::Local::<v8::ArrayBufferView>::try_from(value) {
        let mut bytes = vec![0; view.byte_length()];
        let copied = view.copy_contents(&mut bytes);
        bytes.truncate(copied);
        return Value::Bytes(bytes.into());
    }
    if let Ok(buffer) = v8::Local::<v8::ArrayBuffer>::try_from(value) {
        let store = buffer.get_backing_store();
        return Value::Bytes(store.iter().map(std::cell::Cell::get).collect());
    }
    match v8::Local::<v8::Array>::try_from(value) {
        Ok(list) if depth < DEPTH_MAX => {
            let length = list.length();
            let mut values = Vec::with_capacity(length.min(1024) as usize);
            for index in 0..length {
                let Some(item) = list.get_index(scope, index) else { break };
                values.push(read(scope, item, depth + 1));
            }
            Value::List(values)
        }
        _ => Value::Null,
    }
}

/// A plain value as one of the script's.
///
/// # Errors
/// There is no room for it in the isolate.
pub(super) fn to_v8<'s>(
    scope: Scope<'_, 's, '_>,
    value: &Value,
    meter: &BufferMeter,
) -> Result<v8::Local<'s, v8::Value>, HostError> {
    Ok(match value {
        Value::Null => v8::null(scope).into(),
        Value::Bool(value) => v8::Boolean::new(scope, *value).into(),
        Value::Number(value) => v8::Number::new(scope, *value).into(),
        Value::Text(text) => text_to_v8(scope, text)?.into(),
        Value::Bytes(bytes) => bytes_to_v8(scope, bytes, meter)?.into(),
        Value::List(values) => {
            let mut items = Vec::with_capacity(values.len());
            for value in values {
                items.push(to_v8(scope, value, meter)?);
            }
            v8::Array::new_with_elements(scope, &items).into()
        }
    })
}

/// A string of the script.
///
/// # Errors
/// It is longer than V8's strings may be.
pub(super) fn text_to_v8<'s>(
    scope: Scope<'_, 's, '_>,
    text: &str,
) -> Result<v8::Local<'s, v8::String>, HostError> {
    // A text of ASCII needs no decoding, and takes half the memory.
    let kind = v8::NewStringType::Normal;
    let string = if text.is_ascii() {
        v8::String::new_from_one_byte(scope, text.as_bytes(), kind)
    } else {
        v8::String::new_from_utf8(scope, text.as_bytes(), kind)
    };
    string.ok_or_else(|| HostError::range_error("the text is too long"))
}

fn bytes_to_v8<'s>(
    scope: Scope<'_, 's, '_>,
    bytes: &Bytes,
    meter: &BufferMeter,
) -> Result<v8::Local<'s, v8::Uint8Array>, HostError> {
    // V8 ends the process when a buffer that its host asks for cannot be had.
    let no_room = || HostError::range_error("there is no memory left for these bytes");
    if !meter.has_room(bytes.len()) {
        return Err(no_room());
    }
    let buffer = v8::ArrayBuffer::new(scope, bytes.len());
    let store = buffer.get_backing_store();
    for (to, from) in store.iter().zip(bytes.iter()) {
        to.set(*from);
    }
    v8::Uint8Array::new(scope, buffer, 0, bytes.len()).ok_or_else(no_room)
}
