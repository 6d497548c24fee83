//! `fazt remote …`: a command line that manages nodes elsewhere.

use std::process::Command;

use crate::process::{Machine, Server};

mod bad_peers;
mod keeping;
mod original;
mod tokens;
mod two_machines;

/// Makes a token on the node's machine, as its owner would.
#[track_caller]
fn token_of(machine: &Machine, name: &str, scopes: &str) -> String {
    let db = machine.db();
    let words = ["server", "create-key", "--name", name, "--scopes", scopes, "--db", &db];
    machine.run(&words).ok().trim().to_owned()
}

/// A command of fazt with a token in its environment.
fn with_token(machine: &Machine, token: &str, words: &[&str]) -> Command {
    let mut command = machine.fazt(words);
    command.env("FAZT_TOKEN", token);
    command
}

/// Makes another machine know the node under a name.
#[track_caller]
fn introduce(client: &Machine, name: &str, server: &Server, token: &str) {
    let words = ["remote", "add", name, "--url", &server.url()];
    client.finish(&mut with_token(client, token, &words)).ok();
}
