//! What fazt does, seen from outside: one binary for all features.
//!
//! Two harnesses. `node` opens a real node in this process, with the real schema,
//! actors and HTTP server on a port that the system chooses. `process` runs the
//! real binary, where a signal, a crash or the command line matters.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod fake_peer;
mod node;
mod process;
mod wire;
#[path = "../../actors/deployer/archive/tests/build.rs"]
mod zips;

mod audit;
mod backup;
mod commands;
mod conditional;
mod deploying;
mod dev;
mod disk_full;
mod domains;
#[cfg(feature = "v8")]
mod function_examples;
mod function_sources;
#[cfg(feature = "v8")]
mod functions;
mod hidden;
mod hosts;
mod large_files;
mod logs;
mod metrics;
mod names;
mod openapi;
mod original_api;
mod owner;
mod permissions;
mod recovery;
mod refusals;
mod remote;
mod schema;
mod serving;
mod settings;
mod sign_in;
mod stopping;
mod tidy;
mod uploads;
mod v8_script;
