//! The macro that brings a generated module into a crate.

/// Declares the module that `osmia_build` generated for this name in the build script.
///
/// `include_bpf!(basic)` is a module `basic` with what stands in `basic.rs` in the build's output
/// directory. Attributes and a visibility may stand in front.
///
/// ```ignore
/// osmia::include_bpf!(pub basic);
/// ```
#[macro_export]
macro_rules! include_bpf {
    ($(#[$meta:meta])* $visibility:vis $name:ident) => {
        // Nobody uses all that an object offers, and nobody writes it by hand.
        #[allow(dead_code, clippy::pedantic)]
        $(#[$meta])*
        $visibility mod $name {
            include!(concat!(env!("OUT_DIR"), "/", stringify!($name), ".rs"));
        }
    };
}
