//! Which stored coding of a file answers a request (RFC 9110 section 12.5.3).

use fazt_actors::encoding::{Encoding, Encodings};
use fazt_actors::quality::parse_element;

/// Chooses among the codings that exist; the identity form always does.
///
/// The heaviest wins; among equals brotli, then zstd, then gzip, then identity.
/// Without a header the answer is the identity form. So it is when nothing is
/// acceptable: a page that a client can perhaps read is better than a 406.
pub fn choose(accept_encoding: Option<&str>, available: Encodings) -> Encoding {
    let Some(header) = accept_encoding.filter(|_| !available.is_empty()) else {
        return Encoding::Identity;
    };
    let weights = Weights::parse(header);
    let mut best = (weights.identity, Encoding::Identity);
    for encoding in Encoding::COMPRESSED.into_iter().rev() {
        let weight = weights.of(encoding);
        if available.contains(encoding) && weight > 0 && weight >= best.0 {
            best = (weight, encoding);
        }
    }
    best.1
}

/// What a header says of the codings that fazt knows, in thousandths.
#[derive(Default)]
struct Weights {
    /// By [`Encoding::code`]; `None` for what is not mentioned.
    named: [Option<u16>; 4],
    any: u16,
    /// Not mentioned means acceptable, and liked least.
    identity: u16,
}

impl Weights {
    fn parse(header: &str) -> Weights {
        let mut weights = Weights::default();
        for element in header.split(',') {
            let Some((name, weight)) = parse_element(element) else {
                continue;
            };
            if name == "*" {
                weights.any = weight;
            } else if let Some(encoding) = Encoding::from_token(name)
                && let Some(named) = weights.named.get_mut(usize::from(encoding.code()))
            {
                *named = Some(weight);
            }
        }
        weights.identity = weights.named.first().copied().flatten().unwrap_or(0);
        weights
    }

    fn of(&self, encoding: Encoding) -> u16 {
        let named = self.named.get(usize::from(encoding.code())).copied().flatten();
        named.unwrap_or(self.any)
    }
}

#[cfg(test)]
mod tests;
