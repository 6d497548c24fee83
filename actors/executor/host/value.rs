//! Values that cross between JavaScript and its host, the same for every engine.

use bytes::Bytes;

/// A plain value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `undefined` and `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string; lone surrogates have become U+FFFD.
    Text(String),
    /// Bytes: a `Uint8Array` in JavaScript, other views and buffers too on the way in.
    Bytes(Bytes),
    /// A list.
    List(Vec<Value>),
}

impl From<()> for Value {
    fn from((): ()) -> Value {
        Value::Null
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Number(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Value {
        Value::Number(f64::from(value))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}

impl From<Bytes> for Value {
    fn from(value: Bytes) -> Value {
        Value::Bytes(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Value {
        Value::Bytes(value.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(value: Vec<Value>) -> Value {
        Value::List(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// What JavaScript sees thrown, or a promise rejected with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct HostError {
    /// `TypeError`, `RangeError`, or the name of a `DOMException` (WebIDL section 2.8.1),
    /// such as `OperationError`. The prelude makes the object.
    pub name: &'static str,
    /// What is wrong, for the author of the script.
    pub message: String,
}

impl HostError {
    /// An error of that name.
    pub fn new(name: &'static str, message: impl Into<String>) -> HostError {
        HostError { name, message: message.into() }
    }

    /// A `TypeError`.
    pub fn type_error(message: impl Into<String>) -> HostError {
        HostError::new("TypeError", message)
    }

    /// A `RangeError`.
    pub fn range_error(message: impl Into<String>) -> HostError {
        HostError::new("RangeError", message)
    }
}

/// The arguments of one call. A missing one reads as [`Value::Null`].
#[derive(Clone, Copy, Debug)]
pub struct Args<'a>(pub &'a [Value]);

impl<'a> Args<'a> {
    /// The argument at a place.
    pub fn value(self, place: usize) -> &'a Value {
        self.0.get(place).unwrap_or(&Value::Null)
    }

    /// Whether the argument is absent.
    pub fn is_null(self, place: usize) -> bool {
        *self.value(place) == Value::Null
    }

    /// A string.
    pub fn text(self, place: usize) -> Result<&'a str, HostError> {
        match self.value(place) {
            Value::Text(text) => Ok(text),
            _ => Err(wrong(place, "a string")),
        }
    }

    /// Bytes, shared and not copied.
    pub fn bytes(self, place: usize) -> Result<Bytes, HostError> {
        match self.value(place) {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            _ => Err(wrong(place, "bytes")),
        }
    }

    /// A number.
    pub fn number(self, place: usize) -> Result<f64, HostError> {
        match self.value(place) {
            Value::Number(number) => Ok(*number),
            _ => Err(wrong(place, "a number")),
        }
    }

    /// A whole number that fits.
    pub fn integer(self, place: usize) -> Result<u32, HostError> {
        let number = self.number(place)?;
        let is_integer = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
        if is_integer { Ok(number as u32) } else { Err(wrong(place, "a whole number")) }
    }

    /// A boolean; absent is false.
    pub fn flag(self, place: usize) -> Result<bool, HostError> {
        match self.value(place) {
            Value::Bool(flag) => Ok(*flag),
            Value::Null => Ok(false),
            _ => Err(wrong(place, "a boolean")),
        }
    }

    /// A list.
    pub fn list(self, place: usize) -> Result<&'a [Value], HostError> {
        match self.value(place) {
            Value::List(list) => Ok(list),
            _ => Err(wrong(place, "a list")),
        }
    }
}

/// The prelude checks what scripts pass, so this says that the prelude is wrong.
fn wrong(place: usize, expected: &str) -> HostError {
    HostError::type_error(format!("argument {place} of the host function must be {expected}"))
}
