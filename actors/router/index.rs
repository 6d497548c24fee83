//! What one release answers: a map from paths to files, made once when it is first asked.
//!
//! Every path under which a file answers is an entry of its own (`/about.html`,
//! `/about`, `/dir/`), so a request is one look-up. What must never be served is
//! simply not in the map.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::headers::HeaderRules;
use super::redirects::RedirectRules;
use crate::content::ContentHash;
use crate::contents::ContentId;
use crate::deployer::path::FilePath;
use crate::deployer::stored_manifest::StoredManifest;
use crate::encoding::{Encoding, Encodings};
use crate::executor::routes::FunctionRoutes;
use crate::limits::Limits;
use crate::media::{MediaType, is_fingerprinted, media_type};
use crate::timestamp::Timestamp;

/// Bytes that an entry of the map costs beside its path.
const ENTRY_BYTES: usize = 96;

/// Bytes that a rule of `_headers` or `_redirects` costs, roughly.
const RULE_BYTES: usize = 512;

/// A file of a release, as the database lists it.
#[derive(Clone, Debug)]
pub struct FileRow {
    /// Path from the root of the app, without a slash at its start.
    pub path: FilePath,
    /// Where its bytes are.
    pub content: ContentId,
    /// SHA-256 of its bytes.
    pub hash: ContentHash,
    /// Bytes.
    pub size: u64,
    /// The encoded forms that are stored.
    pub encodings: Encodings,
    /// When this path got this content.
    pub modified: Timestamp,
}

/// An earlier release whose files the live one may fall back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlierRelease {
    /// Its row.
    pub release: i64,
    /// When it stopped being live.
    pub replaced_at: Timestamp,
}

/// All that an index is made of.
pub struct ReleaseParts {
    /// The files, sorted by path.
    pub files: Vec<FileRow>,
    /// What the manifest says.
    pub manifest: StoredManifest,
    /// The rules of `_headers`.
    pub headers: HeaderRules,
    /// The rules of `_redirects`.
    pub redirects: RedirectRules,
    /// Earlier releases, the one replaced last first.
    pub earlier: Vec<EarlierRelease>,
}

/// How long browsers and proxies may keep a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachePolicy {
    /// HTML: asked for again each time.
    Revalidate,
    /// The name changes with the content: kept for a year.
    Immutable,
    /// Everything else: five minutes.
    Short,
}

impl CachePolicy {
    /// The value of `Cache-Control`.
    pub const fn header(self) -> &'static str {
        match self {
            CachePolicy::Revalidate => "no-cache",
            CachePolicy::Immutable => "public, max-age=31536000, immutable",
            CachePolicy::Short => "max-age=300, must-revalidate",
        }
    }
}

/// Characters of an HTTP date (RFC 9110 section 5.6.7).
const DATE_CHARS: usize = 29;

/// Hexadecimal digits of a hash in an entity tag: half of it tells contents apart well enough.
const TAG_DIGITS: usize = 32;

/// Characters of the longest entity tag: quotes, digits, and `-zstd` or `-gzip`.
const TAG_CHARS: usize = TAG_DIGITS + 7;

/// A strong entity tag with its quotes (RFC 9110 section 8.8.3).
#[derive(Clone, Copy, Debug)]
pub struct EntityTag {
    chars: [u8; TAG_CHARS],
    length: usize,
}

impl EntityTag {
    fn new(digits: &[u8; TAG_DIGITS], suffix: &str) -> EntityTag {
        let mut tag = EntityTag { chars: [0; TAG_CHARS], length: 0 };
        for part in [b"\"", digits.as_slice(), suffix.as_bytes(), b"\""] {
            let end = tag.length + part.len();
            if let Some(room) = tag.chars.get_mut(tag.length..end) {
                room.copy_from_slice(part);
                tag.length = end;
            }
        }
        tag
    }

    /// The tag as it is sent.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.chars[..self.length]).unwrap_or_default()
    }
}

