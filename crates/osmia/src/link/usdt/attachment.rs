//! What keeps a program attached to the places of a mark.

use std::os::fd::OwnedFd;
use std::path::Path;

use osmia_abi::AttachType;
use osmia_object::usdt::{Place, UsdtProbe};
use osmia_sys::{LinkFd, ProgFd};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::link::perf::PerfAttachment;
use crate::link::uprobe::{self, Uprobe};
use crate::link::uprobe_multi::FilePlaces;
use crate::link::usdt::specs::Lease;

/// Where the kernel tells that it counts users of marks itself.
const COUNTS: &str = "/sys/bus/event_source/devices/uprobe/format/ref_ctr_offset";

/// A place in a file to attach to.
#[derive(Debug)]
pub(super) struct UsdtPlace {
    offset: u64,
    /// Where the count of users is; 0 where there is none.
    semaphore: u64,
    pub(super) cookie: Option<u64>,
}

impl UsdtPlace {
    pub(super) fn new(probe: &UsdtProbe, cookie: Option<u64>) -> Result<Self, Error> {
        let offset = |place: Place, what: &str| {
            place.offset.ok_or_else(|| {
                let (name, address) = (&probe.name, place.address);
                let message =
                    format!("the {what} of mark `{name}`, {address:#x}, is not in the file");
                Error::new(ErrorKind::Malformed, message)
            })
        };
        let semaphore = probe.semaphore.map(|place| offset(place, "semaphore")).transpose()?;
        let (offset, semaphore) = (offset(probe.place, "place")?, semaphore.unwrap_or(0));
        Ok(Self { offset, semaphore, cookie })
    }
}

/// A program that is attached to a mark.
#[derive(Debug)]
pub(crate) struct UsdtAttachment {
    attached: Attached,
    /// Given back once nothing is attached any more: fields are dropped in their order.
    lease: Option<Lease>,
}

#[derive(Debug)]
enum Attached {
    /// By one link to all places.
    Whole(LinkFd),
    /// By one event for each place.
    Parts(Vec<PerfAttachment>),
}

/// All places of a mark.
#[derive(Debug)]
pub(super) struct UsdtPlaces<'a> {
    /// The file.
    pub(super) path: &'a Path,
    /// The one process that it is for, if it is for one.
    pub(super) process: Option<u32>,
    /// Where in the file.
    pub(super) places: &'a [UsdtPlace],
}

impl UsdtPlaces<'_> {
    pub(super) fn by_one_link(
        &self,
        kernel: &Kernel,
        prog: &ProgFd,
    ) -> Result<UsdtAttachment, Error> {
        let offsets: Vec<u64> = self.places.iter().map(|place| place.offset).collect();
        let semaphores: Vec<u64> = self.places.iter().map(|place| place.semaphore).collect();
        let has_semaphores = semaphores.iter().any(|semaphore| *semaphore != 0);
        let cookies: Vec<u64> = self.places.iter().filter_map(|place| place.cookie).collect();
        let link = FilePlaces {
            path: self.path,
            offsets: &offsets,
            semaphores: if has_semaphores { &semaphores } else { &[] },
            cookies: &cookies,
            on_return: false,
            process: self.process.unwrap_or(0),
        }
        .link(kernel, prog, AttachType::TRACE_UPROBE_MULTI)?;
        Ok(UsdtAttachment { attached: Attached::Whole(link), lease: None })
    }

    pub(super) fn one_by_one(
        &self,
        kernel: &Kernel,
        prog: &ProgFd,
    ) -> Result<UsdtAttachment, Error> {
        let mut parts = Vec::with_capacity(self.places.len());
        for place in self.places {
            let mut at = Uprobe::at(self.path, place.offset);
            if place.semaphore != 0 {
                at = at.semaphore(semaphore(kernel, place.semaphore)?);
            }
            if let Some(process) = self.process {
                at = at.process(process);
            }
            if let Some(cookie) = place.cookie {
                at = at.cookie(cookie);
            }
            parts.push(uprobe::attach_event(kernel, prog, &at)?);
        }
        Ok(UsdtAttachment { attached: Attached::Parts(parts), lease: None })
    }
}

impl UsdtAttachment {
    pub(super) fn with(self, lease: Option<Lease>) -> Self {
        Self { lease, ..self }
    }

    /// The link, if it is one.
    pub(crate) fn link(&self) -> Option<&LinkFd> {
        match &self.attached {
            Attached::Whole(link) => Some(link),
            Attached::Parts(parts) => match parts.as_slice() {
                [part] => part.link(),
                _ => None,
            },
        }
    }

    /// How many places it has, if each has an attachment of its own.
    pub(crate) fn parts(&self) -> Option<usize> {
        match &self.attached {
            Attached::Whole(_) => None,
            Attached::Parts(parts) => Some(parts.len()),
        }
    }

    /// Lets programs know of its arguments for ever: it is about to outlive this.
    pub(crate) fn keep(&self) {
        if let Some(lease) = &self.lease {
            lease.keep();
        }
    }

    /// The only descriptor, if there is but one.
    pub(crate) fn into_fd(self) -> Option<OwnedFd> {
        self.keep();
        match self.attached {
            Attached::Whole(link) => Some(link.into_fd()),
            Attached::Parts(mut parts) => match (parts.pop(), parts.pop()) {
                (Some(part), None) => Some(part.into_fd()),
                _ => None,
            },
        }
    }
}

/// The semaphore's place, as perf events take it.
fn semaphore(kernel: &Kernel, offset: u64) -> Result<u32, Error> {
    if !kernel.files().path(COUNTS).exists() {
        let (feature, since) = ("semaphores of marks", Release::new(4, 20));
        let message = format!(
            "the mark has a semaphore, which this kernel does not raise: that came with Linux {since}"
        );
        return Err(Error::new(ErrorKind::Unsupported { feature, since }, message));
    }
    u32::try_from(offset).map_err(|error| {
        let message = "its semaphore lies beyond the first 4 GiB of the file";
        Error::invalid(message).caused_by(error)
    })
}
