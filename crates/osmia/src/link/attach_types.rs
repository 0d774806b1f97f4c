//! Which ways of attaching a kernel knows, as its own types tell.

use osmia_abi::AttachType;
use osmia_btf::Kind;

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;

/// Whether the kernel has this attach type; `None` where its types do not tell.
pub(crate) fn knows(kernel: &Kernel, attach_type: AttachType) -> Option<bool> {
    // Types that were given may be of another kernel.
    let types = kernel.own_btf().or_else(|_| kernel.btf()).ok()?;
    let all = types.find(Kind::Enum, "bpf_attach_type").ok()??;
    // The last one is the count of the others, which is the next kernel's new type.
    let known =
        all.enumerators().filter_map(Result::ok).filter(|one| !one.name.starts_with("__MAX"));
    Some(known.map(|one| one.value()).any(|value| value == i128::from(attach_type.0)))
}

/// The error for a kernel that lacks this attach type, if it does.
pub(crate) fn lacking(
    kernel: &Kernel,
    attach_type: AttachType,
    feature: &'static str,
    since: Release,
) -> Option<Error> {
    (knows(kernel, attach_type) == Some(false)).then(|| {
        let message = format!("this kernel has no {feature}, which came with Linux {since}");
        Error::new(ErrorKind::Unsupported { feature, since }, message)
    })
}
