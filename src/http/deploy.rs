//! `POST /api/deploy`: a ZIP archive becomes a live release, as clients of the original send it.

use std::fs::File;

use actix_multipart::{Field, Multipart};
use actix_web::{HttpRequest, web};
use bytes::BytesMut;
use fazt_actors::deployer::writes::Activated;
use fazt_actors::deployer::{DeployArchive, DeployRequest};
use fazt_actors::kind::ErrorKind;
use fazt_actors::name::{AppId, AppName};
use fazt_actors::timestamp::Timestamp;
use futures_util::TryStreamExt;

use super::answer::answer;
use super::body::{check_announced, interrupted, too_large};
use super::error::{ApiError, ApiResult};
use super::model::DeployResult;
use super::operator::{Caller, Operator};
use super::permission::DeployNamed;
use super::spool::spool;
use crate::config::NodeConfig;
use crate::node::Node;

/// Bytes of a form field that is not the archive.
const FIELD_BYTES_MAX: usize = 1024;

/// Fields of the form; three mean something.
const FIELDS_MAX: usize = 16;

/// Bytes of the form around the archive: boundaries, headers, the other fields.
const FORM_OVERHEAD_BYTES: u64 = 64 * 1024;

/// `POST /api/deploy`.
pub(super) async fn archive(
    operator: Operator<DeployNamed>,
    node: web::Data<Node>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult {
    check_announced(&request, node.limits().deploy.archive_bytes_max + FORM_OVERHEAD_BYTES)?;
    let form = Multipart::new(request.headers(), payload);
    let form = read_form(form, &operator, &node).await?;
    let name = form.name.ok_or_else(|| ApiError::field("site_name", "is required"))?;
    let archive = form.archive.ok_or_else(|| ApiError::field("file", "is required"))?;
    let deploy = DeployArchive { request: request_of(name, &operator, form.purge), archive };
    let activated = node.deployer.ask(deploy).await??;
    operator.about(&format!("v{}", activated.number));
    Ok(answer(result(activated, &node.config)))
}

#[derive(Default)]
struct Form {
    name: Option<AppName>,
    archive: Option<File>,
    purge: bool,
}

async fn read_form(mut parts: Multipart, operator: &Caller, node: &Node) -> ApiResult<Form> {
    let mut form = Form::default();
    let mut fields = 0;
    while let Some(mut field) = parts.try_next().await.map_err(|error| not_a_form(&error))? {
        fields += 1;
        if fields > FIELDS_MAX {
            return Err(ApiError::field("form", format!("has more than {FIELDS_MAX} fields")));
        }
        match field.name().unwrap_or_default() {
            "site_name" | "name" => {
                let text = read_text(&mut field).await?;
                let name = AppName::parse(text.trim(), node.config.domain.as_deref())?;
                operator.about_app(name.as_str());
                operator.may_deploy(&name)?;
                form.name = Some(name);
            }
            "purge" => form.purge = read_text(&mut field).await?.trim() == "true",
            "file" => {
                let file_name = field.content_disposition().and_then(|d| d.get_filename());
                if !file_name.is_some_and(|name| name.to_ascii_lowercase().ends_with(".zip")) {
                    return Err(ApiError::field("file", "must be a ZIP archive named *.zip"));
                }
                let bytes_max = node.limits().deploy.archive_bytes_max;
                form.archive = Some(spool(node.store.path(), field, bytes_max).await?);
            }
            _ => while field.try_next().await.map_err(|error| interrupted(&error))?.is_some() {},
        }
    }
    Ok(form)
}

async fn read_text(field: &mut Field) -> ApiResult<String> {
    let mut text = BytesMut::new();
    while let Some(chunk) = field.try_next().await.map_err(|error| interrupted(&error))? {
        if text.len() + chunk.len() > FIELD_BYTES_MAX {
            return Err(too_large(FIELD_BYTES_MAX as u64));
        }
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text.to_vec())
        .map_err(|_| ApiError::new(ErrorKind::Invalid, "BAD_REQUEST", "a field is not UTF-8"))
}

fn not_a_form(error: &dyn std::fmt::Display) -> ApiError {
    let message =
        format!("send multipart/form-data with `site_name` and `file`, a ZIP archive: {error}");
    ApiError::new(ErrorKind::Invalid, "BAD_REQUEST", message)
}

/// Who deploys what, now.
pub(super) fn request_of(app: AppName, operator: &Caller, purge: bool) -> DeployRequest {
    DeployRequest {
        app,
        new_app_id: AppId::generate(fazt_actors::random::bytes()),
        deployed_by: operator.name().to_owned(),
        purge,
        at: Timestamp::now(),
    }
}

/// What a client learns of a release that went live.
pub(super) fn result(activated: Activated, config: &NodeConfig) -> DeployResult {
    tracing::info!(app = %activated.name, release = activated.number, "a release is live");
    DeployResult {
        url: config.app_url(&activated.name),
        site: activated.name,
        app_id: activated.app_id,
        release: u64::from(activated.number),
        previous_release: activated.previous.map(u64::from),
        file_count: activated.file_count,
        size_bytes: activated.size_bytes,
        message: "Deployment successful".to_owned(),
    }
}
