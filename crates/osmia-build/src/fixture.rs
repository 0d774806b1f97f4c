//! C files of the tests, compiled.

use std::path::{Path, PathBuf};

use crate::clang::compile::{Compile, Compiled};
use crate::clang::cpu::Cpu;
use crate::clang::finder::Clang;
use crate::clang::target::Target;

/// The clangs of this machine whose objects must work, the usual one first.
pub(crate) fn clangs() -> Vec<Clang> {
    let mut clangs = vec![Clang::find().unwrap()];
    for number in 10..40 {
        clangs.extend(Clang::named(format!("clang-{number}").as_ref()).ok());
    }
    clangs
}

/// The C file of this name.
pub(crate) fn source(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bpf");
    dir.join(format!("{name}.bpf.c"))
}

/// How the tests compile.
pub(crate) fn compiler(clang: &Clang) -> Compile {
    Compile {
        clang: clang.clone(),
        target: Target::host(),
        cpu: Cpu::default(),
        includes: Vec::new(),
        made: None,
        defines: Vec::new(),
        args: Vec::new(),
    }
}

/// The C file of this name, compiled by this clang.
pub(crate) fn compile_with(clang: &Clang, name: &str) -> Compiled {
    compiler(clang).run(&source(name)).unwrap()
}
