//! XDP as a setting of an interface, for kernels without links for it.

use osmia_sys::{Errno, ProgFd, netlink};

/// An XDP program that netlink has set on an interface.
#[derive(Debug)]
pub(crate) struct NetlinkXdp {
    ifindex: u32,
    flags: u32,
    /// What is to be removed, so that nobody else's program is: a descriptor of our own.
    prog: Option<ProgFd>,
}

impl NetlinkXdp {
    pub(crate) fn attach(prog: &ProgFd, ifindex: u32, flags: u32) -> Result<Self, Errno> {
        let prog = prog.try_clone()?;
        netlink::xdp_attach(&prog, ifindex, flags)?;
        Ok(Self { ifindex, flags, prog: Some(prog) })
    }

    pub(crate) fn detach(&mut self) -> Result<(), Errno> {
        match self.prog.take() {
            Some(prog) => netlink::xdp_detach(&prog, self.ifindex, self.flags),
            None => Ok(()),
        }
    }
}

impl Drop for NetlinkXdp {
    fn drop(&mut self) {
        // Whoever wants to know calls `detach`.
        let _ = self.detach();
    }
}
