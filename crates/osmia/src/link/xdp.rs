//! XDP: programs on the packets that an interface receives, before the network stack.

use std::os::fd::AsFd as _;
use std::path::Path;

use osmia_abi::AttachType;
use osmia_abi::flags::{XDP_FLAGS_DRV_MODE, XDP_FLAGS_HW_MODE, XDP_FLAGS_SKB_MODE};
use osmia_sys::{AttachTarget, Errno, LinkCreate, LinkTail, Netlink, ProgFd};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::files::Files;
use crate::link::netlink_xdp::NetlinkXdp;
use crate::link::occupant::Occupant;
use crate::link::refused::refused;
use crate::link::setting::OwnedSetting;
use crate::link::{Held, Link};
use crate::near::instead_of;
use osmia_sys::Capability;

/// Where in the receive path an XDP program runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum XdpMode {
    /// In the driver if it can, otherwise in the kernel's generic hook.
    #[default]
    Any,
    /// In the driver; refused if it cannot.
    Driver,
    /// In the generic hook, which every interface has; slower, since the packet's buffer is made first.
    Generic,
    /// On the network card.
    Offload,
}

impl XdpMode {
    const fn flags(self) -> u32 {
        match self {
            Self::Any => 0,
            Self::Driver => XDP_FLAGS_DRV_MODE,
            Self::Generic => XDP_FLAGS_SKB_MODE,
            Self::Offload => XDP_FLAGS_HW_MODE,
        }
    }
}

/// Attaches an XDP program to the interface with this index.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    ifindex: u32,
    mode: XdpMode,
) -> Result<Link, Error> {
    let place = format!("XDP on interface {}", interface(ifindex));
    let create = LinkCreate {
        prog: prog.as_fd(),
        target: Some(AttachTarget::Ifindex(ifindex)),
        attach_type: AttachType::XDP,
        flags: mode.flags(),
        tail: LinkTail::None,
    };
    match kernel.bpf().link_create(&create) {
        Ok(link) => Ok(Link::new(kernel, place, Held::Link(link))),
        // EINVAL is also what kernels before 5.9 say, which have netlink only; if that
        // does not work either, the reason is another one.
        Err(Errno::INVAL) => match NetlinkXdp::attach(prog, ifindex, mode.flags()) {
            Ok(held) => Ok(Link::new(kernel, place, Held::Setting(OwnedSetting::new(held)))),
            Err(errno) => Err(failed(kernel, errno, (ifindex, &place), mode)),
        },
        Err(errno) => Err(failed(kernel, errno, (ifindex, &place), mode)),
    }
}

fn failed(kernel: &Kernel, errno: Errno, (ifindex, place): (u32, &str), mode: XdpMode) -> Error {
    let attempt = format!("attach to {place}");
    let (kind, told) = match errno {
        Errno::NODEV => (
            ErrorKind::NotFound,
            "there is no such interface in this network namespace".to_owned(),
        ),
        Errno::BUSY | Errno::EXIST => {
            let who = Occupant::of_xdp(kernel, ifindex).words(kernel);
            let told = format!(
                "an XDP program is attached there already{who}; detach it, or replace it through its link"
            );
            (ErrorKind::Busy, told)
        }
        Errno::OPNOTSUPP if mode == XdpMode::Driver => (
            ErrorKind::Invalid,
            "the interface's driver cannot run XDP programs; the generic mode works with any driver"
                .to_owned(),
        ),
        Errno::OPNOTSUPP if mode == XdpMode::Offload => {
            (ErrorKind::Invalid, "the network card cannot run XDP programs".to_owned())
        }
        _ => return refused(kernel, &[Capability::NetAdmin], errno, attempt),
    };
    Error::new(kind, told).caused_by(errno).during(attempt)
}

/// An interface by its name where it has one.
pub(crate) fn interface(ifindex: u32) -> String {
    let name = Netlink::open().and_then(|netlink| netlink.name_of(ifindex));
    name.unwrap_or_else(|_| format!("#{ifindex}"))
}

/// The index of the interface with this name in the calling thread's network namespace.
///
/// # Errors
/// `NotFound`: there is none; near names are told.
pub fn interface_index(name: &str) -> Result<u32, Error> {
    Netlink::open().and_then(|netlink| netlink.index_of(name)).map_err(|errno| {
        let names = Files::names(Path::new("/sys/class/net"));
        let near = instead_of(name, "interfaces", names.iter().map(String::as_str));
        Error::not_found(format!(
            "there is no interface `{name}` in this network namespace; {near}"
        ))
        .caused_by(errno)
    })
}
