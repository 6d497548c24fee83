//! Which addresses a function may reach.
//!
//! A function fetches from the internet, never from the machine that it runs on or from the
//! network around it, unless the node's owner has named the host. Judged is the address that
//! a connection is made to, not the name that led there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

mod allowed;

pub use allowed::AllowedHosts;

/// The addresses below one prefix, and what a developer is told that they are.
struct Range<A> {
    first: A,
    /// Bits that all of them share.
    bits: u32,
    is: &'static str,
}

const fn v4(first: [u8; 4], bits: u32, is: &'static str) -> Range<Ipv4Addr> {
    let [a, b, c, d] = first;
    Range { first: Ipv4Addr::new(a, b, c, d), bits, is }
}

const fn v6(first: [u16; 8], bits: u32, is: &'static str) -> Range<Ipv6Addr> {
    let [a, b, c, d, e, f, g, h] = first;
    Range { first: Ipv6Addr::new(a, b, c, d, e, f, g, h), bits, is }
}

/// What of IPv4 is not the internet: the special-purpose registry (RFC 6890) and what clouds
/// have put elsewhere. The more special of two comes first.
const REFUSED_V4: &[Range<Ipv4Addr>] = &[
    v4([169, 254, 169, 254], 32, METADATA),
    v4([100, 100, 100, 200], 32, METADATA),
    v4([168, 63, 129, 16], 32, METADATA),
    v4([0, 0, 0, 0], 8, "an address of this host itself"),
    v4([10, 0, 0, 0], 8, PRIVATE),
    v4([100, 64, 0, 0], 10, "an address behind a carrier's NAT"),
    v4([127, 0, 0, 0], 8, LOOPBACK),
    v4([169, 254, 0, 0], 16, LINK_LOCAL),
    v4([172, 16, 0, 0], 12, PRIVATE),
    v4([192, 0, 0, 0], 24, PROTOCOL),
    v4([192, 0, 2, 0], 24, DOCUMENTATION),
    v4([192, 88, 99, 0], 24, "a relay between IPv4 and IPv6"),
    v4([192, 168, 0, 0], 16, PRIVATE),
    v4([198, 18, 0, 0], 15, BENCHMARK),
    v4([198, 51, 100, 0], 24, DOCUMENTATION),
    v4([203, 0, 113, 0], 24, DOCUMENTATION),
    v4([224, 0, 0, 0], 4, MULTICAST),
    v4([255, 255, 255, 255], 32, "the broadcast address"),
    v4([240, 0, 0, 0], 4, RESERVED),
];

/// What of IPv6 is not the internet. Addresses with an IPv4 address inside are refused whatever
/// that is: a translator on the way may deliver them into the local network.
const REFUSED_V6: &[Range<Ipv6Addr>] = &[
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128, METADATA),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128, "the unspecified address"),
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, LOOPBACK),
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, EMBEDDED),
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, EMBEDDED),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96, EMBEDDED),
    v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, EMBEDDED),
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, EMBEDDED),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, EMBEDDED),
    v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, BENCHMARK),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, PROTOCOL),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, DOCUMENTATION),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, EMBEDDED),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, DOCUMENTATION),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, PRIVATE),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, LINK_LOCAL),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, PRIVATE),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, MULTICAST),
];

/// All of IPv6 that is given out to the internet (RFC 4291 section 2.4).
const GLOBAL_V6: Range<Ipv6Addr> = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3, "a public address");

const METADATA: &str = "the address where a cloud tells its machines their secrets";
const PRIVATE: &str = "an address of a private network";
const LOOPBACK: &str = "an address of the machine itself";
const LINK_LOCAL: &str = "an address of the local link";
const MULTICAST: &str = "a multicast address";
const DOCUMENTATION: &str = "an address for documentation";
const BENCHMARK: &str = "an address for measurements";
const PROTOCOL: &str = "an address of a protocol and not of a host";
const RESERVED: &str = "a reserved address";
const EMBEDDED: &str = "an IPv4 address inside of an IPv6 address";

/// Whether an address is one of the public internet.
pub fn is_public(address: IpAddr) -> bool {
    refusal(address).is_none()
}

/// What an address is that is not of the public internet, as the end of "it is …".
pub fn refusal(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => {
            let is_in = |range: &&Range<Ipv4Addr>| {
                let differing = address.to_bits() ^ range.first.to_bits();
                differing.leading_zeros() >= range.bits
            };
            REFUSED_V4.iter().find(is_in).map(|range| range.is)
        }
        IpAddr::V6(address) => {
            let is_in = |range: &&Range<Ipv6Addr>| {
                let differing = address.to_bits() ^ range.first.to_bits();
                differing.leading_zeros() >= range.bits
            };
            match REFUSED_V6.iter().find(is_in) {
                Some(range) => Some(range.is),
                None if is_in(&&GLOBAL_V6) => None,
                None => Some(RESERVED),
            }
        }
    }
}

/// The address that the host of a URL stands for, where it is one. `host` is as crate `url`
/// writes it, whatever spelling it was read from (WHATWG URL 3.5).
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse().ok(),
    }
}

/// Ports of other protocols, whose servers might take a request for words of their own (WHATWG
/// Fetch 2.9, "bad port"). In order.
const BAD_PORTS: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
    6668, 6669, 6679, 6697, 10080,
];

/// Whether a port belongs to another protocol than HTTP.
pub fn is_bad_port(port: u16) -> bool {
    BAD_PORTS.binary_search(&port).is_ok()
}

#[cfg(test)]
mod tests;
