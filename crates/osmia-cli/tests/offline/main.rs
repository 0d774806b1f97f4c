//! The command where it asks nothing of a kernel.

#[path = "../command/mod.rs"]
mod command;
mod obj;
mod usage;
