//! From a BPF C file to a typed Rust module: the clang driver and the generator.
//!
//! # In a build script
//! ```no_run
//! // build.rs
//! osmia_build::compile("src/bpf/events.bpf.c");
//! ```
//! and in the crate:
//! ```ignore
//! osmia::include_bpf!(events);
//!
//! let mut spec = events::open()?;             // plain data
//! spec.vars.min_pid.set(1000);                // typed: a wrong type does not compile
//! let bpf = spec.load(&osmia::Kernel::running()?)?;
//! let _links = bpf.attach()?;
//! let mut events = bpf.maps.events.reader()?; // RingReader<events::Event>
//! ```
//! [`Builder`] has the options: folders, macros, the clang, the machine, the instruction set.
//! cargo is told which files were read, and shows clang's errors and warnings as its own. The
//! same module comes from `osmia gen rust`, to be checked in for users without clang. Object and
//! module are the same, byte for byte, whichever folder the source lies in.
//!
//! clang is `$OSMIA_CLANG`, else `clang`, else the newest `clang-NN` in `$PATH`. libbpf's headers are
//! the system's; a `vmlinux.h` is made from the running kernel's types (or from a [file](Vmlinux))
//! if the C includes one and none is there. docs.rs has no headers: there, and where there is no clang,
//! [`Builder::checked_in`] takes the module that `osmia gen rust` made.
//!
//! # The module
//! - `OBJECT`: the object's bytes, without DWARF; `open()`: the [spec](osmia_object::ObjectSpec) with a
//!   field for each program (`spec.progs`), map (`spec.maps`) and global variable (`spec.vars`).
//! - `Spec::load` gives `Bpf`, with a field for each of them in the kernel, and `attach`.
//! - `types`: the C types that maps and variables have, and those [asked for](Builder::types).
//!
//! Nothing in it is `unsafe`: it compiles in crates that forbid that.
//!
//! # Types
//!
//! | C | Rust |
//! |---|---|
//! | integers, `float`, `double` | `u8` .. `i128`, `f32`, `f64` |
//! | `char` | `u8`; an array of them is `Chars<N>`, which prints as text, and a struct has a method of the member's name that gives the text |
//! | `_Bool` | `Bool`: any byte is one |
//! | `enum` | a struct with the number in it and C's names as constants; other numbers survive |
//! | pointer | `Ptr<T>`: an address, never followed |
//! | `struct` | a struct with the members as fields; sizes and offsets are checked by the compiler |
//! | `union` | a struct with `member()` and `set_member(..)` for each member |
//! | bitfields | `member()` and `set_member(..)` |
//! | unnamed struct or union in a struct | a field `anon0`, and methods that reach through it by C's names |
//! | array without length at the end | `with_member(bytes)`: the struct and the elements behind it |
//! | floats of other sizes | their bytes |
//!
//! Padding is spelled out and zero; `..Default::default()` fills it in. Any bytes are a value of these
//! types, which is why they cross the kernel's door without a check.
//!
//! BTF does not record `packed` and `aligned(n)`. Sizes and offsets are right in spite of that. The
//! alignment is the members' own, or 1 where they lie so that C must have packed them.
//!
//! # Names
//! - Types are written in camel case: `struct task_info` is `TaskInfo`. A type without a name is
//!   called after its typedef, else after where it stands: `TaskInfoPoint` for the member `point`,
//!   `CountsKey` for the key of the map `counts`.
//! - All other names stay. Rust's keywords become raw (`r#type`); `self`, `super`, `crate` and `_` get an
//!   underscore at their end. A character that no Rust name may have becomes an underscore.
//! - Of names that come out alike the later ones get a number: `Event`, `Event2`; `count`, `count_2`.
//!
//! # Documentation
//! What the C's comments say becomes documentation of structs, members, constants, maps, programs and variables: that
//! which stands on the lines right in front of a declaration, or behind it on its last line. It is shown as it is
//! written: nothing in it means anything to Rust, and of Markdown only `code` and lists.
//!
//! # The kernel's configuration
//! `extern int CONFIG_HZ __kconfig;` is `bpf.kconfig.CONFIG_HZ` after loading: its value, or `None` if no
//! loaded program reads it.
//!
//! # Tables of callbacks
//! A table (`SEC(".struct_ops")`) is `bpf.struct_ops.NAME` after loading, to be attached. Before, it is
//! `spec.struct_ops.NAME`, with a field for each member that can be set: `.flags.set(2)`,
//! `.init.set(&spec.progs.my_init)`, `.release.clear()`; and `.map`, whose `autocreate` says whether there will
//! be one. Pointers to data, bitfields and structs in it are the kernel's own, and have none.
//!
//! # Events
//! A compiler keeps the types only that a map, a global variable or a function's parameters have. The type of
//! a ring buffer's or perf event array's events is kept and known if the map says it:
//! ```c
//! struct {
//!     __uint(type, BPF_MAP_TYPE_RINGBUF);
//!     __uint(max_entries, 256 * 1024);
//!     __type(value, struct event);
//! } events SEC(".maps");
//! ```
//! Where other loaders have to take the object too, keep the type by a variable that is called `unused`
//! (or begins so), and name it in the build script by [`Builder::event`]:
//! ```c
//! const struct event *unused __attribute__((unused));
//! ```

mod builder;
mod cargo;
mod clang;
mod compiled_object;
mod error;
#[cfg(test)]
mod fixture;
mod generate;
mod generated;
mod strip;
mod vmlinux;

use std::path::Path;

pub use crate::builder::Builder;
pub use crate::clang::cpu::Cpu;
pub use crate::clang::diagnostic::{Diagnostic, Place, Severity};
pub use crate::clang::finder::Clang;
pub use crate::clang::target::Target;
pub use crate::clang::version::Version;
pub use crate::compiled_object::CompiledObject;
pub use crate::error::Error;
pub use crate::generate::module::generate;
pub use crate::generate::request::{EventType, Options};
pub use crate::generated::Generated;
pub use crate::vmlinux::{Vmlinux, vmlinux_header};

/// Compiles a BPF C file and generates its module, in a build script.
///
/// It is [`Builder::new`] and [`Builder::compile`], for when nothing else has to be said.
pub fn compile(source: impl AsRef<Path>) {
    Builder::new(source).compile();
}
