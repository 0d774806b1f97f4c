//! Modules of hostile objects, documented by hostile C.
#![no_main]

#[path = "../bodies/generate.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let source = String::from_utf8_lossy(bytes).into_owned();
    body::module(bytes, vec![source]);
});
