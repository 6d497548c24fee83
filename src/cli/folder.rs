//! The folder that `fazt deploy DIR` sends: which of its files belong to the site.
//!
//! Left out: dot-files except under `.well-known/`, `node_modules`, and what `.gitignore` and
//! `.faztignore` files inside DIR exclude, whether or not DIR is a git repository. Files
//! outside DIR have no say. A `.faztignore` has the last word over every `.gitignore`, so that
//! it can bring back a build result that git does not keep.
//!
//! A symbolic link to a file inside DIR is sent as that file. Every other link is skipped with
//! a note, since following it could publish what lies outside; so are devices, pipes and sockets.

pub mod hash;
pub mod name;
mod rules;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fazt_actors::deployer::path::{FilePath, PathRefusal};
use fazt_actors::kind::{ErrorKind, Fault};
use fazt_actors::limits::DeployLimits;
use rules::{Rules, Verdict};

/// Notes kept of one walk; a folder with more oddities than this has one problem, not many.
const NOTES_MAX: usize = 100;
/// Excluded files that are counted for the message about an empty site.
const COUNTED_MAX: usize = 100_000;
/// Rules named in the message about an empty site.
const RULES_NAMED: usize = 3;

/// One file to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFile {
    /// Where the file will be in the site.
    pub path: FilePath,
    /// Where it is on this machine.
    pub full_path: PathBuf,
    /// Its bytes when the folder was walked.
    pub size: u64,
}

/// What removed files from the deploy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The name begins with a dot.
    DotFile,
    /// It lies in `node_modules`.
    NodeModules,
    /// A line of an ignore file.
    Line {
        /// The ignore file, as the user would write it: `dist/.gitignore`.
        file: PathBuf,
        /// The line.
        line: String,
    },
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::DotFile => f.write_str("the rule that dot-files are not deployed"),
            Rule::NodeModules => f.write_str("the rule that `node_modules` is not deployed"),
            Rule::Line { file, line } => write!(f, "{} line `{line}`", file.display()),
        }
    }
}

/// What a folder holds.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// The files to send, sorted by path; never empty, at most `files_max`.
    pub files: Vec<LocalFile>,
    /// The folders that no rule removed, with their full paths, `dir` itself first.
    pub folders: Vec<PathBuf>,
    /// How many files and folders each rule removed; a folder counts as one.
    pub excluded: BTreeMap<Rule, usize>,
    /// What was skipped without a rule, each a sentence for the user.
    pub notes: Vec<String>,
}

/// Walks `dir` and decides about every file in it.
///
/// # Errors
/// A [`FolderError`] that names the file; [`FolderError::NoFiles`] when nothing is left, with
/// the rules that removed everything.
pub fn walk(dir: &Path, limits: &DeployLimits) -> Result<Folder, FolderError> {
    let root = fs::canonicalize(dir).map_err(|source| unreadable(dir, source))?;
    if !root.is_dir() {
        return Err(FolderError::NotAFolder { path: dir.to_owned() });
    }
    let mut walk =
        Walk { shown: dir, root, limits, folder: Folder::default(), excluded_paths: Vec::new() };
    walk.run()?;
    if walk.folder.files.is_empty() {
        return Err(walk.no_files());
    }
    walk.folder.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(walk.folder)
}

/// A walk under way.
struct Walk<'a> {
    /// The folder as the user wrote it.
    shown: &'a Path,
    /// The folder without links in its path.
    root: PathBuf,
    limits: &'a DeployLimits,
    folder: Folder,
    /// What was removed, to be counted if nothing is left.
    excluded_paths: Vec<(Rule, PathBuf)>,
}

