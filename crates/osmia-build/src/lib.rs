//! From a BPF C file to a typed Rust module: the clang driver and the generator.
