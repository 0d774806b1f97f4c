//! Object files.
#![no_main]

#[path = "../bodies/elf.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
