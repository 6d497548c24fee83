//! `fazt server set-credentials` and `reset-admin`: the owner's name and password.

use std::env;
use std::io::Read;

use anyhow::{Context, bail};
use clap::Args;
use fazt_actors::account::Password;

use crate::cli::output;
use crate::cli::target::{DatabaseArg, with_node};
use crate::http::model::CredentialsRequest;

/// Bytes that are read of a password on stdin: more than any has.
const STDIN_BYTES_MAX: u64 = 4096;

/// Where a new password is read from.
#[derive(Args, Clone, Debug, Default)]
pub struct PasswordOptions {
    /// Read the password from stdin, up to its first line break
    #[arg(long)]
    pub password_stdin: bool,
    /// The password itself, as the original took it; other users of the machine can see it
    #[arg(long, hide = true, conflicts_with = "password_stdin")]
    pub password: Option<String>,
}

impl PasswordOptions {
    /// The password that the options or the variable `FAZT_PASSWORD` give, if any.
    ///
    /// # Errors
    /// Stdin cannot be read, or is empty.
    pub fn given(&self) -> anyhow::Result<Option<String>> {
        if let Some(password) = &self.password {
            output::note(
                "warning: others on this machine can see what is on a command line; \
                 --password-stdin and FAZT_PASSWORD are safer",
            );
            return Ok(Some(password.clone()));
        }
        if !self.password_stdin {
            return Ok(env::var("FAZT_PASSWORD").ok().filter(|password| !password.is_empty()));
        }
        let mut text = String::new();
        let read = std::io::stdin().lock().take(STDIN_BYTES_MAX).read_to_string(&mut text);
        read.context("cannot read the password from stdin")?;
        match text.lines().next().unwrap_or_default() {
            "" => bail!("stdin holds no password"),
            password => Ok(Some(password.to_owned())),
        }
    }
}

/// `fazt server set-credentials`.
#[derive(Args, Debug)]
pub struct SetCredentialsArgs {
    /// The owner's new name
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    #[command(flatten)]
    password: PasswordOptions,
    #[command(flatten)]
    database: DatabaseArg,
}

/// `fazt server reset-admin`.
#[derive(Args, Debug)]
pub struct ResetAdminArgs {
    #[command(flatten)]
    password: PasswordOptions,
    #[command(flatten)]
    database: DatabaseArg,
}

/// Sets the owner's name, password, or both.
///
/// # Errors
/// Nothing was given, or the node refuses.
pub(super) async fn set_credentials(args: SetCredentialsArgs) -> anyhow::Result<()> {
    let password = match args.password.given()? {
        Some(password) => Some(password),
        None if args.username.is_some() => None,
        None => Some(ask()?),
    };
    let changes_password = password.is_some();
    let change = CredentialsRequest { username: args.username, password, current_password: None };
    apply(args.database, &change).await?;
    output::line(match changes_password {
        true => "Credentials updated; browsers that were signed in must sign in again.",
        false => "Credentials updated.",
    })
}

/// Sets a password that is generated, unless one is given, and ends all sessions.
///
/// # Errors
/// The node refuses.
pub(super) async fn reset_admin(args: ResetAdminArgs) -> anyhow::Result<()> {
    let given = args.password.given()?;
    let is_given = given.is_some();
    let password = given.unwrap_or_else(|| Password::generate().reveal().to_owned());
    let change =
        CredentialsRequest { password: Some(password.clone()), ..CredentialsRequest::default() };
    apply(args.database, &change).await?;
    output::note("The owner's password is set, and all browsers are signed out.");
    if !is_given {
        output::note("Keep it now, it is not shown again:");
        output::line(&password)?;
    }
    Ok(())
}

async fn apply(database: DatabaseArg, change: &CredentialsRequest) -> anyhow::Result<()> {
    with_node(&database.target(), async |node| node.set_credentials(change).await).await.map(drop)
}

/// Asks for a password twice, without showing it.
fn ask() -> anyhow::Result<String> {
    if !output::can_ask() {
        bail!("no password was given; use --password-stdin, FAZT_PASSWORD or a terminal");
    }
    let prompt = |text: &str| rpassword::prompt_password(text).context("cannot read the password");
    let password = prompt("New password: ")?;
    if prompt("Again: ")? != password {
        bail!("the two passwords differ; nothing was changed");
    }
    Ok(password)
}
