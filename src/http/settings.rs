//! `/api/settings`: what an owner may change of a node.

use actix_web::{HttpRequest, web};
use fazt_actors::kind::ErrorKind;
use fazt_actors::settings::live::Shown;
use fazt_actors::settings::table::{ChangedBy, Counts, Setting, find};
use fazt_actors::settings::value::Value;
use fazt_actors::settings::{self, SettingError};
use serde_json::Value as Json;

use super::answer::answer;
use super::body::read_json;
use super::error::{ApiError, ApiResult};
use super::model::settings::SettingChange;
use super::model::{self, Message};
use super::operator::{Caller, Identity, Operator};
use super::permission::{Admin, Read};
use crate::node::Node;

/// `GET /api/settings`.
pub(super) async fn list(_operator: Operator<Read>, node: web::Data<Node>) -> ApiResult {
    let shown: Vec<_> = node.settings.list().into_iter().map(shown).collect();
    Ok(answer(shown))
}

/// `PUT /api/settings/{key}`.
pub(super) async fn set(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    key: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult {
    operator.about(&key);
    let limit = node.limits().json_body_bytes_max;
    let body: SettingChange = read_json(&request, payload, limit).await?;
    let setting = find(&key).ok_or_else(|| SettingError::unknown(&key))?;
    check_owner(&operator, setting)?;
    let refused = |rule: &str| ApiError::field(setting.key, rule);
    let text = text_of(&body.value).ok_or_else(|| refused("must be one value, not several"))?;
    let value = setting.parse(&text).map_err(|rule| refused(&rule))?;
    let now = node.settings.set(setting, &value).await?;
    operator.remark(setting.shown(&value));
    Ok(answer(shown(now)))
}

/// `DELETE /api/settings/{key}`.
pub(super) async fn reset(
    operator: Operator<Admin>,
    node: web::Data<Node>,
    key: web::Path<String>,
) -> ApiResult {
    operator.about(&key);
    let setting = find(&key);
    if let Some(setting) = setting {
        check_owner(&operator, setting)?;
    }
    node.settings.reset(&key).await?;
    let message = match setting {
        None => format!("{key} is forgotten"),
        Some(setting) => {
            let now = node.settings.show(setting);
            let after = if now.pending.is_some() { " after a restart" } else { "" };
            let value = setting.shown(now.pending.as_ref().unwrap_or(&now.value));
            format!("{key} is {value} again{after}")
        }
    };
    Ok(answer(Message { message }))
}

/// Some settings are the owner's on the node's machine alone.
fn check_owner(caller: &Caller, setting: &Setting) -> ApiResult<()> {
    let is_owner = matches!(caller.identity, Identity::Owner);
    if is_owner || setting.changed_by == ChangedBy::Admin {
        return Ok(());
    }
    let message = format!(
        "{0} can be changed on the node's machine only: `fazt server set-config {0}=…`",
        setting.key
    );
    Err(ApiError::new(ErrorKind::Forbidden, "FORBIDDEN", message))
}

/// A value of JSON as text; `None` for a list or an object.
fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::Null => Some(settings::value::NOTHING.to_owned()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Number(value) => Some(value.to_string()),
        Json::String(value) => Some(value.clone()),
        Json::Array(_) | Json::Object(_) => None,
    }
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Nothing => Json::Null,
        Value::Bool(value) => Json::from(*value),
        Value::Number(value) => Json::from(*value),
        Value::Text(value) => Json::from(value.as_str()),
    }
}

fn shown(shown: Shown) -> model::settings::Setting {
    let setting = find(&shown.key);
    let bounds = setting.and_then(|setting| setting.bounds);
    let is_owners = setting.is_some_and(|setting| setting.changed_by == ChangedBy::Owner);
    let needs_restart = setting.is_some_and(|setting| setting.counts == Counts::AfterRestart);
    let unknown = "Not known to this version of fazt; kept as it is";
    model::settings::Setting {
        value: json_of(&shown.value),
        default: json_of(&shown.default),
        kind: setting.map_or("unknown", |setting| setting.kind.name()).to_owned(),
        help: setting.map_or(unknown, |setting| setting.help).to_owned(),
        min: bounds.map(|bounds| bounds.min),
        max: bounds.map(|bounds| bounds.max),
        source: shown.source.name().to_owned(),
        stored: shown.stored,
        needs_restart,
        pending_restart: shown.pending.is_some(),
        changed_by: if is_owners { "owner" } else { "admin" }.to_owned(),
        problem: shown.refused,
        key: shown.key,
    }
}
