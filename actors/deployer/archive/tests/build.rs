//! Writes ZIP archives field by field, so that any field can lie.

use std::io::Write;

/// One entry, with every field that a test may falsify.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) name: Vec<u8>,
    pub(super) method: u16,
    pub(super) flags: u16,
    pub(super) mode: u32,
    pub(super) crc: u32,
    pub(super) size: u32,
    pub(super) compressed_size: u32,
    pub(super) data: Vec<u8>,
    /// Where the directory says that the entry begins, if not where it does.
    pub(super) offset: Option<u32>,
    /// Bytes of the local name, if not those of `name`.
    pub(super) local_name_bytes: Option<u16>,
}

/// An honest stored entry.
pub(super) fn stored(name: impl AsRef<[u8]>, content: &[u8]) -> Item {
    Item {
        name: name.as_ref().to_vec(),
        method: 0,
        flags: 0,
        mode: 0o100_644,
        crc: crc(content),
        size: content.len() as u32,
        compressed_size: content.len() as u32,
        data: content.to_vec(),
        offset: None,
        local_name_bytes: None,
    }
}

/// An honest deflated entry.
pub(super) fn deflated(name: impl AsRef<[u8]>, content: &[u8]) -> Item {
    let level = flate2::Compression::new(6);
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
    encoder.write_all(content).unwrap();
    let data = encoder.finish().unwrap();
    Item { method: 8, compressed_size: data.len() as u32, data, ..stored(name, content) }
}

/// A folder.
pub(super) fn folder(name: &str) -> Item {
    Item { mode: 0o040_755, ..stored(name, b"") }
}

fn crc(content: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    crc.sum()
}

/// The archive of these entries.
pub(super) fn archive(items: &[Item]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut offsets = Vec::new();
    for item in items {
        offsets.push(item.offset.unwrap_or(out.len() as u32));
        out.extend(b"PK\x03\x04\x14\x00");
        fields(item, item.local_name_bytes, &mut out);
        out.extend(&item.name);
        out.extend(&item.data);
    }
    let start = out.len() as u32;
    for (item, offset) in items.iter().zip(offsets) {
        out.extend(b"PK\x01\x02\x14\x03\x14\x00");
        fields(item, None, &mut out);
        out.extend([0; 6]);
        out.extend((item.mode << 16).to_le_bytes());
        out.extend(offset.to_le_bytes());
        out.extend(&item.name);
    }
    let size = out.len() as u32 - start;
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend((items.len() as u16).to_le_bytes());
    out.extend((items.len() as u16).to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}

/// What both headers have in common.
fn fields(item: &Item, name_bytes: Option<u16>, out: &mut Vec<u8>) {
    out.extend(item.flags.to_le_bytes());
    out.extend(item.method.to_le_bytes());
    out.extend([0, 0, 0x21, 0]);
    out.extend(item.crc.to_le_bytes());
    out.extend(item.compressed_size.to_le_bytes());
    out.extend(item.size.to_le_bytes());
    out.extend(name_bytes.unwrap_or(item.name.len() as u16).to_le_bytes());
    out.extend([0; 2]);
}
