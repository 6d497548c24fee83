//! What a script may know of its own app: files, variables, name.

use super::value::{Args, HostError, Value};
use super::{Answer, Host, HostFunction};

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction::now("app", app),
    HostFunction::now("env", env),
    HostFunction::now("moduleKind", module_kind),
    HostFunction::now("moduleSource", module_source),
    HostFunction::now("resolve", resolve),
    HostFunction::now("fileBytes", file_bytes),
];

/// `app()`: id, name and release of the app, and fazt's version.
fn app(host: &mut Host, _args: Args<'_>) -> Answer {
    let app = &host.code.app;
    Ok(Value::List(vec![
        Value::from(&*app.id),
        Value::from(&*app.name),
        Value::from(app.release),
        Value::from(env!("CARGO_PKG_VERSION")),
    ]))
}

/// `env()`: names and values of the app's variables, in turn.
fn env(host: &mut Host, _args: Args<'_>) -> Answer {
    let texts = host.code.env.iter().flat_map(|(name, value)| [&**name, &**value]);
    Ok(Value::List(texts.map(Value::from).collect()))
}

/// `moduleKind(file)`: `module`, `commonjs`, `handler`, `legacy`, `json` or `other`.
fn module_kind(host: &mut Host, args: Args<'_>) -> Answer {
    host.code.bundle.kind(args.text(0)?).map(Value::from).map_err(load_error)
}

/// `moduleSource(file)`: the JavaScript of a file that is no module.
fn module_source(host: &mut Host, args: Args<'_>) -> Answer {
    let script = host.code.bundle.script(args.text(0)?).map_err(load_error)?;
    Ok(Value::from(&*script.code))
}

/// `resolve(specifier, referrer)`: the file that `require` means.
fn resolve(host: &mut Host, args: Args<'_>) -> Answer {
    let found = host.code.bundle.resolve(args.text(0)?, args.text(1)?);
    found.map(Value::from).map_err(load_error)
}

/// `fileBytes(file)`: a file beside the code.
fn file_bytes(host: &mut Host, args: Args<'_>) -> Answer {
    Ok(Value::from(host.code.bundle.bytes(args.text(0)?).cloned()))
}

fn load_error(error: impl std::fmt::Display) -> HostError {
    HostError::new("Error", error.to_string())
}
