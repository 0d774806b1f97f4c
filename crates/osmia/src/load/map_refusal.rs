//! Why a map was not created.

use osmia_object::MapSpec;
use osmia_sys::Errno;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::options;
use crate::kernel::refusal::{denied, to_create_map};
use crate::kernel::since;

/// The error of a map that the kernel did not create.
#[cold]
pub(super) fn refused(kernel: &Kernel, spec: &MapSpec, max_entries: u32, errno: Errno) -> Error {
    let attempt = format!(
        "create it ({}, keys of {} bytes, values of {}, {max_entries} entries, flags {:#x})",
        spec.map_type, spec.key_size, spec.value_size, spec.flags
    );
    if errno == Errno::PERM || errno == Errno::ACCESS {
        return denied(kernel, &to_create_map(spec.map_type), errno).during(attempt);
    }
    let (kind, why) = why(kernel, spec, max_entries, errno);
    Error::new(kind, format!("{attempt}: {why}")).caused_by(errno)
}

fn why(kernel: &Kernel, spec: &MapSpec, max_entries: u32, errno: Errno) -> (ErrorKind, String) {
    match errno {
        Errno::NOMEM => (
            ErrorKind::System,
            "the kernel has no memory for it, or the cgroup's limit is lower".to_owned(),
        ),
        Errno::TOOBIG if spec.broken_rule(max_entries).is_none() => {
            (ErrorKind::Invalid, "it is larger than its type allows".to_owned())
        }
        Errno::NOSYS => {
            (ErrorKind::Invalid, "the kernel is built without CONFIG_BPF_SYSCALL".to_owned())
        }
        _ => match spec.broken_rule(max_entries) {
            Some(rule) => (ErrorKind::Invalid, rule.to_owned()),
            None => unknown(kernel, spec),
        },
    }
}

/// Whether the kernel knows the type at all.
fn unknown(kernel: &Kernel, spec: &MapSpec) -> (ErrorKind, String) {
    if spec.map_type.name().is_none() {
        let why = format!("there is no map type {}", spec.map_type.0);
        return (ErrorKind::Invalid, why);
    }
    match kernel.has_map_type(spec.map_type) {
        Ok(false) => {
            let (map_type, what) = (spec.map_type, format!("maps of type {}", spec.map_type));
            let kind = since::map_type(map_type);
            (kind, options::lacking(kernel, &what, kind, options::of_maps(map_type)))
        }
        _ => (
            ErrorKind::Invalid,
            "the kernel has this type, so that the flags or the value's fields are what it refuses"
                .to_owned(),
        ),
    }
}
