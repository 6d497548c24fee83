//! A connection as awc sees it: what awc would misread is put right on the way.
//!
//! - Interim answers (RFC 9110 section 15.2) are left out. awc takes one for the answer, and
//!   the true answer would then be that of the next request on this connection.
//! - An answer of HTTP/1.1 that says nothing of its length ends with its connection (RFC 9112
//!   section 6.3). awc takes it for empty; as one of HTTP/1.0 it is read to its end.
//! - The end of the stream leaves a mark: awc does not tell a body in chunks that broke off
//!   from one that ended.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_rt::net::{ActixStream, Ready};
use actix_tls::connect::rustls_0_23::reexports::AsyncTlsStream;
use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes of a head that are gathered before it is given up: as many as awc takes.
const HEAD_BYTES_MAX: usize = 128 * 1024;
/// Interim answers of one request.
const INTERIM_MAX: u32 = 16;
/// Bytes read at once while a head is gathered.
const READ_BYTES: usize = 4096;

/// What connections of one pool leave behind. All of them belong to one thread, so whoever
/// polls an exchange finds the marks that this poll has made.
#[derive(Default)]
pub(super) struct Marks {
    /// A connection was made.
    pub(super) connected: Cell<bool>,
    /// A connection's stream was read to its end.
    pub(super) ended: Cell<bool>,
}

/// A connection that is open, counted while it is.
pub(super) struct Open(Rc<Cell<usize>>);

impl Open {
    pub(super) fn new(count: &Rc<Cell<usize>>) -> Open {
        count.set(count.get() + 1);
        Open(Rc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// What carries the bytes.
#[derive(Debug)]
pub(super) enum Transport {
    Plain(TcpStream),
    Tls(Box<AsyncTlsStream<TcpStream>>),
}

/// The connection.
pub(super) struct Wire {
    transport: Transport,
    marks: Rc<Marks>,
    /// The head that is being gathered; absent while bodies pass.
    head: Option<Head>,
    /// What was read and not yet passed on.
    waiting: BytesMut,
    _open: Open,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("transport", &self.transport).finish_non_exhaustive()
    }
}

impl Wire {
    pub(super) fn new(transport: Transport, marks: Rc<Marks>, open: Open) -> Wire {
        Wire { transport, marks, head: None, waiting: BytesMut::new(), _open: open }
    }

    /// Reads on until the head of an answer is complete, or can no longer become one.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(head) = &mut self.head {
            let mut space = [0; READ_BYTES];
            let mut buffer = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut self.transport).poll_read(cx, &mut buffer))?;
            let is_over = buffer.filled().is_empty();
            head.bytes.extend_from_slice(buffer.filled());
            if is_over || head.is_complete() {
                self.waiting = std::mem::take(&mut head.bytes);
                self.head = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        ready!(wire.poll_head(cx))?;
        if !wire.waiting.is_empty() {
            let count = wire.waiting.len().min(buffer.remaining());
            buffer.put_slice(&wire.waiting[..count]);
            wire.waiting.advance(count);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut wire.transport).poll_read(cx, buffer))?;
        if buffer.filled().len() == before && buffer.remaining() > 0 {
            wire.marks.ended.set(true);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let written = ready!(Pin::new(&mut wire.transport).poll_write(cx, bytes))?;
        // awc reads only after it has written, so this begins a request.
        if written > 0 && wire.head.is_none() {
            wire.head = Some(Head::of_answer_to(bytes));
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().transport).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().transport).poll_shutdown(cx)
    }
}

impl ActixStream for Wire {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_read_ready(self.transport.tcp(), cx)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(self.transport.tcp(), cx)
    }
}

/// The beginning of what a host answers, interim answers included.
struct Head {
    bytes: BytesMut,
    is_for_head: bool,
    interim_left: u32,
}

impl Head {
    fn of_answer_to(request: &[u8]) -> Head {
        let is_for_head = request.starts_with(b"HEAD ");
        Head { bytes: BytesMut::new(), is_for_head, interim_left: INTERIM_MAX }
    }

    /// Whether the head of the final answer is there; puts it right then. What is no HTTP, or
    /// has no end, counts as complete: awc says what is wrong with it.
    fn is_complete(&mut self) -> bool {
        loop {
            let Some(end) = end_of_head(&self.bytes) else {
                return self.bytes.len() > HEAD_BYTES_MAX;
            };
            match status_of(&self.bytes) {
                Some(100 | 102..=199) if self.interim_left > 0 => {
                    self.interim_left -= 1;
                    self.bytes.advance(end);
                }
                // These have no body, or another protocol for one.
                Some(101 | 204 | 304) | None => return true,
                Some(_) => {
                    let is_http_11 = self.bytes.starts_with(b"HTTP/1.1");
                    if is_http_11 && !self.is_for_head && !names_length(&self.bytes[..end]) {
                        self.bytes[b"HTTP/1.".len()] = b'0';
                    }
                    return true;
                }
            }
        }
    }
}

/// Where the first head ends: after an empty line, whose line ends may lack their CR.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut line_began = 0;
    for (place, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        let line = &bytes[line_began..place];
        if line_began > 0 && matches!(line, b"" | b"\r") {
            return Some(place + 1);
        }
        line_began = place + 1;
    }
    None
}

/// The status code of a status line (RFC 9112 section 4).
fn status_of(head: &[u8]) -> Option<u16> {
    let code = head.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    std::str::from_utf8(code).ok()?.parse().ok()
}

/// Whether a head says where its body ends.
fn names_length(head: &[u8]) -> bool {
    head.split(|byte| *byte == b'\n').any(|line| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii();
        name.eq_ignore_ascii_case(b"content-length")
            || name.eq_ignore_ascii_case(b"transfer-encoding")
    })
}

impl Transport {
    fn tcp(&self) -> &TcpStream {
        match self {
            Transport::Plain(stream) => stream,
            Transport::Tls(stream) => stream.get_ref().0,
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Transport::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Transport::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Transport::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests;
