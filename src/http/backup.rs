//! `POST /api/system/backup`: a copy of the node into a file of its own machine.

use std::path::{Path, PathBuf};

use actix_web::{HttpRequest, web};
use fazt_actors::backup::{Made, Manifest, NewBackup, Verified};
use fazt_actors::content::ContentHash;
use fazt_actors::timestamp::Timestamp;

use super::answer::answer;
use super::body::read_json;
use super::error::{ApiError, ApiResult};
use super::model::backup::{BackupMade, BackupRequest};
use super::operator::Operator;
use super::permission::OwnersSocket;
use crate::node::Node;

/// `POST /api/system/backup`, through the node's socket: whoever names a file of this machine
/// must be somebody who may write it.
pub(super) async fn create(
    operator: Operator<OwnersSocket>,
    node: web::Data<Node>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult {
    let body: BackupRequest =
        read_json(&request, payload, node.limits().json_body_bytes_max).await?;
    let file = body.file.map(PathBuf::from);
    if file.as_ref().is_some_and(|file| !file.is_absolute()) {
        // The folder that the node was started in is nobody's business.
        return Err(ApiError::field("file", "must be an absolute path"));
    }
    let new = NewBackup { file, force: body.force, verify: body.verify, at: Timestamp::now() };
    let made = node.backups.create(new).await?;
    operator.about(&made.file.display().to_string());
    Ok(answer(BackupMade::from(made)))
}

impl From<Made> for BackupMade {
    fn from(made: Made) -> BackupMade {
        let Made { file, size_bytes, sha256, manifest } = made;
        describe(&file, size_bytes, &sha256, manifest)
    }
}

impl From<Verified> for BackupMade {
    fn from(verified: Verified) -> BackupMade {
        let Verified { file, size_bytes, sha256, manifest, is_older: _ } = verified;
        describe(&file, size_bytes, &sha256, manifest)
    }
}

fn describe(file: &Path, size_bytes: u64, sha256: &ContentHash, manifest: Manifest) -> BackupMade {
    let Manifest { fazt_version, schema_version, created_at, counts } = manifest;
    BackupMade {
        file: file.display().to_string(),
        created_at: created_at.to_rfc3339(),
        size_bytes,
        sha256: sha256.to_string(),
        fazt_version,
        schema_version,
        apps: counts.apps,
        releases: counts.releases,
        files: counts.files,
        contents: counts.contents,
        content_bytes: counts.content_bytes,
    }
}
