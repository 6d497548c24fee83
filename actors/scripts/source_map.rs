//! Source maps (ECMA-426): from places in the code that runs to places in what was written.

use std::fmt::Write as _;

use data_encoding::BASE64;
use percent_encoding::percent_decode_str;

/// Bytes of a source map that an app brings along.
pub const SOURCE_MAP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Where pieces of the code stood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceMap {
    sources: Vec<String>,
    /// By line and column in the code.
    tokens: Vec<Token>,
    /// Whether all code up to the next token stood as it stands. Maps that were read do not say.
    has_runs: bool,
}

/// All from 0, columns in UTF-16 code units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Token {
    line: u32,
    column: u32,
    /// `None`: code that stood nowhere.
    origin: Option<Origin>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    source: u32,
    line: u32,
    column: u32,
}

/// A place in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The source as the map names it.
    pub file: &'a str,
    /// Line, from 1.
    pub line: u32,
    /// UTF-16 code unit of the line, from 1.
    pub column: u32,
}

/// Why a source map cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceMapError {
    /// More bytes than [`SOURCE_MAP_BYTES_MAX`].
    #[error("the source map has {bytes} bytes, allowed are {SOURCE_MAP_BYTES_MAX}")]
    TooLarge {
        /// Its bytes.
        bytes: usize,
    },
    /// It is no `data:` URL that holds a source map.
    #[error("the source map is not in a form that is read")]
    BadUrl,
    /// It is not UTF-8.
    #[error("the source map is not UTF-8 text")]
    NotText(#[from] std::str::Utf8Error),
    /// It is no source map of version 3 with a single section.
    #[error("the source map cannot be read")]
    Malformed(#[from] oxc_sourcemap::Error),
}

impl SourceMap {
    /// Reads a source map.
    ///
    /// # Errors
    /// It is too large or not one of version 3. A map of sections is not read.
    pub fn parse(json: &[u8]) -> Result<SourceMap, SourceMapError> {
        if json.len() > SOURCE_MAP_BYTES_MAX {
            return Err(SourceMapError::TooLarge { bytes: json.len() });
        }
        let map = oxc_sourcemap::SourceMap::from_json_string(std::str::from_utf8(json)?)?;
        Ok(SourceMap::from_tokens(&map))
    }

    /// Reads a source map from the `data:` URL that holds it (RFC 2397).
    ///
    /// # Errors
    /// As [`SourceMap::parse`], and if the URL is another one.
    pub fn parse_data_url(url: &str) -> Result<SourceMap, SourceMapError> {
        // Base64 makes a third more of it.
        if url.len() > SOURCE_MAP_BYTES_MAX / 3 * 4 + 1024 {
            return Err(SourceMapError::TooLarge { bytes: url.len() });
        }
        let (head, data) = url
            .strip_prefix("data:")
            .and_then(|rest| rest.split_once(','))
            .ok_or(SourceMapError::BadUrl)?;
        let json = if head.ends_with(";base64") {
            BASE64.decode(data.as_bytes()).map_err(|_| SourceMapError::BadUrl)?
        } else {
            percent_decode_str(data).collect()
        };
        SourceMap::parse(&json)
    }

    /// Where a piece of code stood: line and column from 1, as stack traces say them, the
    /// column in UTF-16 code units. `None`: nothing is known of that line, which then stands
    /// where it stood.
    pub fn lookup(&self, line: u32, column: u32) -> Option<Place<'_>> {
        let wanted = (line.checked_sub(1)?, column.saturating_sub(1));
        let after = self.tokens.partition_point(|token| (token.line, token.column) <= wanted);
        let on_line = |token: &&Token| token.line == wanted.0;
        // Code before the first token of its line belongs to that.
        let before = self.tokens[..after].last().filter(on_line);
        let token = before.or_else(|| self.tokens.get(after).filter(on_line))?;
        let origin = token.origin?;
        let file = self.sources.get(origin.source as usize)?;
        let within = if self.has_runs { wanted.1.saturating_sub(token.column) } else { 0 };
        Some(Place { file, line: origin.line + 1, column: origin.column + within + 1 })
    }

    pub(super) fn from_tokens(map: &oxc_sourcemap::SourceMap<'_>) -> SourceMap {
        let root = map.get_source_root().unwrap_or_default().trim_end_matches('/');
        let sources = map.get_sources().map(|source| {
            if root.is_empty() { source.to_owned() } else { format!("{root}/{source}") }
        });
        let mut tokens: Vec<Token> = map
            .get_tokens()
            .map(|token| Token {
                line: token.get_dst_line(),
                column: token.get_dst_col(),
                origin: token.get_source_id().map(|source| Origin {
                    source,
                    line: token.get_src_line(),
                    column: token.get_src_col(),
                }),
            })
            .collect();
        tokens.sort_unstable();
        SourceMap { sources: sources.collect(), tokens, has_runs: false }
    }

    /// The map of code after text was inserted into it, `map` being that of before.
    pub(super) fn after_edits(
        path: &str,
        code: &str,
        edits: &Edits,
        map: Option<SourceMap>,
    ) -> SourceMap {
        let moves = edits.moves(code);
        if let Some(mut map) = map {
            for token in &mut map.tokens {
                token.column += moved_by(&moves, token.line, token.column);
            }
            return map;
        }
        // Lines without an insertion need no tokens.
        let mut tokens = Vec::new();
        for edit in &moves {
            for start in [0, edit.column] {
                let origin = Origin { source: 0, line: edit.line, column: start };
                let column = start + moved_by(&moves, edit.line, start);
                tokens.push(Token { line: edit.line, column, origin: Some(origin) });
            }
        }
        tokens.sort_unstable();
        tokens.dedup();
        SourceMap { sources: vec![path.to_owned()], tokens, has_runs: true }
    }
}

