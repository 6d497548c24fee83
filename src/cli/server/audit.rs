//! `fazt server audit`: who changed what.

use std::time::Duration;

use clap::Args;
use fazt_actors::timestamp::Timestamp;
use time::UtcDateTime;

use crate::cli::format;
use crate::cli::node_client::AuditFilter;
use crate::cli::output::{self, Cell, List};
use crate::cli::target::{DatabaseArg, with_node};
use crate::http::model::AuditEntry;

/// `fazt server audit`.
#[derive(Args, Debug)]
pub struct AuditArgs {
    /// Changes of this app alone
    #[arg(long)]
    app: Option<String>,
    /// This action alone, such as app.deploy or login
    #[arg(long)]
    action: Option<String>,
    /// Changes by a token or an owner of this name alone
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// How far back, such as 12h or 30d
    #[arg(long, value_name = "DURATION", value_parser = format::parse_duration)]
    since: Option<u64>,
    /// Entries at most
    #[arg(long, short = 'n', default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    #[command(flatten)]
    database: DatabaseArg,
    /// Print the API's data
    #[arg(long)]
    json: bool,
}

/// Prints the newest entries, the newest first.
///
/// # Errors
/// The node cannot be reached.
pub(super) async fn run(args: AuditArgs) -> anyhow::Result<()> {
    let since = args.since.map(|seconds| Timestamp::now().before(Duration::from_secs(seconds)));
    let filter = AuditFilter {
        app: args.app,
        action: args.action,
        actor: args.by,
        since: since.map(Timestamp::to_rfc3339),
    };
    let target = args.database.target();
    let entries =
        with_node(&target, async |node| node.audit(&filter, args.limit as usize).await).await?;
    if args.json {
        return output::json(&entries);
    }
    output::list(&table(&entries, UtcDateTime::now()), "No entries.")
}

fn table(entries: &[AuditEntry], now: UtcDateTime) -> List {
    let mut list =
        List::new(&["WHEN", "WHO", "FROM", "ACTION", "APP", "ABOUT", "RESULT", "DETAILS"]);
    let text = |value: &Option<String>| Cell::text(value.as_deref().unwrap_or_default());
    for AuditEntry { event, address, .. } in entries {
        list.push(vec![
            Cell::of(format::relative(&event.at, now), &event.at),
            Cell::text(&event.actor),
            Cell::text(address),
            Cell::text(&event.action),
            text(&event.app),
            text(&event.resource),
            Cell::text(&event.result),
            text(&event.details),
        ]);
    }
    list
}
