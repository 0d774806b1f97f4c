//! What the kernel tells of a link, and what that points to.
#![allow(unsafe_code)]

use osmia_abi::{
    BpfLinkInfo, LinkInfoIter, LinkInfoKprobeMulti, LinkInfoPerfEvent, LinkInfoRawTracepoint,
    LinkInfoTracingMulti, LinkInfoUprobeMulti, LinkType, PerfEventType,
};
use rustix::io::Errno;
use zerocopy::{FromBytes, IntoBytes};

use crate::bpf::Bpf;
use crate::kind::LinkFd;
use crate::ptr;

/// Room for what a link's info points to. A slice that the link's type has no use for stays as it is, and what is
/// empty is not asked for. The lists that one type has side by side must be equally long or empty.
#[derive(Debug, Default)]
pub struct LinkInfoBufs<'a> {
    /// The name of the tracepoint, iterator, function or file, with a NUL.
    pub name: &'a mut [u8],
    /// The addresses of the functions of `kprobe.multi` and of tracing programs on many functions.
    pub addrs: &'a mut [u64],
    /// The BTF ids of the functions of tracing programs on many functions.
    pub ids: &'a mut [u32],
    /// The offsets of `uprobe.multi`.
    pub offsets: &'a mut [u64],
    /// The offsets of the semaphores of `uprobe.multi`.
    pub ref_ctr_offsets: &'a mut [u64],
    /// The cookies of all kinds of links on many functions.
    pub cookies: &'a mut [u64],
}

impl Bpf {
    /// What the kernel tells of a link, without what it points to: counts and the lengths of names are there.
    ///
    /// # Kernel
    ///
    /// `BPF_OBJ_GET_INFO_BY_FD` knows links since 5.8.
    ///
    /// # Errors
    ///
    /// `EINVAL` before 5.8.
    pub fn link_info(&self, link: &LinkFd) -> Result<BpfLinkInfo, Errno> {
        let mut info = BpfLinkInfo::default();
        // SAFETY: all pointers in the request are null.
        unsafe { self.info(link, &mut info) }?;
        Ok(info)
    }

    /// The same, with names and lists.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if a name or list is longer than the room; `EINVAL` if lists that go together are not equally
    /// long.
    pub fn link_info_with(
        &self,
        link: &LinkFd,
        bufs: &mut LinkInfoBufs<'_>,
    ) -> Result<BpfLinkInfo, Errno> {
        let plain = self.link_info(link)?;
        let mut info = BpfLinkInfo::default();
        request(&plain, &mut info, bufs)?;
        // SAFETY: the tail is that of the link's own type, which never changes; its pointers are null or have as
        // much room as the counts and lengths beside them say.
        unsafe { self.info(link, &mut info) }?;
        Ok(info)
    }
}

/// Writes what is asked for into the tail of the link's type.
fn request(
    plain: &BpfLinkInfo,
    info: &mut BpfLinkInfo,
    bufs: &mut LinkInfoBufs<'_>,
) -> Result<(), Errno> {
    match plain.type_ {
        LinkType::RAW_TRACEPOINT => info.set_tail(&LinkInfoRawTracepoint {
            tp_name: ptr::write(bufs.name),
            tp_name_len: ptr::len(bufs.name)?,
            ..LinkInfoRawTracepoint::default()
        }),
        LinkType::ITER => info.set_tail(&LinkInfoIter {
            target_name: ptr::write(bufs.name),
            target_name_len: ptr::len(bufs.name)?,
            ..LinkInfoIter::default()
        }),
        LinkType::KPROBE_MULTI => info.set_tail(&LinkInfoKprobeMulti {
            count: common_len(&[bufs.addrs.len(), bufs.cookies.len()])?,
            addrs: ptr::write(bufs.addrs),
            cookies: ptr::write(bufs.cookies),
            ..LinkInfoKprobeMulti::default()
        }),
        LinkType::TRACING_MULTI => info.set_tail(&LinkInfoTracingMulti {
            count: common_len(&[bufs.ids.len(), bufs.addrs.len(), bufs.cookies.len()])?,
            ids: ptr::write(bufs.ids),
            addrs: ptr::write(bufs.addrs),
            cookies: ptr::write(bufs.cookies),
            ..LinkInfoTracingMulti::default()
        }),
        LinkType::UPROBE_MULTI => info.set_tail(&uprobe_multi(bufs)?),
        LinkType::PERF_EVENT => {
            let tail = plain.tail_as::<LinkInfoPerfEvent>().ok_or(Errno::INVAL)?;
            info.set_tail(&perf_event(&tail, bufs)?);
        }
        _ => {}
    }
    Ok(())
}

/// The length of lists that go together; zero if all are empty.
fn common_len(lens: &[usize]) -> Result<u32, Errno> {
    let longest = lens.iter().copied().max().unwrap_or(0);
    if lens.iter().any(|len| *len != 0 && *len != longest) {
        return Err(Errno::INVAL);
    }
    u32::try_from(longest).map_err(|_| Errno::TOOBIG)
}

fn uprobe_multi(bufs: &mut LinkInfoBufs<'_>) -> Result<LinkInfoUprobeMulti, Errno> {
    let lens = [bufs.offsets.len(), bufs.ref_ctr_offsets.len(), bufs.cookies.len()];
    Ok(LinkInfoUprobeMulti {
        path: ptr::write(bufs.name),
        offsets: ptr::write(bufs.offsets),
        ref_ctr_offsets: ptr::write(bufs.ref_ctr_offsets),
        cookies: ptr::write(bufs.cookies),
        path_size: ptr::len(bufs.name)?,
        count: common_len(&lens)?,
        ..LinkInfoUprobeMulti::default()
    })
}

/// The tail of perf events: pointer and length of the name come first in all that have one.
fn perf_event(
    plain: &LinkInfoPerfEvent,
    bufs: &mut LinkInfoBufs<'_>,
) -> Result<LinkInfoPerfEvent, Errno> {
    let mut tail = LinkInfoPerfEvent::default();
    let named = matches!(
        plain.type_,
        PerfEventType::UPROBE
            | PerfEventType::URETPROBE
            | PerfEventType::KPROBE
            | PerfEventType::KRETPROBE
            | PerfEventType::TRACEPOINT
    );
    if named {
        let name = NamedEvent { name: ptr::write(bufs.name), len: ptr::len(bufs.name)?, pad: 0 };
        name.write_to_prefix(tail.tail.as_mut_bytes()).map_err(|_| Errno::INVAL)?;
    }
    Ok(tail)
}

/// What the tails of uprobes, kprobes and tracepoints begin with.
#[derive(FromBytes, IntoBytes, zerocopy::Immutable)]
#[repr(C)]
struct NamedEvent {
    name: u64,
    len: u32,
    pad: u32,
}
