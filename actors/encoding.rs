//! The content codings in which a file is stored: their names on the wire, their
//! codes in the database, and small sets of them.

/// A content coding (RFC 9110 section 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The bytes as they were deployed.
    Identity,
    /// Brotli, RFC 7932.
    Brotli,
    /// Zstandard, RFC 8878.
    Zstd,
    /// gzip, RFC 1952.
    Gzip,
}

impl Encoding {
    /// The compressed codings, the preferred one first: what a server chooses when
    /// a client likes several equally.
    pub const COMPRESSED: [Encoding; 3] = [Encoding::Brotli, Encoding::Zstd, Encoding::Gzip];

    /// The name in `Content-Encoding` and `Accept-Encoding`.
    pub const fn token(self) -> &'static str {
        match self {
            Encoding::Identity => "identity",
            Encoding::Brotli => "br",
            Encoding::Zstd => "zstd",
            Encoding::Gzip => "gzip",
        }
    }

    /// The code that stands in the database. It never changes its meaning.
    pub const fn code(self) -> u8 {
        match self {
            Encoding::Identity => 0,
            Encoding::Brotli => 1,
            Encoding::Zstd => 2,
            Encoding::Gzip => 3,
        }
    }

    /// The coding behind a stored [`code`](Encoding::code); `None` for a code of a
    /// later version of fazt.
    pub const fn from_code(code: u8) -> Option<Encoding> {
        match code {
            0 => Some(Encoding::Identity),
            1 => Some(Encoding::Brotli),
            2 => Some(Encoding::Zstd),
            3 => Some(Encoding::Gzip),
            _ => None,
        }
    }

    /// The coding that a client names, in any case; `x-gzip` is gzip
    /// (RFC 9110 section 8.4.1.3).
    pub fn from_token(token: &str) -> Option<Encoding> {
        if token.eq_ignore_ascii_case("x-gzip") {
            return Some(Encoding::Gzip);
        }
        [Encoding::Gzip, Encoding::Brotli, Encoding::Zstd, Encoding::Identity]
            .into_iter()
            .find(|encoding| token.eq_ignore_ascii_case(encoding.token()))
    }
}

/// A set of codings in one byte. The identity form always exists, so a set is
/// about the compressed ones; it may hold identity and nobody minds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Encodings(u8);

impl Encodings {
    /// The set without members.
    pub const NONE: Encodings = Encodings(0);
    /// Brotli, zstd and gzip.
    pub const COMPRESSED: Encodings =
        Encodings::NONE.with(Encoding::Brotli).with(Encoding::Zstd).with(Encoding::Gzip);

    /// This set and one more member.
    #[must_use]
    pub const fn with(self, encoding: Encoding) -> Encodings {
        Encodings(self.0 | (1 << encoding.code()))
    }

    /// Whether the coding is a member.
    pub const fn contains(self, encoding: Encoding) -> bool {
        self.0 & (1 << encoding.code()) != 0
    }

    /// The set as it stands in the database: bit `n` for the coding with code `n`.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set behind stored [`bits`](Encodings::bits); codings of a later version are dropped.
    pub const fn from_bits(bits: u8) -> Encodings {
        Encodings(bits & Encodings::COMPRESSED.0)
    }

    /// Whether the set has no member.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Encoding> for Encodings {
    fn from_iter<I: IntoIterator<Item = Encoding>>(members: I) -> Encodings {
        members.into_iter().fold(Encodings::NONE, Encodings::with)
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Encodings};

    #[test]
    fn codes_and_tokens_lead_back_to_their_coding() {
        for code in 0..4 {
            let encoding = Encoding::from_code(code).unwrap();
            assert_eq!(encoding.code(), code);
            assert_eq!(Encoding::from_token(encoding.token()), Some(encoding));
        }
        assert_eq!(Encoding::from_code(4), None);
        assert_eq!(Encoding::from_token("X-GZIP"), Some(Encoding::Gzip));
        assert_eq!(Encoding::from_token("deflate"), None);
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: Encodings = [Encoding::Gzip, Encoding::Brotli].into_iter().collect();
        assert!(set.contains(Encoding::Gzip) && set.contains(Encoding::Brotli));
        assert!(!set.contains(Encoding::Zstd) && !set.is_empty());
        assert!(Encodings::NONE.is_empty());
        assert!(Encoding::COMPRESSED.into_iter().all(|one| Encodings::COMPRESSED.contains(one)));
    }
}
