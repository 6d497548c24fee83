//! The front of fazt: it turns requests and commands into messages, and the
//! answers into bytes.

pub mod cli;
pub mod config;
pub mod functions;
pub mod http;
pub mod node;
pub mod request_counters;
pub mod server;