impl Walk<'_> {
    /// Visits every folder that no rule excludes. The length of a path bounds the depth.
    fn run(&mut self) -> Result<(), FolderError> {
        let mut pending = vec![(PathBuf::new(), Rules::default())];
        while let Some((relative, outer)) = pending.pop() {
            let full = self.root.join(&relative);
            self.folder.folders.push(full.clone());
            let rules = outer.enter(&full, &self.shown.join(&relative), &mut self.folder.notes)?;
            for entry in fs::read_dir(&full).map_err(|e| self.unreadable(&relative, e))? {
                let entry = entry.map_err(|e| self.unreadable(&relative, e))?;
                let relative = relative.join(entry.file_name());
                let kind = entry.file_type().map_err(|e| self.unreadable(&relative, e))?;
                if self.is_excluded(&entry, kind, &relative, &rules) {
                    continue;
                }
                if kind.is_dir() {
                    // A folder whose path is too long can hold nothing that is not.
                    self.site_path(&relative)?;
                    pending.push((relative, rules.clone()));
                } else if kind.is_file() {
                    let meta = entry.metadata().map_err(|e| self.unreadable(&relative, e))?;
                    self.keep(&relative, entry.path(), meta.len())?;
                } else if kind.is_symlink() {
                    self.link(&relative, &entry.path())?;
                } else {
                    self.note(&relative, "is neither a file nor a folder");
                }
            }
        }
        Ok(())
    }

    /// Asks the rules about one entry, and counts it if one of them excludes it.
    fn is_excluded(
        &mut self,
        entry: &fs::DirEntry,
        kind: fs::FileType,
        relative: &Path,
        rules: &Rules,
    ) -> bool {
        let name = entry.file_name();
        let rule = match name.to_string_lossy().as_ref() {
            // They are instructions to this walk, and not content that somebody misses.
            rules::GITIGNORE | rules::FAZTIGNORE => return true,
            ".well-known" if kind.is_dir() => None,
            dotted if dotted.starts_with('.') => Some(Rule::DotFile),
            "node_modules" if kind.is_dir() => Some(Rule::NodeModules),
            _ => match rules.judge(&entry.path(), kind.is_dir()) {
                Verdict::Kept => None,
                Verdict::Excluded(rule) => Some(rule),
            },
        };
        let Some(rule) = rule else { return false };
        *self.folder.excluded.entry(rule.clone()).or_default() += 1;
        if self.folder.files.is_empty() && self.excluded_paths.len() < COUNTED_MAX {
            self.excluded_paths.push((rule, relative.to_owned()));
        }
        true
    }

    /// A path below the root as a path in the site.
    fn site_path(&self, relative: &Path) -> Result<FilePath, FolderError> {
        let shown = || self.shown.join(relative);
        let parts: Option<Vec<&str>> = relative.iter().map(|part| part.to_str()).collect();
        let Some(parts) = parts else { return Err(FolderError::NotUtf8 { path: shown() }) };
        FilePath::parse(&parts.join("/"), self.limits)
            .map_err(|reason| FolderError::Path { path: shown(), reason })
    }

    fn keep(&mut self, relative: &Path, full: PathBuf, size: u64) -> Result<(), FolderError> {
        if self.folder.files.len() == self.limits.files_max {
            let max = self.limits.files_max;
            return Err(FolderError::TooManyFiles { path: self.shown.to_owned(), max });
        }
        let path = self.site_path(relative)?;
        self.folder.files.push(LocalFile { path, full_path: full, size });
        Ok(())
    }

    /// Follows a link if it leads to a file that could be deployed by itself.
    fn link(&mut self, relative: &Path, full: &Path) -> Result<(), FolderError> {
        let Ok(target) = fs::canonicalize(full) else {
            self.note(relative, "is a link that leads nowhere");
            return Ok(());
        };
        let Ok(inside) = target.strip_prefix(&self.root) else {
            self.note(relative, "is a link that leads outside the folder");
            return Ok(());
        };
        if inside.iter().any(|part| part.to_string_lossy().starts_with('.')) {
            self.note(relative, "is a link to a dot-file");
            return Ok(());
        }
        match fs::metadata(&target) {
            Ok(meta) if meta.is_file() => self.keep(relative, target, meta.len()),
            Ok(meta) if meta.is_dir() => {
                self.note(relative, "is a link to a folder");
                Ok(())
            }
            Ok(_) => {
                self.note(relative, "is a link to neither a file nor a folder");
                Ok(())
            }
            Err(error) => Err(self.unreadable(relative, error)),
        }
    }

    fn note(&mut self, relative: &Path, what: &str) {
        if self.folder.notes.len() < NOTES_MAX {
            let path = self.shown.join(relative);
            self.folder.notes.push(format!("skipped {}: it {what}", path.display()));
        }
    }

    fn unreadable(&self, relative: &Path, source: io::Error) -> FolderError {
        unreadable(&self.shown.join(relative), source)
    }

    /// The error about a folder from which nothing is left.
    fn no_files(&self) -> FolderError {
        let mut counts: BTreeMap<&Rule, usize> = BTreeMap::new();
        let mut total = 0;
        for (rule, relative) in &self.excluded_paths {
            let files = count_files(&self.root.join(relative), COUNTED_MAX - total);
            total += files;
            *counts.entry(rule).or_default() += files;
        }
        let mut counts: Vec<_> = counts.into_iter().filter(|(_, files)| *files > 0).collect();
        counts.sort_by_key(|(_, files)| std::cmp::Reverse(*files));
        let reason = match counts.as_slice() {
            [] if self.folder.notes.is_empty() => "the folder is empty".to_owned(),
            [] => self.folder.notes.join("; "),
            [(rule, 1)] => format!("its only file is excluded by {rule}"),
            [(rule, files)] => format!("all {files} files are excluded by {rule}"),
            many => {
                let named = many.iter().take(RULES_NAMED);
                let named: Vec<_> =
                    named.map(|(rule, files)| format!("{files} by {rule}")).collect();
                let more = if many.len() > RULES_NAMED { ", and more rules" } else { "" };
                format!("all {total} files are excluded: {}{more}", named.join(", "))
            }
        };
        FolderError::NoFiles { path: self.shown.to_owned(), reason }
    }
}

