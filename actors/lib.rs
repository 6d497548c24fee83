//! The machine of fazt: state, messages and storage. It has never heard of an
//! HTTP server or of a command line.

pub mod account;
pub mod app_logs;
pub mod apps;
pub mod audit;
pub mod backup;
pub mod content;
pub mod contents;
pub mod deployer;
pub mod domains;
pub mod encoding;
pub mod env;
pub mod executor;
pub mod killpoint;
pub mod kind;
pub mod limits;
pub mod mailbox;
pub mod media;
pub mod name;
pub mod outbound;
pub mod peers;
mod priority;
pub mod quality;
pub mod random;
pub mod router;
pub mod scripts;
pub mod settings;
pub mod store;
pub mod timestamp;
pub mod tokens;
