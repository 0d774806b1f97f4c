//! Which capabilities a thread holds.

use std::fmt;

use crate::kernel::files::Files;

/// A capability that bpf(2) and its neighbours ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capability {
    NetAdmin,
    SysAdmin,
    SysResource,
    Perfmon,
    Bpf,
}

impl Capability {
    const fn bit(self) -> u64 {
        match self {
            Self::NetAdmin => 12,
            Self::SysAdmin => 21,
            Self::SysResource => 24,
            Self::Perfmon => 38,
            Self::Bpf => 39,
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NetAdmin => "CAP_NET_ADMIN",
            Self::SysAdmin => "CAP_SYS_ADMIN",
            Self::SysResource => "CAP_SYS_RESOURCE",
            Self::Perfmon => "CAP_PERFMON",
            Self::Bpf => "CAP_BPF",
        })
    }
}

/// The effective capabilities of the calling thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held(u64);

impl Held {
    /// Reads them from procfs; `None` where that cannot be read.
    pub(crate) fn now(files: &Files) -> Option<Self> {
        let status = files.read("/proc/thread-self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
        u64::from_str_radix(line.trim(), 16).ok().map(Self)
    }

    /// Whether this one is held, or `CAP_SYS_ADMIN`, which stands for `CAP_BPF` and `CAP_PERFMON`.
    pub(crate) fn has(self, capability: Capability) -> bool {
        let holds = |one: Capability| self.0 >> one.bit() & 1 == 1;
        let general = matches!(capability, Capability::Bpf | Capability::Perfmon);
        holds(capability) || (general && holds(Capability::SysAdmin))
    }

    /// Those of `needed` that are not held.
    pub(crate) fn missing(self, needed: &[Capability]) -> Vec<Capability> {
        needed.iter().copied().filter(|&capability| !self.has(capability)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Capability, Held};

    #[test]
    fn sys_admin_stands_for_the_younger_ones() {
        let admin = Held(1 << 21);
        assert!(admin.has(Capability::Bpf) && admin.has(Capability::Perfmon));
        assert_eq!(admin.missing(&[Capability::NetAdmin, Capability::Bpf]), [Capability::NetAdmin]);
        let bpf = Held(1 << 39);
        assert_eq!(bpf.missing(&[Capability::Bpf, Capability::Perfmon]), [Capability::Perfmon]);
    }
}
