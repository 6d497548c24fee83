//! Descriptions: the node itself.

use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::description::{Description, delete, get, group, post, put};
use crate::http::model::backup::{BackupMade, BackupRequest};
use crate::http::model::settings::{Setting, SettingChange};
use crate::http::model::{Message, NodeHealth, Stopping, StreamEvent};

/// What the endpoints of the node take and answer.
pub(super) fn descriptions() -> Vec<Description> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let unchanged = utoipa::openapi::Response::new("The document is the one that is known.");
    group(
        "node",
        [
            get("/api/openapi.json", "describe_api", "This document.")
                .answers_plain("application/json", ObjectBuilder::new().into())
                .with(304, unchanged),
            get("/api/system/health", "node_health", "What the node knows about itself.")
                .answers::<NodeHealth>(),
            get("/api/stream", "stream_events", "What happens on the node, while it happens.")
                .about(
                    "Server-sent events. `deploy` and `app` are for everybody who may read, \
                     `audit` for administrators; the data of each is a `StreamEvent`. `lagged` \
                     says how many events were lost to a slow reader.",
                )
                .knows::<StreamEvent>()
                .answers_plain("text/event-stream", text().into()),
            get("/api/system/metrics", "node_metrics", "Counters and gauges, for Prometheus.")
                .about("The text format 0.0.4 of Prometheus; every name begins with `fazt_`.")
                .answers_plain("text/plain; version=0.0.4; charset=utf-8", text().into()),
            get("/api/settings", "list_settings", "What an owner may change, and what counts.")
                .lists::<Setting>(),
            put("/api/settings/{key}", "change_setting", "Change a setting.")
                .about(
                    "At once, or with the next start, as `needs_restart` says. Where the node \
                     listens is changed through its own socket only.",
                )
                .takes::<SettingChange>()
                .answers::<Setting>(),
            delete("/api/settings/{key}", "reset_setting", "Back to the default.")
                .answers::<Message>(),
            post("/api/system/backup", "back_up", "Copy the whole node into a file.")
                .about("Only through the node's own socket: `fazt backup create`.")
                .takes::<BackupRequest>()
                .answers::<BackupMade>()
                .fails(&[409]),
            post("/api/system/stop", "stop_node", "Stop the node.")
                .about("Only through the node's own socket: `fazt server stop` and the like.")
                .answers::<Stopping>(),
        ],
    )
}
