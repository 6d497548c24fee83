//! The examples with functions do what their READMEs say: their commands are run as they
//! stand there, by a shell, and must print what stands below each.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{Machine, Server};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// Copies the files of a folder, and of those in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_name() == "node_modules" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A command of a README, and what it says that it prints.
#[derive(Debug)]
struct Shown {
    command: String,
    output: String,
}

/// The commands that ask something: `$ curl …` in a block of code, up to an empty line.
fn shown(readme: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        let Some(first) = line.strip_prefix("$ ") else { continue };
        let mut command = first.to_owned();
        while let Some(begun) = command.strip_suffix('\\') {
            command = format!("{begun}{}", lines.next().unwrap().trim_start());
        }
        let output = lines.by_ref().take_while(|line| !line.is_empty() && *line != "```");
        let output = output.collect::<Vec<_>>().join("\n");
        found.push(Shown { command, output });
    }
    found
}

/// Runs all commands of an example's README against its node.
#[track_caller]
fn check(machine: &Machine, server: &Server, name: &str, commands: usize) {
    let readme = fs::read_to_string(example(name).join("README.md")).unwrap();
    let shown = shown(&readme);
    assert_eq!(shown.len(), commands, "commands in the README");
    for Shown { command, output } in shown {
        let here = command.replace(":8080", &format!(":{}", server.port));
        let ran = machine.finish(&mut machine.isolated("sh", &["-c", &here]));
        // Formatted numbers have blanks that do not break, which nobody sees in a README.
        let printed = ran.ok().replace(['\u{a0}', '\u{202f}'], " ");
        assert_eq!(printed.trim_end(), output, "of {command}");
    }
}

#[track_caller]
fn check_example(name: &str, commands: usize) {
    let machine = Machine::new();
    let server = machine.start();
    let folder = example(name);
    machine.run(&["deploy", folder.to_str().unwrap(), "--db", &machine.db()]).ok();
    check(&machine, &server, name, commands);
    server.stop();
}

#[test]
fn guestbook_api() {
    check_example("guestbook-api", 5);
}

#[test]
fn typescript_api() {
    check_example("typescript-api", 6);
}

#[test]
fn wasm_intl() {
    check_example("wasm-intl", 4);
}

/// The bundle is what `npm run build` makes of the example, made smaller; see `LICENSE` beside.
#[test]
fn hono_app() {
    let machine = Machine::new();
    let server = machine.start();
    let folder = machine.path("hono-app");
    copy(&example("hono-app"), &folder);
    fs::create_dir_all(folder.join("api")).unwrap();
    fs::write(folder.join("api/main.js"), include_str!("../fixtures/hono/main.js")).unwrap();
    machine.run(&["deploy", folder.to_str().unwrap(), "--db", &machine.db()]).ok();
    check(&machine, &server, "hono-app", 6);
    // Its sources are not in the release; the bundle is, although git does not keep it.
    assert_eq!(server.get("hono-app.localhost", "/src/app.js").status, 404);
    server.stop();
}

#[test]
fn the_embedded_module_is_the_one_in_the_sources() {
    let wasm = fs::read(example("wasm-intl/src/payment.wasm")).unwrap();
    let module = fs::read_to_string(example("wasm-intl/api/_payment.js")).unwrap();
    let text: String = module.split('"').skip(1).step_by(2).collect();
    assert_eq!(data_encoding::BASE64.decode(text.as_bytes()).unwrap(), wasm);
}
