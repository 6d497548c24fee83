use std::{fs, path::PathBuf};

use fazt_actors::content::ContentHash;
use tempfile::TempDir;

use super::*;

struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file, and the blob that describes it as it is now.
    fn file(&self, name: &str, content: &[u8]) -> Blob {
        fs::write(self.path(name), content).unwrap();
        let size = content.len() as u64;
        Blob { hash: ContentHash::of(content), size, full_path: self.path(name) }
    }
}

fn read_all(batch: Vec<Blob>) -> io::Result<Vec<Bytes>> {
    let mut reader = FrameReader::new(batch);
    let mut chunks = Vec::new();
    while let Some(chunk) = reader.next_chunk()? {
        chunks.push(chunk);
    }
    Ok(chunks)
}

/// What the contract says a request looks like.
fn framed(contents: &[&[u8]]) -> Vec<u8> {
    let mut frames = Vec::new();
    for content in contents {
        frames.extend_from_slice(ContentHash::of(content).as_bytes());
        frames.extend_from_slice(&(content.len() as u64).to_be_bytes());
        frames.extend_from_slice(content);
    }
    frames
}

#[test]
fn frames_follow_each_other_across_the_borders_of_pieces() {
    let large = vec![7; 3 * CHUNK_BYTES + 11];
    let exact = vec![8; CHUNK_BYTES - 40];
    for contents in [
        &[][..],
        &[b"".as_slice()],
        &[b"hello", b"", b"world"],
        &[&exact],
        &[&exact, b"x"],
        &[b"x", &large, b"y", &exact, &large],
    ] {
        let folder = Folder::new();
        let batch: Vec<Blob> = contents
            .iter()
            .enumerate()
            .map(|(index, content)| folder.file(&index.to_string(), content))
            .collect();
        let announced: u64 = batch.iter().map(Blob::frame_bytes).sum();
        let chunks = read_all(batch).unwrap();
        assert!(chunks.iter().all(|chunk| chunk.len() <= CHUNK_BYTES + 40));
        let sent = chunks.concat();
        assert_eq!(sent.len() as u64, announced);
        assert!(sent == framed(contents), "the frames differ");
    }
}

#[test]
fn small_files_share_a_piece() {
    let folder = Folder::new();
    let batch = (0..1_000).map(|index| folder.file(&index.to_string(), b"0123456789")).collect();
    assert_eq!(read_all(batch).unwrap().len(), 1);
}

#[test]
fn a_file_that_changed_is_named_and_not_completed() {
    for (name, now) in
        [("grown", Some("hello!")), ("shrunk", Some("hell")), ("edited", Some("jello"))]
    {
        let folder = Folder::new();
        let blob = folder.file(name, b"hello");
        if let Some(now) = now {
            fs::write(folder.path(name), now).unwrap();
        }
        let mut reader = FrameReader::new(vec![blob]);
        let error = reader.next_chunk().unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("changed"), "{error}");
    }
}

#[test]
fn a_file_that_vanished_is_named() {
    let folder = Folder::new();
    let blob = folder.file("gone", b"hello");
    fs::remove_file(folder.path("gone")).unwrap();
    let error = read_all(vec![blob]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("gone"), "{error}");
}

#[actix::test]
async fn the_stream_tells_what_it_sends() {
    let folder = Folder::new();
    let told = Rc::new(std::cell::Cell::new(0));
    let count = Rc::clone(&told);
    let reader = FrameReader::new(vec![folder.file("a", b"hello")]);
    let pieces = stream(reader, Rc::new(move |sent| count.set(count.get() + sent)));
    let pieces: Vec<_> = pieces.map(Result::unwrap).collect().await;
    assert_eq!(pieces.concat(), framed(&[b"hello"]));
    assert_eq!(told.get(), 45);
}