/// A file that can be served, with everything about it that does not depend on the request.
///
/// It refers to nothing else in memory but its type: with many apps each place that a request
/// reads is one more wait for the memory.
#[derive(Debug)]
pub struct IndexedFile {
    /// Where its bytes are.
    pub content: ContentId,
    /// Bytes of the identity form.
    pub size: u64,
    /// The encoded forms that are stored.
    pub encodings: Encodings,
    /// Its type.
    pub media: &'static MediaType,
    /// How long it may be kept.
    pub cache: CachePolicy,
    /// When this path got this content, in seconds since 1970.
    pub modified_secs: i64,
    last_modified: [u8; DATE_CHARS],
    tag_digits: [u8; TAG_DIGITS],
}

impl IndexedFile {
    fn new(row: &FileRow) -> IndexedFile {
        let media = media_type(row.path.as_str());
        let cache = match (media.html, is_fingerprinted(row.path.file_name())) {
            (true, _) => CachePolicy::Revalidate,
            (false, true) => CachePolicy::Immutable,
            (false, false) => CachePolicy::Short,
        };
        let modified_secs = row.modified.as_secs();
        let since_epoch = std::time::Duration::from_secs(modified_secs.max(0).unsigned_abs());
        let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + since_epoch);
        IndexedFile {
            content: row.content,
            size: row.size,
            encodings: row.encodings,
            media,
            cache,
            modified_secs,
            last_modified: first_chars(&date),
            tag_digits: first_chars(&row.hash.to_string()),
        }
    }

    /// The strong entity tag of one form.
    pub fn etag(&self, encoding: Encoding) -> EntityTag {
        let suffix = match encoding {
            Encoding::Identity => "",
            Encoding::Brotli => "-br",
            Encoding::Zstd => "-zstd",
            Encoding::Gzip => "-gzip",
        };
        EntityTag::new(&self.tag_digits, suffix)
    }

    /// When this path got this content, as an HTTP date.
    pub fn last_modified(&self) -> &str {
        std::str::from_utf8(&self.last_modified).unwrap_or_default()
    }
}

/// The first characters of an ASCII text that has at least as many.
fn first_chars<const N: usize>(text: &str) -> [u8; N] {
    text.as_bytes().first_chunk().copied().unwrap_or([b' '; N])
}

/// What a path leads to inside a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    File(u32),
    AddSlash,
    DropSlash,
}

/// Visitors look up but never insert, so a fast hash is safe here.
type Paths = HashMap<Box<str>, Found, RandomState>;

/// What a release answers to a path.
#[derive(Clone, Copy, Debug)]
pub enum Resolved<'a> {
    /// This file.
    File(&'a IndexedFile),
    /// The same path with a slash at its end.
    AddSlash,
    /// The same path without its slash.
    DropSlash,
    /// Nothing under this path.
    Missing,
}

/// The files of one release, by the paths under which they answer.
#[derive(Debug)]
pub struct ReleaseIndex {
    files: Box<[IndexedFile]>,
    paths: Paths,
    fallback: Option<u32>,
    /// The rules of `_headers`.
    pub headers: HeaderRules,
    /// The rules of `_redirects`.
    pub redirects: RedirectRules,
    /// The paths that functions answer.
    pub functions: FunctionRoutes,
    earlier: Box<[EarlierRelease]>,
    weight_bytes: u64,
}

impl ReleaseIndex {
    /// Lays out the map.
    pub fn build(parts: ReleaseParts) -> ReleaseIndex {
        let served: Vec<&FileRow> =
            parts.files.iter().filter(|row| is_served(row, &parts)).collect();
        let files: Box<[IndexedFile]> = served.iter().map(|row| IndexedFile::new(row)).collect();
        let mut paths = Paths::with_capacity_and_hasher(served.len() * 2, RandomState::default());
        // Exact names first, so that no derived path can hide a real file.
        for (position, row) in (0..).zip(&served) {
            paths.insert(format!("/{}", row.path).into_boxed_str(), Found::File(position));
        }
        for (position, row) in (0..).zip(&served) {
            add_derived_paths(&mut paths, row.path.as_str(), position);
        }
        let has_root_index = paths.contains_key("/index.html");
        let all = parts.files.iter().map(|row| row.path.as_str());
        let functions = FunctionRoutes::new(all, has_root_index);
        let fallback = match paths.get("/200.html") {
            Some(Found::File(position)) => Some(*position),
            _ if parts.manifest.spa => match paths.get("/index.html") {
                Some(Found::File(position)) => Some(*position),
                _ => None,
            },
            _ => None,
        };
        let path_bytes: usize = paths.keys().map(|path| path.len() + ENTRY_BYTES).sum();
        let file_bytes = files.len() * size_of::<IndexedFile>();
        let rule_bytes = (parts.headers.len() + parts.redirects.len()) * RULE_BYTES;
        ReleaseIndex {
            files,
            paths,
            fallback,
            headers: parts.headers,
            redirects: parts.redirects,
            functions,
            earlier: parts.earlier.into_boxed_slice(),
            weight_bytes: (path_bytes + file_bytes + rule_bytes + size_of::<ReleaseIndex>()) as u64,
        }
    }

