//! The bounds of what functions fetch.

use std::time::Duration;

/// One mebibyte in bytes.
const MIB: u64 = 1 << 20;

/// What fetches may take.
#[derive(Clone, Debug)]
pub struct FetchLimits {
    /// Fetches of one call of a function.
    pub per_call: u32,
    /// Fetches of one isolate that are under way, or whose body nobody has read.
    pub open_per_isolate: usize,
    /// Exchanges of one thread at the same time; others wait within `head_timeout`.
    pub at_once: usize,
    /// Connections of one thread that are open and may be used again; beyond that each is closed
    /// after its answer.
    pub kept_alive: usize,
    /// Names that one thread looks up at the same time: each takes a thread of its own, which
    /// cannot be called back.
    pub lookups_at_once: usize,
    /// Names that one isolate looks up at the same time.
    pub lookups_per_isolate: usize,
    /// How long finding the host's address may take.
    pub lookup_timeout: Duration,
    /// How long connecting to one of its addresses may take.
    pub connect_timeout: Duration,
    /// How long the TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long the head of the answer may take once the request is sent, or until the host
    /// takes more of it.
    pub head_timeout: Duration,
    /// How long the host may be silent within its answer.
    pub idle_timeout: Duration,
    /// How long the whole may take, redirects and both bodies included.
    pub total_timeout: Duration,
    /// Redirects that are followed (WHATWG Fetch 4.4).
    pub redirects_max: u32,
    /// Headers of a request.
    pub request_headers_max: usize,
    /// Bytes of the names and values of these.
    pub request_header_bytes_max: usize,
    /// Bytes of a request's body.
    pub request_bytes_max: u64,
    /// Bytes of a response's body, both as it travels and decoded.
    pub response_bytes_max: u64,
}

impl Default for FetchLimits {
    fn default() -> FetchLimits {
        FetchLimits {
            per_call: 50,
            open_per_isolate: 256,
            at_once: 512,
            kept_alive: 512,
            lookups_at_once: 64,
            lookups_per_isolate: 8,
            lookup_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(5 * 60),
            redirects_max: 20,
            request_headers_max: 128,
            request_header_bytes_max: 64 * 1024,
            request_bytes_max: 100 * MIB,
            response_bytes_max: 100 * MIB,
        }
    }
}
