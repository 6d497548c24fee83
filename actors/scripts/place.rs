//! Places in a source, for people.

use oxc_diagnostics::OxcDiagnostic;

use super::ScriptError;

/// An error at a byte of the source.
pub(super) fn error(
    path: &str,
    source: &str,
    offset: usize,
    message: impl Into<String>,
) -> ScriptError {
    let (line, column) = of(source, offset);
    ScriptError { file: path.to_owned(), line, column, message: message.into() }
}

/// What the parser found, in our words as far as the place goes.
pub(super) fn diagnosed(path: &str, source: &str, found: &OxcDiagnostic) -> ScriptError {
    let offset = found.labels.first().map_or(0, |label| label.offset() as usize);
    let mut message = found.message.to_string();
    if let Some(help) = &found.help {
        message = format!("{message} ({help})");
    }
    error(path, source, offset, message)
}

/// Line and character, both from 1, of a byte. Lines end as ECMA-262 section 12.3 says.
pub(super) fn of(source: &str, offset: usize) -> (u32, u32) {
    let mut line = 1;
    let mut column = 1;
    let mut chars = source.char_indices().take_while(|(at, _)| *at < offset).peekable();
    while let Some((_, char)) = chars.next() {
        let is_half_of_pair = char == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n');
        if is_half_of_pair {
            continue;
        }
        match char {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => (line, column) = (line + 1, 1),
            _ => column += 1,
        }
    }
    (line, column)
}
