//! Descriptions: endpoints of the original that have no newer form beside them, or a
//! newer one in another spelling.

use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::description::{Description, bytes, delete, get, group, post};
use crate::http::model::Message;
use crate::http::model::original::{
    Deployments, EnvVarRequest, EnvVars, KeyCreated, KeyRequest, Keys, LogLine, Logs, Nothing,
    Site, SiteFile,
};
use crate::http::model::settings::{
    OriginalCache, OriginalConfig, OriginalDatabase, OriginalLimits,
};

/// What the original's endpoints take and answer.
pub(super) fn descriptions() -> Vec<Description> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    group(
        "original",
        [
            get("/api/sites", "list_sites", "The apps, the latest change first.").lists::<Site>(),
            delete("/api/sites", "delete_site", "Take an app off the air.")
                .answers::<Message>()
                .fails(&[404]),
            get("/api/sites/{app}", "show_site", "One app.").answers::<Site>(),
            get("/api/sites/{app}/files", "list_site_files", "The files of the live release.")
                .lists::<SiteFile>(),
            get(
                "/api/sites/{app}/files/{path:.+}",
                "download_site_file",
                "The bytes of one file of the live release.",
            )
            .answers_plain("*/*", bytes()),
            get("/api/deployments", "list_deployments", "The latest deploys.")
                .answers::<Deployments>(),
            get("/api/envvars", "list_variables", "The variables of an app, without values.")
                .answers::<EnvVars>()
                .fails(&[404]),
            post("/api/envvars", "set_variable", "Set a variable of an app.")
                .takes::<EnvVarRequest>()
                .answers::<Nothing>()
                .fails(&[404, 409]),
            delete("/api/envvars", "delete_variable", "Delete a variable.")
                .answers::<Nothing>()
                .fails(&[404]),
            get("/api/logs", "list_logs", "The latest lines of an app's log.")
                .answers::<Logs>()
                .fails(&[404]),
            get("/api/logs/stream", "stream_logs", "An app's lines, while they are written.")
                .about(
                    "Server-sent events. The data of each `line` is a `LogLine`. `lagged` says \
                     that lines behind its `after` may be missing, because they are no longer \
                     kept.",
                )
                .knows::<LogLine>()
                .answers_plain("text/event-stream", text.into())
                .fails(&[404]),
            get("/api/config", "config", "Where the node is.").answers::<OriginalConfig>(),
            get("/api/system/config", "system_config", "The same.").answers::<OriginalConfig>(),
            get("/api/system/limits", "system_limits", "Memory, processors, sizes.")
                .answers::<OriginalLimits>(),
            get("/api/system/cache", "system_cache", "The contents that are in memory.")
                .answers::<OriginalCache>(),
            get("/api/system/db", "system_db", "The connections that read.")
                .answers::<OriginalDatabase>(),
            get("/api/keys", "list_keys", "All tokens.").answers::<Keys>(),
            post("/api/keys", "create_key", "Make a token that does not expire.")
                .takes::<KeyRequest>()
                .answers::<KeyCreated>()
                .fails(&[409]),
            delete("/api/keys", "delete_key", "End a token.").answers::<Message>().fails(&[404]),
        ],
    )
}
