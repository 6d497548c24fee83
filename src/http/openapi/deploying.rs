//! Descriptions: deploys, whole or only what differs.

use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::description::{Description, bytes, delete, group, post, put};
use crate::http::model::{
    BlobsReceived, CommitRequest, DeployResult, Message, UploadCreated, UploadRequest,
};

/// What the endpoints that deploy take and answer.
pub(super) fn descriptions() -> Vec<Description> {
    group(
        "deploying",
        [
            post("/api/deploy", "deploy_archive", "Deploy a ZIP archive.")
                .about(
                    "The archive's files become the app's live release, whole or not at all. \
                     An app that does not exist yet comes to be.",
                )
                .takes_form(form())
                .answers::<DeployResult>()
                .fails(&[409]),
            post("/api/apps/{app}/uploads", "begin_upload", "Begin a deploy of what differs.")
                .about(
                    "The answer lists the contents that the node lacks. Send them, then commit. \
                     The app need not exist yet when it is named by its name.",
                )
                .takes::<UploadRequest>()
                .creates::<UploadCreated>()
                .fails(&[409]),
            put("/api/apps/{app}/uploads/{upload}/blobs", "send_blobs", "Send missing contents.")
                .about(
                    "Frames, one after the other: 32 bytes of SHA-256, 8 bytes of length with \
                     the highest first, and the content. At most 64 MiB together, or one \
                     content that is larger.",
                )
                .takes_bytes()
                .answers::<BlobsReceived>()
                .fails(&[409]),
            post(
                "/api/apps/{app}/uploads/{upload}/commit",
                "commit_upload",
                "Make the uploaded release live.",
            )
            .takes::<CommitRequest>()
            .answers::<DeployResult>()
            .fails(&[409]),
            delete(
                "/api/apps/{app}/uploads/{upload}",
                "abandon_upload",
                "Forget an upload and what was sent for it.",
            )
            .answers::<Message>()
            .fails(&[400]),
        ],
    )
}

fn form() -> ObjectBuilder {
    let text = |about: &str| {
        ObjectBuilder::new().schema_type(Type::String).description(Some(about.to_owned()))
    };
    let name = "Name of the app. Clients of the original may call this field `name`.";
    let purge = "`true`: files of earlier releases become unreachable at once.";
    ObjectBuilder::new()
        .property("site_name", text(name).examples(["blog"]))
        .property("file", bytes())
        .property("purge", text(purge).enum_values(Some(["true", "false"])))
        .required("site_name")
        .required("file")
}
