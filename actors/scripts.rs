//! What the source files of functions are: which kind of script, and as JavaScript.
//!
//! [`prepare`] reads one file. A deploy refuses what it refuses; a release's bundle keeps
//! what it answers. Nothing here runs any code.

mod analysis;
mod completion;
mod nesting;
mod place;
pub mod source_map;
mod syntax;
mod typescript;

use std::thread;

use source_map::SourceMap;

/// Bytes of one source file.
pub const SOURCE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Steps down that a parser may take in one file; see [`nesting`].
const DEPTH_MAX: u32 = 20_000;

/// Stack for each of them: four times what the deepest recursion was seen to need.
const STACK_BYTES_PER_STEP: usize = 8 * 1024;

/// Stack for a file without any nesting.
const STACK_BYTES_MIN: usize = 1024 * 1024;

/// How a file is written, by its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `.js`, `.mjs`, `.cjs`.
    JavaScript(Goal),
    /// `.ts`, `.mts`, `.cts`.
    TypeScript(Goal),
    /// `.json`.
    Json,
    /// `.jsx` and `.tsx`, which are not supported.
    Jsx,
}

/// What the extension says about modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Nothing: the syntax decides.
    Either,
    /// It is an ECMAScript module.
    Module,
    /// It is a CommonJS module.
    CommonJs,
}

impl Language {
    /// The language of a path, or `None` when it is no source file. `.d.ts` files hold types
    /// alone and are none.
    pub fn of(path: &str) -> Option<Language> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let (stem, extension) = name.rsplit_once('.')?;
        let language = match extension {
            "js" => Language::JavaScript(Goal::Either),
            "mjs" => Language::JavaScript(Goal::Module),
            "cjs" => Language::JavaScript(Goal::CommonJs),
            "ts" => Language::TypeScript(Goal::Either),
            "mts" => Language::TypeScript(Goal::Module),
            "cts" => Language::TypeScript(Goal::CommonJs),
            "json" => Language::Json,
            "jsx" | "tsx" => Language::Jsx,
            _ => return None,
        };
        let has_types_only = matches!(language, Language::TypeScript(_)) && stem.ends_with(".d");
        (!has_types_only).then_some(language)
    }

    /// Whether a file of this language can answer requests.
    pub fn is_code(self) -> bool {
        matches!(self, Language::JavaScript(_) | Language::TypeScript(_))
    }
}

/// What a file turned out to be, and with it how its code is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An ECMAScript module: it is one by its extension or has `import`, `export`,
    /// `import.meta` or `await` outside of functions. If it declares `handler` and exports
    /// nothing, the code exports that as the default.
    Module,
    /// The body of a function of `exports`, `require` and `module`, which it assigns to. It
    /// returns `handler` if it declares one, else `undefined`.
    CommonJs,
    /// The body of a function of the same names. It declares `handler` and returns it.
    Classic,
    /// A script as the original took it: the body of a function of the same names, which
    /// returns the value of the last statement (ECMA-262 14.1, "completion value"), or
    /// answers by calling `respond`.
    Legacy,
    /// JSON text, checked.
    Json,
}

/// A source file, checked and as JavaScript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// JavaScript, or JSON. What it is a part of says [`Kind`]. `await` outside of functions
    /// makes a module, so bodies need no `async`.
    pub code: String,
    /// What it is.
    pub kind: Kind,
    /// Whether it declares `handler` at its top level: a function, or a variable with a value.
    pub declares_handler: bool,
    /// Where the parts of the code stood in the source, if they were moved.
    pub map: Option<SourceMap>,
    /// What the last `//# sourceMappingURL=` comment of a JavaScript file says: a path
    /// relative to the file, or a `data:` URL.
    pub map_url: Option<String>,
}

/// Why a file cannot be run: `api/users.ts:3:14: …`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct ScriptError {
    /// Path from the root of the app.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Character of the line, from 1.
    pub column: u32,
    /// What is wrong, and what to do about it.
    pub message: String,
}

