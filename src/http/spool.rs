//! Keeps a request body in a file without a name until the deployer has read it.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;

use actix_web::web;
use bytes::{Bytes, BytesMut};
use fazt_actors::deployer::DeployError;
use fazt_actors::killpoint;
use futures_util::{Stream, StreamExt};

use super::body::{interrupted, too_large};
use super::error::ApiResult;

/// Bytes that are collected before they are written on a blocking thread.
const WRITE_BYTES: usize = 512 * 1024;

/// Writes a stream of at most `bytes_max` bytes into a file that vanishes with its handle.
///
/// The file lies beside the database: the system's temporary folder may be memory.
pub(super) async fn spool<E: std::fmt::Display>(
    database: &Path,
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    bytes_max: u64,
) -> ApiResult<File> {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new(".")).to_owned();
    let mut file = blocking(move || tempfile::tempfile_in(folder)).await?;
    let mut pending = BytesMut::with_capacity(WRITE_BYTES);
    let mut received = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| interrupted(&error))?;
        received += chunk.len() as u64;
        if received > bytes_max {
            return Err(too_large(bytes_max));
        }
        pending.extend_from_slice(&chunk);
        if pending.len() >= WRITE_BYTES {
            file = write(file, pending.split().freeze()).await?;
            pending.reserve(WRITE_BYTES);
        }
    }
    file = write(file, pending.freeze()).await?;
    killpoint::reach("spool.written");
    blocking(move || file.rewind().map(|()| file)).await
}

async fn write(mut file: File, bytes: Bytes) -> ApiResult<File> {
    blocking(move || file.write_all(&bytes).map(|()| file)).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> ApiResult<T> {
    let done = web::block(work).await.map_err(|_cancelled| DeployError::Interrupted)?;
    Ok(done.map_err(DeployError::Spool)?)
}
