//! Attachments, and who owns them.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use osmia_abi::{BpfLinkInfo, LinkType};
use osmia_sys::LinkFd;

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::kernel::feature::Feature;
use crate::link::ids::LinkIds;
use crate::link::perf::PerfAttachment;
use crate::link::refused::refused;
use crate::link::setting::OwnedSetting;
use crate::link::usdt::attachment::UsdtAttachment;
use crate::pin;
use crate::program::Program;
use osmia_sys::Capability;

pub(crate) mod attach_types;
pub mod breakpoint;
pub mod cache;
pub mod cgroup;
pub mod details;
pub(crate) mod executable;
pub(crate) mod extension;
pub(crate) mod function_list;
pub(crate) mod functions;
pub mod ids;
pub mod iteration;
pub mod kprobe;
pub(crate) mod kprobe_event;
pub mod kprobe_multi;
pub mod leftover;
pub(crate) mod library;
pub mod netfilter;
pub mod netkit;
pub(crate) mod netlink_xdp;
pub(crate) mod netns;
pub(crate) mod occupant;
pub mod order;
pub(crate) mod owner;
pub(crate) mod pattern;
pub(crate) mod perf;
pub mod perf_event;
pub(crate) mod probe_source;
pub mod raw_tracepoint;
pub mod records;
pub(crate) mod refused;
pub mod route;
pub(crate) mod security;
pub(crate) mod setting;
pub(crate) mod socket;
pub(crate) mod sockmap;
pub mod tc;
pub mod tc_filter;
pub mod tracepoint;
pub(crate) mod tracing;
pub mod tracing_multi;
pub mod uprobe;
pub mod uprobe_multi;
pub mod usdt;
pub(crate) mod versioned;
pub mod xdp;

/// A program's attachment to a place in the kernel; who holds it owns the attachment.
///
/// Dropping it detaches, unless it was [pinned](Link::pin) or given away ([`Link::into_fd`]).
///
/// # Kernel
/// Where the kernel has links for a kind of place (cgroups since 5.7, raw tracepoints and tracing since 5.8,
/// XDP since 5.9, perf events since 5.15) this is one; elsewhere the older way of attaching is used and undone,
/// and then it can be neither pinned nor asked for its info. What the kernel keeps of that when the process is killed is
/// found by the next one ([`Kernel::leftovers`]). Infrared receivers (LIRC) are the one kind of place that there is no way to.
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
    /// A setting of an interface, a cgroup, a socket or a map, on kernels or places without links.
    Setting(OwnedSetting),
    /// All places of a mark.
    Usdt(UsdtAttachment),
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
            Held::Link(_) | Held::Perf(_) | Held::Usdt(_) => Ok(()),
            Held::Setting(mut setting) => {
                let Self { kernel, place, .. } = self;
                setting.undo().map_err(|errno| {
                    refused(&kernel, &[Capability::NetAdmin], errno, format!("detach from {place}"))
                })
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
        pin::pin(self.kernel.bpf(), &format!("the link to {}", self.place), link, path.as_ref())?;
        if let Held::Usdt(attachment) = &self.held {
            attachment.keep();
        }
        Ok(())
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
        let link = LinkFd::new(pin::open(kernel, "link", path)?).map_err(|errno| {
            Error::invalid(format!("what is pinned at {} is no link", path.display()))
                .caused_by(errno)
        })?;
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
        let link = found.map_err(|errno| {
            refused(kernel, &[Capability::SysAdmin], errno, format!("open link {id}"))
        })?;
        Ok(Self::new(kernel, format!("link {id}"), Held::Link(link)))
    }

    /// The links of a kernel, in the order of their ids. Each keeps its place attached for as long as it is held.
    ///
    /// # Kernel
    /// Since 5.8, with `CAP_SYS_ADMIN`.
    pub fn all(kernel: &Kernel) -> LinkIds {
        LinkIds::new(kernel)
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
        let info = info.map_err(|errno| {
            refused(&self.kernel, &[], errno, format!("ask about the link to {}", self.place))
        })?;
        Ok(LinkInfo { raw: info })
    }

    /// Puts another program in the place of the attached one, without a gap.
    ///
    /// # Kernel
    /// Since 5.7, for links whose type can be updated (cgroups, XDP, network namespaces, tcx, iterators).
    ///
    /// # Errors
    /// `Invalid`: links of this type cannot be updated, or the program is of another type.
    pub fn replace(&self, program: &Program) -> Result<(), Error> {
        let link = self.link_fd().ok_or_else(|| self.no_link())?;
        let new = program.kernel("attaching")?.fd();
        let updated = self.kernel.bpf().link_update(link, new.as_fd(), None);
        updated.map_err(|errno| {
            let attempt =
                format!("put program `{}` in the place of {}", program.name(), self.place);
            refused(&self.kernel, &[], errno, attempt)
        })
    }

    /// The descriptor alone; who holds it owns the attachment.
    ///
    /// # Errors
    /// `Unsupported`: this attachment is not a descriptor but a setting of its place.
    pub fn into_fd(self) -> Result<OwnedFd, Error> {
        match self.held {
            Held::Link(link) => Ok(link.into_fd()),
            Held::Perf(attachment) => Ok(attachment.into_fd()),
            Held::Usdt(attachment) if attachment.parts().is_none_or(|parts| parts == 1) => {
                attachment.into_fd().ok_or_else(|| no_descriptor(&self.place))
            }
            Held::Usdt(_) | Held::Setting(_) => Err(no_descriptor(&self.place)),
        }
    }

    pub(crate) fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    pub(crate) fn link_fd(&self) -> Option<&LinkFd> {
        match &self.held {
            Held::Link(link) => Some(link),
            Held::Perf(attachment) => attachment.link(),
            Held::Usdt(attachment) => attachment.link(),
            Held::Setting(_) => None,
        }
    }

    pub(crate) fn no_link(&self) -> Error {
        if let Held::Usdt(attachment) = &self.held {
            if let Some(parts @ 2..) = attachment.parts() {
                let (feature, since) = Feature::UprobeMulti.described();
                let message = format!(
                    "the attachment to {} is not one link but {parts}, one for each place: the program is none for many \
                     places (`SEC(\"usdt\")`), or this kernel has no such links, which came with Linux {since}",
                    self.place
                );
                return Error::new(ErrorKind::Unsupported { feature, since }, message);
            }
        }
        let message = format!(
            "the attachment to {} is not a link of the kernel: this kernel has none for such places",
            self.place
        );
        Error::new(ErrorKind::Unsupported { feature: "links", since: Release::new(5, 15) }, message)
    }
}

impl Link {
    /// The descriptor, to be handed to system calls; none for settings of a place.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.link_fd().map(AsFd::as_fd)
    }
}

fn no_descriptor(place: &str) -> Error {
    Error::invalid(format!("there is no descriptor for the attachment to {place}"))
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
