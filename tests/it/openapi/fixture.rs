//! A node with something on it for every operation to be about.

use std::io::{Read, Write};
use std::net::Ipv4Addr;

use fazt_actors::account::{Attempt, Change, NewSession, Password};
use fazt_actors::timestamp::Timestamp;
use serde_json::{Value, json};

use super::document::Operation;
use super::inputs::Case;
use crate::node::client::{Request, Response, connect, exchange, parse};
use crate::node::{ADMIN, TestNode};

/// The owner's password; as the examples of the document have it.
const PASSWORD: &str = "correct horse battery";

/// Where the owner signs in from: not where the requests come from that are tried here.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// With what a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    Nothing,
    ReadToken,
    AdminToken,
    /// The cookie of a browser in which the owner has signed in.
    Session,
}

impl Credential {
    pub(super) const ALL: [Credential; 4] =
        [Credential::Nothing, Credential::ReadToken, Credential::AdminToken, Credential::Session];

    /// Whether it opens operations of this permission, as the document names it.
    pub(super) fn opens(self, permission: &str) -> bool {
        match (permission, self) {
            ("owners_socket", _) => false,
            ("public", _) => true,
            ("person", credential) => credential == Credential::Session,
            (_, Credential::Nothing) => false,
            ("signed" | "read" | "read_app", _) => true,
            (_, credential) => credential != Credential::ReadToken,
        }
    }

    /// One that opens operations of this permission; only the node's socket has none.
    pub(super) fn that_opens(permission: &str) -> Credential {
        match permission {
            "person" => Credential::Session,
            _ => Credential::AdminToken,
        }
    }
}

/// A node with an app `blog` of two releases, its owner, and what else was asked for.
pub(super) struct Fixture {
    pub(super) node: TestNode,
    read_token: String,
    cookie: String,
    /// Placeholders and parameters of the query that have no value known in advance.
    known: Vec<(&'static str, String)>,
}

impl Fixture {
    pub(super) fn start() -> Fixture {
        let node = TestNode::start();
        let read_token = node.token(&["read"], None);
        let mut fixture = Fixture { node, read_token, cookie: String::new(), known: Vec::new() };
        fixture.sign_in();
        fixture
    }

    /// Sees to it that a good request of this operation can succeed.
    pub(super) fn prepare(&mut self, operation: &Operation) {
        let app = self.node.api("GET", "/api/apps/blog", &Value::Null);
        if app.status != 200 || app.json()["data"]["live_release"] != 2 {
            self.node.api("DELETE", "/api/apps/blog?purge=true", &Value::Null);
            self.node.deploy("blog", &[("index.html", "one")]);
            self.node.deploy("blog", &[("index.html", "two")]);
        }
        if !self.is_signed_in() {
            self.sign_in();
        }
        self.known.clear();
        match operation.id() {
            "restore_app" => {
                self.node.api("DELETE", "/api/apps/blog", &Value::Null);
            }
            "change_credentials" => self.sign_in(),
            "end_session" => {
                self.sign_in();
                let sessions = self.node.data("/api/sessions");
                self.know("session", &sessions[0]["id"]);
            }
            "revoke_token" | "delete_key" => {
                let token = self.node.token(&["read"], None);
                let id = json!(token.split('_').nth(1).unwrap());
                self.know("token", &id);
                self.know("id", &id);
            }
            "delete_variable" => {
                let body = json!({ "site_id": "blog", "name": "NAME", "value": "value" });
                self.node.api("POST", "/api/envvars", &body);
                let id = self.node.data("/api/envvars?site_id=blog")["vars"][0]["id"].clone();
                self.know("id", &id);
            }
            "map_domain" => {
                self.node.api("DELETE", "/api/mapped-domains/shop.example.org", &Value::Null);
            }
            "unmap_domain" => {
                let body = json!({ "domain": "shop.example.org", "app": "blog" });
                self.node.api("POST", "/api/mapped-domains", &body);
            }
            "send_blobs" | "commit_upload" | "abandon_upload" => {
                let changed: &[(&str, &str)] = match operation.id() {
                    "send_blobs" => &[("new.txt", "new")],
                    _ => &[("index.html", "one")],
                };
                let begun = self.node.begin("blog", Some(2), changed, &[]);
                assert_eq!(begun.status, 201, "{}", begun.text());
                self.know("upload", &begun.json()["data"]["upload"].clone());
            }
            _ => {}
        }
    }

    /// What a placeholder or a parameter of the query stands for just now.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.known.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Sends a case, and reads the answer; of an endless one the beginning.
    #[track_caller]
    pub(super) fn send(
        &self,
        operation: &Operation,
        case: &Case,
        credential: Credential,
    ) -> Response {
        let mut request = Request::new(&operation.method, ADMIN, &case.target(operation));
        request = match credential {
            Credential::Nothing => request,
            Credential::ReadToken => request.bearer(&self.read_token),
            Credential::AdminToken => request.bearer(&self.node.admin),
            Credential::Session => self.in_browser(request),
        };
        for (name, value) in &case.headers {
            request = request.header(name, value);
        }
        request = match &case.content_type {
            Some(content_type) => request.body(content_type, case.body.clone()),
            None => request.untyped_body(case.body.clone()),
        };
        let bytes = request.bytes();
        if matches!(operation.id(), "stream_events" | "stream_logs") {
            return self.beginning(&bytes);
        }
        exchange(self.node.address, &bytes)
    }

    /// The head of an endless answer, with its first bytes; the whole of another.
    #[track_caller]
    fn beginning(&self, request: &[u8]) -> Response {
        const GREETING: &[u8] = b"retry: 2000\n\n\r\n";
        let mut stream = connect(self.node.address);
        stream.write_all(request).unwrap();
        let mut bytes = Vec::new();
        let mut byte = [0];
        while !bytes.ends_with(GREETING) {
            match stream.read(&mut byte).unwrap() {
                0 => return parse(&bytes, false).unwrap(),
                _ => bytes.extend(byte),
            }
        }
        bytes.extend(b"0\r\n\r\n");
        parse(&bytes, false).unwrap()
    }

    fn in_browser(&self, request: Request) -> Request {
        let cookie = format!("fazt={}", self.cookie);
        request.header("Cookie", &cookie).header("Sec-Fetch-Site", "same-origin")
    }

    fn is_signed_in(&self) -> bool {
        let request = self.in_browser(Request::new("GET", ADMIN, "/api/user/me"));
        self.node.send(&request).status == 200
    }

    fn know(&mut self, name: &'static str, value: &Value) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.known.push((name, text));
    }

    /// Makes the owner's name and password those of the examples, and signs them in.
    fn sign_in(&mut self) {
        let password = Password::chosen(PASSWORD.to_owned()).unwrap();
        let change = Change { username: Some("admin".to_owned()), password: Some(password) };
        let account = &self.node.node.account;
        self.node.wait(account.change(change, None, Timestamp::now())).unwrap();
        let session = NewSession {
            address: ADDRESS.to_string(),
            user_agent: "a browser".to_owned(),
            is_remembered: false,
            at: Timestamp::now(),
        };
        let attempt = Attempt {
            username: "admin".to_owned(),
            password: PASSWORD.to_owned(),
            address: ADDRESS.into(),
            session,
        };
        self.cookie = self.node.wait(account.sign_in(attempt)).unwrap().1.to_string();
    }
}
