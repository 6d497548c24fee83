//! nginx with a configuration of ours: one worker, open files cached, no log.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::http::Client;
use super::node::free_port;
use super::process::{Running, SERVER_CORE, Usage, pinned, wait_for};

/// How long nginx may take to answer after its start.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// Where Debian puts the module that sends stored brotli files.
const BROTLI_MODULE: &str = "/usr/lib/nginx/modules/ngx_http_brotli_static_module.so";

/// A running nginx.
pub(crate) struct Nginx {
    /// Where it listens.
    pub(crate) port: u16,
    /// Whether it sends stored brotli files.
    pub(crate) has_brotli: bool,
    running: Running,
}

impl Nginx {
    /// Serves the files of `root`, with its own files in `dir`.
    pub(crate) fn start(root: &Path, dir: &Path) -> anyhow::Result<Nginx> {
        let port = free_port()?;
        let has_brotli = Path::new(BROTLI_MODULE).exists();
        fs::create_dir_all(dir)?;
        fs::write(dir.join("nginx.conf"), configuration(root, dir, port, has_brotli))?;
        let mut command = pinned(SERVER_CORE, "nginx");
        command.arg("-p").arg(dir).arg("-c").arg(dir.join("nginx.conf"));
        command.arg("-e").arg(dir.join("error.log"));
        command.stdout(Stdio::null());
        let mut running = Running::start("nginx", &mut command)?;
        wait_for("nginx's first answer", START_TIMEOUT, || {
            running.ensure_alive()?;
            let Ok(mut client) = Client::connect(port) else { return Ok(None) };
            Ok((client.get("localhost", "/index.html", &[])?.status == 200).then_some(()))
        })?;
        Ok(Nginx { port, has_brotli, running })
    }

    /// What it and its worker use of the machine.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.running.pid())
    }
}

fn configuration(root: &Path, dir: &Path, port: u16, has_brotli: bool) -> String {
    let (root, dir) = (root.display(), dir.display());
    let load = if has_brotli { format!("load_module {BROTLI_MODULE};") } else { String::new() };
    let brotli = if has_brotli { "brotli_static on;" } else { "" };
    // The worker of a master that runs as root must be able to read our files.
    let user = if rustix::process::getuid().is_root() { "user root;" } else { "" };
    format!(
        "{load}
{user}
daemon off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    types {{ text/html html; text/css css; text/javascript js; }}
    default_type application/octet-stream;
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 75s;
    keepalive_requests 1000000000;
    open_file_cache max=1000 inactive=75s;
    open_file_cache_valid 75s;
    open_file_cache_errors on;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        root {root};
        gzip_static on;
        {brotli}
    }}
}}
"
    )
}
