//! The rules of the tree that neither the compiler nor clippy keeps.

use std::path::{Path, PathBuf};

/// Lines of a Rust file.
const RUST_LINES_MAX: usize = 400;

/// Columns of a line of Rust.
const RUST_COLUMNS_MAX: usize = 100;

/// Columns of a line of Markdown, outside of tables, code and links.
const MARKDOWN_COLUMNS_MAX: usize = 80;

/// A text file of the tree.
struct Source {
    /// From the root, with `/`.
    path: String,
    text: String,
}

impl Source {
    fn is(&self, extension: &str) -> bool {
        self.path.ends_with(&format!(".{extension}"))
    }

    fn is_below(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }
}

/// All text files that are, or would be, committed.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut walk = ignore::WalkBuilder::new(root);
    walk.hidden(false).parents(false).git_global(false).require_git(false);
    walk.filter_entry(|entry| entry.file_name() != ".git" && entry.file_name() != "node_modules");
    let read = |path: PathBuf| {
        // What is not UTF-8 is no text.
        let text = std::fs::read_to_string(&path).ok()?;
        let path = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        Some(Source { path, text })
    };
    let sources: Vec<Source> = walk
        .build()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .filter_map(|entry| read(entry.into_path()))
        .collect();
    assert!(sources.len() > 100, "only {} files", sources.len());
    sources
}

/// Fails with every place where a rule is broken.
#[track_caller]
fn expect_none(rule: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

/// The lines of these files that break a rule, as `path:line: text`.
fn lines<'a>(
    sources: impl Iterator<Item = &'a Source>,
    is_wrong: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let wrong = (1..).zip(source.text.lines()).filter(|(_, line)| is_wrong(line));
        found.extend(wrong.map(|(number, line)| {
            format!("{}:{number}: {}", source.path, line.chars().take(120).collect::<String>())
        }));
    }
    found
}

#[test]
fn files_and_lines_of_rust_are_short() {
    let sources = sources();
    let rust = || sources.iter().filter(|source| source.is("rs"));
    let long = rust().filter(|source| source.text.lines().count() > RUST_LINES_MAX);
    let long = long.map(|source| format!("{}: {}", source.path, source.text.lines().count()));
    expect_none("at most 400 lines", long.collect());
    let wide = lines(rust(), |line| line.chars().count() > RUST_COLUMNS_MAX);
    expect_none("at most 100 columns", wide);
    expect_none(
        "no tabs, no blanks at the end",
        lines(rust(), |line| line.contains('\t') || line.ends_with(' ')),
    );
}

#[test]
fn modules_are_named_after_what_they_hold() {
    let banned = ["mod", "utils", "util", "common", "helpers", "helper", "types", "misc"];
    let sources = sources();
    let is_banned = |part: &str| banned.contains(&part.strip_suffix(".rs").unwrap_or(part));
    let found = sources
        .iter()
        .filter(|source| source.is("rs") && source.path.split('/').any(is_banned))
        .map(|source| source.path.clone());
    expect_none("no mod.rs, and no drawer for everything", found.collect());
}

#[test]
fn every_module_says_what_it_is_for() {
    let sources = sources();
    let found = sources
        .iter()
        .filter(|source| source.is("rs") && !source.path.ends_with("tests.rs"))
        .filter(|source| !source.is_below(&["actors/"]) || !source.path.contains("/tests/"))
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| source.path.clone());
    expect_none("begins with `//!`", found.collect());
}

#[test]
fn markdown_fits_a_terminal() {
    let sources = sources();
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.is("md")) {
        let mut in_code = false;
        for (number, line) in (1..).zip(source.text.lines()) {
            in_code ^= line.trim_start().starts_with("```");
            let is_exempt = in_code
                || line.trim_start().starts_with('|')
                || line.contains("](")
                || line.contains("://");
            if !is_exempt && line.chars().count() > MARKDOWN_COLUMNS_MAX {
                found.push(format!("{}:{number}", source.path));
            }
        }
    }
    expect_none("at most 80 columns", found);
}

#[test]
fn every_dependency_has_its_reason() {
    let text = include_str!("../../Cargo.toml");
    let section = text.split("[workspace.dependencies]\n").nth(1).unwrap();
    let section = section.split("\n[").next().unwrap();
    let mut has_reason = false;
    let mut found = Vec::new();
    for line in section.lines() {
        if line.starts_with('#') {
            has_reason = !line.starts_with("# ---");
        } else if line.contains(" = ") {
            let is_own = line.starts_with("fazt-actors");
            if !has_reason && !is_own {
                found.push(line.to_owned());
            }
            has_reason = false;
        }
    }
    expect_none("a comment above each dependency says why it is there", found);
}

#[test]
fn nothing_is_left_for_later() {
    // Spelt in two halves, so that this file passes.
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ign", "ore"),
        concat!("#[should_", "panic"),
        concat!("#[al", "low("),
        concat!("#![al", "low("),
    ];
    let sources = sources();
    let committed = sources.iter().filter(|source| !source.path.ends_with("Cargo.lock"));
    let found = lines(committed, |line| marks.iter().any(|mark| line.contains(mark)));
    expect_none("no open ends, no silenced lints, no skipped tests", found);
}

#[test]
fn no_path_of_one_machine_is_committed() {
    let folders = ["home", "root", "work", "Users", "tmp", "mnt"].map(|name| format!("/{name}/"));
    let sources = sources();
    let names_a_folder = |line: &str| {
        folders.iter().any(|folder| {
            line.match_indices(folder.as_str()).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                let after = line[at + folder.len()..].chars();
                let begins = before.is_none_or(|c| !c.is_alphanumeric() && !"-_.:/})".contains(c));
                // `/home/a` is anybody's, and nobody's.
                let named = after.take_while(|c| c.is_ascii_alphanumeric() || *c == '.').count();
                begins && named > 1
            })
        })
    };
    expect_none("no absolute paths", lines(sources.iter(), names_a_folder));
}

#[test]
fn sql_stays_in_the_machine() {
    let sources = sources();
    let verbs = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "PRAGMA "];
    let front = sources.iter().filter(|source| source.is("rs") && source.is_below(&["src/"]));
    let found = lines(front, |line| {
        !line.trim_start().starts_with("//") && verbs.iter().any(|verb| line.contains(verb))
    });
    expect_none("SQL only under actors/ and migrations/", found);
}

/// Checks that a name occurs in code only below these paths.
#[track_caller]
fn check_only(sources: &[Source], name: &str, allowed: &[&str]) {
    let others = sources.iter().filter(|source| {
        source.is("rs") && !source.is_below(&["tests/", "benches/"]) && !source.is_below(allowed)
    });
    let names = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        code.match_indices(name)
            .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    expect_none(&format!("`{name}` only in {}", allowed.join(", ")), lines(others, names));
}

#[test]
fn each_library_has_one_place() {
    let sources = sources();
    check_only(&sources, "awc::", &["actors/outbound"]);
    check_only(&sources, "zip::", &["actors/deployer/archive"]);
    check_only(&sources, "brotli::", &["actors/deployer/encoder"]);
    check_only(
        &sources,
        "Connection::open",
        &["actors/store/connection.rs", "actors/peers/file.rs"],
    );
    check_only(&sources, "actix_web", &["src/"]);
    check_only(&sources, "clap::", &["src/cli"]);
}

#[test]
fn fixtures_are_kept_byte_by_byte() {
    let attributes = include_str!("../../.gitattributes");
    assert!(attributes.lines().any(|line| line == "tests/fixtures/*.http -text"), "{attributes}");
}
