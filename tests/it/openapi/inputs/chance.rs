//! Randomness that is the same on each run.

use std::fmt::Write;

/// `SplitMix64` (Steele, Lea, Flood 2014): small, and good enough to be surprised by.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn seeded(name: &str) -> Chance {
        let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Chance(seed)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `bound`, which is not zero.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.number() % bound as u64) as usize
    }

    /// True once in `n` times.
    pub(super) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(super) fn one_of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// A text of up to 20 characters from all over Unicode.
    pub(super) fn text(&mut self) -> String {
        let length = self.below(20);
        let character = |_| match self.below(4) {
            0 => char::from(self.below(32) as u8),
            1 => char::from_u32(self.below(0x11_0000) as u32).unwrap_or('\u{fffd}'),
            _ => char::from(32 + self.below(95) as u8),
        };
        (0..length).map(character).collect()
    }

    /// The same, and any other bytes, as a value of a query.
    pub(super) fn percent_encoded(&mut self) -> String {
        let mut bytes = self.text().into_bytes();
        if self.once_in(4) {
            bytes.push(self.number() as u8);
        }
        let mut encoded = String::new();
        for byte in bytes {
            write!(encoded, "%{byte:02x}").unwrap();
        }
        encoded
    }

    /// Changes some bytes, and perhaps takes some away.
    pub(super) fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            if bytes.is_empty() {
                return;
            }
            let at = self.below(bytes.len());
            match self.below(3) {
                0 => bytes[at] = self.number() as u8,
                1 => bytes[at] ^= 1 << self.below(8),
                _ => {
                    bytes.remove(at);
                }
            }
        }
    }
}
