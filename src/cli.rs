//! The command line: words in, requests out, answers on the terminal.
//!
//! Owns the meaning of every word after `fazt`. Results go to stdout, everything else to
//! stderr. Exit codes: 0 done, 1 failed, 2 not understood.

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};

pub mod app;
pub mod backup;
pub mod client;
pub mod deploy;
pub mod dev;
pub mod domain;
pub mod folder;
pub mod format;
pub mod node_client;
pub mod output;
pub mod remote;
pub mod server;
pub mod target;
pub mod token;
mod version;
mod words;

/// What `fazt --help` ends with.
const EXAMPLES: &str = "\
Examples:
  fazt dev ./site                    see a folder while you work on it
  fazt server start                  run a node on http://localhost:4698
  fazt deploy ./site                 put a folder online; the app is called `site`
  fazt deploy . --name blog --to https://example.org
  fazt app list                      what is online
  fazt app rollback blog             back to the release before
  fazt remote add home --url https://example.org
  fazt @home app list                the same, on the node called home";

/// Your own cloud in one binary and one SQLite file.
#[derive(Debug, Parser)]
#[command(name = "fazt", version, after_help = EXAMPLES, max_term_width = 100)]
#[command(arg_required_else_help = true, disable_help_subcommand = false)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The command groups.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show a folder in the browser, and follow its changes
    Dev(dev::DevArgs),
    /// Run and manage a node on this machine
    #[command(subcommand, arg_required_else_help = true)]
    Server(server::ServerCommand),
    /// Put a folder online
    Deploy(deploy::DeployArgs),
    /// See and change the apps of a node
    #[command(subcommand, arg_required_else_help = true)]
    App(app::AppCommand),
    /// Let host names of their own lead to apps
    #[command(subcommand, arg_required_else_help = true)]
    Domain(domain::DomainCommand),
    /// Copy a whole node into one file, and put it back
    #[command(subcommand, arg_required_else_help = true)]
    Backup(backup::BackupCommand),
    /// Make and revoke credentials
    #[command(subcommand, arg_required_else_help = true)]
    Token(token::TokenCommand),
    /// See and change the nodes that are known here
    Remote(remote::RemoteArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// The original's `servers`, which are peers today
    #[command(hide = true)]
    Servers(remote::servers::ServersArgs),
    /// The original's `client`, whose commands have other names today
    #[command(subcommand, hide = true, arg_required_else_help = true)]
    Client(client::ClientCommand),
    /// Print the version, as the original did
    #[command(hide = true)]
    Version,
}

/// Runs the command that `words` spell; the first is the program's own name.
pub fn main(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words = match words::understood(words.into_iter().collect(), Cli::command()) {
        Ok(words) => words,
        Err(complaint) => return not_understood(&complaint),
    };
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Also answers `--help` and `--version`, which clap counts as errors with code 0.
fn not_understood(error: &clap::Error) -> ExitCode {
    // The reader of a closed pipe has seen enough.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Dev(args) => {
            crate::functions::initialise();
            in_system(dev::run(args))
        }
        Command::Server(command) => server::run(command),
        Command::Deploy(args) => in_system(deploy::run(args)),
        Command::App(command) => in_system(app::run(command)),
        Command::Domain(command) => in_system(domain::run(command)),
        Command::Backup(command) => in_system(backup::run(command)),
        Command::Token(command) => in_system(token::run(command)),
        Command::Remote(args) => remote::run(args),
        Command::Servers(args) => remote::servers::run(args),
        Command::Client(command) => client::run(command),
        Command::Version => version::print(),
        Command::Completions { shell } => completions(shell),
    }
}

/// Runs `work` where actors and connections can live.
fn in_system<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    actix::System::new().block_on(work)
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "fazt", &mut script);
    output::bytes(&script)
}

#[cfg(test)]
mod tests;
