//! Attachments, and who owns them.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use osmia_abi::{BpfLinkInfo, LinkType};
use osmia_sys::{LinkFd, ProgFd};

use crate::error::Error;
use crate::kernel::Kernel;
use crate::link::netlink_xdp::NetlinkXdp;
use crate::link::perf::PerfAttachment;

pub(crate) mod netlink_xdp;
pub(crate) mod perf;
pub(crate) mod raw_tracepoint;
pub(crate) mod tracepoint;
pub(crate) mod tracing;
pub(crate) mod refused;
pub mod xdp;

/// A program's attachment to a place in the kernel; who holds it owns the attachment.
///
/// Dropping it detaches, unless it was [pinned](Link::pin) or given away ([`Link::into_fd`]).
///
/// # Kernel
/// Where the kernel has links for a kind of place (cgroups since 5.7, raw tracepoints and tracing since 5.8,
/// XDP since 5.9, perf events since 5.15) this is one; elsewhere the older way of attaching is used and undone,
/// and then it can be neither pinned nor asked for its info.
#[derive(Debug)]
pub struct Link {
    kernel: Kernel,
    /// What is attached to what, in words: `tracepoint syscalls/sys_enter_close`.
    place: String,
    held: Held,
}

/// What keeps the program attached.
#[derive(Debug)]
pub(crate) enum Held {
    /// A link of the kernel.
    Link(LinkFd),
    /// A perf event with a program, and with a link to it where the kernel has these.
    Perf(PerfAttachment),
    /// An XDP program set by netlink.
    Netlink(NetlinkXdp),
}

impl Link {
    pub(crate) fn new(kernel: &Kernel, place: impl Into<String>, held: Held) -> Self {
        Self { kernel: kernel.clone(), place: place.into(), held }
    }

    /// Where the program is attached, in words: `tracepoint syscalls/sys_enter_close`.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Detaches now, and says so if that fails. Dropping does the same silently.
    ///
    /// # Errors
    /// The kernel refuses; other users of a pinned link keep it.
    pub fn detach(self) -> Result<(), Error> {
        match self.held {
            // The last descriptor of a link that is not pinned is its end.
            Held::Link(_) | Held::Perf(_) => Ok(()),
            Held::Netlink(mut xdp) => {
                let place = self.place;
                xdp.detach().map_err(|errno| refused(kernel, errno, format!("detach from {place}")))
            }
        }
    }

    /// Gives the attachment a name in a bpf file system, so that it lives on when this is dropped.
    ///
    /// # Kernel
    /// Since 5.7, for attachments that are links of the kernel.
    ///
    /// # Errors
    /// `Exists`: the name is taken; `Invalid`: the directory is not in a bpf file system; `Unsupported`: this
    /// kernel has no links for this kind of place.
    pub fn pin(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let link = self.link_fd().ok_or_else(|| self.no_link())?;
        crate::pin::pin(&self.kernel, link.as_fd(), path.as_ref())
            .map_err(|error| error.during(format!("pin the link to {}", self.place)))
    }

    /// Opens a link that is pinned.
    ///
    /// # Kernel
    /// Since 5.7.
    ///
    /// # Errors
    /// `NotFound`: there is no such pin; `Invalid`: what is pinned there is no link.
    pub fn from_pin(kernel: &Kernel, path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let attempt = || format!("open the link that is pinned at {}", path.display());
        let name = CString::new(path.as_os_str().as_bytes())
            .map_err(|error| Error::invalid(attempt()).caused_by(error))?;
        let found = kernel.bpf().obj_get(None, &name, 0).and_then(LinkFd::new);
        let link = found.map_err(|errno| refused(kernel, errno, attempt()))?;
        Ok(Self::new(kernel, format!("the pin {}", path.display()), Held::Link(link)))
    }

    /// Opens the link with this id.
    ///
    /// # Kernel
    /// Since 5.8; needs `CAP_SYS_ADMIN`.
    ///
    /// # Errors
    /// `NotFound`: there is no such link.
    pub fn from_id(kernel: &Kernel, id: u32) -> Result<Self, Error> {
        let found = kernel.bpf().link_by_id(id);
        let link = found.map_err(|errno| refused(kernel, errno, format!("open link {id}")))?;
        Ok(Self::new(kernel, format!("link {id}"), Held::Link(link)))
    }

    /// What the kernel tells of the link: its id, its type, its program, its place.
    ///
    /// # Kernel
    /// Since 5.8.
    ///
    /// # Errors
    /// `Unsupported`: this kernel has no links for this kind of place.
    pub fn info(&self) -> Result<LinkInfo, Error> {
        let link = self.link_fd().ok_or_else(|| self.no_link())?;
        let info = self.kernel.bpf().link_info(link);
        let info =
            info.map_err(|errno| refused(kernel, errno, format!("ask about the link to {}", self.place)))?;
        Ok(LinkInfo { raw: info })
    }

    /// Puts another program in the place of the attached one, without a gap.
    ///
    /// # Kernel
    /// Since 5.7, for links whose type can be updated (cgroups, XDP, network namespaces, tcx, iterators).
    ///
    /// # Errors
    /// `Invalid`: links of this type cannot be updated, or the program is of another type.
    pub(crate) fn replace(&self, program: &ProgFd) -> Result<(), Error> {
        let link = self.link_fd().ok_or_else(|| self.no_link())?;
        let updated = self.kernel.bpf().link_update(link, program.as_fd(), None);
        updated.map_err(|errno| {
            refused(kernel, errno, format!("replace the program attached to {}", self.place))
        })
    }

    /// The descriptor alone; who holds it owns the attachment.
    ///
    /// # Errors
    /// `Unsupported`: this attachment is not a descriptor but a setting of an interface.
    pub fn into_fd(self) -> Result<OwnedFd, Error> {
        match self.held {
            Held::Link(link) => Ok(link.into_fd()),
            Held::Perf(attachment) => Ok(attachment.into_fd()),
            Held::Netlink(_) => {
                Err(Error::invalid(format!("there is no descriptor for the attachment to {}", self.place)))
            }
        }
    }

    fn link_fd(&self) -> Option<&LinkFd> {
        match &self.held {
            Held::Link(link) => Some(link),
            Held::Perf(attachment) => attachment.link(),
            Held::Netlink(_) => None,
        }
    }

    fn no_link(&self) -> Error {
        let message = format!(
            "the attachment to {} is not a link of the kernel: this kernel has none for such places",
            self.place
        );
        let since = crate::error::kind::Release::new(5, 15);
        Error::new(crate::error::kind::ErrorKind::Unsupported { feature: "links", since }, message)
    }
}

impl Link {
    /// The descriptor, to be handed to system calls; none for settings of an interface.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.link_fd().map(AsFd::as_fd)
    }
}

/// What the kernel tells of a link.
#[derive(Clone, Debug)]
pub struct LinkInfo {
    raw: BpfLinkInfo,
}

impl LinkInfo {
    /// The number by which the kernel knows it.
    pub fn id(&self) -> u32 {
        self.raw.id
    }

    /// The id of the attached program.
    pub fn program_id(&self) -> u32 {
        self.raw.prog_id
    }

    /// What kind of link it is.
    pub fn link_type(&self) -> LinkType {
        self.raw.type_
    }

    /// All of it, as the kernel tells it.
    pub fn raw(&self) -> &BpfLinkInfo {
        &self.raw
    }
}
