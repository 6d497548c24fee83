//! Time, as scripts see it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt;

use super::value::{Args, HostError, Value};
use super::{Answer, Host, HostFunction, Pending};

/// The longest sleep in milliseconds: that of timers in browsers (WHATWG HTML section 8.6).
const SLEEP_MILLIS_MAX: f64 = 2_147_483_647.0;

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction::now("now", now),
    HostFunction::now("timeOrigin", time_origin),
    HostFunction::later("sleep", sleep),
];

/// When the isolate began to serve its app.
pub(super) struct Clock {
    began: Instant,
    origin_millis: f64,
}

impl Default for Clock {
    fn default() -> Clock {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { began: Instant::now(), origin_millis: since_epoch.as_secs_f64() * 1000.0 }
    }
}

/// `now()`: milliseconds since the isolate began, never going back.
fn now(host: &mut Host, _args: Args<'_>) -> Answer {
    Ok(Value::Number(host.clock.began.elapsed().as_secs_f64() * 1000.0))
}

/// `timeOrigin()`: when that was, in milliseconds since 1970.
fn time_origin(host: &mut Host, _args: Args<'_>) -> Answer {
    Ok(Value::Number(host.clock.origin_millis))
}

/// `sleep(milliseconds)`.
fn sleep(_host: &mut Host, args: Args<'_>) -> Result<Pending, HostError> {
    let millis = args.number(0)?.clamp(0.0, SLEEP_MILLIS_MAX);
    let length = Duration::from_secs_f64(if millis.is_nan() { 0.0 } else { millis } / 1000.0);
    Ok(async move {
        tokio::time::sleep(length).await;
        Ok(Value::Null)
    }
    .boxed_local())
}
