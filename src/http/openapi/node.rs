//! Descriptions: the node itself.

use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::description::{Description, get, group, post};
use crate::http::model::{NodeHealth, Stopping, StreamEvent};

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
            post("/api/system/stop", "stop_node", "Stop the node.")
                .about("Only through the node's own socket: `fazt server stop` and the like.")
                .answers::<Stopping>(),
        ],
    )
}
