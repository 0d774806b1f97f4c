//! Attributes and info whose end depends on their kind.

use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::generated::link::{
    LinkCreateAttr, LinkCreateCgroup, LinkCreateIter, LinkCreateKprobeMulti, LinkCreateNetfilter,
    LinkCreateNetkit, LinkCreatePerfEvent, LinkCreateTcx, LinkCreateTracing,
    LinkCreateTracingMulti, LinkCreateUprobeMulti,
};
use crate::generated::link_info::{
    BpfLinkInfo, LinkInfoCgroup, LinkInfoEvent, LinkInfoIter, LinkInfoIterCgroup, LinkInfoIterTask,
    LinkInfoKprobe, LinkInfoKprobeMulti, LinkInfoNetfilter, LinkInfoNetkit, LinkInfoNetns,
    LinkInfoPerfEvent, LinkInfoRawTracepoint, LinkInfoSockmap, LinkInfoStructOps, LinkInfoTcx,
    LinkInfoTracepoint, LinkInfoTracing, LinkInfoTracingMulti, LinkInfoUprobe, LinkInfoUprobeMulti,
    LinkInfoXdp,
};

/// The tail's size in both structs.
const TAIL: usize = size_of::<LinkCreateAttr>() - 16;
const _: () = assert!(size_of::<BpfLinkInfo>() - 16 == TAIL);

/// A struct that can stand at the end of [`LinkCreateAttr`].
pub trait LinkCreateTail: FromBytes + IntoBytes + Immutable + Copy {}

/// A struct that can stand at the end of [`BpfLinkInfo`].
pub trait LinkInfoTail: FromBytes + IntoBytes + Immutable + Copy {}

macro_rules! tails {
    ($mark:ident: $($tail:ident),*) => {
        $(impl $mark for $tail {})*
    };
}

tails!(LinkCreateTail: LinkCreateCgroup, LinkCreateIter, LinkCreateKprobeMulti,
    LinkCreateNetfilter, LinkCreateNetkit, LinkCreatePerfEvent, LinkCreateTcx, LinkCreateTracing,
    LinkCreateTracingMulti, LinkCreateUprobeMulti);
tails!(LinkInfoTail: LinkInfoCgroup, LinkInfoIter, LinkInfoKprobeMulti,
    LinkInfoNetfilter, LinkInfoNetkit, LinkInfoNetns, LinkInfoPerfEvent, LinkInfoRawTracepoint,
    LinkInfoSockmap, LinkInfoStructOps, LinkInfoTcx, LinkInfoTracing, LinkInfoTracingMulti,
    LinkInfoUprobeMulti, LinkInfoXdp);

impl LinkCreateAttr {
    /// The end, read as what its attach type makes of it.
    pub fn tail_as<T: LinkCreateTail>(&self) -> Option<T> {
        read(self.tail.as_bytes())
    }

    /// Writes the end; what lies behind `tail` becomes zero.
    pub fn set_tail<T: LinkCreateTail>(&mut self, tail: &T) {
        const { assert!(size_of::<T>() <= TAIL) };
        self.tail = Default::default();
        write(tail, self.tail.as_mut_bytes());
    }
}

impl BpfLinkInfo {
    /// The end, read as what its type makes of it.
    pub fn tail_as<T: LinkInfoTail>(&self) -> Option<T> {
        read(self.tail.as_bytes())
    }

    /// Writes the end; what lies behind `tail` becomes zero.
    pub fn set_tail<T: LinkInfoTail>(&mut self, tail: &T) {
        const { assert!(size_of::<T>() <= TAIL) };
        self.tail = Default::default();
        write(tail, self.tail.as_mut_bytes());
    }
}

impl LinkInfoPerfEvent {
    /// The end for uprobes and uretprobes.
    pub fn uprobe(&self) -> Option<LinkInfoUprobe> {
        read(self.tail.as_bytes())
    }

    /// The end for kprobes and kretprobes.
    pub fn kprobe(&self) -> Option<LinkInfoKprobe> {
        read(self.tail.as_bytes())
    }

    /// The end for tracepoints.
    pub fn tracepoint(&self) -> Option<LinkInfoTracepoint> {
        read(self.tail.as_bytes())
    }

    /// The end for all other events.
    pub fn event(&self) -> Option<LinkInfoEvent> {
        read(self.tail.as_bytes())
    }
}

impl LinkInfoIter {
    /// The end for iterators over cgroups.
    pub fn cgroup(&self) -> Option<LinkInfoIterCgroup> {
        read(self.tail.as_bytes())
    }

    /// The end for iterators over tasks, their files and their mappings.
    pub fn task(&self) -> Option<LinkInfoIterTask> {
        read(self.tail.as_bytes())
    }
}

fn read<T: FromBytes>(bytes: &[u8]) -> Option<T> {
    T::read_from_prefix(bytes).ok().map(|(value, _)| value)
}

/// Copies a tail to the start of `bytes`; the callers assert at compile time that it fits.
fn write<T: IntoBytes + Immutable>(tail: &T, bytes: &mut [u8]) {
    bytes.iter_mut().zip(tail.as_bytes()).for_each(|(to, from)| *to = *from);
}
