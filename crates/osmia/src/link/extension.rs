//! `freplace` programs on functions of other programs.

use std::os::fd::AsFd as _;

use osmia_abi::AttachType;
use osmia_sys::{AttachTarget, Capability, Errno, LinkCreate, LinkTail};

use crate::error::Error;
use crate::link::refused::refused;
use crate::link::{Held, Link};
use crate::program::Program;
use crate::program::kernel_program::KernelProgram;

/// Puts an extension in the place of a function of `target`.
pub(crate) fn attach(
    program: &KernelProgram,
    target: &Program,
    function: &str,
) -> Result<Link, Error> {
    let place = format!("function `{function}` of program `{}`", target.name());
    let target_btf_id = target.function_id(Some(function))?;
    let target = target.kernel("replacing a function of it")?;
    let kernel = program.kernel_value();
    let created = kernel.bpf().link_create(&LinkCreate {
        prog: program.fd().as_fd(),
        target: Some(AttachTarget::Fd(target.fd().as_fd())),
        attach_type: AttachType(0),
        flags: 0,
        tail: LinkTail::Tracing { target_btf_id, cookie: 0 },
    });
    created.map(|link| Link::new(kernel, place.clone(), Held::Link(link))).map_err(|errno| {
        let hint = match errno {
            Errno::INVAL => {
                ": the function's prototype is another than the extension's, or the kernel is older \
                 than 5.10"
            }
            Errno::BUSY => ": another extension is in its place, or the program cannot be changed",
            _ => "",
        };
        let needed = [Capability::Bpf, Capability::Perfmon];
        refused(kernel, &needed, errno, format!("replace {place}{hint}"))
    })
}
