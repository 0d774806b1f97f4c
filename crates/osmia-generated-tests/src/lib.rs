//! Modules that Osmia generated, for the tests to look at.
//!
//! `forbid` stands for the crates of users: nothing in a module needs more.
#![forbid(unsafe_code)]

osmia::include_bpf!(
    /// Every sort of type.
    pub types
);
osmia::include_bpf!(
    /// The same, by the newest clang.
    pub types_newest
);
osmia::include_bpf!(
    /// Structs of random members.
    pub random
);
osmia::include_bpf!(
    /// Programs, maps, variables, the kernel's configuration.
    pub module
);
osmia::include_bpf!(
    /// The same for both byte orders.
    pub module_both
);

osmia::include_bpf!(
    /// From the guides: global variables.
    pub globals
);
osmia::include_bpf!(
    /// From the guides: a map.
    pub counts
);
osmia::include_bpf!(
    /// From the guides: one object for many kernels.
    pub flavours
);
osmia::include_bpf!(
    /// Maps of maps, maps of each CPU, tail calls, counters.
    pub handles
);
#[cfg(has_arena)]
osmia::include_bpf!(
    /// Variables in an arena.
    pub arena
);
osmia::include_bpf!(
    /// Tables of callbacks.
    pub struct_ops
);

/// The guides in `docs`, whose programs have to compile.
#[cfg(doctest)]
pub mod guides {
    #[doc = include_str!("../../../docs/from-bpf2go.md")]
    pub struct FromBpf2go;
    #[doc = include_str!("../../../docs/from-libbpf-cargo.md")]
    pub struct FromLibbpfCargo;
    #[doc = include_str!("../../../docs/from-aya.md")]
    pub struct FromAya;
}

/// What the compiler refuses, before anything reaches a kernel.
///
/// A name that the C does not have:
/// ```compile_fail,E0609
/// let mut spec = osmia_generated_tests::module::open().unwrap();
/// spec.vars.const_u23.set(12);
/// ```
/// A value of another size, or of another kind:
/// ```compile_fail,E0308
/// let mut spec = osmia_generated_tests::module::open().unwrap();
/// spec.vars.const_u32.set(12_u64);
/// ```
/// ```compile_fail,E0308
/// let mut spec = osmia_generated_tests::module::open().unwrap();
/// spec.vars.const_u32.set("12");
/// ```
/// A constant that is set when it is too late:
/// ```compile_fail,E0599
/// fn late(bpf: &osmia_generated_tests::module::Bpf) {
///     let _ = bpf.vars.const_u32.set(&12);
/// }
/// ```
/// A map of other types than the slots of a map take:
/// ```compile_fail,E0308
/// fn wrong(bpf: &osmia_generated_tests::handles::Bpf) {
///     let _ = bpf.maps.tables.set(0, &bpf.maps.runs);
/// }
/// ```
/// An atomic of a struct:
/// ```compile_fail,E0599
/// fn whole(bpf: &osmia_generated_tests::handles::Bpf) {
///     let _ = bpf.vars.totals.atomic();
/// }
/// ```
/// And what it takes:
/// ```
/// let mut spec = osmia_generated_tests::module::open().unwrap();
/// spec.vars.const_u32.set(12);
/// assert_eq!(*spec.vars.const_u32.get(), 12);
/// ```
#[cfg(doctest)]
pub struct Refused;
