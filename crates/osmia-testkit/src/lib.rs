//! What Osmia's tests share: fixtures, kernel gates, and guards that clean up.
//!
//! A kernel test starts with a [`Gate`](gate::Gate), which takes the kernel for itself and checks on the way out that no
//! program, map or link was left open:
//!
//! ```no_run
//! use osmia_testkit::{fixture::Fixture, gate::Gate};
//!
//! // #[test]
//! fn ring_buffers() {
//!     let Some(gate) = Gate::root() else { return };
//!     if !gate.needs("ring buffers", "5.8", true /* what a probe says */) {
//!         return;
//!     }
//!     let Some(object) = Fixture::new("events").bytes() else { return };
//!     assert!(object.starts_with(b"\x7fELF"));
//! }
//! ```
//!
//! A skipped test says so on standard error and in the file that `OSMIA_SKIPS` names, so that whoever runs the tests can
//! count it. With `OSMIA_STRICT=1` a missing tool is a failure, not a skip.

#![allow(clippy::panic, reason = "tools of tests report by panicking")]

pub mod alloc;
pub mod clang;
pub mod cpu;
pub mod fixture;
pub mod gate;
pub mod guard;
pub mod leaks;
pub mod marks;
pub mod mutate;
pub mod own_libc;
pub mod release;
pub mod skip;
pub mod tree;
