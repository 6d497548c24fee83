//! The Web API in JavaScript, the same for every engine.

/// A file of the prelude.
pub struct PreludeFile {
    /// What stack traces call it.
    pub name: &'static str,
    /// Its text: the body of a function of `host` and `fz`.
    pub text: &'static str,
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(PreludeFile {
            name: concat!("fazt:", $name),
            text: include_str!(concat!("prelude/", $name, ".js")),
        }),*]
    };
}

/// The files, in the order in which they are evaluated.
pub const FILES: &[PreludeFile] = files![
    "00_base",
    "04_exception",
    "05_events",
    "06_abort",
    "10_timers",
    "11_inspect",
    "12_console",
    "13_console_table",
    "15_encoding",
    "18_clone",
    "19_messages",
    "20_streams_queue",
    "21_readable",
    "22_readable_classes",
    "23_pipe_tee",
    "24_writable",
    "25_writable_classes",
    "26_transform",
    "27_encoding_streams",
    "28_stream_bodies",
    "30_url",
    "31_search_params",
    "35_blob",
    "36_form_data",
    "37_multipart",
    "40_headers",
    "42_body",
    "44_request",
    "46_response",
    "48_fetch",
    "50_crypto",
    "51_crypto_secrets",
    "52_crypto_pairs",
    "53_crypto_subtle",
    "55_performance",
    "58_wasm",
    "90_app",
    "91_load",
    "92_request",
    "93_response",
    "94_call",
    "95_legacy",
];
