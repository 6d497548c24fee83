//! Hashes the files of a folder on several threads.

use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

use fazt_actors::content::{ContentHash, Hasher};

use super::{FolderError, LocalFile, unreadable};

/// Threads that hash: one would wait for the disk while the processor idles.
const THREADS_MIN: usize = 2;
/// More of them only fight for the disk.
const THREADS_MAX: usize = 8;
/// Bytes read at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// The hash of each file, in the order of `files`. `progress` is told, on any thread, how many
/// more bytes were hashed.
///
/// # Errors
/// The first file found that cannot be read, or that is no longer as long as it was when the
/// folder was walked.
pub fn hash_files(
    files: &[LocalFile],
    progress: impl Fn(u64) + Sync,
) -> Result<Vec<ContentHash>, FolderError> {
    let threads = std::thread::available_parallelism().map_or(THREADS_MIN, usize::from);
    let threads = threads.clamp(THREADS_MIN, THREADS_MAX).min(files.len().max(1));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut hashed = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(index) else { return hashed };
            let result = hash_file(file, &mut buffer, &progress);
            let failed = result.is_err();
            hashed.push((index, result));
            if failed {
                // Nobody needs the rest; the threads finish what they began.
                next.store(files.len(), Ordering::Relaxed);
            }
        }
    };
    let mut hashed = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = handles.into_iter().map(|handle| match handle.join() {
            Ok(hashed) => hashed,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.flatten().collect::<Vec<_>>()
    });
    hashed.sort_unstable_by_key(|(index, _)| *index);
    hashed.into_iter().map(|(_, result)| result).collect()
}

/// Hashes one file with a buffer that is not empty.
fn hash_file(
    file: &LocalFile,
    buffer: &mut [u8],
    progress: &impl Fn(u64),
) -> Result<ContentHash, FolderError> {
    let failed = |source| unreadable(&file.full_path, source);
    // One byte more than expected tells that the file has grown.
    let mut reader = File::open(&file.full_path).map_err(failed)?.take(file.size + 1);
    let mut hasher = Hasher::new();
    let mut total = 0;
    loop {
        let read = match reader.read(buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        hasher.update(&buffer[..read]);
        total += read as u64;
        progress(read as u64);
    }
    if total != file.size {
        return Err(FolderError::Changed { path: file.full_path.clone() });
    }
    Ok(hasher.finish())
}
