//! What build scripts tell cargo.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use osmia_build::Builder;

/// The folder of the project that the child is a build script of.
const PROJECT: &str = "OSMIA_TEST_PROJECT";

/// Not a test: the build script, in a process of its own, as `compile` ends it.
#[test]
fn build_script() {
    let Some(project) = env::var_os(PROJECT) else { return };
    Builder::new(Path::new(&project).join("x.bpf.c")).compile();
}

/// A build script's output, given its C file.
fn build(folder: &Path, c: &str) -> (Output, String) {
    fs::write(folder.join("x.bpf.c"), c).unwrap();
    fs::write(folder.join("near.h"), "#define NEAR 7\n").unwrap();
    let mut script = Command::new(env::current_exe().unwrap());
    script.args(["--exact", "build_script", "--nocapture"]);
    script.env(PROJECT, folder).env("OUT_DIR", folder);
    let output = script.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, said)
}

#[test]
fn cargo_hears_of_inputs_and_warnings() {
    let folder = tempfile::tempdir().unwrap();
    let c = "#include \"near.h\"\n__attribute__((section(\"socket\"))) int f(void *ctx)\n{\n\
             \tint unused_one = NEAR;\n\treturn 0;\n}\n";
    let (output, said) = build(folder.path(), c);
    assert!(output.status.success(), "{said}");
    for input in ["x.bpf.c", "near.h"] {
        let told =
            |line: &str| line.starts_with("cargo::rerun-if-changed=") && line.ends_with(input);
        assert!(said.lines().any(told), "{input} in {said}");
    }
    let warning = said.lines().find(|line| line.starts_with("cargo::warning=")).unwrap();
    assert!(warning.contains("x.bpf.c:4:6") && warning.contains("unused_one"), "{warning}");
    assert!(!said.contains("cargo::error"), "{said}");
}

#[test]
fn cargo_hears_of_errors_and_looks_again_once_the_file_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let (output, said) = build(folder.path(), "int f(void *ctx)\n{\n\treturn nosuch;\n}\n");
    assert_eq!(output.status.code(), Some(1), "{said}");
    let error = said.lines().find(|line| line.starts_with("cargo::error=")).unwrap();
    assert!(error.contains("x.bpf.c:3:9") && error.contains("nosuch"), "{error}");
    let told =
        |line: &str| line.starts_with("cargo::rerun-if-changed=") && line.ends_with("x.bpf.c");
    assert!(said.lines().any(told), "{said}");
}
