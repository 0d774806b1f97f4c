//! What a link wants to know beyond a program and a place.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use osmia_abi::flags::{BPF_F_AFTER, BPF_F_BEFORE, BPF_F_ID, BPF_F_LINK};
use osmia_abi::{
    CgroupIterOrder, IterLinkCgroup, IterLinkMap, IterLinkTask, LinkCreateAttr, LinkCreateCgroup,
    LinkCreateIter, LinkCreateKprobeMulti, LinkCreateNetfilter, LinkCreatePerfEvent,
    LinkCreateTracing, LinkCreateTracingMulti, LinkCreateUprobeMulti,
};
use rustix::io::Errno;
use zerocopy::{Immutable, IntoBytes};

use crate::{fd, ptr};

/// The part of [`LinkCreate`](crate::LinkCreate) that depends on the attach type.
#[derive(Clone, Copy, Debug, Default)]
pub enum LinkTail<'a> {
    /// Nothing.
    #[default]
    None,
    /// Perf events: the value that the program gets from `bpf_get_attach_cookie`.
    PerfEvent {
        /// The cookie.
        cookie: u64,
    },
    /// Tracing and `freplace` programs.
    Tracing {
        /// The function to attach to, in the BTF of the target; zero for what the program was loaded for.
        target_btf_id: u32,
        /// The cookie.
        cookie: u64,
    },
    /// Tracing programs that attach to many functions.
    TracingMulti {
        /// The functions, as ids in the BTF that the program was loaded for.
        ids: &'a [u32],
        /// Their cookies, as many or none.
        cookies: &'a [u64],
    },
    /// `kprobe.multi` and `kprobe.session`.
    KprobeMulti {
        /// `BPF_F_KPROBE_MULTI_RETURN`.
        flags: u32,
        /// The functions.
        functions: Functions<'a>,
        /// Their cookies, as many or none.
        cookies: &'a [u64],
    },
    /// `uprobe.multi` and `uprobe.session`.
    UprobeMulti(UprobeMulti<'a>),
    /// Netfilter hooks.
    Netfilter {
        /// The protocol family (`NFPROTO_*`).
        family: u32,
        /// The hook (`NF_INET_*`).
        hook: u32,
        /// The order among the hook's users: lower ones come first.
        priority: i32,
        /// `BPF_F_NETFILTER_IP_DEFRAG`.
        flags: u32,
    },
    /// Places with an order: tcx, netkit, cgroups.
    Ordered {
        /// Where in the list; at the end where it is not said.
        position: Option<Position<'a>>,
        /// Which revision of the list is expected; zero for any.
        expected_revision: u64,
    },
    /// Iterators.
    Iter(IterOver<'a>),
}

/// The functions of a `kprobe.multi` link.
#[derive(Clone, Copy, Debug)]
pub enum Functions<'a> {
    /// By name.
    Names(&'a [&'a CStr]),
    /// By address.
    Addresses(&'a [u64]),
}

/// What `uprobe.multi` takes.
#[derive(Clone, Copy, Debug)]
pub struct UprobeMulti<'a> {
    /// The executable or library.
    pub path: &'a CStr,
    /// Where in the file.
    pub offsets: &'a [u64],
    /// Where the semaphores of USDT probes are in the file, as many as offsets or none.
    pub ref_ctr_offsets: &'a [u64],
    /// The cookies, as many as offsets or none.
    pub cookies: &'a [u64],
    /// `BPF_F_UPROBE_MULTI_RETURN`.
    pub flags: u32,
    /// The process; zero for all.
    pub pid: u32,
}

/// A place in a list of programs.
#[derive(Clone, Copy, Debug)]
pub struct Position<'a> {
    /// Before or after the neighbour.
    pub side: Side,
    /// The neighbour; the whole list where there is none.
    pub neighbour: Neighbour<'a>,
}

/// On which side of a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Before it.
    Before,
    /// After it.
    After,
}

/// A program or link that another one is placed by.
#[derive(Clone, Copy, Debug)]
pub enum Neighbour<'a> {
    /// All that is there.
    Whole,
    /// A program.
    Prog(BorrowedFd<'a>),
    /// A program, by id.
    ProgId(u32),
    /// A link.
    Link(BorrowedFd<'a>),
    /// A link, by id.
    LinkId(u32),
}

impl Position<'_> {
    /// The flags and the number that say it.
    pub(crate) fn raw(&self) -> (u32, u32) {
        let side = match self.side {
            Side::Before => BPF_F_BEFORE,
            Side::After => BPF_F_AFTER,
        };
        let (flags, number) = match self.neighbour {
            Neighbour::Whole => (0, 0),
            Neighbour::Prog(prog) => (0, fd::raw(&prog)),
            Neighbour::ProgId(id) => (BPF_F_ID, id),
            Neighbour::Link(link) => (BPF_F_LINK, fd::raw(&link)),
            Neighbour::LinkId(id) => (BPF_F_LINK | BPF_F_ID, id),
        };
        (side | flags, number)
    }
}

/// What an iterator walks.
#[derive(Clone, Copy, Debug)]
pub enum IterOver<'a> {
    /// The elements of a map, or the storage of sockets.
    Map(BorrowedFd<'a>),
    /// Cgroups.
    Cgroup {
        /// The order.
        order: CgroupIterOrder,
        /// The cgroup to start from; the root of all where there is none.
        cgroup: Option<BorrowedFd<'a>>,
    },
    /// The tasks, files or mappings of one thread or process.
    Task {
        /// The thread, or zero.
        tid: u32,
        /// The process, or zero.
        pid: u32,
        /// The process, by descriptor.
        pid_fd: Option<BorrowedFd<'a>>,
    },
}

