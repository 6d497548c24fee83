//! Runs a little JavaScript on V8 and prints V8's version: what `make v8-check` builds
//! against an archive, to see that it links, starts, and is the V8 of the crate.

use std::process::ExitCode;

/// Needs the compiler, the data of ICU, and WebAssembly: an empty module is valid.
const SCRIPT: &str = "
    const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    const day = new Intl.DateTimeFormat('de', { dateStyle: 'long', timeZone: 'Asia/Tokyo' });
    `${module instanceof WebAssembly.Module} ${day.format(new Date(0))} ${6 * 7}`;
";

/// What it comes to.
const ANSWER: &str = "true 1. Januar 1970 42";

fn main() -> ExitCode {
    let held = v8::V8::get_version();
    if held != v8::VERSION_STRING {
        eprintln!("this is V8 {held}, and not {}", v8::VERSION_STRING);
        return ExitCode::FAILURE;
    }
    v8::V8::initialize_platform(v8::new_default_platform(0, false).make_shared());
    v8::V8::initialize();
    let answer = run();
    if answer.as_deref() != Some(ANSWER) {
        eprintln!("a script answered {answer:?}");
        return ExitCode::FAILURE;
    }
    println!("{held}");
    ExitCode::SUCCESS
}

fn run() -> Option<String> {
    let isolate = &mut v8::Isolate::new(v8::CreateParams::default());
    v8::scope!(let scope, isolate);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    let scope = &mut v8::ContextScope::new(scope, context);
    let source = v8::String::new(scope, SCRIPT)?;
    let script = v8::Script::compile(scope, source, None)?;
    let value = script.run(scope)?;
    Some(value.to_rust_string_lossy(scope))
}
