//! The C library that a test runs with.

use std::{env, fs, path::PathBuf};

/// The file that has this program's functions of the C library, such as `readlink`: the library by its name, or this program
/// itself where it needs no libraries, as in the machines of the kernel matrix.
///
/// # Panics
/// If this program cannot be told from procfs.
pub fn file() -> PathBuf {
    let maps = fs::read_to_string("/proc/self/maps")
        .unwrap_or_else(|error| panic!("read /proc/self/maps: {error}"));
    if maps.contains("/libc.so.6") {
        return "libc.so.6".into();
    }
    env::current_exe().unwrap_or_else(|error| panic!("find this program: {error}"))
}
