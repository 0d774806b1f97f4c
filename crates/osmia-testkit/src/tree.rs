//! Where things lie in the source tree and in Cargo's target directory.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The workspace's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Cargo's target directory.
pub fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Where made headers lie, `vmlinux.h` among them.
pub fn headers() -> PathBuf {
    target().join("osmia/include")
}

/// The C sources of the test programs.
pub fn bpf_sources() -> PathBuf {
    root().join("testdata/bpf")
}
