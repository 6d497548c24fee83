//! Unpacks bodies that travel as gzip, a piece at a time.
//!
//! Only gzip is asked for: every host that compresses speaks it, and its window is 32 KiB. A
//! brotli stream may claim 16 MiB for its own, which with 256 open fetches is too much.

use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};

/// Bits of the largest window (RFC 1951 section 3.2.5).
const WINDOW_BITS: u8 = 15;
/// Bytes that one step unpacks to at most, however well they were packed.
const PIECE_BYTES: usize = 64 * 1024;

/// The bytes are not gzip.
#[derive(Debug)]
pub(super) struct NotGzip;

/// A body of gzip members (RFC 1952 section 2.2).
pub(super) struct Gunzip {
    member: Decompress,
    /// Whether it has begun and not ended.
    is_within: bool,
    /// Whether what follows the last member is none: such bytes are left out, as browsers do.
    is_over: bool,
    packed: Bytes,
}

/// How a member begins (RFC 1952 section 2.3.1).
const FIRST_BYTE: u8 = 0x1f;

impl Gunzip {
    pub(super) fn new() -> Gunzip {
        let member = Decompress::new_gzip(WINDOW_BITS);
        Gunzip { member, is_within: false, is_over: false, packed: Bytes::new() }
    }

    /// Adds what has arrived. Everything before must have been unpacked.
    pub(super) fn feed(&mut self, packed: Bytes) {
        if !self.is_over {
            self.packed = packed;
        }
    }

    /// The next piece of what was fed; none once more is needed.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, NotGzip> {
        loop {
            let mut piece = Vec::with_capacity(PIECE_BYTES);
            let before = self.member.total_in();
            let flush = FlushDecompress::None;
            let status = self.member.decompress_vec(&self.packed, &mut piece, flush);
            let status = status.map_err(|_| NotGzip)?;
            let used = usize::try_from(self.member.total_in() - before).map_err(|_| NotGzip)?;
            let _used = self.packed.split_to(used.min(self.packed.len()));
            self.is_within |= used > 0;
            if status == Status::StreamEnd {
                self.member = Decompress::new_gzip(WINDOW_BITS);
                self.is_within = false;
                self.is_over = self.packed.first().is_some_and(|byte| *byte != FIRST_BYTE);
                if self.is_over {
                    self.packed = Bytes::new();
                }
            }
            if !piece.is_empty() {
                return Ok(Some(piece.into()));
            }
            let is_stuck = used == 0 && status != Status::StreamEnd;
            if self.packed.is_empty() || is_stuck {
                return Ok(None);
            }
        }
    }

    /// Whether the body may end here.
    pub(super) fn is_whole(&self) -> bool {
        !self.is_within && self.packed.is_empty()
    }
}
