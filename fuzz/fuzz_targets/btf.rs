//! BTF.
#![no_main]

#[path = "../bodies/btf.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(body::check(bytes)));
