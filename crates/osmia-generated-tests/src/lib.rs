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
