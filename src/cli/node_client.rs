//! One node's API, a typed method per endpoint.
//!
//! Owns the connections to one node: over TCP with a token, or through the socket beside a
//! database, where the caller is the owner. Promises that a failure says what was asked of
//! whom, in the node's own words.

mod settings;

use std::{cell::Cell, io, path::Path, rc::Rc, time::Duration};

use anyhow::Context;
use bytes::Bytes;
use fazt_actors::{
    outbound::{
        Body, Client, HEAD_TIMEOUT, JSON_BYTES_MAX, Request, Response, UPLOAD_TIMEOUT, Verb,
    },
    peers::NodeUrl,
};
use futures_util::stream::LocalBoxStream;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};

use crate::http::model::{
    App, AppDeleted, BlobsReceived, CommitRequest, DeployResult, Discovery, Envelope, Message,
    NodeHealth, Release, ReleaseFile, RollbackRequest, Stopping, Token, TokenCreated, TokenRequest,
    UploadCreated, UploadRequest,
    backup::{BackupMade, BackupRequest},
};

pub mod any;
mod failure;

pub use failure::{Refusal, Stranger};

/// How long to look for the admin host behind a public one.
const DISCOVERY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a node may take to copy itself: a day is enough for a slow disk.
const BACKUP_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes of a discovery document: a few short strings.
const DISCOVERY_BYTES_MAX: u64 = 64 * 1024;
/// Everything that a path segment may not hold as it is (RFC 3986 section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A node, and the right to talk to it.
#[derive(Debug)]
pub struct NodeClient {
    client: Client,
    base: String,
    shown: String,
    token: Option<Rc<str>>,
    timeout: Duration,
    sent_bytes: Cell<u64>,
}

impl NodeClient {
    /// The node at `url`.
    pub fn at(url: &NodeUrl, token: Option<&str>) -> NodeClient {
        NodeClient {
            client: Client::tcp(),
            base: url.to_string(),
            shown: url.to_string(),
            token: token.map(Rc::from),
            timeout: HEAD_TIMEOUT,
            sent_bytes: Cell::new(0),
        }
    }

    /// The same node under a peer's name, with a limit to how long it may take to answer what
    /// carries no files.
    pub fn known_as(self, shown: String, timeout: Duration) -> NodeClient {
        NodeClient { shown, timeout, ..self }
    }

    /// The node that answers on the socket beside `database`.
    pub fn on_socket(socket: &Path, database: &Path) -> NodeClient {
        NodeClient {
            client: Client::unix(socket),
            base: "http://localhost".to_owned(),
            shown: database.display().to_string(),
            token: None,
            timeout: HEAD_TIMEOUT,
            sent_bytes: Cell::new(0),
        }
    }

    /// What to call this node: its address, or its database.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Origin of its API.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Bytes of request bodies sent so far.
    pub fn sent_bytes(&self) -> u64 {
        self.sent_bytes.get()
    }

    /// What a host says about the node behind it; none where it says nothing of the kind.
    pub async fn discover(&self) -> anyhow::Result<Option<Discovery>> {
        let request = self.request(Verb::Get, "/.well-known/fazt", Body::Empty);
        let timeout = DISCOVERY_TIMEOUT.min(self.timeout);
        let request = Request { bearer: None, timeout, ..request };
        let response = self.client.send_patiently(request).await?;
        if response.status() != 200 {
            return Ok(None);
        }
        let document = response.bytes(DISCOVERY_BYTES_MAX).await?;
        let found: Option<Discovery> = serde_json::from_slice(&document).ok();
        Ok(found.filter(|found| found.name == "fazt"))
    }

    /// `GET /api/system/health`.
    pub async fn health(&self) -> anyhow::Result<NodeHealth> {
        self.get("/api/system/health").await
    }

    /// `POST /api/system/stop`; only the socket may.
    pub async fn stop(&self) -> anyhow::Result<Stopping> {
        self.call(Verb::Post, "/api/system/stop", &serde_json::json!({})).await
    }

    /// `POST /api/system/backup`; only the socket may.
    pub async fn create_backup(&self, backup: &BackupRequest) -> anyhow::Result<BackupMade> {
        let request = self.with_json(Verb::Post, "/api/system/backup", backup)?;
        self.data(Request { timeout: BACKUP_TIMEOUT, ..request }).await
    }

    /// `GET /api/apps`, all pages.
    pub async fn apps(&self, deleted: bool) -> anyhow::Result<Vec<App>> {
        self.pages(&format!("/api/apps?deleted={deleted}"), "apps", None).await
    }

    /// `GET /api/apps/{app}`.
    pub async fn app(&self, app: &str) -> anyhow::Result<App> {
        self.get(&app_path(app, "")).await
    }

    /// `DELETE /api/apps/{app}`.
    pub async fn delete_app(&self, app: &str, purge: bool) -> anyhow::Result<AppDeleted> {
        let path = app_path(app, if purge { "?purge=true" } else { "" });
        self.data(self.request(Verb::Delete, &path, Body::Empty)).await
    }

    /// `POST /api/apps/{app}/restore`.
    pub async fn restore_app(&self, app: &str) -> anyhow::Result<App> {
        self.call(Verb::Post, &app_path(app, "/restore"), &serde_json::json!({})).await
    }

    /// `GET /api/apps/{app}/releases`.
    pub async fn releases(&self, app: &str) -> anyhow::Result<Vec<Release>> {
        self.get(&app_path(app, "/releases")).await
    }

