//! House-keeping for the project: `cargo xtask`.

fn main() {}
