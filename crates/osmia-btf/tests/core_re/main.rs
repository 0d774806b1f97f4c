//! CO-RE relocations of objects that clang made, against kernels that it made, too.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod blob;
mod failures;
mod fields;
mod hostile;
mod minimal;
mod modules;
mod object;
mod patches;
mod pointers;
mod running;
mod twins;
mod types;

use osmia_btf::core_re::{Relocator, Target};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{Endian, Fixture};

use crate::object::{Program, kernel};

/// The programs of `core_program.bpf.c` as this clang compiles them.
fn programs(clang: Clang) -> Option<Program> {
    Program::of(&Fixture::new("core_program").clang(clang).endian(Endian::Little))
}

/// A relocator of the programs for the kernel that is as they know it, or for the one that changed.
fn relocator(program: &Program, changed: bool) -> Option<Relocator> {
    let fixture = Fixture::new("core_kernel").endian(Endian::Little);
    let fixture = if changed { fixture.define("CHANGED") } else { fixture };
    Some(Relocator::new(&program.btf, Target::new("vmlinux", &kernel(&fixture)?)))
}

/// Checks `(program, original, target)` against what the relocations come to, for every clang.
fn check(expected: &[(&str, u64, Option<u64>)], changed: bool) {
    for clang in Clang::present() {
        let Some(program) = programs(clang) else { continue };
        let Some(mut relocator) = relocator(&program, changed) else { continue };
        for &(name, original, target) in expected {
            let resolution = relocator.resolve(&program.site(name).record).unwrap();
            let found = (resolution.original, resolution.target);
            assert_eq!(found, (original, target), "{clang}: {name}");
        }
    }
}
