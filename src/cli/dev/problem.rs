//! Finds in an error what a person looks for: the file, the line, and what to do.

use std::path::Path;

use fazt_actors::deployer::DeployError;
use fazt_actors::deployer::file_set::FileSetError;
use fazt_actors::deployer::manifest::ManifestError;
use fazt_actors::kind::chain;
use fazt_actors::limits::DeployLimits;

use super::scan::beginning;
use super::site::SiteError;
use crate::cli::folder::FolderError;
use crate::http::{Problem, SourceLine};

/// Lines shown before and after the one that is wrong.
const LINES_AROUND: usize = 2;

/// Characters of a line that are shown.
const LINE_CHARS_MAX: usize = 200;

/// What to tell of `error`, which the folder `dir` has caused.
pub(super) fn problem(error: &SiteError, dir: &Path) -> Problem {
    let mut problem = match error {
        SiteError::Folder(error) => in_folder(error, dir),
        SiteError::Deploy(DeployError::Rule(error)) => {
            at(error.file, Some(error.line), None, error.fault.to_string())
        }
        SiteError::Deploy(DeployError::Manifest(error)) => in_manifest(error, dir),
        SiteError::Deploy(DeployError::Files(error)) => Problem {
            file: file_of(error).map(str::to_owned),
            message: error.to_string(),
            ..Problem::default()
        },
        SiteError::Deploy(DeployError::Function(error)) => {
            let (line, column) = (error.line as usize, error.column as usize);
            at(&error.file, Some(line), Some(column), error.message.clone())
        }
        SiteError::Deploy(
            DeployError::NotText { file } | DeployError::ConfigTooLarge { file, .. },
        ) => at(file, None, None, error.to_string()),
        SiteError::Deploy(_) | SiteError::Interrupted => {
            Problem { message: chain(error), ..Problem::default() }
        }
    };
    if let (Some(file), Some(line)) = (&problem.file, problem.line) {
        problem.excerpt = excerpt(&dir.join(file), line);
    }
    problem
}

fn at(file: &str, line: Option<usize>, column: Option<usize>, message: String) -> Problem {
    Problem { message, file: Some(file.to_owned()), line, column, excerpt: Vec::new() }
}

fn in_folder(error: &FolderError, dir: &Path) -> Problem {
    let file = match error {
        FolderError::NotUtf8 { path }
        | FolderError::Path { path, .. }
        | FolderError::Read { path, .. }
        | FolderError::Changed { path } => {
            // Some are said as the user spelled them, others without the links in their path.
            let real = dir.canonicalize().unwrap_or_default();
            path.strip_prefix(dir).or_else(|_| path.strip_prefix(real)).ok()
        }
        FolderError::NoFiles { .. }
        | FolderError::NotAFolder { .. }
        | FolderError::TooManyFiles { .. } => None,
    };
    let file = file.map(|path| path.display().to_string()).filter(|path| !path.is_empty());
    let message = match error {
        FolderError::Changed { .. } => "this file changes all the time; when it rests, or a \
                                        .faztignore excludes it, the folder is shown"
            .to_owned(),
        _ => chain(error),
    };
    Problem { message, file, ..Problem::default() }
}

fn in_manifest(error: &ManifestError, dir: &Path) -> Problem {
    let (file, key) = match error {
        ManifestError::Syntax { file, problem } => {
            let (problem, place) = split_place(problem);
            let (line, column) = place.unzip();
            return at(file.path(), line, column, format!("this is not JSON: {problem}"));
        }
        ManifestError::TooLarge { file, .. } | ManifestError::NotAnObject { file, .. } => {
            (file, None)
        }
        ManifestError::Key { file, key, .. } => (file, Some(key.as_str())),
        ManifestError::TooMany { file, key, .. } => (file, Some(*key)),
        ManifestError::Name { file, .. } => (file, Some("name")),
    };
    let message = chain(error);
    // The file stands beside the message.
    let bare = message.strip_prefix(file.path()).and_then(|rest| rest.strip_prefix(": "));
    let message = bare.unwrap_or(&message).to_owned();
    let line = key.and_then(|key| line_of_key(&text_of(&dir.join(file.path())), key));
    at(file.path(), line, None, message)
}

