use std::io::Cursor;

use super::*;
use crate::deployer::archive::Archive;
use crate::limits::DeployLimits;

fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut packer = Packer::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        let mut seen = Vec::new();
        packer.add(path, &mut &content[..], &mut |bytes| seen.extend_from_slice(bytes)).unwrap();
        assert_eq!(seen, *content, "{path}");
    }
    packer.finish().unwrap().into_inner()
}

#[test]
fn what_is_packed_is_unpacked() {
    let large: Vec<u8> = (0..600_000_u32).map(|n| (n % 251) as u8).collect();
    let files: [(&str, &[u8]); 4] = [
        ("index.html", b"<h1>hi</h1>"),
        ("css/site.css", b""),
        ("posts/gr\u{fc}n.html", b"\xff\x00"),
        ("large.bin", &large),
    ];
    let bytes = packed(&files);
    assert!(bytes.len() < 50_000, "deflated: {}", bytes.len());
    let length = bytes.len() as u64;
    let mut archive = Archive::open(Cursor::new(bytes), length, &DeployLimits::default()).unwrap();
    let paths: Vec<String> =
        archive.entries().iter().map(|entry| entry.path().to_string()).collect();
    assert_eq!(paths, files.map(|(path, _)| path.to_owned()));
    for (index, (path, content)) in files.iter().enumerate() {
        let mut read = Vec::new();
        archive
            .read(index, &mut |piece| {
                read.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
        assert_eq!(read, *content, "{path}");
    }
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let files: [(&str, &[u8]); 2] = [("a", b"one"), ("b/c", b"two")];
    assert_eq!(packed(&files), packed(&files));
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let mut packer = Packer::new(Cursor::new(Vec::new()));
    let error = packer.add("a", &mut Broken, &mut |_| ()).unwrap_err();
    assert_eq!(error.to_string(), "the disk is gone");
}
