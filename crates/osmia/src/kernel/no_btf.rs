//! Why a kernel does not tell its types, and what works without them.

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::options::not_set;
use crate::kernel::vmlinux_file;

const KERNEL: &str = "CONFIG_DEBUG_INFO_BTF";
const MODULES: &str = "CONFIG_DEBUG_INFO_BTF_MODULES";

/// The error of a kernel that tells no types, around the one that opening them gave.
#[cold]
pub(crate) fn kernel(kernel: &Kernel, error: Error) -> Error {
    let mut why = match not_set(kernel, KERNEL) {
        Some(origin) => format!(
            "this kernel does not tell its types: it is built without {KERNEL} ({origin} says so)"
        ),
        None => format!(
            "this kernel does not tell its types (BTF): it is older than 5.4, or built without \
             {KERNEL}"
        ),
    };
    let places = vmlinux_file::usual_places(kernel.files());
    if !places.is_empty() {
        why.push_str("; nor is there a vmlinux file with them (looked at ");
        why.push_str(&places.join(", "));
        why.push(')');
    }
    why.push_str(
        ". Programs that read no kernel types by CO-RE and are not attached by BTF (fentry, \
         fexit, LSM, tp_btf, iterators, struct_ops) work without; for CO-RE name a file with this \
         kernel's BTF (Kernel::builder().btf_file)",
    );
    error.during(why)
}

/// Why none of the loaded modules tells its types, if something is to be said.
pub(crate) fn modules(kernel: &Kernel) -> Option<String> {
    if let Some(origin) = not_set(kernel, MODULES) {
        return Some(format!(
            "the modules of this kernel do not tell their types: it is built without {MODULES} \
             ({origin} says so)"
        ));
    }
    let loaded = kernel.files().read("/proc/modules").ok()?;
    let loaded = loaded.lines().count();
    (loaded > 0).then(|| {
        format!(
            "none of the {loaded} loaded modules tells its types: the kernel is older than 5.11, \
             or built without {MODULES}"
        )
    })
}

/// The error of a module whose types are not there.
#[cold]
pub(crate) fn module(kernel: &Kernel, name: &str, error: Error) -> Error {
    let loaded = kernel.files().read("/proc/modules").unwrap_or_default();
    let is_loaded = loaded.lines().any(|line| line.split_whitespace().next() == Some(name));
    let why = match (is_loaded, not_set(kernel, MODULES)) {
        (false, _) => format!(
            "no module `{name}` is loaded that tells its types (`modprobe {name}` loads it; what \
             is built into the kernel is in the kernel's own)"
        ),
        (true, Some(origin)) => format!(
            "module `{name}` does not tell its types: the kernel is built without {MODULES} \
             ({origin} says so)"
        ),
        (true, None) => format!(
            "module `{name}` does not tell its types: the kernel is older than 5.11, it or the \
             module is built without {MODULES}, or the module was built for another kernel"
        ),
    };
    match error.kind() {
        ErrorKind::NotFound => error.during(why),
        _ => error,
    }
}