impl ScriptError {
    /// An error about a whole file.
    pub fn new(file: &str, message: impl Into<String>) -> ScriptError {
        ScriptError { file: file.to_owned(), line: 1, column: 1, message: message.into() }
    }
}

/// Checks a source file and makes JavaScript of it. It takes the time of a parser, about
/// 10 ms for a megabyte: not for a thread that serves requests.
///
/// TypeScript loses its types; what its enums, namespaces and parameter properties mean stays.
/// Nothing is done to later JavaScript for older engines.
///
/// # Errors
/// The first thing that is wrong with the file, with its place. Where the file has the syntax
/// of types but is right without looking at them, nothing is said: types are not checked.
pub fn prepare(path: &str, source: &[u8]) -> Result<Script, ScriptError> {
    let Some(language) = Language::of(path) else {
        return Err(ScriptError::new(path, "this is not a source file"));
    };
    if source.len() > SOURCE_BYTES_MAX {
        let message = format!("the file is larger than {SOURCE_BYTES_MAX} bytes; split it");
        return Err(ScriptError::new(path, message));
    }
    let source = match std::str::from_utf8(source) {
        Ok(source) => source,
        Err(error) => {
            let valid = String::from_utf8_lossy(&source[..error.valid_up_to()]);
            let message = "the file is not UTF-8 text";
            return Err(place::error(path, &valid, valid.len(), message));
        }
    };
    // A byte order mark is no part of the text (Encoding standard, "UTF-8 decode").
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    match language {
        Language::Json => json(path, source),
        Language::Jsx => Err(ScriptError::new(
            path,
            "JSX is not supported in functions; compile it first, for example with \
             `esbuild --bundle --format=esm`",
        )),
        Language::JavaScript(goal) => on_deep_stack(path, source, || {
            let mut script = syntax::javascript(path, source, goal, None)?;
            script.map_url = source_map::url_of(source).map(str::to_owned);
            Ok(script)
        }),
        Language::TypeScript(goal) => on_deep_stack(path, source, || {
            let stripped = typescript::strip(path, source, goal)?;
            syntax::javascript(path, &stripped.code, stripped.goal, Some(stripped.map))
        }),
    }
}

fn json(path: &str, source: &str) -> Result<Script, ScriptError> {
    match serde_json::from_str::<serde::de::IgnoredAny>(source) {
        Ok(_) => Ok(Script {
            code: source.to_owned(),
            kind: Kind::Json,
            declares_handler: false,
            map: None,
            map_url: None,
        }),
        Err(error) => {
            // serde says the place in its text too, and counts columns from 0 at line ends.
            let text = error.to_string();
            let message = text.split(" at line ").next().unwrap_or(&text);
            Err(ScriptError {
                file: path.to_owned(),
                line: error.line().max(1) as u32,
                column: error.column().max(1) as u32,
                message: format!("this is not JSON: {message}"),
            })
        }
    }
}

/// Runs `work` on a thread with a stack that the nesting of this source cannot overflow.
fn on_deep_stack(
    path: &str,
    source: &str,
    work: impl FnOnce() -> Result<Script, ScriptError> + Send,
) -> Result<Script, ScriptError> {
    let Some(depth) = nesting::depth(source, DEPTH_MAX) else {
        let message = "the code is nested too deeply, or one of its statements is too long";
        return Err(ScriptError::new(path, message));
    };
    let stack = STACK_BYTES_MIN + depth as usize * STACK_BYTES_PER_STEP;
    let done = thread::scope(|scope| {
        let parser = thread::Builder::new().name("scripts".to_owned()).stack_size(stack);
        parser.spawn_scoped(scope, work).map(thread::ScopedJoinHandle::join)
    });
    match done {
        Ok(Ok(answer)) => answer,
        // A parser's bug must not be more than one file's failure.
        Ok(Err(_)) => {
            Err(ScriptError::new(path, "this file cannot be read, for an unknown reason"))
        }
        Err(_) => Err(ScriptError::new(path, "there was no memory for a stack to read it with")),
    }
}

#[cfg(test)]
mod tests;
