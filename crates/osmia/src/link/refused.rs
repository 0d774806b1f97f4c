//! Why an attachment was refused.

use osmia_sys::Errno;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::refusal::denied;
use osmia_sys::Capability;

/// The error for an attempt that ended with `errno`; where rights may be the cause, which.
pub(crate) fn refused(
    kernel: &Kernel,
    needed: &[Capability],
    errno: Errno,
    attempt: impl Into<String>,
) -> Error {
    let attempt = attempt.into();
    let kind = match errno {
        Errno::PERM | Errno::ACCESS => return denied(kernel, needed, errno).during(attempt),
        Errno::NOENT | Errno::NODEV => ErrorKind::NotFound,
        Errno::EXIST => ErrorKind::Exists,
        Errno::BUSY => ErrorKind::Busy,
        Errno::INVAL => ErrorKind::Invalid,
        Errno::INTR => ErrorKind::Interrupted,
        _ => ErrorKind::System,
    };
    Error::new(kind, attempt).caused_by(errno)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use osmia_sys::{Capability, Errno};

    use super::refused;
    use crate::error::kind::ErrorKind;
    use crate::kernel::Kernel;

    #[test]
    fn the_cause_of_a_refusal_is_looked_for() {
        let root = tempfile::tempdir().unwrap();
        let kernel = Kernel::builder().root(root.path()).build().unwrap();
        let say = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let attach = |errno| refused(&kernel, &[Capability::Perfmon], errno, "attach to x");
        say("proc/self/uid_map", "         0          0 4294967295\n");
        say("proc/thread-self/status", "CapEff:\t0000000000000000\nSeccomp:\t0\n");
        let error = attach(Errno::ACCESS);
        assert_eq!(error.kind(), ErrorKind::Permission);
        let text = format!("{error:#}");
        assert!(text.contains("attach to x") && text.contains("CAP_PERFMON is missing"), "{text}");
        say("proc/thread-self/status", "CapEff:\t000001ffffffffff\nSeccomp:\t0\n");
        say("sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
        let text = format!("{:#}", attach(Errno::PERM));
        assert!(text.contains("locked down (confidentiality)"), "{text}");
        assert_eq!(attach(Errno::BUSY).kind(), ErrorKind::Busy);
    }
}