impl LinkTail<'_> {
    /// Makes a call with the tail in its place. What the tail points to lives as long as the call.
    pub(crate) fn with<R>(
        &self,
        attr: &mut LinkCreateAttr,
        call: impl FnOnce(&mut LinkCreateAttr) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        match *self {
            LinkTail::None => {}
            LinkTail::PerfEvent { cookie } => {
                attr.set_tail(&LinkCreatePerfEvent { bpf_cookie: cookie });
            }
            LinkTail::Tracing { target_btf_id, cookie } => attr.set_tail(&LinkCreateTracing {
                target_btf_id,
                cookie,
                ..LinkCreateTracing::default()
            }),
            LinkTail::TracingMulti { ids, cookies } => {
                attr.set_tail(&tracing_multi(ids, cookies)?);
            }
            LinkTail::KprobeMulti { flags, functions, cookies } => {
                return kprobe_multi(attr, (flags, functions, cookies), call);
            }
            LinkTail::UprobeMulti(uprobes) => attr.set_tail(&uprobe_multi(&uprobes)?),
            LinkTail::Netfilter { family, hook, priority, flags } => {
                attr.set_tail(&LinkCreateNetfilter { pf: family, hooknum: hook, priority, flags });
            }
            LinkTail::Ordered { position, expected_revision } => {
                let (flags, number) = position.map_or((0, 0), |position| position.raw());
                attr.flags |= flags;
                // The kernel lays out the tails of tcx, netkit and cgroups alike.
                attr.set_tail(&LinkCreateCgroup {
                    relative_fd: number,
                    expected_revision,
                    ..LinkCreateCgroup::default()
                });
            }
            LinkTail::Iter(over) => return iter(attr, over, call),
        }
        call(attr)
    }
}

/// Whether a list that may be left out is as long as the one it goes with.
fn goes_with<T>(list: &[T], count: usize) -> Result<(), Errno> {
    if list.is_empty() || list.len() == count { Ok(()) } else { Err(Errno::INVAL) }
}

fn tracing_multi(ids: &[u32], cookies: &[u64]) -> Result<LinkCreateTracingMulti, Errno> {
    goes_with(cookies, ids.len())?;
    Ok(LinkCreateTracingMulti {
        ids: ptr::read(ids),
        cookies: ptr::read(cookies),
        cnt: ptr::len(ids)?,
        ..LinkCreateTracingMulti::default()
    })
}

fn uprobe_multi(uprobes: &UprobeMulti<'_>) -> Result<LinkCreateUprobeMulti, Errno> {
    goes_with(uprobes.ref_ctr_offsets, uprobes.offsets.len())?;
    goes_with(uprobes.cookies, uprobes.offsets.len())?;
    Ok(LinkCreateUprobeMulti {
        path: ptr::text(uprobes.path),
        offsets: ptr::read(uprobes.offsets),
        ref_ctr_offsets: ptr::read(uprobes.ref_ctr_offsets),
        cookies: ptr::read(uprobes.cookies),
        cnt: ptr::len(uprobes.offsets)?,
        flags: uprobes.flags,
        pid: uprobes.pid,
        ..LinkCreateUprobeMulti::default()
    })
}

fn kprobe_multi<R>(
    attr: &mut LinkCreateAttr,
    (flags, functions, cookies): (u32, Functions<'_>, &[u64]),
    call: impl FnOnce(&mut LinkCreateAttr) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let names: Vec<u64>;
    let (syms, addrs, cnt) = match functions {
        Functions::Names(functions) => {
            names = functions.iter().map(|name| ptr::text(name)).collect();
            (ptr::read(&names), 0, ptr::len(&names)?)
        }
        Functions::Addresses(addresses) => (0, ptr::read(addresses), ptr::len(addresses)?),
    };
    goes_with(cookies, cnt as usize)?;
    attr.set_tail(&LinkCreateKprobeMulti { flags, cnt, syms, addrs, cookies: ptr::read(cookies) });
    call(attr)
}

fn iter<R>(
    attr: &mut LinkCreateAttr,
    over: IterOver<'_>,
    call: impl FnOnce(&mut LinkCreateAttr) -> Result<R, Errno>,
) -> Result<R, Errno> {
    match over {
        IterOver::Map(map) => with_iter(attr, &IterLinkMap { map_fd: fd::raw(&map) }, call),
        IterOver::Cgroup { order, cgroup } => {
            let cgroup_fd = fd::raw_or_zero(cgroup);
            with_iter(attr, &IterLinkCgroup { order, cgroup_fd, cgroup_id: 0 }, call)
        }
        IterOver::Task { tid, pid, pid_fd } => {
            let pid_fd = fd::raw_or_zero(pid_fd);
            with_iter(attr, &IterLinkTask { tid, pid, pid_fd }, call)
        }
    }
}

fn with_iter<T: IntoBytes + Immutable, R>(
    attr: &mut LinkCreateAttr,
    info: &T,
    call: impl FnOnce(&mut LinkCreateAttr) -> Result<R, Errno>,
) -> Result<R, Errno> {
    let bytes = info.as_bytes();
    attr.set_tail(&LinkCreateIter {
        iter_info: ptr::read(bytes),
        iter_info_len: ptr::len(bytes)?,
        ..LinkCreateIter::default()
    });
    call(attr)
}
