//! The types that settings have, and how each becomes a value and back.

use std::net::IpAddr;
use std::time::Duration;

use super::value::Value;
use crate::outbound::guard::AllowedHosts;

/// A type that settings have.
pub(super) trait Field {
    /// The field as a value.
    fn show(&self) -> Value;

    /// Takes over a value that was parsed by the field's own row.
    fn assign(&mut self, value: &Value);
}

macro_rules! number_fields {
    ($($number:ty)*) => {$(
        impl Field for $number {
            fn show(&self) -> Value {
                Value::Number(u64::try_from(*self).unwrap_or(u64::MAX))
            }

            fn assign(&mut self, value: &Value) {
                if let Value::Number(number) = value {
                    *self = <$number>::try_from(*number).unwrap_or(<$number>::MAX);
                }
            }
        }
    )*};
}

number_fields!(u16 u32 u64 usize);

impl Field for Duration {
    fn show(&self) -> Value {
        Value::Number(self.as_secs())
    }

    fn assign(&mut self, value: &Value) {
        if let Value::Number(seconds) = value {
            *self = Duration::from_secs(*seconds);
        }
    }
}

impl Field for bool {
    fn show(&self) -> Value {
        Value::Bool(*self)
    }

    fn assign(&mut self, value: &Value) {
        if let Value::Bool(value) = value {
            *self = *value;
        }
    }
}

impl Field for IpAddr {
    fn show(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn assign(&mut self, value: &Value) {
        if let Value::Text(text) = value
            && let Ok(address) = text.parse()
        {
            *self = address;
        }
    }
}

impl Field for String {
    fn show(&self) -> Value {
        Value::Text(self.clone())
    }

    fn assign(&mut self, value: &Value) {
        if let Value::Text(text) = value {
            self.clone_from(text);
        }
    }
}

impl Field for AllowedHosts {
    /// No host is no value, so that `none` takes all of them away.
    fn show(&self) -> Value {
        if self.is_empty() { Value::Nothing } else { Value::Text(self.to_string()) }
    }

    fn assign(&mut self, value: &Value) {
        match value {
            Value::Text(text) => {
                if let Ok(hosts) = AllowedHosts::parse(text) {
                    *self = hosts;
                }
            }
            _ => *self = AllowedHosts::default(),
        }
    }
}

impl<T: Field + Default> Field for Option<T> {
    fn show(&self) -> Value {
        self.as_ref().map_or(Value::Nothing, T::show)
    }

    fn assign(&mut self, value: &Value) {
        match value {
            Value::Nothing => *self = None,
            some => self.get_or_insert_default().assign(some),
        }
    }
}
