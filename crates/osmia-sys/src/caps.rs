//! What this process may do, and what the machine forbids.

use std::fmt;
use std::fs;

use rustix::io::Errno;

/// A capability that BPF asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Capability {
    /// Attaching to network interfaces.
    NetAdmin,
    /// Everything before 5.8, and still: ids, tokens, offloading.
    SysAdmin,
    /// Lifting limits, such as that of lockable memory.
    SysResource,
    /// Seeing addresses of the kernel.
    Syslog,
    /// Tracing programs and perf events, since 5.8.
    Perfmon,
    /// Loading programs and making maps, since 5.8.
    Bpf,
}

impl Capability {
    const fn bit(self) -> u32 {
        match self {
            Self::NetAdmin => 12,
            Self::SysAdmin => 21,
            Self::SysResource => 24,
            Self::Syslog => 34,
            Self::Perfmon => 38,
            Self::Bpf => 39,
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NetAdmin => "CAP_NET_ADMIN",
            Self::SysAdmin => "CAP_SYS_ADMIN",
            Self::SysResource => "CAP_SYS_RESOURCE",
            Self::Syslog => "CAP_SYSLOG",
            Self::Perfmon => "CAP_PERFMON",
            Self::Bpf => "CAP_BPF",
        })
    }
}

/// The capabilities in effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities(u64);

impl Capabilities {
    /// Those of the calling thread.
    ///
    /// # Errors
    ///
    /// `ENOENT` where procfs is not mounted.
    pub fn of_this_thread() -> Result<Self, Errno> {
        Self::from_status(&read("/proc/thread-self/status")?).ok_or(Errno::INVAL)
    }

    /// Those that a thread's status file in procfs tells.
    pub fn from_status(status: &str) -> Option<Self> {
        status.lines().find_map(parse).map(Self)
    }

    /// Whether this one is in effect. `CAP_SYS_ADMIN` stands in for those that were split from it.
    pub const fn has(self, capability: Capability) -> bool {
        let split = matches!(capability, Capability::Bpf | Capability::Perfmon);
        self.0 & (1 << capability.bit()) != 0
            || split && self.0 & (1 << Capability::SysAdmin.bit()) != 0
    }
}

/// How far the kernel is locked down against root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lockdown {
    /// Not at all.
    None,
    /// Root may not change the kernel.
    Integrity,
    /// Root may not read the kernel's memory either: kprobes and `bpf_probe_read` of kernel memory are refused.
    Confidentiality,
}

impl Lockdown {
    /// The running kernel's.
    ///
    /// # Kernel
    ///
    /// Since 5.4, with `CONFIG_SECURITY_LOCKDOWN_LSM`.
    ///
    /// # Errors
    ///
    /// `ENOENT` where the kernel has no lockdown or securityfs is not mounted.
    pub fn running() -> Result<Self, Errno> {
        let choices = read("/sys/kernel/security/lockdown")?;
        Self::parse(&choices).ok_or(Errno::INVAL)
    }

    fn parse(choices: &str) -> Option<Self> {
        let chosen = choices.split_whitespace().find_map(|choice| {
            choice.strip_prefix('[').and_then(|choice| choice.strip_suffix(']'))
        })?;
        match chosen {
            "none" => Some(Self::None),
            "integrity" => Some(Self::Integrity),
            "confidentiality" => Some(Self::Confidentiality),
            _ => None,
        }
    }
}

/// What `kernel.unprivileged_bpf_disabled` says of bpf(2) without `CAP_BPF`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnprivilegedBpf {
    /// `0`: some program types may be loaded.
    Allowed,
    /// `1`: forbidden until the next boot.
    ForbiddenForGood,
    /// `2`: forbidden, and an administrator may allow it.
    Forbidden,
}

impl UnprivilegedBpf {
    /// The running kernel's.
    ///
    /// # Errors
    ///
    /// `ENOENT` where procfs is not mounted.
    pub fn running() -> Result<Self, Errno> {
        match read("/proc/sys/kernel/unprivileged_bpf_disabled")?.trim() {
            "0" => Ok(Self::Allowed),
            "1" => Ok(Self::ForbiddenForGood),
            "2" => Ok(Self::Forbidden),
            _ => Err(Errno::INVAL),
        }
    }
}

fn read(path: &str) -> Result<String, Errno> {
    fs::read_to_string(path).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}

/// The effective capabilities, if this line of a status file has them.
fn parse(line: &str) -> Option<u64> {
    u64::from_str_radix(line.strip_prefix("CapEff:")?.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_file_tells_capabilities() {
        assert_eq!(parse("CapEff:\t000001ffffffffff"), Some(0x1ff_ffff_ffff));
        assert_eq!(parse("CapPrm:\t000001ffffffffff"), None);
        assert!(Capabilities::of_this_thread().is_ok());
    }

    #[test]
    fn an_administrator_has_what_was_split_off() {
        let administrator = Capabilities(1 << 21);
        assert!(administrator.has(Capability::Bpf) && administrator.has(Capability::Perfmon));
        assert!(!administrator.has(Capability::NetAdmin));
        assert!(!Capabilities(1 << 39).has(Capability::SysAdmin));
    }

    #[test]
    fn lockdown_is_the_choice_in_brackets() {
        assert_eq!(Lockdown::parse("[none] integrity confidentiality\n"), Some(Lockdown::None));
        let parsed = Lockdown::parse("none integrity [confidentiality]");
        assert_eq!(parsed, Some(Lockdown::Confidentiality));
        assert_eq!(Lockdown::parse("none integrity"), None);
    }
}
