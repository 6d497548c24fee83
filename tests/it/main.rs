//! What fazt does, seen from outside: one binary for all features.
//!
//! Two harnesses. `node` opens a real node in this process, with the real schema,
//! actors and HTTP server on a port that the system chooses. `process` runs the
//! real binary, where a signal, a crash or the command line matters.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod node;
mod process;
mod wire;
#[path = "../../actors/deployer/archive/tests/build.rs"]
mod zips;

mod commands;
mod conditional;
mod deploying;
mod disk_full;
mod hidden;
mod hosts;
mod large_files;
mod names;
mod openapi;
mod owner;
mod permissions;
mod recovery;
mod refusals;
mod schema;
mod serving;
mod stopping;
mod tidy;
mod uploads;
