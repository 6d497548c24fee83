//! The files of one release that its functions may read, and nothing else of the node.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use bytes::Bytes;
use rusqlite::Connection;

use super::host::Location;
use super::routes::ROOT_MAIN;
use crate::contents::{ContentId, read_whole};
use crate::encoding::Encoding;
use crate::scripts::source_map::SourceMap;
use crate::scripts::{self, Kind, Language, Script, ScriptError};

/// Bytes of all files together.
pub const BUNDLE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// The folder of functions.
pub const FOLDER: &str = "api/";

/// The file whose presence makes a root `main.js` an ordinary file.
pub const ROOT_INDEX: &str = "index.html";

/// Whether functions may read a file. `main.js` at the root counts only without an
/// `index.html` beside it, which the caller knows.
pub fn is_for_functions(path: &str, has_root_index: bool) -> bool {
    path.starts_with(FOLDER) || (path == ROOT_MAIN && !has_root_index)
}

/// Why a release has functions that cannot run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the files for functions have {bytes} bytes together, allowed are {BUNDLE_BYTES_MAX}; put \
     what visitors load elsewhere than under api/"
)]
pub struct BundleTooLarge {
    /// Their bytes.
    pub bytes: u64,
}

/// Endings that a specifier may leave out, in the order in which they are tried.
const ENDINGS: [&str; 12] = [
    ".js",
    ".ts",
    ".mjs",
    ".mts",
    ".cjs",
    ".cts",
    ".json",
    "/index.js",
    "/index.ts",
    "/index.mjs",
    "/index.mts",
    "/index.cjs",
];

/// TypeScript names a file by what becomes of it: what it may really be called.
const TYPESCRIPT: [(&str, &str); 3] = [(".js", ".ts"), (".mjs", ".mts"), (".cjs", ".cts")];

/// How an engine names the files in stack traces.
const SCHEME: &str = "app:///";

/// How the files of the prelude are named there.
const PRELUDE: &str = "fazt:";

/// The files of a release's functions.
#[derive(Debug, Default)]
pub struct Bundle {
    files: HashMap<String, File>,
    size_bytes: usize,
    /// Why none of it can run.
    refusal: Option<BundleTooLarge>,
}

#[derive(Debug)]
struct File {
    bytes: Bytes,
    /// Read when it is first run: a parser takes its time, and most files are small.
    script: OnceLock<Result<Script, ScriptError>>,
    map: OnceLock<Option<SourceMap>>,
}

/// Why a file cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The file has an error.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// There is no such file.
    #[error("there is no file `{0}` in the app's functions")]
    Missing(String),
    /// A relative name leads nowhere.
    #[error("`{specifier}`, which `{referrer}` loads, is not there")]
    Unresolved {
        /// What was asked for.
        specifier: String,
        /// By whom.
        referrer: String,
    },
    /// A name that is not relative.
    #[error(
        "`{0}` is not a relative path; functions load files of their own app alone. Packages are \
         bundled before the deploy, for example with `esbuild --bundle --format=esm`"
    )]
    NotRelative(String),
    /// The functions of the release are too large.
    #[error(transparent)]
    TooLarge(#[from] BundleTooLarge),
}

impl Bundle {
    /// A bundle of these files.
    pub fn new(files: impl IntoIterator<Item = (String, Bytes)>) -> Bundle {
        let mut bundle = Bundle::default();
        for (path, bytes) in files {
            bundle.size_bytes += path.len() + bytes.len();
            let file = File { bytes, script: OnceLock::new(), map: OnceLock::new() };
            bundle.files.insert(path, file);
        }
        bundle
    }

    /// Reads the bundle of a release.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn load(connection: &Connection, release: i64) -> rusqlite::Result<Bundle> {
        let mut statement = connection.prepare_cached(
            "SELECT path, contents.id, contents.size_bytes
             FROM release_files JOIN contents ON contents.id = content_id
             WHERE release_id = ?1 AND (path >= 'api/' AND path < 'api0' OR path = 'main.js')",
        )?;
        let rows: Vec<(String, i64, u64)> = statement
            .query_map([release], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let total: u64 = rows.iter().map(|(_, _, size)| size).sum();
        if total > BUNDLE_BYTES_MAX {
            // Of a release from before the bound.
            let refusal = Some(BundleTooLarge { bytes: total });
            return Ok(Bundle { refusal, ..Bundle::default() });
        }
        let mut files = Vec::with_capacity(rows.len());
        for (path, content, _) in rows {
            if let Some(bytes) = read_whole(connection, ContentId(content), Encoding::Identity)? {
                files.push((path, bytes));
            }
        }
        Ok(Bundle::new(files))
    }

    /// Bytes of all files.
    pub fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// A file's bytes.
    pub fn bytes(&self, file: &str) -> Option<&Bytes> {
        Some(&self.files.get(file)?.bytes)
    }

