//! What must hold for any bytes that are read as a program with marks (USDT).
//!
//! The fuzz target runs this, and so does a test of `osmia-object` with a damaged program.

use osmia_object::usdt::{Argument, Machine, UsdtFile, split};

/// Reads bytes as a program, and as what a note says of arguments.
pub fn check(bytes: &[u8]) {
    match UsdtFile::parse(bytes) {
        Ok(file) => {
            assert!(file.has_notes || file.probes.is_empty());
            for probe in &file.probes {
                arguments(&probe.arguments, file.machine);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        arguments(text, Machine::X86_64);
        arguments(text, Machine::Aarch64);
    }
}

fn arguments(text: &str, machine: Machine) {
    match Argument::parse_all(text, machine) {
        Ok(found) => {
            assert_eq!(found.len(), split(text).count());
            assert!(found.iter().all(|argument| matches!(argument.size, 1 | 2 | 4 | 8)));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
