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
