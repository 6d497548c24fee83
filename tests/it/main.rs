//! What fazt does, seen from outside: one binary for all features.

mod process;
mod wire;

mod commands;
mod large_files;
mod owner;
mod recovery;
mod stopping;
