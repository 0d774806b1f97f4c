//! What a build script tells cargo.

use std::env;
use std::path::{Path, PathBuf};
use std::process;

use crate::clang::diagnostic::{Diagnostic, Severity};
use crate::clang::finder;
use crate::error::Error;
use crate::generated::Generated;

/// Writes what was generated and tells cargo about it, or about the failure, and ends then.
pub(crate) fn finish(out_dir: Option<&Path>, source: &Path, result: Result<Generated, Error>) {
    println!("cargo::rerun-if-env-changed={}", finder::VARIABLE);
    let written = result.and_then(|generated| {
        let out_dir =
            out_dir.map(Path::to_owned).or_else(|| env::var_os("OUT_DIR").map(PathBuf::from));
        generated.write_to(&out_dir.ok_or(Error::NoOutDir)?)?;
        Ok(generated)
    });
    match written {
        Ok(generated) => {
            for input in &generated.inputs {
                println!("cargo::rerun-if-changed={}", input.display());
            }
            show(&generated.warnings);
        }
        Err(error) => {
            println!("cargo::rerun-if-changed={}", source.display());
            fail(&error);
        }
    }
}

fn fail(error: &Error) -> ! {
    if let Error::Compile { diagnostics, said, .. } = error {
        show(diagnostics);
        // With the lines of C, as people know it.
        eprintln!("{said}");
    }
    println!("cargo::error={}", one_line(&chain(error)));
    eprintln!("{}", chain(error));
    process::exit(1)
}

/// Each diagnostic as one of cargo's; a note goes with what it is a note to.
fn show(diagnostics: &[Diagnostic]) {
    let mut level = "warning";
    for diagnostic in diagnostics {
        level = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => level,
        };
        println!("cargo::{level}={}", one_line(&diagnostic.to_string()));
    }
}

/// The error and what it comes from.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// cargo's messages end with their line.
fn one_line(text: &str) -> String {
    text.split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
