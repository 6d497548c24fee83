//! The manifest: what a site says about itself in `fazt.json`, or in `manifest.json` as the
//! original's sites do.
//!
//! A `manifest.json` may also be a web app's (W3C "Web Application Manifest") or belong to
//! some other program. The former is an ordinary file; of the latter only the keys below are
//! looked at, and a `name` that cannot name an app is taken for a title.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::kind::{ErrorKind, Fault};
use crate::limits::DeployLimits;
use crate::name::{AppName, NameError};

/// Names in `env`.
const ENV_NAMES_MAX: usize = 256;
/// Bytes of one name in `env`.
const ENV_NAME_BYTES_MAX: usize = 128;
/// Entries in `crons`.
const CRONS_MAX: usize = 100;
/// Bytes of a schedule or a handler.
const CRON_FIELD_BYTES_MAX: usize = 512;
/// Keys that a web app's manifest has, and fazt's never.
const WEB_APP_KEYS: [&str; 3] = ["icons", "start_url", "display"];

/// The file that a manifest was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ManifestFile {
    /// `fazt.json`.
    FaztJson,
    /// `manifest.json`, in a site without a `fazt.json`.
    ManifestJson,
}

impl ManifestFile {
    /// The path of the file in a release.
    pub const fn path(self) -> &'static str {
        match self {
            ManifestFile::FaztJson => "fazt.json",
            ManifestFile::ManifestJson => "manifest.json",
        }
    }
}

impl std::fmt::Display for ManifestFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.path())
    }
}

/// The JavaScript engine that a site asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// V8.
    V8,
    /// `QuickJS`.
    QuickJs,
}

/// A call that the node makes by the clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cron {
    /// When, in the five fields of cron. Not judged here.
    pub schedule: String,
    /// The function to call, such as `api/cleanup`.
    pub handler: String,
}

/// What a site says about itself. The default is a site without a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// The name that the site wants to be deployed under.
    pub name: Option<AppName>,
    /// Whether paths without a file get `/index.html`.
    pub spa: bool,
    /// Names of the environment variables that the functions expect.
    pub env: Vec<String>,
    /// Calls by the clock.
    pub crons: Vec<Cron>,
    /// Whether visits are counted.
    pub analytics: bool,
    /// The engine asked for, if any.
    pub engine: Option<Engine>,
    /// Keys that fazt does not know: kept, and without effect.
    pub unknown: Map<String, Value>,
}

impl Default for Manifest {
    fn default() -> Manifest {
        Manifest {
            name: None,
            spa: false,
            env: Vec::new(),
            crons: Vec::new(),
            analytics: true,
            engine: None,
            unknown: Map::new(),
        }
    }
}

impl Manifest {
    /// Reads the manifest from the two files at the top of a site that may hold it, and says
    /// which of them it is. Without one, the default.
    ///
    /// # Errors
    /// A [`ManifestError`] that names the file, and the key where there is one.
    pub fn from_files(
        fazt_json: Option<&[u8]>,
        manifest_json: Option<&[u8]>,
        limits: &DeployLimits,
    ) -> Result<(Manifest, Option<ManifestFile>), ManifestError> {
        if let Some(bytes) = fazt_json {
            let file = ManifestFile::FaztJson;
            return match parse(file, bytes, limits)? {
                Value::Object(keys) => Ok((Manifest::from_keys(file, keys)?, Some(file))),
                other => Err(ManifestError::NotAnObject { file, found: kind_of(&other) }),
            };
        }
        let Some(bytes) = manifest_json else { return Ok((Manifest::default(), None)) };
        let file = ManifestFile::ManifestJson;
        match parse(file, bytes, limits)? {
            Value::Object(keys) if !WEB_APP_KEYS.iter().any(|key| keys.contains_key(*key)) => {
                Ok((Manifest::from_keys(file, keys)?, Some(file)))
            }
            // A web app's manifest, or data that happens to bear the name.
            _ => Ok((Manifest::default(), None)),
        }
    }

    /// Reads the known keys and keeps the others.
    fn from_keys(file: ManifestFile, keys: Map<String, Value>) -> Result<Manifest, ManifestError> {
        let mut keys = Keys { file, keys };
        let defaults = Manifest::default();
        let name = keys.name()?;
        let spa = keys.bool("spa")?.unwrap_or(defaults.spa);
        let analytics = keys.bool("analytics")?.unwrap_or(defaults.analytics);
        let engine = keys.engine()?;
        let env = keys.env()?;
        let crons = keys.crons()?;
        Ok(Manifest { name, spa, env, crons, analytics, engine, unknown: keys.keys })
    }
}

/// Parses one file, a byte order mark at its beginning tolerated.
fn parse(file: ManifestFile, bytes: &[u8], limits: &DeployLimits) -> Result<Value, ManifestError> {
    let max = limits.config_file_bytes_max;
    if bytes.len() as u64 > max {
        return Err(ManifestError::TooLarge { file, bytes: bytes.len() as u64, max });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes)
        .map_err(|error| ManifestError::Syntax { file, problem: error.to_string() })
}

/// The keys of one file that nobody has read yet.
struct Keys {
    file: ManifestFile,
    keys: Map<String, Value>,
}

impl Keys {
    /// Takes a key out; `null` is the same as absence.
    fn take(&mut self, key: &str) -> Option<Value> {
        self.keys.remove(key).filter(|value| !value.is_null())
    }

