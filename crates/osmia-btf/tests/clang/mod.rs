//! C text to BTF, by a clang of this machine.

use std::process::Command;

use bytes::Bytes;
use object::{Object as _, ObjectSection as _};
use osmia_testkit::clang::Clang;

/// Compiles C text for BPF with debug information.
pub fn compile(clang: Clang, source: &str, arguments: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("source.c"), folder.path().join("object.o"));
    std::fs::write(&input, source).unwrap();
    let run = Command::new(clang.path().expect("it is present"))
        .args(["-target", "bpf", "-O2", "-g", "-c"])
        .args(arguments)
        .arg(&input)
        .arg("-o")
        .arg(&output)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{clang}: {}", said.chars().take(4000).collect::<String>());
    std::fs::read(output).unwrap()
}

/// The `.BTF` section of an object.
pub fn btf_section(object: &[u8]) -> Bytes {
    let file = object::File::parse(object).unwrap();
    let section = file.section_by_name(".BTF").expect("compiled with -g");
    Bytes::copy_from_slice(section.data().unwrap())
}
