//! The ignore files of a folder and of those that it lies in, up to DIR and no further.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, Glob};

use super::{FolderError, NOTES_MAX, Rule};

/// Git's own ignore file.
pub(super) const GITIGNORE: &str = ".gitignore";
/// The one of fazt, which has the last word.
pub(super) const FAZTIGNORE: &str = ".faztignore";

/// The ignore files that apply inside one folder. Cloning is cheap.
#[derive(Clone, Default)]
pub(super) struct Rules {
    fazt: Chain,
    git: Chain,
}

/// Ignore files of one name, the innermost first.
type Chain = Option<Arc<Level>>;

struct Level {
    matcher: Gitignore,
    /// The file as the user would write it.
    shown: PathBuf,
    outer: Chain,
}

/// What the ignore files say about a path.
pub(super) enum Verdict {
    /// No line matches, or one that begins with `!`.
    Kept,
    /// A line excludes it.
    Excluded(Rule),
}

impl Rules {
    /// The rules inside the folder `full`, called `shown` in messages.
    pub(super) fn enter(
        &self,
        full: &Path,
        shown: &Path,
        notes: &mut Vec<String>,
    ) -> Result<Rules, FolderError> {
        Ok(Rules {
            fazt: extend(&self.fazt, full, shown, FAZTIGNORE, notes)?,
            git: extend(&self.git, full, shown, GITIGNORE, notes)?,
        })
    }

    /// Judges a path; its folders have been judged before.
    pub(super) fn judge(&self, path: &Path, is_folder: bool) -> Verdict {
        for chain in [&self.fazt, &self.git] {
            let mut level = chain.as_ref();
            while let Some(current) = level {
                match current.matcher.matched(path, is_folder) {
                    Match::None => level = current.outer.as_ref(),
                    Match::Whitelist(_) => return Verdict::Kept,
                    Match::Ignore(glob) => return Verdict::Excluded(rule(current, glob)),
                }
            }
        }
        Verdict::Kept
    }
}

fn rule(level: &Level, glob: &Glob) -> Rule {
    Rule::Line { file: level.shown.clone(), line: glob.original().to_owned() }
}

/// Puts the ignore file of a folder, if it has one, before those of the outer folders.
fn extend(
    outer: &Chain,
    full: &Path,
    shown: &Path,
    name: &str,
    notes: &mut Vec<String>,
) -> Result<Chain, FolderError> {
    let (file, shown) = (full.join(name), shown.join(name));
    match std::fs::metadata(&file) {
        Ok(meta) if meta.is_file() => {}
        Ok(_) => return Ok(outer.clone()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(outer.clone()),
        Err(source) => return Err(FolderError::Read { path: shown, source }),
    }
    let mut builder = GitignoreBuilder::new(full);
    // As git does, a line that is no pattern is passed over, but not without a word.
    if let Some(error) = builder.add(&file)
        && notes.len() < NOTES_MAX
    {
        notes.push(format!("a line of {} has no effect: {error}", shown.display()));
    }
    let matcher = match builder.build() {
        Ok(matcher) => matcher,
        Err(error) => {
            let source = io::Error::new(io::ErrorKind::InvalidData, error);
            return Err(FolderError::Read { path: shown, source });
        }
    };
    Ok(Some(Arc::new(Level { matcher, shown, outer: outer.clone() })))
}
