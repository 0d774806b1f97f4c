//! Programs with marks.
#![no_main]

#[path = "../bodies/usdt.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
