//! One BTF out of several, each type in it once.

mod class;
mod graph;
mod merge;
mod mix;
mod verify;

pub use crate::dedup::merge::{Deduped, dedup, dedup_onto};
