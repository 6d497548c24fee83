//! Functions: the JavaScript of apps, run on the server.
//!
//! Two parts. `engine.rs` is what an engine must do; the engine behind it knows V8 and
//! nothing of HTTP or of threads. `host` is everything that JavaScript may ask of us, each
//! function written once over plain values; `prelude` is the Web API on top of it, written
//! once in JavaScript.

pub mod host;