    fn wrong<T>(
        &self,
        key: impl Into<String>,
        expected: &'static str,
        found: &Value,
    ) -> Result<T, ManifestError> {
        let (file, key, found) = (self.file, key.into(), kind_of(found));
        Err(ManifestError::Key { file, key, expected, found })
    }

    fn bool(&mut self, key: &'static str) -> Result<Option<bool>, ManifestError> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(other) => self.wrong(key, "true or false", &other),
        }
    }

    fn name(&mut self) -> Result<Option<AppName>, ManifestError> {
        let lenient = self.file == ManifestFile::ManifestJson;
        let text = match self.take("name") {
            None => return Ok(None),
            Some(Value::String(text)) => text,
            Some(_) if lenient => return Ok(None),
            Some(other) => return self.wrong("name", "a string", &other),
        };
        match AppName::parse(&text, None) {
            Ok(name) => Ok(Some(name)),
            Err(_) if lenient => Ok(None),
            Err(source) => Err(ManifestError::Name { file: self.file, source }),
        }
    }

    fn engine(&mut self) -> Result<Option<Engine>, ManifestError> {
        match self.take("engine") {
            None => Ok(None),
            Some(Value::String(name)) if name.eq_ignore_ascii_case("v8") => Ok(Some(Engine::V8)),
            Some(Value::String(name)) if name.eq_ignore_ascii_case("quickjs") => {
                Ok(Some(Engine::QuickJs))
            }
            Some(Value::String(_)) => {
                let (file, key) = (self.file, "engine".to_owned());
                let (expected, found) = ("`v8` or `quickjs`", "another name");
                Err(ManifestError::Key { file, key, expected, found })
            }
            Some(other) => self.wrong("engine", "`v8` or `quickjs`", &other),
        }
    }

    /// A list of at most `max` values; absent is empty.
    fn list(
        &mut self,
        key: &'static str,
        expected: &'static str,
        max: usize,
    ) -> Result<Vec<Value>, ManifestError> {
        match self.take(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) if values.len() > max => {
                Err(ManifestError::TooMany { file: self.file, key, max })
            }
            Some(Value::Array(values)) => Ok(values),
            Some(other) => self.wrong(key, expected, &other),
        }
    }

    fn env(&mut self) -> Result<Vec<String>, ManifestError> {
        const EXPECTED: &str = "a list of names such as `API_KEY` (letters, digits and `_`)";
        let values = self.list("env", EXPECTED, ENV_NAMES_MAX)?;
        let mut names = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            match value {
                Value::String(name) if is_env_name(&name) => names.push(name),
                other => return self.wrong(format!("env[{index}]"), EXPECTED, &other),
            }
        }
        Ok(names)
    }

    fn crons(&mut self) -> Result<Vec<Cron>, ManifestError> {
        const EXPECTED: &str = "an object with the strings `schedule` and `handler`";
        let values = self.list("crons", "a list of objects", CRONS_MAX)?;
        let mut crons = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let field = |name| match value.get(name) {
                Some(Value::String(text)) if text.len() <= CRON_FIELD_BYTES_MAX => {
                    Some(text.clone())
                }
                _ => None,
            };
            let (Some(schedule), Some(handler)) = (field("schedule"), field("handler")) else {
                return self.wrong(format!("crons[{index}]"), EXPECTED, value);
            };
            crons.push(Cron { schedule, handler });
        }
        Ok(crons)
    }
}

/// Whether a text can name an environment variable (POSIX.1, section 8.1).
fn is_env_name(name: &str) -> bool {
    name.len() <= ENV_NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What a value is, as a person calls it.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Why a manifest cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The file is above the limit.
    #[error("{file}: has {bytes} bytes, allowed are {max}")]
    TooLarge {
        /// The file.
        file: ManifestFile,
        /// Its bytes.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// The file is not JSON. The problem ends with its line and column.
    #[error("{file}: {problem}")]
    Syntax {
        /// The file.
        file: ManifestFile,
        /// What the parser says.
        problem: String,
    },
    /// The file holds a value of another kind.
    #[error("{file}: must be an object, found {found}")]
    NotAnObject {
        /// The file.
        file: ManifestFile,
        /// What there is instead.
        found: &'static str,
    },
    /// A key has a value of the wrong kind.
    #[error("{file}: key `{key}` must be {expected}, found {found}")]
    Key {
        /// The file.
        file: ManifestFile,
        /// The key, with the index in a list.
        key: String,
        /// What it must be.
        expected: &'static str,
        /// What there is instead.
        found: &'static str,
    },
    /// A list is too long.
    #[error("{file}: key `{key}` has more than {max} entries")]
    TooMany {
        /// The file.
        file: ManifestFile,
        /// The key.
        key: &'static str,
        /// The limit.
        max: usize,
    },
    /// The name cannot name an app.
    #[error("{file}: key `name` is no app name")]
    Name {
        /// The file.
        file: ManifestFile,
        /// The rule that it breaks.
        source: NameError,
    },
}

impl Fault for ManifestError {
    fn kind(&self) -> ErrorKind {
        match self {
            ManifestError::TooLarge { .. } => ErrorKind::TooLarge,
            _ => ErrorKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        "INVALID_MANIFEST"
    }
}

#[cfg(test)]
mod tests;