/// Files at or below `path`, at most `max`; what cannot be read counts as nothing.
fn count_files(path: &Path, max: usize) -> usize {
    let mut pending = vec![path.to_owned()];
    let mut files = 0;
    while let Some(path) = pending.pop() {
        if files >= max {
            break;
        }
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir());
        if !is_folder {
            files += 1;
            continue;
        }
        let entries = fs::read_dir(&path).into_iter().flatten().flatten();
        pending.extend(entries.take(max - files).map(|entry| entry.path()));
    }
    files
}

fn unreadable(path: &Path, source: io::Error) -> FolderError {
    FolderError::Read { path: path.to_owned(), source }
}

/// Why a folder cannot be deployed.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Nothing is left to send.
    #[error("there is nothing to deploy in {}: {reason}", path.display())]
    NoFiles {
        /// The folder.
        path: PathBuf,
        /// Which rules removed the files.
        reason: String,
    },
    /// The path is a file.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// More files than a release may have.
    #[error("{} has more than {max} files; exclude some in a .faztignore", path.display())]
    TooManyFiles {
        /// The folder.
        path: PathBuf,
        /// The limit.
        max: usize,
    },
    /// A name that cannot be part of a URL path.
    #[error("{}: its name is not UTF-8; rename it or exclude it in a .faztignore", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// A name that a release cannot have.
    #[error("{}: {reason}", path.display())]
    Path {
        /// The file.
        path: PathBuf,
        /// The rule that its path breaks.
        reason: PathRefusal,
    },
    /// The system refused.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file has another size than a moment before.
    #[error("{} changed while it was read; run the command again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

impl Fault for FolderError {
    fn kind(&self) -> ErrorKind {
        match self {
            FolderError::TooManyFiles { .. } => ErrorKind::TooLarge,
            FolderError::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                ErrorKind::NotFound
            }
            FolderError::Read { .. } => ErrorKind::Internal,
            FolderError::Changed { .. } => ErrorKind::Conflict,
            _ => ErrorKind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            FolderError::NoFiles { .. } => "NO_FILES",
            FolderError::NotAFolder { .. } => "NOT_A_FOLDER",
            FolderError::TooManyFiles { .. } => "TOO_MANY_FILES",
            FolderError::NotUtf8 { .. } | FolderError::Path { .. } => "INVALID_PATH",
            FolderError::Read { .. } => "FOLDER_UNREADABLE",
            FolderError::Changed { .. } => "FILE_CHANGED",
        }
    }
}

#[cfg(test)]
mod tests;