    /// What a normalised path leads to. One look-up.
    pub fn resolve(&self, path: &str) -> Resolved<'_> {
        match self.paths.get(path) {
            Some(Found::File(position)) => match self.file(*position) {
                Some(file) => Resolved::File(file),
                None => Resolved::Missing,
            },
            Some(Found::AddSlash) => Resolved::AddSlash,
            Some(Found::DropSlash) => Resolved::DropSlash,
            None => Resolved::Missing,
        }
    }

    /// The page that answers every path without a file, in an app that routes in the browser.
    pub fn fallback(&self) -> Option<&IndexedFile> {
        self.fallback.and_then(|position| self.file(position))
    }

    /// The nearest `404.html` up the tree from a normalised path.
    pub fn not_found_page(&self, path: &str) -> Option<&IndexedFile> {
        let mut folder = path;
        while let Some(slash) = folder.rfind('/') {
            folder = &folder[..slash];
            if let Resolved::File(page) = self.resolve(&format!("{folder}/404.html")) {
                return Some(page);
            }
        }
        None
    }

    /// Earlier releases whose files are still reachable at `now`, the latest first.
    pub fn reachable_earlier(
        &self,
        now: Timestamp,
        limits: &Limits,
    ) -> impl Iterator<Item = i64> + use<'_> {
        let oldest = now.before(limits.earlier_release_reachable_for);
        let always = limits.earlier_releases_reachable;
        self.earlier
            .iter()
            .enumerate()
            .filter(move |(nth, earlier)| *nth < always || earlier.replaced_at >= oldest)
            .map(|(_, earlier)| earlier.release)
    }

    /// Bytes of memory that the index takes, roughly.
    pub fn weight_bytes(&self) -> u64 {
        self.weight_bytes
    }

    fn file(&self, position: u32) -> Option<&IndexedFile> {
        self.files.get(position as usize)
    }
}

fn is_served(row: &FileRow, parts: &ReleaseParts) -> bool {
    if row.path.is_hidden(parts.manifest.is_in_manifest_json()) {
        return false;
    }
    // In a release of the original's kind a root `main.js` is the server's code.
    let is_server_code = row.path.as_str() == "main.js"
        && parts.files.binary_search_by(|file| file.path.as_str().cmp("index.html")).is_err();
    !is_server_code
}

fn add_derived_paths(paths: &mut Paths, path: &str, position: u32) {
    let Some(stem) = path.strip_suffix(".html") else { return };
    if let Some(folder) = index_folder(stem) {
        paths.insert(format!("/{folder}").into_boxed_str(), Found::File(position));
        if let Some(bare) = folder.strip_suffix('/') {
            paths.entry(format!("/{bare}").into()).or_insert(Found::AddSlash);
        }
        return;
    }
    // `/about` answers from `about.html`, before a folder of that name.
    let clean = format!("/{stem}").into_boxed_str();
    match paths.get(&clean) {
        None | Some(Found::AddSlash) => {
            paths.insert(clean, Found::File(position));
        }
        Some(Found::File(_) | Found::DropSlash) => {}
    }
    paths.entry(format!("/{stem}/").into()).or_insert(Found::DropSlash);
}

/// The folder, with its slash, that an `index` page stands for; the root's is empty.
fn index_folder(stem: &str) -> Option<&str> {
    stem.strip_suffix("index").filter(|folder| folder.is_empty() || folder.ends_with('/'))
}
