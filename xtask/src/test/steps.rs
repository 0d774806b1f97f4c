//! The checks that run no test.

use anyhow::Result;

use crate::{cargo::cargo, command};

pub(crate) fn format() -> Result<()> {
    command::run(cargo().args(["fmt", "--all", "--check"]))
}

pub(crate) fn lints() -> Result<()> {
    let arguments = [
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--features",
        "osmia/tokio,osmia/symbolize",
        "--",
        "-D",
        "warnings",
    ];
    command::run(cargo().args(arguments))
}

pub(crate) fn documentation() -> Result<()> {
    let arguments =
        ["doc", "--quiet", "--workspace", "--features", "osmia/tokio,osmia/symbolize", "--no-deps"];
    command::run(cargo().args(arguments).env("RUSTDOCFLAGS", "-D warnings"))
}
