//! The `fazt` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    fazt::cli::main(std::env::args_os())
}
