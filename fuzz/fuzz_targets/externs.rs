//! What objects expect of a kernel, constants folded, and configurations.
#![no_main]

#[path = "../bodies/externs.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    body::check(bytes);
    body::config(bytes);
});
