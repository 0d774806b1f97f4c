//! CO-RE: an object's types and relocations, and a kernel's types.
#![no_main]

#[path = "../bodies/core.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(body::check_pair(bytes)));
