//! The machine of fazt: state, messages and storage. It has never heard of an
//! HTTP server or of a command line.

pub mod kind;
pub mod limits;
pub mod mailbox;
pub mod store;
pub mod timestamp;
pub mod content;
pub mod contents;
pub mod encoding;
pub mod name;
pub mod deployer;
pub mod killpoint;
pub mod media;
pub mod random;
pub mod router;
pub mod apps;
pub mod settings;
pub mod tokens;
pub mod outbound;
pub mod peers;
pub mod quality;
