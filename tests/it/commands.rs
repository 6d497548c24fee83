//! What a user types and what comes back: words, output, exit codes.

use std::io::Write;
use std::process::Stdio;

use crate::process::{Machine, files};

mod apps;
mod config;
mod deploying;
mod logs;
mod nodes;
mod owner;
mod tokens;

/// Lines of tab-separated values.
pub(crate) fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split('\t').collect()).collect()
}

#[test]
fn what_is_not_understood_ends_with_2() {
    let machine = Machine::new();
    for (words, part) in [
        (&["deploi"][..], "deploy"),
        (&["deploy"], "<DIR>"),
        (&["app", "rollback", "blog", "vX"], "v7"),
        (&["app", "info"], "<APP>"),
        (&["app", "list", "--to", "x", "--db", "y"], "cannot be used with"),
        (&["token", "create", "--name", "ci", "--expires", "soon"], "30d"),
        (&["server", "start", "--port", "70000"], "70000"),
        (&["server", "start", "--listen", "example.org"], "127.0.0.1"),
        (&["server", "create-key"], "--name"),
        (&[], "Usage"),
        (&["app"], "Usage"),
    ] {
        let complaint = machine.run(words).fails(2);
        assert!(complaint.contains(part), "{words:?}: {part} is not in {complaint}");
    }
}

#[test]
fn help_and_version_are_results() {
    let machine = Machine::new();
    for (words, part) in [
        (&["--version"][..], env!("CARGO_PKG_VERSION")),
        (&["--help"], "fazt deploy ./site"),
        (&["help", "app"], "rollback"),
        (&["deploy", "--help"], "--purge"),
        (&["server", "start", "--help"], "4698"),
    ] {
        let said = machine.run(words).ok();
        assert!(said.contains(part), "{words:?}: {part} is not in {said}");
        // The original's words are understood, but nobody learns them any more.
        assert!(!said.contains("--domain NAME") && !said.contains("client"), "{words:?}: {said}");
    }
}

#[test]
fn the_completion_script_is_bash() {
    let machine = Machine::new();
    let script = machine.run(&["completions", "bash"]).ok();
    assert!(script.contains("rollback"));
    let mut command = machine.isolated("bash", &["-n"]);
    let mut bash = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let checked = bash.wait_with_output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert!(checked.stderr.is_empty(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn nothing_is_coloured_where_nobody_looks() {
    let machine = Machine::new();
    let server = machine.start();
    let folder = machine.folder("site", &files(&[("index.html", "hello")]));
    for no_color in [None, Some("1")] {
        for words in [
            &["deploy", &folder][..],
            &["app", "list"],
            &["app", "info", "nothing"],
            &["server", "status", "--db", &machine.db()],
            &["--help"],
            &["deploi"],
        ] {
            let mut command = machine.fazt(words);
            command.envs(no_color.map(|value| ("NO_COLOR", value)));
            let ran = machine.finish(&mut command);
            assert!(!format!("{}{}", ran.stdout, ran.stderr).contains('\x1b'), "{ran:?}");
        }
    }
    assert!(!server.log().contains('\x1b'), "{}", server.log());
    server.stop();
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let machine = Machine::new();
    let server = machine.start();
    let many = (0..2_000).map(|n| (format!("{n}.txt"), b"x".to_vec())).collect();
    server.deploy("many", &many);
    let program = env!("CARGO_BIN_EXE_fazt");
    let script = "set -o pipefail; \"$0\" app files many | head -1";
    let said = machine.finish(&mut machine.isolated("bash", &["-c", script, program])).ok();
    assert_eq!(rows(&said)[0][0], "0.txt");
    server.stop();
}
