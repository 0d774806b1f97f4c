//! eBPF for Rust: load, attach, read and test BPF programs.
