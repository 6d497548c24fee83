//! The owner of a node that has none yet.

use fazt_actors::account::{Account, Change, DEFAULT_USERNAME, Password};
use fazt_actors::timestamp::Timestamp;

use crate::cli::output;
use crate::http::record_start;
use crate::node::Node;

/// Gives a node without an owner one, with a password that is printed this once.
///
/// # Errors
/// The database refuses, or stdout cannot be written.
pub(super) async fn ensure(node: &Node) -> anyhow::Result<()> {
    if node.account.username().is_some() {
        return Ok(());
    }
    let password = Password::generate();
    // Shown first: an owner whose password nobody has seen is of no use.
    announce(DEFAULT_USERNAME, &password)?;
    create(&node.account, None, password).await?;
    record_start(node, "owner.change", None, "the first one, with a generated password").await;
    Ok(())
}

/// Makes the owner.
///
/// # Errors
/// The name cannot be an owner's, or the database refuses.
pub(super) async fn create(
    account: &Account,
    username: Option<String>,
    password: Password,
) -> anyhow::Result<()> {
    let change = Change { username, password: Some(password) };
    Ok(account.change(change, None, Timestamp::now()).await?)
}

/// Shows a generated password.
///
/// # Errors
/// Stdout cannot be written.
pub(super) fn announce(username: &str, password: &Password) -> anyhow::Result<()> {
    output::line(&format!(
        "\n  Sign in as  {username}\n  password    {}\n  Keep it: it is not shown again. \
         `fazt server reset-admin` makes a new one.\n",
        password.reveal()
    ))
}