    /// A file's text, as it was deployed.
    pub fn text(&self, file: &str) -> Option<Cow<'_, str>> {
        Some(String::from_utf8_lossy(self.bytes(file)?))
    }

    /// A source file as JavaScript.
    ///
    /// # Errors
    /// It is not there, or has an error.
    pub fn script(&self, file: &str) -> Result<&Script, LoadError> {
        if let Some(refusal) = self.refusal {
            return Err(LoadError::TooLarge(refusal));
        }
        let found = self.files.get(file).ok_or_else(|| LoadError::Missing(file.to_owned()))?;
        let script = found.script.get_or_init(|| scripts::prepare(file, &found.bytes));
        script.as_ref().map_err(|error| LoadError::Script(error.clone()))
    }

    /// What a file is, in a word for the prelude.
    ///
    /// # Errors
    /// As [`Bundle::script`].
    pub fn kind(&self, file: &str) -> Result<&'static str, LoadError> {
        if self.files.contains_key(file) && Language::of(file).is_none() {
            return Ok("other");
        }
        Ok(match self.script(file)?.kind {
            Kind::Module => "module",
            Kind::CommonJs => "commonjs",
            Kind::Classic => "classic",
            Kind::Legacy => "legacy",
            Kind::Json => "json",
        })
    }

    /// The file that a specifier means in a file.
    ///
    /// # Errors
    /// It is not relative, or leads to no file of the app's functions.
    pub fn resolve(&self, specifier: &str, referrer: &str) -> Result<String, LoadError> {
        if !specifier.starts_with("./") && !specifier.starts_with("../") {
            return Err(LoadError::NotRelative(specifier.to_owned()));
        }
        let unresolved = || LoadError::Unresolved {
            specifier: specifier.to_owned(),
            referrer: referrer.to_owned(),
        };
        let joined = join(referrer, specifier).ok_or_else(unresolved)?;
        self.find(&joined).ok_or_else(unresolved)
    }

    fn find(&self, path: &str) -> Option<String> {
        let is_there = |path: &String| self.files.contains_key(path);
        if self.files.contains_key(path) {
            return Some(path.to_owned());
        }
        let other_name = TYPESCRIPT.iter().find_map(|(compiled, written)| {
            let stem = path.strip_suffix(compiled)?;
            Some(format!("{stem}{written}")).filter(is_there)
        });
        let stem = path.trim_end_matches('/');
        other_name.or_else(|| ENDINGS.iter().map(|ending| format!("{stem}{ending}")).find(is_there))
    }

    /// Where a place in the code that runs stood in what was written.
    pub fn original_location(&self, at: Location) -> Location {
        let Some((map, is_own)) = self.map(&at.file) else { return at };
        let Some(place) = map.lookup(at.line, at.column) else { return at };
        let file = if is_own { at.file } else { original_name(&at.file, place.file) };
        Location { file, line: place.line, column: place.column }
    }

    /// The map of a file, and whether it is of our own making: of the types that went away. Else
    /// it is one that the app brought along.
    fn map(&self, file: &str) -> Option<(&SourceMap, bool)> {
        let found = self.files.get(file)?;
        let script = found.script.get()?.as_ref().ok()?;
        if let Some(map) = &script.map {
            return Some((map, true));
        }
        let url = script.map_url.as_deref()?;
        let read = || {
            if url.starts_with("data:") {
                return SourceMap::parse_data_url(url).ok();
            }
            let path = join(file, &format!("./{url}"))?;
            SourceMap::parse(self.bytes(&path)?).ok()
        };
        Some((found.map.get_or_init(read).as_ref()?, false))
    }

    /// A stack trace in terms of what was written: paths of the app's files, and the places in
    /// them before types were taken away or files were bundled.
    pub fn original_stack(&self, stack: &str) -> String {
        let mut text = String::with_capacity(stack.len());
        let mut rest = stack;
        while let Some(start) = rest.find(SCHEME) {
            text.push_str(&rest[..start]);
            rest = &rest[start + SCHEME.len()..];
            let end = rest.find(['\n', ')']).unwrap_or(rest.len());
            let (place, after) = rest.split_at(end);
            match self.original_place(place) {
                Some(place) => text.push_str(&place),
                None => text.push_str(place),
            }
            rest = after;
        }
        text.push_str(rest);
        // Frames of the prelude say nothing to whoever wrote the app.
        let is_ours = |line: &&str| !line.contains(PRELUDE);
        text.lines().filter(is_ours).collect::<Vec<_>>().join("\n")
    }

    fn original_place(&self, place: &str) -> Option<String> {
        let mut parts = place.rsplitn(3, ':');
        let column = parts.next()?.trim().parse().ok()?;
        let line = parts.next()?.parse().ok()?;
        let file = percent_encoding::percent_decode_str(parts.next()?).decode_utf8().ok()?;
        let at = self.original_location(Location { file: file.into_owned(), line, column });
        Some(format!("{}:{}:{}", at.file, at.line, at.column))
    }
}

/// The file that a map calls `source`, seen from the file that has the map: relative names are
/// told from the root of the app as far as they stay in it.
fn original_name(file: &str, source: &str) -> String {
    if source.contains("://") {
        return source.to_owned();
    }
    join(file, &format!("./{source}")).unwrap_or_else(|| source.to_owned())
}

/// A relative path, seen from the folder of a file; none where it leaves the app.
fn join(file: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests;
