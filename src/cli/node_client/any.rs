//! What a node of any version answers.
//!
//! Nodes of fazt 0.9 spell less: their health has fewer fields, their list of apps may be
//! null, and their sites are told elsewhere. Everything here may be missing, so that a field
//! more or less is no error.

use std::fs::File;

use anyhow::Context;
use fazt_actors::outbound::{
    Body, Request, UPLOAD_TIMEOUT, Verb,
    form::{FormFile, form},
};
use serde::{Deserialize, Serialize};

use super::{NodeClient, Stranger, segment};

/// Bytes of the answer of `/health`: a word.
const HEALTH_BYTES_MAX: u64 = 64 * 1024;
/// That word.
const WELL: &[u8] = b"OK";

/// `GET /api/system/health`, as far as it is told.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AnyHealth {
    /// `healthy`, or `degraded`.
    pub status: String,
    /// Version of the node.
    pub version: String,
    /// `production` or `development`.
    pub mode: String,
    /// Seconds since the node started.
    pub uptime_seconds: f64,
    /// Memory, in mebibytes.
    pub memory: AnyMemory,
    /// The database.
    pub database: AnyDatabase,
    /// Apps on the air.
    pub apps: Option<u64>,
}

/// Memory, in mebibytes, with or without digits after the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AnyMemory {
    /// Of the process.
    pub used_mb: f64,
    /// Of the machine.
    pub limit_mb: f64,
}

/// Connections to the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AnyDatabase {
    /// Open ones.
    pub open_connections: u64,
    /// Those that run a query.
    pub in_use: u64,
}

/// An app in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnyApp {
    /// Id, or the name again.
    pub id: String,
    /// Label of its host name.
    pub name: String,
    /// Where a browser opens it; empty where the node does not say.
    pub url: String,
    /// Where it came from: `deploy`.
    pub source: String,
    /// Its files.
    pub file_count: u64,
    /// Their bytes together.
    pub size_bytes: u64,
    /// When it last changed; empty where the node does not say.
    pub updated_at: String,
}

/// A row of the original's `GET /api/sites`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Site {
    name: String,
    file_count: u64,
    size_bytes: u64,
    mod_time: String,
}

impl From<Site> for AnyApp {
    fn from(site: Site) -> AnyApp {
        AnyApp {
            id: site.name.clone(),
            name: site.name,
            source: "deploy".to_owned(),
            file_count: site.file_count,
            size_bytes: site.size_bytes,
            updated_at: site.mod_time,
            ..AnyApp::default()
        }
    }
}

/// What the original says of a deploy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OriginalDeploy {
    /// Name of the app.
    pub site: String,
    /// Its files.
    pub file_count: u64,
    /// Their bytes together.
    pub size_bytes: u64,
    /// `Deployment successful`.
    pub message: String,
}

/// Who asks, as far as the node tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AnyCaller {
    /// What the node calls the token; none where it does not say.
    pub username: Option<String>,
    /// What the token may do; none where the node does not say.
    pub scopes: Option<Vec<String>>,
    /// When it stops working.
    #[serde(alias = "expiresAt")]
    pub expires_at: Option<String>,
}

/// A line of an app's log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnyLogLine {
    /// `info`, `error` and the like.
    pub level: String,
    /// The line.
    pub message: String,
    /// When it was written.
    pub created_at: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Logs {
    logs: Option<Vec<AnyLogLine>>,
}

impl NodeClient {
    /// `GET /health`, without the token: whether the node is well. Only what a node says counts:
    /// any host has an answer for any path.
    pub async fn is_well(&self) -> anyhow::Result<bool> {
        let request = self.request(Verb::Get, "/health", Body::Empty);
        let url = request.url.clone();
        let response = self.client.send_patiently(Request { bearer: None, ..request }).await?;
        let status = response.status();
        if let (300..=399, Some(target)) = (status, response.header("location")) {
            return Err(Stranger::Elsewhere { url, target: target.to_owned() }.into());
        }
        let is_page = response.header("content-type").is_some_and(|kind| kind.contains("html"));
        let body = response.bytes(HEALTH_BYTES_MAX).await;
        match status {
            200 if body?.trim_ascii() == WELL => Ok(true),
            503 if !is_page => Ok(false),
            _ if is_page => Err(Stranger::Page { url, status }.into()),
            _ => Err(Stranger::Status { url, status }.into()),
        }
    }

    /// `GET /api/system/health`: as the node wrote it, and as it is understood.
    pub async fn any_health(&self) -> anyhow::Result<(serde_json::Value, AnyHealth)> {
        let raw: serde_json::Value = self.get("/api/system/health").await?;
        let read = serde_json::from_value(raw.clone());
        let read = read.with_context(|| format!("{} describes itself oddly", self.shown))?;
        Ok((raw, read))
    }

    /// `GET /api/auth/status`: who asks.
    pub async fn any_caller(&self) -> anyhow::Result<AnyCaller> {
        self.get("/api/auth/status").await
    }

    /// Every app on the air. Where a node of the original lists none, its sites.
    pub async fn any_apps(&self) -> anyhow::Result<Vec<AnyApp>> {
        if let Some(apps) = self.pages_or_null("/api/apps", "apps", None).await? {
            return Ok(apps);
        }
        let sites: Option<Vec<Site>> = self.get("/api/sites").await?;
        Ok(sites.unwrap_or_default().into_iter().map(AnyApp::from).collect())
    }

    /// `GET /api/logs`: the last `limit` lines of an app, the latest first.
    pub async fn any_logs(&self, app: &str, limit: u32) -> anyhow::Result<Vec<AnyLogLine>> {
        let path = format!("/api/logs?site_id={}&limit={limit}", segment(app));
        let answer: Logs = self.get(&path).await?;
        Ok(answer.logs.unwrap_or_default())
    }

    /// Version of the node, if it is one of the original: it says how it is, and nothing of
    /// where its admin host lies.
    pub async fn original_version(&self) -> anyhow::Result<Option<String>> {
        if self.discover().await?.is_some() {
            return Ok(None);
        }
        let (_, health) = self.any_health().await?;
        Ok(Some(health.version).filter(|version| !version.is_empty()))
    }

    /// `POST /api/deploy`: a ZIP archive becomes the site `name`.
    pub async fn deploy_archive(
        &self,
        name: &str,
        archive: File,
    ) -> anyhow::Result<OriginalDeploy> {
        let file = FormFile { field: "file", name: "site.zip", content: archive };
        let body = form(&[("site_name", name)], file).context("cannot read the archive back")?;
        if let Body::Form { length, .. } = &body {
            self.sent_bytes.set(self.sent_bytes.get() + length);
        }
        let request = self.request(Verb::Post, "/api/deploy", body);
        self.data(Request { timeout: UPLOAD_TIMEOUT, ..request }).await
    }
}

#[cfg(test)]
mod tests;