/// The first line in which a key of an object stands; `env[3]` is somewhere behind `env`.
fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let name = key.split('[').next().unwrap_or(key);
    let quoted = format!("\"{name}\"");
    let has_key = |line: &str| {
        let mut behind = line.match_indices(&quoted).map(|(at, _)| &line[at + quoted.len()..]);
        behind.any(|rest| rest.trim_start().starts_with(':'))
    };
    text.lines().position(has_key).map(|before| before + 1)
}

/// Takes `… at line 3 column 5` apart, which is how the JSON parser ends what it says.
fn split_place(problem: &str) -> (&str, Option<(usize, usize)>) {
    let place = problem.rsplit_once(" at line ").and_then(|(text, place)| {
        let (line, column) = place.split_once(" column ")?;
        Some((text, (line.parse().ok()?, column.parse().ok()?)))
    });
    place.map_or((problem, None), |(text, place)| (text, Some(place)))
}

fn file_of(error: &FileSetError) -> Option<&str> {
    match error {
        FileSetError::NoFiles => None,
        FileSetError::TooManyFiles { path, .. }
        | FileSetError::FileTooLarge { path, .. }
        | FileSetError::TooLarge { path, .. }
        | FileSetError::Duplicate { path }
        | FileSetError::FileAndFolder { path, .. } => Some(path),
    }
}

/// The lines around `line`; none where they cannot be read any more.
fn excerpt(path: &Path, line: usize) -> Vec<SourceLine> {
    let first = line.saturating_sub(LINES_AROUND).max(1);
    let last = line.saturating_add(LINES_AROUND);
    let text = text_of(path);
    let lines = (1..).zip(text.lines()).skip(first - 1).take_while(|(number, _)| *number <= last);
    let cut = |text: &str| text.chars().take(LINE_CHARS_MAX).collect();
    lines.map(|(number, text)| SourceLine { number, text: cut(text) }).collect()
}

/// A file that decides about others; empty where it cannot be read any more.
fn text_of(path: &Path) -> String {
    let bytes = beginning(path, DeployLimits::default().config_file_bytes_max);
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_syntax_error_is_found() {
        for (said, text, place) in [
            ("expected value at line 3 column 5", "expected value", Some((3, 5))),
            ("a at line 1 column 2 at line 10 column 0", "a at line 1 column 2", Some((10, 0))),
            ("recursion limit exceeded", "recursion limit exceeded", None),
            ("odd at line x column 1", "odd at line x column 1", None),
        ] {
            assert_eq!(split_place(said), (text, place), "{said}");
        }
    }

    #[test]
    fn the_place_in_a_function_is_shown_with_its_lines() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("api")).unwrap();
        std::fs::write(dir.path().join("api/x.ts"), "one\nconst x: = 3;\n").unwrap();
        let error = fazt_actors::scripts::prepare("api/x.ts", b"one\nconst x: = 3;\n");
        let error = SiteError::Deploy(DeployError::Function(error.unwrap_err()));
        let found = problem(&error, dir.path());
        assert_eq!((found.file.as_deref(), found.line), (Some("api/x.ts"), Some(2)));
        assert_eq!(found.excerpt.len(), 2);
    }

    #[test]
    fn the_line_of_a_key_is_found() {
        let text = "{\n  \"title\": \"spa\",\n  \"spa\" : 1, \"env\": [\n    \"crons\"\n]}";
        for (key, line) in
            [("title", Some(2)), ("spa", Some(3)), ("env[0]", Some(3)), ("crons", None)]
        {
            assert_eq!(line_of_key(text, key), line, "{key}");
        }
    }

    #[test]
    fn an_excerpt_stays_inside_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("_redirects");
        std::fs::write(&file, format!("one\ntwo\nthree\nfour\n{}\n", "x".repeat(500))).unwrap();
        let numbers =
            |line| -> Vec<usize> { excerpt(&file, line).iter().map(|line| line.number).collect() };
        assert_eq!(numbers(1), [1, 2, 3]);
        assert_eq!(numbers(3), [1, 2, 3, 4, 5]);
        assert_eq!(numbers(5), [3, 4, 5]);
        assert_eq!(numbers(0), [1, 2]);
        assert!(numbers(99).is_empty());
        assert_eq!(excerpt(&file, 5)[2].text.len(), LINE_CHARS_MAX);
        assert!(excerpt(&dir.path().join("gone"), 1).is_empty());
    }
}
