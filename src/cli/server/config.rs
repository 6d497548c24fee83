//! `fazt server config` and `set-config`: the settings of the node on this machine.
//!
//! Both go to the node that runs the database, where changes can count at once; where none
//! runs, this process is its node for as long as the command takes.

use clap::Args;
use fazt_actors::settings::{self, SettingError, table, value::NOTHING};
use serde_json::Value as Json;

use crate::cli::{
    node_client::NodeClient,
    output::{self, Cell, List},
    target::{DatabaseArg, with_node},
};
use crate::http::model::settings::Setting;

/// What `fazt server set-config --help` ends with.
pub(super) const SET_HELP: &str = "\
Sizes are written like 64MB, durations like 10m or 30d. `none` takes a domain or a bound away.

Examples:
  fazt server set-config server.port=8080 server.domain=example.org
  fazt server set-config deploy.files_max=20000 apps.releases_kept=20
  fazt server set-config --reset server.port";

/// `fazt server config`.
#[derive(Args, Debug)]
pub struct ConfigArgs {
    #[command(flatten)]
    database: DatabaseArg,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// `fazt server set-config`.
#[derive(Args, Debug)]
pub struct SetConfigArgs {
    /// Settings and their new values
    #[arg(value_name = "KEY=VALUE", value_parser = parse_assignment)]
    #[arg(required_unless_present_any = ["reset", "domain", "port", "env"])]
    values: Vec<(String, String)>,
    /// Put a setting back to its default; can be repeated
    #[arg(long, value_name = "KEY")]
    reset: Vec<String>,
    /// The same as server.domain=DOMAIN
    #[arg(long)]
    domain: Option<String>,
    /// The same as server.port=PORT
    #[arg(long)]
    port: Option<String>,
    /// The original's name for what a main domain decides today
    #[arg(long, hide = true, value_parser = ["development", "production"])]
    env: Option<String>,
    #[command(flatten)]
    database: DatabaseArg,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// Lists all settings.
///
/// # Errors
/// The node cannot be reached, or the database not opened.
pub async fn show(args: ConfigArgs) -> anyhow::Result<()> {
    let settings = with_node(&args.database.target(), async |node| node.settings().await).await?;
    if args.json {
        return output::json(&settings);
    }
    let mut list = List::new(&["Setting", "Value", "From", "Default", "Change", "What"]);
    for setting in &settings {
        list.push(row(setting));
    }
    output::list(&list, "There are no settings.")?;
    for setting in &settings {
        if let Some(rule) = &setting.problem {
            let stored = setting.stored.as_deref().unwrap_or_default();
            let key = &setting.key;
            output::note(&format!("{key}: `{stored}` in the database does not count: it {rule}"));
        }
    }
    Ok(())
}

/// Changes settings: all keys and values are checked before the first one is changed.
///
/// # Errors
/// There is no such setting, a value breaks its rule, or the node refuses. A node that refuses
/// one keeps the changes before it.
pub async fn set(args: SetConfigArgs) -> anyhow::Result<()> {
    let mut wanted = args.values;
    wanted.extend(args.domain.map(|domain| ("server.domain".to_owned(), domain)));
    wanted.extend(args.port.map(|port| ("server.port".to_owned(), port)));
    for (key, text) in &wanted {
        settings::parse(key, text)?;
    }
    if args.env.is_some() {
        output::note(
            "note: --env is taken and changes nothing: a node with a main domain is in production",
        );
    }
    if wanted.is_empty() && args.reset.is_empty() {
        return Ok(());
    }
    let reset = args.reset;
    let target = args.database.target();
    let changes = with_node(&target, async |node| change(node, &wanted, &reset).await).await?;
    if args.json {
        return output::json(&changes.settings);
    }
    changes.lines.iter().try_for_each(|line| output::line(line))
}

/// What a run of `set-config` came to.
struct Changes {
    /// A sentence for each change.
    lines: Vec<String>,
    /// The settings as they are now. A reset one that this version does not know is gone.
    settings: Vec<Setting>,
}

async fn change(
    node: &NodeClient,
    wanted: &[(String, String)],
    reset: &[String],
) -> anyhow::Result<Changes> {
    // A node may keep settings that this version does not know, so it is asked for its own.
    if !reset.is_empty() {
        let known = node.settings().await?;
        for key in reset {
            if !known.iter().any(|setting| setting.key == *key) {
                return Err(SettingError::unknown(key).into());
            }
        }
    }
    let mut settings = Vec::with_capacity(wanted.len() + reset.len());
    for (key, text) in wanted {
        settings.push(node.set_setting(key, text).await?);
    }
    let mut lines: Vec<String> = settings.iter().map(outcome).collect();
    for key in reset {
        lines.push(node.reset_setting(key).await?.message);
    }
    if !reset.is_empty() {
        let now = node.settings().await?;
        settings.extend(now.into_iter().filter(|setting| reset.contains(&setting.key)));
    }
    Ok(Changes { lines, settings })
}

/// What a change came to, in one line.
fn outcome(setting: &Setting) -> String {
    let key = &setting.key;
    let stored = Json::from(setting.stored.as_deref().unwrap_or(NOTHING));
    let value = shown(key, &stored);
    match setting.source.as_str() {
        "flag" => format!("{key} = {value} is kept; an option that the node was started with wins"),
        "environment" => {
            format!("{key} = {value} is kept; the environment that the node was started in wins")
        }
        _ if setting.pending_restart => format!("{key} = {value}, from the node's next start on"),
        _ => format!("{key} = {value}"),
    }
}

fn row(setting: &Setting) -> Vec<Cell> {
    let key = setting.key.as_str();
    let cell = |value: &Json| Cell::of(shown(key, value), text_of(value));
    let value = match setting.pending_restart {
        false => cell(&setting.value),
        true => {
            let next = setting.stored.as_deref().map_or(setting.default.clone(), Json::from);
            let people =
                format!("{} (next start: {})", shown(key, &setting.value), shown(key, &next));
            Cell::of(people, text_of(&setting.value))
        }
    };
    let change = if setting.needs_restart { "restart" } else { "live" };
    vec![
        Cell::text(key),
        value,
        Cell::text(&setting.source),
        cell(&setting.default),
        Cell::text(change),
        Cell::text(&setting.help),
    ]
}

/// A value as people write it, where this version knows the setting.
fn shown(key: &str, value: &Json) -> String {
    let text = text_of(value);
    let known = table::find(key).and_then(|setting| Some((setting, setting.parse(&text).ok()?)));
    known.map_or(text, |(setting, value)| setting.shown(&value))
}

fn text_of(value: &Json) -> String {
    match value {
        Json::Null => NOTHING.to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn parse_assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write KEY=VALUE, such as server.port=8080".to_owned()),
    }
}
