//! XDP as a setting of an interface, for kernels without links for it.

use std::os::fd::AsFd as _;

use osmia_abi::flags::{XDP_FLAGS_REPLACE, XDP_FLAGS_UPDATE_IF_NOEXIST};
use osmia_sys::{Errno, Netlink, ProgFd};

use crate::link::setting::Setting;

/// An XDP program that netlink has set on an interface.
#[derive(Debug)]
pub(crate) struct NetlinkXdp {
    /// Of the network namespace in which it was attached.
    netlink: Netlink,
    ifindex: u32,
    flags: u32,
    /// What is to be removed, so that nobody else's program is; none once it is.
    prog: Option<ProgFd>,
}

impl NetlinkXdp {
    pub(crate) fn attach(prog: &ProgFd, ifindex: u32, flags: u32) -> Result<Self, Errno> {
        let prog = prog.try_clone()?;
        let netlink = Netlink::open()?;
        let set = flags | XDP_FLAGS_UPDATE_IF_NOEXIST;
        netlink.set_xdp(ifindex, Some(prog.as_fd()), set, None).map_err(|error| error.errno)?;
        Ok(Self { netlink, ifindex, flags, prog: Some(prog) })
    }
}

impl Setting for NetlinkXdp {
    fn undo(&mut self) -> Result<(), Errno> {
        let Some(prog) = self.prog.take() else { return Ok(()) };
        let replace = self.flags | XDP_FLAGS_REPLACE;
        match self.netlink.set_xdp(self.ifindex, None, replace, Some(prog.as_fd())) {
            // Kernels before 5.7 cannot compare, and refuse the flag.
            Err(error) if error.errno == Errno::INVAL => self
                .netlink
                .set_xdp(self.ifindex, None, self.flags, None)
                .map_err(|error| error.errno),
            other => other.map_err(|error| error.errno),
        }
    }
}
