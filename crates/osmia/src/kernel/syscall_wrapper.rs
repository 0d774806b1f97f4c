//! How system calls get their arguments.

use osmia_btf::Kind;

use crate::error::Error;
use crate::kernel::Kernel;

/// What stands in front of `sys_bpf` in the name of the function that gets a `struct pt_regs`.
const PREFIX: Option<&str> = if cfg!(target_arch = "x86_64") {
    Some("__x64_")
} else if cfg!(target_arch = "aarch64") {
    Some("__arm64_")
} else if cfg!(target_arch = "s390x") {
    Some("__s390x_")
} else if cfg!(any(target_arch = "riscv64", target_arch = "riscv32")) {
    Some("__riscv_")
} else {
    None
};

/// Whether they get them in a `struct pt_regs`.
pub(crate) fn is_there(kernel: &Kernel) -> Result<bool, Error> {
    let Some(prefix) = PREFIX else { return Ok(false) };
    let name = format!("{prefix}sys_bpf");
    // Types may leave functions out, so that only a find is an answer.
    let btf = kernel.own_btf().ok();
    if btf.is_some_and(|btf| btf.find(Kind::Func, &name).is_ok_and(|found| found.is_some())) {
        return Ok(true);
    }
    kernel.has_symbol(&name)
}
