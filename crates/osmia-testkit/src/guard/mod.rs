//! Guards: things a kernel test makes for itself, gone when they are dropped, also after a panic.

pub mod bpffs;
pub mod cgroup;
pub mod lender;
pub mod mounts;
pub mod netns;
mod rtnetlink;
pub mod veth;
