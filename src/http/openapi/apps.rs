//! Descriptions: apps, their releases and files, and their domains.

use super::description::{BYTES, Description, bytes, delete, get, group, post};
use crate::http::model::{
    App, AppDeleted, DeployResult, MappedDomain, MappedDomainRequest, Message, Release,
    ReleaseFile, RollbackRequest, original,
};

/// What the endpoints of apps take and answer.
pub(super) fn descriptions() -> Vec<Description> {
    group(
        "apps",
        [
            get("/api/apps", "list_apps", "The apps on the air, or the deleted ones, by name.")
                .pages::<App>(),
            get("/api/apps/{app}", "show_app", "One app.").answers::<App>(),
            delete("/api/apps/{app}", "delete_app", "Take an app off the air.")
                .about("Its name is free at once. It can be restored for 30 days, unless purged.")
                .answers::<AppDeleted>(),
            post("/api/apps/{app}/restore", "restore_app", "Put a deleted app back on the air.")
                .answers::<App>()
                .fails(&[409]),
            post("/api/apps/{app}/rollback", "roll_back", "Make an earlier release live again.")
                .takes::<RollbackRequest>()
                .answers::<DeployResult>()
                .fails(&[409]),
            get("/api/apps/{app}/files", "list_files", "The files of the live release.")
                .lists::<original::SiteFile>(),
            get("/api/apps/{app}/releases", "list_releases", "The releases, the newest first.")
                .lists::<Release>(),
            get(
                "/api/apps/{app}/releases/{release}/files",
                "list_release_files",
                "The files of a release, with their hashes.",
            )
            .lists::<ReleaseFile>()
            .fails(&[400]),
            get(
                "/api/apps/{app}/releases/{release}/files/{path:.+}",
                "download_release_file",
                "The bytes of one file of a release.",
            )
            .answers_plain(BYTES, bytes())
            .fails(&[400]),
            get("/api/mapped-domains", "list_domains", "Host names of their own, by name.")
                .pages::<MappedDomain>()
                .fails(&[404]),
            post("/api/mapped-domains", "map_domain", "Let a host name lead to an app.")
                .takes::<MappedDomainRequest>()
                .creates::<MappedDomain>()
                .fails(&[404, 409]),
            delete("/api/mapped-domains/{domain}", "unmap_domain", "Let it lead nowhere.")
                .answers::<Message>(),
        ],
    )
}
