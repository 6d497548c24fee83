//! The machine of fazt: state, messages and storage. It has never heard of an
//! HTTP server or of a command line.

pub mod kind;
pub mod limits;
