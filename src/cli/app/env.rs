//! `fazt app env …`: the variables that an app's functions read.

use std::io::{self, IsTerminal, Read};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use fazt_actors::env::{EnvError, VALUE_BYTES_MAX, check_name};

use crate::cli::output::{self, Cell, List};
use crate::cli::target::{Target, with_node};
use crate::http::model::original::EnvVarRequest;

/// `fazt app env …`.
#[derive(Debug, Subcommand)]
pub enum EnvCommand {
    /// List the names; values are never shown
    List(ListArgs),
    /// Set a variable, new or not
    #[command(
        after_help = "Examples:\n  fazt app env set blog API_KEY            asks for the value\n  \
                      fazt app env set blog API_KEY < key.txt  reads it from a file"
    )]
    Set(SetArgs),
    /// Remove a variable
    #[command(alias = "remove")]
    Rm(RmArgs),
}

/// `fazt app env list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Name or id of the app
    app: String,
    #[command(flatten)]
    target: Target,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// `fazt app env set`.
#[derive(Args, Debug)]
pub struct SetArgs {
    /// Name or id of the app
    app: String,
    /// Name of the variable, in capitals
    #[arg(value_parser = parse_name)]
    name: String,
    /// Its value; `-` reads stdin [default: a prompt that shows nothing, or stdin]
    value: Option<String>,
    #[command(flatten)]
    target: Target,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// `fazt app env rm`.
#[derive(Args, Debug)]
pub struct RmArgs {
    /// Name or id of the app
    app: String,
    /// Name of the variable
    #[arg(value_parser = parse_name)]
    name: String,
    #[command(flatten)]
    target: Target,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

fn parse_name(text: &str) -> Result<String, String> {
    check_name(text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}

/// Runs one of the commands.
///
/// # Errors
/// The node cannot be reached or refuses, or there is no value.
pub(super) async fn run(command: EnvCommand) -> anyhow::Result<()> {
    match command {
        EnvCommand::List(args) => list(args).await,
        EnvCommand::Set(args) => set(args).await,
        EnvCommand::Rm(args) => remove(args).await,
    }
}

async fn list(args: ListArgs) -> anyhow::Result<()> {
    let found = with_node(&args.target, async |node| node.variables(&args.app).await).await?;
    if args.json {
        return output::json(&found);
    }
    let mut list = List::new(&["NAME"]);
    for variable in &found {
        list.push(vec![Cell::text(&variable.name)]);
    }
    output::list(&list, &format!("{} has no variables.", args.app))
}

async fn set(args: SetArgs) -> anyhow::Result<()> {
    let SetArgs { app, name, value, target, json } = args;
    let value = match value.as_deref() {
        Some("-") => read_stdin(&name)?,
        Some(value) => {
            output::note(
                "note: others on this machine can see what is on a command line; for a secret, \
                 leave the value out",
            );
            value.to_owned()
        }
        None if io::stdin().is_terminal() => ask(&name)?,
        None => read_stdin(&name)?,
    };
    let variable = EnvVarRequest { site_id: app, name, value };
    let answer = with_node(&target, async |node| node.set_variable(&variable).await).await?;
    if json {
        return output::json(&answer);
    }
    output::line(&format!("Set {} of {}.", variable.name, variable.site_id))
}

async fn remove(args: RmArgs) -> anyhow::Result<()> {
    let RmArgs { app, name, target, json } = args;
    let answer = with_node(&target, async |node| {
        let found = node.variables(&app).await?;
        match found.iter().find(|variable| variable.name == name) {
            Some(variable) => node.delete_variable(variable.id).await,
            None => bail!("{app} has no variable {name}; `fazt app env list {app}` shows them"),
        }
    })
    .await?;
    if json {
        return output::json(&answer);
    }
    output::line(&format!("Removed {name} of {app}."))
}

/// Reads a value from stdin, all of it but one line break at its end.
fn read_stdin(name: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    // One byte more than a value has, and the line break, so that too much is noticed.
    let bytes_max = VALUE_BYTES_MAX as u64 + 3;
    let read = io::stdin().lock().take(bytes_max).read_to_end(&mut bytes);
    read.with_context(|| format!("cannot read the value of {name} from stdin"))?;
    if bytes.is_empty() {
        bail!("stdin holds no value for {name}; an empty one is written as ''");
    }
    if bytes.len() as u64 == bytes_max {
        bail!("the value of {name} is too long: {}", EnvError::Value);
    }
    let text = String::from_utf8(bytes);
    Ok(without_line_break(text.with_context(|| format!("the value of {name} is no text"))?))
}

fn without_line_break(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

fn ask(name: &str) -> anyhow::Result<String> {
    if !output::can_ask() {
        bail!("no value was given; nobody can be asked for it here");
    }
    let typed = rpassword::prompt_password(format!("Value of {name} (it is not shown): "));
    typed.with_context(|| format!("cannot read the value of {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_loses_one_line_break_and_nothing_else() {
        for (text, expect) in [
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            (" a ", " a "),
            ("a\r", "a\r"),
            ("", ""),
        ] {
            assert_eq!(without_line_break(text.to_owned()), expect, "{text:?}");
        }
    }
}
