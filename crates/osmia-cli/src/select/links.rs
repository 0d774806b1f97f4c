//! Links of the kernel.

use osmia_abi::BpfLinkInfo;
use osmia_sys::{Bpf, Errno, FdKind, IdKind, LinkFd};

use crate::failure::Failure;
use crate::select::{each_id, not_by_id, pinned};
use crate::selector::Selector;

/// An open link, and what the kernel tells of it.
#[derive(Debug)]
pub struct OpenLink {
    /// The link.
    pub fd: LinkFd,
    /// What the kernel tells of it, without names and lists.
    pub info: BpfLinkInfo,
}

impl OpenLink {
    fn ask(bpf: &Bpf, fd: LinkFd) -> Result<Self, Errno> {
        let info = bpf.link_info(&fd)?;
        Ok(Self { fd, info })
    }
}

/// All links, in the order of their ids.
///
/// # Errors
/// The kernel does not tell: it takes `CAP_SYS_ADMIN`.
pub fn all(bpf: &Bpf) -> Result<Vec<OpenLink>, Failure> {
    let mut links = Vec::new();
    each_id(bpf, IdKind::Link, "link", |id| {
        links.push(OpenLink::ask(bpf, bpf.link_by_id(id)?)?);
        Ok(())
    })?;
    Ok(links)
}

/// The link that is meant.
///
/// # Errors
/// There is none, the kernel does not tell, or links are not found so.
pub fn one(bpf: &Bpf, selector: &Selector) -> Result<OpenLink, Failure> {
    let asked = |errno| not_by_id(selector, "link", errno);
    let fd = match selector {
        Selector::Id(id) => bpf.link_by_id(*id).map_err(asked)?,
        Selector::Pinned(path) => LinkFd::new(pinned(bpf, FdKind::Link, path)?).map_err(asked)?,
        Selector::Name(_) | Selector::Tag(_) => {
            return Err(Failure::usage("links have no names and tags: use id or pinned"));
        }
    };
    OpenLink::ask(bpf, fd).map_err(asked)
}
