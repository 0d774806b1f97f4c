//! What an object asks of the kernel's configuration, and the answers.

use crate::kconfig::config::Config;

/// The kernel's version as one number: `KERNEL_VERSION(6, 1, 0)`.
pub(super) const VERSION: &str = "LINUX_KERNEL_VERSION";
/// Whether `bpf_get_attach_cookie` can be called.
pub(super) const BPF_COOKIE: &str = "LINUX_HAS_BPF_COOKIE";
/// Whether system calls get their arguments in a `struct pt_regs`.
pub(super) const SYSCALL_WRAPPER: &str = "LINUX_HAS_SYSCALL_WRAPPER";

/// Which facts some externs ask for, so that only these need to be found out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Needs {
    /// Options of the configuration (`CONFIG_*`).
    pub config: bool,
    /// `LINUX_KERNEL_VERSION`.
    pub version: bool,
    /// `LINUX_HAS_BPF_COOKIE`.
    pub bpf_cookie: bool,
    /// `LINUX_HAS_SYSCALL_WRAPPER`.
    pub syscall_wrapper: bool,
}

impl Needs {
    /// What externs of these names need; names that nobody knows need nothing.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needs = Self::default();
        for name in names {
            match name {
                VERSION => needs.version = true,
                BPF_COOKIE => needs.bpf_cookie = true,
                SYSCALL_WRAPPER => needs.syscall_wrapper = true,
                name => needs.config |= name.starts_with("CONFIG_"),
            }
        }
        needs
    }
}

/// What is known of a kernel; what was not asked for may be left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// Its configuration.
    pub config: Option<&'a Config>,
    /// Its version: the major number shifted left by 16, the minor one by 8, and the patch
    /// level, of which 255 stands for all that are higher.
    pub version: Option<u32>,
    /// Whether its programs can ask for the cookie of their attachment (since 5.15).
    pub bpf_cookie: Option<bool>,
    /// Whether its system calls get their arguments in a `struct pt_regs` (since 4.17, on
    /// some machines).
    pub syscall_wrapper: Option<bool>,
}