    /// `GET /api/apps/{app}/releases/{release}/files`; without a number of the live release.
    pub async fn files(&self, app: &str, release: Option<u64>) -> anyhow::Result<Vec<ReleaseFile>> {
        let release = release_segment(release);
        self.get(&app_path(app, &format!("/releases/{release}/files"))).await
    }

    /// `GET /api/apps/{app}/releases/{release}/files/{path…}`: the bytes, as they arrive.
    pub async fn download(
        &self,
        app: &str,
        release: Option<u64>,
        path: &str,
    ) -> anyhow::Result<Response> {
        let release = release_segment(release);
        let segments: Vec<String> = path.split('/').map(segment).collect();
        let tail = format!("/releases/{release}/files/{}", segments.join("/"));
        let request = self.request(Verb::Get, &app_path(app, &tail), Body::Empty);
        self.accepted(request).await
    }

    /// `POST /api/apps/{app}/rollback`.
    pub async fn rollback(&self, app: &str, release: Option<u64>) -> anyhow::Result<DeployResult> {
        let body = RollbackRequest { release };
        self.call(Verb::Post, &app_path(app, "/rollback"), &body).await
    }

    /// `POST /api/apps/{app}/uploads`.
    pub async fn create_upload(
        &self,
        app: &str,
        upload: &UploadRequest,
    ) -> anyhow::Result<UploadCreated> {
        self.call(Verb::Post, &app_path(app, "/uploads"), upload).await
    }

    /// `PUT /api/apps/{app}/uploads/{upload}/blobs`, `length` bytes of frames.
    pub async fn put_blobs(
        &self,
        app: &str,
        upload: &str,
        length: u64,
        frames: LocalBoxStream<'static, io::Result<Bytes>>,
    ) -> anyhow::Result<BlobsReceived> {
        self.sent_bytes.set(self.sent_bytes.get() + length);
        let path = app_path(app, &format!("/uploads/{}/blobs", segment(upload)));
        let request = self.request(Verb::Put, &path, Body::Stream { length, chunks: frames });
        self.data(Request { timeout: UPLOAD_TIMEOUT, ..request }).await
    }

    /// `POST /api/apps/{app}/uploads/{upload}/commit`.
    pub async fn commit_upload(
        &self,
        app: &str,
        upload: &str,
        commit: CommitRequest,
    ) -> anyhow::Result<DeployResult> {
        let path = app_path(app, &format!("/uploads/{}/commit", segment(upload)));
        let request = self.with_json(Verb::Post, &path, &commit)?;
        self.data(Request { timeout: UPLOAD_TIMEOUT, ..request }).await
    }

    /// `DELETE /api/apps/{app}/uploads/{upload}`.
    pub async fn abandon_upload(&self, app: &str, upload: &str) -> anyhow::Result<Message> {
        let path = app_path(app, &format!("/uploads/{}", segment(upload)));
        self.data(self.request(Verb::Delete, &path, Body::Empty)).await
    }

    /// `GET /api/tokens`.
    pub async fn tokens(&self) -> anyhow::Result<Vec<Token>> {
        self.get("/api/tokens").await
    }

    /// `POST /api/tokens`.
    pub async fn create_token(&self, token: &TokenRequest) -> anyhow::Result<TokenCreated> {
        self.call(Verb::Post, "/api/tokens", token).await
    }

    /// `DELETE /api/tokens/{id}`.
    pub async fn revoke_token(&self, id: &str) -> anyhow::Result<Message> {
        let path = format!("/api/tokens/{}", segment(id));
        self.data(self.request(Verb::Delete, &path, Body::Empty)).await
    }

    fn request(&self, verb: Verb, path: &str, body: Body) -> Request {
        Request {
            verb,
            url: format!("{}{path}", self.base),
            bearer: self.token.clone(),
            body,
            timeout: self.timeout,
        }
    }

    fn with_json(&self, verb: Verb, path: &str, body: &impl Serialize) -> anyhow::Result<Request> {
        let json = serde_json::to_vec(body).context("cannot write the request as JSON")?;
        self.sent_bytes.set(self.sent_bytes.get() + json.len() as u64);
        Ok(self.request(verb, path, Body::Json(json.into())))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.data(self.request(Verb::Get, path, Body::Empty)).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        verb: Verb,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        self.data(self.with_json(verb, path, body)?).await
    }

    async fn data<T: DeserializeOwned>(&self, request: Request) -> anyhow::Result<T> {
        Ok(self.envelope(request).await?.data)
    }

    async fn envelope<T: DeserializeOwned>(&self, request: Request) -> anyhow::Result<Envelope<T>> {
        let url = request.url.clone();
        let body = self.accepted(request).await?.bytes(JSON_BYTES_MAX).await?;
        serde_json::from_slice(&body).map_err(|cause| Stranger::Body { url, cause }.into())
    }

    /// The answer, if it is one of success.
    async fn accepted(&self, request: Request) -> anyhow::Result<Response> {
        let url = request.url.clone();
        let response = self.client.send_patiently(request).await?;
        match response.status() {
            200..=299 => Ok(response),
            status => Err(failure::refused(url, status, response).await),
        }
    }
}

fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

fn app_path(app: &str, tail: &str) -> String {
    format!("/api/apps/{}{tail}", segment(app))
}

fn release_segment(release: Option<u64>) -> String {
    release.map_or_else(|| "live".to_owned(), |number| number.to_string())
}

mod logs;
mod owner;
mod pages;

pub use logs::{LineFilter, LineStream, Told};
pub use owner::AuditFilter;

#[cfg(test)]
mod tests;
