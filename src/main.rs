//! The `fazt` command.

fn main() {}
