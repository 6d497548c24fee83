//! A server on this machine that answers each request after a while, for functions that wait.

use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// What every request is answered with.
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nslow";

/// Bytes of one request's head.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The server. Dropping it ends it.
pub(crate) struct SlowServer {
    /// Where it listens.
    pub(crate) port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SlowServer {
    /// Starts it: each answer comes `delay` after its request.
    pub(crate) fn start(delay: Duration) -> anyhow::Result<SlowServer> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = accept(listener, delay) => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(SlowServer { port, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for SlowServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has ended one way or the other.
            let _panicked = thread.join();
        }
    }
}

async fn accept(listener: std::net::TcpListener, delay: Duration) -> anyhow::Result<()> {
    let listener = TcpListener::from_std(listener).context("cannot listen")?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(answer(stream, delay));
    }
}

async fn answer(stream: TcpStream, delay: Duration) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::with_capacity(HEAD_BYTES_MAX, stream);
    let mut line = Vec::new();
    while stream.read_until(b'\n', &mut line).await? > 0 {
        let is_end = line == b"\r\n";
        line.clear();
        if is_end {
            tokio::time::sleep(delay).await;
            stream.get_mut().write_all(ANSWER).await?;
        }
    }
    Ok(())
}
