//! A real node on a real socket, for one test.

pub(crate) mod client;
mod deploy;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::HttpServer;
use fazt::config::NodeConfig;
use fazt::http;
use fazt::node::Node;
use fazt_actors::account::{Change, Password};
use fazt_actors::deployer::janitor;
use fazt_actors::limits::Limits;
use fazt_actors::settings::{Given, Source};
use fazt_actors::store::Owner;
use fazt_actors::timestamp::Timestamp;
use fazt_actors::tokens::{NewToken, Scope};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use client::{Request, Response, exchange, exchange_head};
pub(crate) use deploy::{deploy_request, frame, sha256};

/// How long a test waits for anything before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The host of the dashboard and the API.
pub(crate) const ADMIN: &str = "localhost";

/// A node that listens. Stops, and takes its folder with it, when dropped.
pub(crate) struct TestNode {
    pub(crate) node: Arc<Node>,
    pub(crate) address: SocketAddr,
    /// A token with scope `admin`.
    pub(crate) admin: String,
    folder: Arc<TempDir>,
    runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a node is started with.
struct Launch {
    listener: TcpListener,
    database: PathBuf,
    config: NodeConfig,
    limits: Limits,
}

impl TestNode {
    /// A node without a main domain, with the default limits.
    pub(crate) fn start() -> TestNode {
        TestNode::with(Limits::default(), None)
    }

    /// A node with these limits and this main domain.
    pub(crate) fn with(limits: Limits, domain: Option<&str>) -> TestNode {
        TestNode::launch(Arc::new(tempfile::tempdir().unwrap()), limits, domain)
    }

    /// Stops the node, and starts one on the same database.
    pub(crate) fn restart(self, limits: Limits) -> TestNode {
        let folder = Arc::clone(&self.folder);
        drop(self);
        TestNode::launch(folder, limits, None)
    }

    /// Stops the node, does something with its file, and starts one on it.
    pub(crate) fn stopped(self, work: impl FnOnce(&Path)) -> TestNode {
        let folder = Arc::clone(&self.folder);
        drop(self);
        work(&folder.path().join("data.db"));
        TestNode::launch(folder, Limits::default(), None)
    }

    fn launch(folder: Arc<TempDir>, limits: Limits, domain: Option<&str>) -> TestNode {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let domain = domain.map(str::to_owned);
        let mut given = Given::default();
        for key in ["server.port", "server.listen"] {
            given.insert(key, Source::Flag);
        }
        let config = NodeConfig { listen: Some(address), domain, given, ..NodeConfig::default() };
        let database = folder.path().join("data.db");
        let launch = Launch { listener, database, config, limits };
        let (stop, stopped) = oneshot::channel();
        let (started, is_started) = mpsc::sync_channel(1);
        let thread = std::thread::spawn(move || run(launch, &started, stopped));
        let (node, admin) = is_started.recv_timeout(PATIENCE).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (stop, thread) = (Some(stop), Some(thread));
        TestNode { node, address, admin, folder, runtime, stop, thread }
    }

    /// The database file.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("data.db")
    }

    /// Waits for something that the node does.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Makes a token with these scopes that expires so many seconds from now.
    pub(crate) fn token(&self, scopes: &[&str], expires_in_seconds: Option<i64>) -> String {
        let at = Timestamp::now();
        let scopes = scopes.iter().map(|scope| Scope::parse(scope).unwrap()).collect();
        let expires_at = expires_in_seconds.map(|seconds| Timestamp(at.0 + 1000 * seconds));
        let new = NewToken { name: "test".to_owned(), scopes, expires_at, at };
        self.wait(self.node.tokens.create(new)).unwrap().1
    }

    /// Removes what nobody needs any more, as if this much time had passed.
    pub(crate) fn clean_after(&self, time: Duration) {
        let now = Timestamp::now().after(time);
        let limits = self.node.limits();
        self.wait(janitor::clean(self.node.store.clone(), limits, now)).unwrap();
    }

    /// Sends exactly these bytes and reads one answer.
    pub(crate) fn raw(&self, request: &[u8]) -> Response {
        exchange(self.address, request)
    }

    pub(crate) fn send(&self, request: &Request) -> Response {
        self.raw(&request.bytes())
    }

    /// Sends a request and reads the head of the answer alone, but the whole of a refusal.
    pub(crate) fn head(&self, request: &Request) -> Response {
        let (head, _rest) = exchange_head(self.address, &request.bytes());
        if head.status >= 400 { self.send(request) } else { head }
    }

    /// Makes the owner, with this password.
    pub(crate) fn set_owner(&self, username: &str, password: &str) {
        let password = Some(Password::chosen(password.to_owned()).unwrap());
        let change = Change { username: Some(username.to_owned()), password };
        self.wait(self.node.account.change(change, None, Timestamp::now())).unwrap();
    }

    pub(crate) fn get(&self, host: &str, target: &str) -> Response {
        self.send(&Request::new("GET", host, target))
    }

    /// A request of the API with this token and, unless it is null, this body.
    pub(crate) fn api_as(&self, token: &str, method: &str, path: &str, body: &Value) -> Response {
        let mut request = Request::new(method, ADMIN, path).bearer(token);
        if !body.is_null() {
            request = request.body("application/json", body.to_string());
        }
        self.send(&request)
    }

    /// A request of the API by the administrator.
    pub(crate) fn api(&self, method: &str, path: &str, body: &Value) -> Response {
        self.api_as(&self.admin, method, path, body)
    }

    /// The `data` of a list or an object of the API.
    #[track_caller]
    pub(crate) fn data(&self, path: &str) -> Value {
        let response = self.api("GET", path, &Value::Null);
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        response.json()["data"].clone()
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}

/// The thread of a node: everything that `fazt server start` does but for signals and sockets.
fn run(
    launch: Launch,
    started: &mpsc::SyncSender<(Arc<Node>, String)>,
    stopped: oneshot::Receiver<()>,
) {
    let system = actix::System::new();
    system.block_on(async {
        let Launch { listener, database, config, limits } = launch;
        let owner = Owner::take(&database).unwrap();
        let node = Arc::new(Node::open(&database, &owner, config, limits).await.unwrap());
        let (name, scopes, at) = ("harness".to_owned(), vec![Scope::Admin], Timestamp::now());
        let new = NewToken { name, scopes, expires_at: None, at };
        let (_, admin) = node.tokens.create(new).await.unwrap();
        let shared = Arc::clone(&node);
        let server = HttpServer::new(move || http::app(Arc::clone(&shared)))
            .workers(1)
            .on_connect(http::remember)
            .disable_signals()
            .listen_auto_h2c(listener)
            .unwrap()
            .run();
        let handle = server.handle();
        let running = actix::spawn(server);
        started.send((Arc::clone(&node), admin)).unwrap();
        // Ends when the sender is dropped.
        let _dropped = stopped.await;
        handle.stop(false).await;
        running.await.unwrap().unwrap();
        node.close().await;
        drop(owner);
        actix::System::current().stop();
    });
    // Ends the threads of the actors.
    system.run().unwrap();
}

/// Asks again and again until there is an answer.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
