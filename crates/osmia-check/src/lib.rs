//! On which kernels a BPF object would load, and why not on the others.
//!
//! A kernel's BTF tells more than its types: the enums in it list the program types, map types, attach
//! types and helpers that it knows, its functions are what programs attach to and call, and backports are
//! in it as well. So a [`Kernel`] is made from BTF alone, on any machine and without privileges, and
//! [`check`] answers what it would say to an object.
//!
//! What the kernel's constants decide is followed as the verifier does it: code behind
//! `bpf_core_field_exists` that cannot run there is not held against a program.
//!
//! # Examples
//! ```no_run
//! use osmia_btf::Btf;
//! use osmia_check::{Kernel, Verdict, check};
//! use osmia_object::ObjectSpec;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let btf = Btf::parse(std::fs::read("/sys/kernel/btf/vmlinux")?.into(), None)?;
//! let object = ObjectSpec::parse("tracer", std::fs::read("tracer.bpf.o")?.into())?;
//! let answer = check(&object, &Kernel::new("6.1", &btf)?);
//! for program in &answer.programs {
//!     println!("{}: {:?}", program.name, program.verdict());
//! }
//! assert_ne!(answer.verdict(), Verdict::Refused);
//! # Ok(())
//! # }
//! ```

mod answer;
mod attach;
mod externs;
mod finding;
mod isa;
mod kernel;
mod known;
mod map;
mod place;
mod program;
mod reach;

use osmia_object::ObjectSpec;

pub use crate::answer::{Answer, MapAnswer, ProgramAnswer, Verdict};
pub use crate::finding::{Finding, Subject, Weight};
pub use crate::kernel::Kernel;
pub use crate::place::{Place, SourceLine};

/// What a kernel would say to an object: to each of its programs and maps.
pub fn check(object: &ObjectSpec, kernel: &Kernel) -> Answer {
    Answer {
        kernel: kernel.name().to_owned(),
        programs: object
            .programs
            .values()
            .map(|spec| program::check(object, spec, kernel))
            .collect(),
        maps: object.maps.values().map(|spec| map::check(object, spec, kernel)).collect(),
    }
}
