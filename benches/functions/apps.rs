//! The apps that are asked, and a node that has them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::ensure;

use super::http::Client;
use super::node::{Node, Place, binary};
use super::process::{CLIENT_CORE, SERVER_CORE, pinned};

/// The host of the app in `apps/bench`.
pub(crate) const HOST: &str = "bench.localhost";

/// The host of the app in `apps/hono`.
pub(crate) const HONO_HOST: &str = "hono.localhost";

/// The host of the app in `apps/hostile`.
pub(crate) const HOSTILE_HOST: &str = "hostile.localhost";

/// Both cores of the machine, for a server that shares one with its clients.
pub(crate) const BOTH_CORES: [usize; 2] = [SERVER_CORE, CLIENT_CORE];

/// Orders in the document of 10 KB.
const ORDERS: usize = 76;

/// A file or folder of this bench.
pub(crate) fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/functions").join(path)
}

/// A node with `apps/bench` and `apps/hostile`, on the servers' core.
pub(crate) fn start(dir: &Path, name: &str) -> anyhow::Result<Node> {
    start_on(&[SERVER_CORE], dir, name)
}

/// The same on other cores.
pub(crate) fn start_on(cores: &[usize], dir: &Path, name: &str) -> anyhow::Result<Node> {
    let place = Place::make(dir.join(name))?;
    let node = Node::start_on(cores, &place)?;
    node.deploy(&source("apps/bench"), "bench")?;
    node.deploy(&source("apps/hostile"), "hostile")?;
    ensure_answers(&node, HOST)?;
    Ok(node)
}

/// The same node once more, on the servers' core, with another setting: `KEY=VALUE`.
pub(crate) fn restarted(node: Node, setting: &str) -> anyhow::Result<Node> {
    let mut command = pinned(CLIENT_CORE, binary());
    command.args(["server", "set-config", setting, "--db"]).arg(node.place.database());
    node.output(command)?;
    let place = node.place.clone();
    node.stop()?;
    Node::start(&place)
}

/// Fails with the reason when the node runs no functions.
pub(crate) fn ensure_answers(node: &Node, host: &str) -> anyhow::Result<()> {
    let answer = Client::connect(node.port)?.get(host, "/api/hello", &[])?;
    let body = String::from_utf8_lossy(&answer.body);
    ensure!(answer.status == 200, "functions are answered with {}: {body}", answer.status);
    Ok(())
}

/// Writes a small app with one function, which answers who it is.
pub(crate) fn write_small(folder: &Path, name: &str) -> anyhow::Result<()> {
    fs::create_dir_all(folder.join("api"))?;
    let text = format!(
        "let calls = 0;\n\
         export default () => Response.json({{ app: \"{name}\", calls: ++calls }});\n"
    );
    Ok(fs::write(folder.join("api/hello.js"), text)?)
}

/// The document that is parsed and transformed: 10 KB of orders, always the same.
pub(crate) fn document() -> String {
    let orders: Vec<String> = (0..ORDERS)
        .map(|id| {
            let customer = format!("customer {}", id * 7 % 20);
            let is_paid = id % 3 == 0;
            let (price, count) = (id * 13 % 90, 1 + id % 4);
            format!(
                "{{\"id\":{id},\"customer\":\"{customer}\",\"paid\":{is_paid},\"lines\":\
                 [{{\"name\":\"thing {id}\",\"price\":{price},\"count\":{count}}},\
                 {{\"name\":\"shipping\",\"price\":5,\"count\":1}}]}}"
            )
        })
        .collect();
    format!("{{\"orders\":[{}]}}", orders.join(","))
}
