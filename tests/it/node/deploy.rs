//! Deploys as clients make them: a ZIP archive, or only what differs.

use fazt_actors::content::ContentHash;
use serde_json::{Value, json};

use super::client::{Request, Response};
use super::{ADMIN, TestNode};
use crate::zips;

/// Stands between the fields of a form.
const BOUNDARY: &str = "fazt-test-boundary-4f1b2c";

impl TestNode {
    /// Deploys these files as an archive, and answers what the node says of the release.
    #[track_caller]
    pub(crate) fn deploy<C: AsRef<[u8]>>(&self, name: &str, files: &[(&str, C)]) -> Value {
        let items: Vec<_> =
            files.iter().map(|(path, content)| zips::deflated(path, content.as_ref())).collect();
        let response = self.deploy_archive(name, &zips::archive(&items));
        assert_eq!(response.status, 200, "{name}: {}", response.text());
        response.json()["data"].clone()
    }

    /// Sends an archive, sound or not.
    pub(crate) fn deploy_archive(&self, name: &str, archive: &[u8]) -> Response {
        self.send(&deploy_request(&self.admin, &[("site_name", name)], archive))
    }

    /// Begins a differential upload.
    pub(crate) fn begin<C: AsRef<[u8]>>(
        &self,
        name: &str,
        base: Option<u64>,
        changed: &[(&str, C)],
        removed: &[&str],
    ) -> Response {
        let changed: Vec<_> = changed
            .iter()
            .map(|(path, content)| {
                let content = content.as_ref();
                json!({ "path": path, "sha256": sha256(content), "size": content.len() })
            })
            .collect();
        let body = json!({ "base": base, "changed": changed, "removed": removed });
        self.api("POST", &format!("/api/apps/{name}/uploads"), &body)
    }

    /// Sends frames, sound or not.
    pub(crate) fn put_frames(&self, name: &str, upload: &str, frames: &[u8]) -> Response {
        let path = format!("/api/apps/{name}/uploads/{upload}/blobs");
        let request = Request::new("PUT", ADMIN, &path).bearer(&self.admin);
        self.send(&request.body("application/octet-stream", frames))
    }

    pub(crate) fn commit(&self, name: &str, upload: &str, purge: bool) -> Response {
        let path = format!("/api/apps/{name}/uploads/{upload}/commit");
        self.api("POST", &path, &json!({ "purge": purge }))
    }

    /// A whole differential upload that sends just what the node says it lacks.
    #[track_caller]
    pub(crate) fn upload<C: AsRef<[u8]>>(
        &self,
        name: &str,
        base: Option<u64>,
        changed: &[(&str, C)],
        removed: &[&str],
    ) -> Response {
        let begun = self.begin(name, base, changed, removed);
        assert_eq!(begun.status, 201, "{}", begun.text());
        let data = &begun.json()["data"];
        let upload = data["upload"].as_str().unwrap();
        let missing: Vec<&str> =
            data["missing"].as_array().unwrap().iter().map(|hash| hash.as_str().unwrap()).collect();
        let frames: Vec<u8> = missing
            .iter()
            .flat_map(|wanted| {
                let of_hash = |(_, content): &&(&str, C)| sha256(content.as_ref()) == *wanted;
                frame(changed.iter().find(of_hash).unwrap().1.as_ref())
            })
            .collect();
        if !frames.is_empty() {
            let sent = self.put_frames(name, upload, &frames);
            assert_eq!(sent.status, 200, "{}", sent.text());
            assert_eq!(sent.json()["data"]["received"], missing.len());
        }
        self.commit(name, upload, false)
    }

    /// Numbers of an app's releases, newest first; the live one in brackets.
    #[track_caller]
    pub(crate) fn releases(&self, name: &str) -> String {
        let list = self.data(&format!("/api/apps/{name}/releases"));
        let shown = list.as_array().unwrap().iter().map(|release| match &release["live"] {
            Value::Bool(true) => format!("[{}]", release["number"]),
            _ => release["number"].to_string(),
        });
        shown.collect::<Vec<_>>().join(" ")
    }
}

/// The form that clients send to `POST /api/deploy`.
pub(crate) fn deploy_request(token: &str, fields: &[(&str, &str)], archive: &[u8]) -> Request {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.extend(part.into_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"site.zip\"\r\n\
         Content-Type: application/zip\r\n\r\n"
    );
    body.extend(head.into_bytes());
    body.extend(archive);
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    Request::new("POST", ADMIN, "/api/deploy").bearer(token).body(&content_type, body)
}

/// A content as it travels in an upload.
pub(crate) fn frame(content: &[u8]) -> Vec<u8> {
    let mut frame = ContentHash::of(content).as_bytes().to_vec();
    frame.extend((content.len() as u64).to_be_bytes());
    frame.extend(content);
    frame
}

/// The hash of a content as the API writes it.
pub(crate) fn sha256(content: &[u8]) -> String {
    ContentHash::of(content).to_string()
}