/// By how much code is moved that stands behind an insertion, up to the next one. From 0 and
/// in UTF-16 code units.
struct Move {
    line: u32,
    column: u32,
    /// Together with the insertions before it on its line.
    by: u32,
}

fn moved_by(moves: &[Move], line: u32, column: u32) -> u32 {
    let after = moves.partition_point(|edit| (edit.line, edit.column) <= (line, column));
    let before = moves[..after].last().filter(|edit| edit.line == line);
    before.map_or(0, |edit| edit.by)
}

/// Text to insert into code, none of it with a line break.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits(Vec<(usize, &'static str)>);

impl Edits {
    /// Inserts text at a byte; calls go from the front to the back.
    pub(super) fn insert(&mut self, at: usize, text: &'static str) {
        self.0.push((at, text));
    }

    /// The code with all of it.
    pub(super) fn apply(&self, code: &str) -> String {
        let mut edited = String::with_capacity(code.len() + 64 * self.0.len());
        let mut done = 0;
        for (at, text) in &self.0 {
            let _ = write!(edited, "{}{text}", &code[done..*at]);
            done = *at;
        }
        edited.push_str(&code[done..]);
        edited
    }

    fn moves(&self, code: &str) -> Vec<Move> {
        let mut moves = Vec::with_capacity(self.0.len());
        let (mut done, mut line, mut column, mut by) = (0, 0, 0, 0);
        for (at, text) in &self.0 {
            for char in code[done..*at].chars() {
                if char == '\n' {
                    (line, column, by) = (line + 1, 0, 0);
                } else {
                    column += char.len_utf16() as u32;
                }
            }
            by += text.len() as u32;
            moves.push(Move { line, column, by });
            done = *at;
        }
        moves
    }
}

/// What the last `//# sourceMappingURL=` comment says (ECMA-426 11.1.2.1).
pub(super) fn url_of(source: &str) -> Option<&str> {
    let mark = "# sourceMappingURL=";
    let at = source.rfind(mark)?;
    let opening = source[..at].trim_end();
    if at - opening.len() > 0 || !(opening.ends_with("//") || opening.ends_with("/*")) {
        return None;
    }
    let url = source[at + mark.len()..].split_whitespace().next()?;
    // Code after it means that it is not about the whole file.
    let rest = source[at + mark.len() + url.len()..].trim_start_matches("*/").trim();
    (rest.is_empty() || rest == "*/").then_some(url)
}

#[cfg(test)]
mod tests;
