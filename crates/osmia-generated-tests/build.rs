//! Generates the modules under test.

#[path = "build/random.rs"]
mod random;

use std::path::PathBuf;
use std::{env, fs};

use osmia_build::{Builder, Clang};

/// How many random structs are laid out.
const STRUCTS: usize = 200;

fn main() {
    osmia_build::compile("testdata/bpf/types.bpf.c");
    let module = Builder::new("testdata/bpf/module.bpf.c");
    module.compile();
    module.name("module_both").both_endians().compile();
    for guide in ["globals", "connects", "counts", "flavours"] {
        osmia_build::compile(format!("testdata/guide/{guide}.bpf.c"));
    }
    osmia_build::compile("../../testdata/bpf/struct_ops.bpf.c");
    osmia_build::compile("testdata/bpf/handles.bpf.c");
    let newest = newest_clang();
    types_of_the_newest(newest.as_ref()).compile();
    arena(newest.as_ref());
    random_structs();
}

/// The newest clang that there is beside the one called `clang`.
fn newest_clang() -> Option<Clang> {
    let numbered = |number: u32| Clang::named(format!("clang-{number}").as_ref()).ok();
    (15..40).rev().find_map(numbered)
}

/// Variables in an arena, where a clang knows them.
fn arena(clang: Option<&Clang>) {
    println!("cargo::rustc-check-cfg=cfg(has_arena)");
    if let Some(clang) = clang.filter(|clang| clang.version().major >= 19) {
        Builder::new("../../testdata/bpf/arena.bpf.c").clang(clang.name()).compile();
        println!("cargo::rustc-cfg=has_arena");
    }
}

/// The same with the newest clang: older ones leave out what signs enums have.
fn types_of_the_newest(clang: Option<&Clang>) -> Builder {
    let mut builder = Builder::new("testdata/bpf/types.bpf.c").name("types_newest");
    let version = clang.map(|clang| clang.version().major);
    if let Some(clang) = clang {
        builder = builder.clang(clang.name());
    }
    println!("cargo::rustc-env=NEWEST_CLANG={}", version.unwrap_or(0));
    builder
}

fn random_structs() {
    let dir = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let random = random::structs(STRUCTS);
    fs::create_dir_all(dir.join("c")).expect("cargo's folder can be written to");
    let source = dir.join("c/random.bpf.c");
    // Written once only: cargo looks at when it was changed.
    if fs::read_to_string(&source).ok().as_deref() != Some(&random.c) {
        fs::write(&source, random.c).expect("cargo's folder can be written to");
    }
    fs::write(dir.join("random_checks.rs"), random.rust).expect("cargo's folder can be written to");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    Builder::new(source).compile();
}
