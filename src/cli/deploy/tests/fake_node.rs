//! A node that keeps one app in memory and speaks the upload protocol.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use fazt_actors::content::ContentHash;
use serde_json::json;

use crate::{
    cli::node_client::NodeClient,
    http::model::{ReleaseFile, UploadRequest},
};

/// Where the fake node departs from the usual.
#[derive(Default)]
pub(super) struct Script {
    /// How many uploads find that the live release has moved.
    pub(super) moves: u32,
    /// What happens when an upload is announced.
    pub(super) on_upload: Option<Box<dyn Fn() + Send>>,
    /// A hash that is asked for without having been offered.
    pub(super) also_wants: Option<String>,
}

#[derive(Default)]
struct State {
    script: Script,
    release: u64,
    live: BTreeMap<String, ReleaseFile>,
    contents: HashMap<String, Vec<u8>>,
    uploads: Vec<UploadRequest>,
    abandoned: u32,
}

pub(super) struct FakeNode(Mutex<State>);

impl FakeNode {
    pub(super) fn new(script: Script) -> Arc<FakeNode> {
        Arc::new(FakeNode(Mutex::new(State { script, ..State::default() })))
    }

    pub(super) fn live_paths(&self) -> Vec<String> {
        self.0.lock().unwrap().live.keys().cloned().collect()
    }

    pub(super) fn uploads(&self) -> Vec<UploadRequest> {
        self.0.lock().unwrap().uploads.clone()
    }

    pub(super) fn abandoned(&self) -> u32 {
        self.0.lock().unwrap().abandoned
    }

    /// Starts a server for it on this thread's system, and returns a client.
    pub(super) fn serve(self: &Arc<FakeNode>) -> NodeClient {
        let state = web::Data::from(Arc::clone(self));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .app_data(web::PayloadConfig::new(64 * 1024 * 1024))
                .route("/api/apps/blog", web::get().to(app))
                .route("/api/apps/blog/releases/{number}/files", web::get().to(files))
                .route("/api/apps/blog/uploads", web::post().to(create))
                .route("/api/apps/blog/uploads/u1/blobs", web::put().to(blobs))
                .route("/api/apps/blog/uploads/u1/commit", web::post().to(commit))
                .route("/api/apps/blog/uploads/u1", web::delete().to(abandon))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        actix::spawn(server.run());
        NodeClient::at(&url.parse().unwrap(), Some("fazt_a_b"))
    }
}

fn refuse(status: u16, code: &str) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap();
    HttpResponse::build(status).json(json!({ "error": { "code": code, "message": "no" } }))
}

fn data(value: serde_json::Value) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "data": value }))
}

async fn app(node: web::Data<FakeNode>) -> HttpResponse {
    let state = node.0.lock().unwrap();
    if state.release == 0 {
        return refuse(404, "APP_NOT_FOUND");
    }
    data(json!({
        "id": "app_0", "name": "blog", "url": "http://blog.localhost/", "source": "deploy",
        "live_release": state.release, "file_count": 0, "size_bytes": 0,
        "created_at": "", "updated_at": "", "deleted_at": null,
    }))
}

async fn files(node: web::Data<FakeNode>, number: web::Path<u64>) -> HttpResponse {
    let state = node.0.lock().unwrap();
    assert_eq!(*number, state.release);
    data(json!(state.live.values().collect::<Vec<_>>()))
}

async fn create(node: web::Data<FakeNode>, request: web::Json<UploadRequest>) -> HttpResponse {
    let mut state = node.0.lock().unwrap();
    state.uploads.push(request.clone());
    if state.script.moves > 0 {
        state.script.moves -= 1;
        return refuse(409, "RELEASE_MOVED");
    }
    assert_eq!(request.base, (state.release > 0).then_some(state.release));
    if let Some(act) = &state.script.on_upload {
        act();
    }
    let unknown = |hash: &String| !state.contents.contains_key(hash);
    let mut missing: Vec<String> =
        request.changed.iter().map(|file| file.sha256.clone()).filter(unknown).collect();
    missing.sort();
    missing.dedup();
    missing.extend(state.script.also_wants.clone());
    HttpResponse::Created().json(json!({ "data": { "upload": "u1", "missing": missing } }))
}

async fn blobs(node: web::Data<FakeNode>, body: web::Bytes) -> HttpResponse {
    let mut state = node.0.lock().unwrap();
    let mut rest = body.as_ref();
    let mut received = 0;
    while let Some((head, after)) = rest.split_at_checked(40) {
        let length = u64::from_be_bytes(head[32..].try_into().unwrap());
        let (content, after) = after.split_at(length as usize);
        let hash = ContentHash::of(content);
        assert_eq!(hash.as_bytes(), &head[..32]);
        let known = state.contents.insert(hash.to_string(), content.to_vec());
        assert!(known.is_none(), "each content is sent once");
        received += 1;
        rest = after;
    }
    assert!(rest.is_empty());
    data(json!({ "received": received }))
}

async fn commit(node: web::Data<FakeNode>) -> HttpResponse {
    let mut state = node.0.lock().unwrap();
    let upload = state.uploads.last().unwrap().clone();
    for path in upload.removed {
        assert!(state.live.remove(&path).is_some());
    }
    for file in upload.changed {
        assert_eq!(state.contents[&file.sha256].len() as u64, file.size);
        let kept = ReleaseFile { path: file.path.clone(), size: file.size, sha256: file.sha256 };
        state.live.insert(file.path, kept);
    }
    state.release += 1;
    data(json!({
        "site": "blog", "app_id": "app_0", "release": state.release, "previous_release": null,
        "file_count": state.live.len(), "size_bytes": 0, "url": "http://blog.localhost/",
        "message": "Deployment successful",
    }))
}

async fn abandon(node: web::Data<FakeNode>) -> HttpResponse {
    node.0.lock().unwrap().abandoned += 1;
    data(json!({ "message": "abandoned" }))
}
