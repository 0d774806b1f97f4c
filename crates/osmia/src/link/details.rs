//! What a link is attached to, as the kernel tells it.

use std::path::PathBuf;

use osmia_abi::flags::{BPF_F_KPROBE_MULTI_RETURN, BPF_F_UPROBE_MULTI_RETURN};
use osmia_abi::{
    AttachType, BpfLinkInfo, LinkInfoCgroup, LinkInfoEvent, LinkInfoIter, LinkInfoKprobe,
    LinkInfoKprobeMulti, LinkInfoNetfilter, LinkInfoNetns, LinkInfoPerfEvent, LinkInfoSockmap,
    LinkInfoStructOps, LinkInfoTail, LinkInfoTcx, LinkInfoTracepoint, LinkInfoTracing,
    LinkInfoTracingMulti, LinkInfoUprobe, LinkInfoUprobeMulti, LinkInfoXdp, LinkType,
    PerfEventType,
};
use osmia_sys::LinkInfoBufs;

use crate::error::Error;
use crate::link::Link;
use crate::link::refused::refused;

/// What a link is attached to, as far as the running kernel tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkDetails {
    /// A raw tracepoint.
    RawTracepoint {
        /// Its name.
        name: String,
    },
    /// What a tracing or LSM program was loaded for.
    Tracing {
        /// Which kind of program it is: at the function's start, at its end, a security hook.
        attach_type: AttachType,
        /// The id of the BTF, or of the program, that the function is in; 0 before 5.13.
        object: u32,
        /// The function's BTF id there; 0 before 5.13.
        function: u32,
    },
    /// A cgroup.
    Cgroup {
        /// Its id.
        cgroup: u64,
        /// What the program is attached as.
        attach_type: AttachType,
    },
    /// What an iterator walks.
    Iterator {
        /// What it walks, such as `task`.
        target: String,
        /// The id of the map that it walks; 0 if it walks none.
        map: u32,
    },
    /// A network namespace.
    NetworkNamespace {
        /// The number of its inode.
        inode: u32,
        /// What the program is attached as.
        attach_type: AttachType,
    },
    /// A network interface; its index is 0 when it is gone.
    Interface {
        /// Its index.
        index: u32,
        /// What the program is attached as.
        attach_type: AttachType,
    },
    /// A netfilter hook.
    Netfilter {
        /// The family of protocols, as `NFPROTO_` constants number them.
        family: u32,
        /// The hook, as `NF_INET_` constants number them.
        hook: u32,
        /// The order among its programs.
        priority: i32,
    },
    /// Functions of the kernel, by `kprobe.multi`.
    Functions {
        /// Their addresses; zeros if the kernel hides them from this process.
        addresses: Vec<u64>,
        /// At their ends, and not at their starts.
        on_return: bool,
    },
    /// Functions of the kernel, by `fentry.multi` and its siblings, told since 7.3.
    TracedFunctions {
        /// Where in the functions the program runs.
        attach_type: AttachType,
        /// The id of the BTF that the functions are in.
        object: u32,
        /// Their BTF ids there.
        functions: Vec<u32>,
        /// Their addresses, in the same order; zeros if the kernel hides them from this process.
        addresses: Vec<u64>,
    },
    /// Functions of a file, by `uprobe.multi`.
    FileFunctions {
        /// The file.
        path: PathBuf,
        /// Where in it they are.
        offsets: Vec<u64>,
        /// At their ends, and not at their starts.
        on_return: bool,
        /// The one process that it is for; 0 for all.
        process: u32,
    },
    /// A function of the kernel.
    Kprobe {
        /// Its name; empty if the probe was set by address.
        function: String,
        /// So many bytes behind its start.
        offset: u32,
        /// Its address; 0 if the kernel hides it from this process.
        address: u64,
        /// At its end, and not at its start.
        on_return: bool,
        /// What `bpf_get_attach_cookie` returns, told since 6.9.
        cookie: u64,
    },
    /// A place in a file.
    Uprobe {
        /// The file.
        path: PathBuf,
        /// Where in it.
        offset: u32,
        /// At the function's end, and not at its start.
        on_return: bool,
        /// What `bpf_get_attach_cookie` returns, told since 6.9.
        cookie: u64,
    },
    /// A tracepoint.
    Tracepoint {
        /// Its name, without its category.
        name: String,
        /// What `bpf_get_attach_cookie` returns, told since 6.9.
        cookie: u64,
    },
    /// A perf event of another kind.
    Event {
        /// The number of its source.
        source: u32,
        /// What it counts, as its source numbers it.
        config: u64,
        /// What `bpf_get_attach_cookie` returns, told since 6.9.
        cookie: u64,
    },
    /// A map: one of operations (`struct_ops`), or one of sockets.
    Map {
        /// Its id.
        id: u32,
        /// What the program is attached as; none for operations.
        attach_type: Option<AttachType>,
    },
    /// The kernel tells nothing of its place, or this version of Osmia does not understand it.
    Untold,
}

/// The longest path that the kernel tells, and more than any other name.
const NAME: usize = 4096;

impl Link {
    /// What it is attached to, as the kernel tells it.
    ///
    /// # Kernel
    /// Since 5.8 for tracing programs, cgroups, network namespaces and raw tracepoints, 5.9 for XDP and iterators, 6.4 for
    /// netfilter, 6.6 for tcx, kprobes, tracepoints and `kprobe.multi`, 6.8 for `uprobe.multi`, 7.2
    /// for `fentry.multi`; what a kernel does not tell
    /// is [`LinkDetails::Untold`].
    ///
    /// # Errors
    /// `Unsupported`: this kernel has no links for this kind of place.
    ///
    /// # Examples
    /// ```no_run
    /// # fn main() -> Result<(), osmia::Error> {
    /// use osmia::{Kernel, Link, LinkDetails};
    ///
    /// for link in Link::all(&Kernel::running()?) {
    ///     let link = link?;
    ///     if let LinkDetails::Kprobe { function, .. } = link.details()? {
    ///         println!("link {} is on {function}", link.info()?.id());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn details(&self) -> Result<LinkDetails, Error> {
        let plain = *self.info()?.raw();
        let count = match plain.type_ {
            LinkType::KPROBE_MULTI => tail::<LinkInfoKprobeMulti>(&plain).count,
            LinkType::UPROBE_MULTI => tail::<LinkInfoUprobeMulti>(&plain).count,
            LinkType::TRACING_MULTI => tail::<LinkInfoTracingMulti>(&plain).count,
            _ => 0,
        };
        let mut name = vec![0; NAME];
        let mut list = vec![0; count as usize];
        let mut ids = Vec::new();
        let mut bufs = LinkInfoBufs { name: &mut name, ..LinkInfoBufs::default() };
        match plain.type_ {
            LinkType::KPROBE_MULTI => bufs.addrs = &mut list,
            LinkType::TRACING_MULTI => {
                ids.resize(count as usize, 0);
                (bufs.addrs, bufs.ids) = (&mut list, &mut ids);
            }
            _ => bufs.offsets = &mut list,
        }
        let link = self.link_fd().ok_or_else(|| self.no_link())?;
        let info = self.kernel.bpf().link_info_with(link, &mut bufs).map_err(|errno| {
            refused(&self.kernel, &[], errno, format!("ask about the link to {}", self.place))
        })?;
        Ok(LinkDetails::read(&info, Told { name: &name, list, ids }))
    }
}

/// What the kernel wrote into the room beside the info.
struct Told<'a> {
    name: &'a [u8],
    list: Vec<u64>,
    ids: Vec<u32>,
}

impl Told<'_> {
    fn name(&self) -> String {
        let text = self.name.split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }

    fn path(&self) -> PathBuf {
        self.name().into()
    }
}

/// The end of the info, as the link's type makes of it.
fn tail<T: LinkInfoTail + Default>(info: &BpfLinkInfo) -> T {
    info.tail_as().unwrap_or_default()
}

impl LinkDetails {
    fn read(info: &BpfLinkInfo, told: Told<'_>) -> Self {
        match info.type_ {
            LinkType::RAW_TRACEPOINT => Self::RawTracepoint { name: told.name() },
            LinkType::TRACING => Self::tracing(info),
            LinkType::CGROUP => {
                let LinkInfoCgroup { cgroup_id: cgroup, attach_type, .. } = tail(info);
                Self::Cgroup { cgroup, attach_type }
            }
            LinkType::ITER => {
                let LinkInfoIter { map_id: map, .. } = tail(info);
                Self::Iterator { target: told.name(), map }
            }
            LinkType::NETFILTER => {
                let LinkInfoNetfilter { pf: family, hooknum: hook, priority, .. } = tail(info);
                Self::Netfilter { family, hook, priority }
            }
            LinkType::STRUCT_OPS => {
                Self::Map { id: tail::<LinkInfoStructOps>(info).map_id, attach_type: None }
            }
            LinkType::SOCKMAP => {
                let LinkInfoSockmap { map_id: id, attach_type } = tail(info);
                Self::Map { id, attach_type: Some(attach_type) }
            }
            LinkType::KPROBE_MULTI | LinkType::UPROBE_MULTI => Self::functions(info, told),
            // Linux 7.2 tells nothing of them.
            LinkType::TRACING_MULTI if !told.list.is_empty() => {
                let LinkInfoTracingMulti { attach_type, btf_obj_id: object, .. } = tail(info);
                let (functions, addresses) = (told.ids, told.list);
                Self::TracedFunctions { attach_type, object, functions, addresses }
            }
            LinkType::PERF_EVENT => Self::event(&tail(info), &told).unwrap_or(Self::Untold),
            _ => Self::network(info),
        }
    }

    fn tracing(info: &BpfLinkInfo) -> Self {
        let LinkInfoTracing { attach_type, target_obj_id, target_btf_id, .. } = tail(info);
        Self::Tracing { attach_type, object: target_obj_id, function: target_btf_id }
    }

    fn network(info: &BpfLinkInfo) -> Self {
        match info.type_ {
            LinkType::NETNS => {
                let LinkInfoNetns { netns_ino: inode, attach_type } = tail(info);
                Self::NetworkNamespace { inode, attach_type }
            }
            LinkType::XDP => {
                let LinkInfoXdp { ifindex: index } = tail(info);
                Self::Interface { index, attach_type: AttachType::XDP }
            }
            // Both are told alike.
            LinkType::TCX | LinkType::NETKIT => {
                let LinkInfoTcx { ifindex: index, attach_type } = tail(info);
                Self::Interface { index, attach_type }
            }
            _ => Self::Untold,
        }
    }

    fn functions(info: &BpfLinkInfo, told: Told<'_>) -> Self {
        if told.list.is_empty() {
            return Self::Untold;
        }
        if info.type_ == LinkType::KPROBE_MULTI {
            let on_return =
                tail::<LinkInfoKprobeMulti>(info).flags & BPF_F_KPROBE_MULTI_RETURN != 0;
            return Self::Functions { addresses: told.list, on_return };
        }
        let LinkInfoUprobeMulti { flags, pid: process, .. } = tail(info);
        let on_return = flags & BPF_F_UPROBE_MULTI_RETURN != 0;
        Self::FileFunctions { path: told.path(), offsets: told.list, on_return, process }
    }

    fn event(info: &LinkInfoPerfEvent, told: &Told<'_>) -> Option<Self> {
        Some(match info.type_ {
            PerfEventType::KPROBE | PerfEventType::KRETPROBE => {
                let LinkInfoKprobe { offset, addr: address, cookie, .. } = info.kprobe()?;
                let on_return = info.type_ == PerfEventType::KRETPROBE;
                Self::Kprobe { function: told.name(), offset, address, on_return, cookie }
            }
            PerfEventType::UPROBE | PerfEventType::URETPROBE => {
                let LinkInfoUprobe { offset, cookie, .. } = info.uprobe()?;
                let on_return = info.type_ == PerfEventType::URETPROBE;
                Self::Uprobe { path: told.path(), offset, on_return, cookie }
            }
            PerfEventType::TRACEPOINT => {
                let LinkInfoTracepoint { cookie, .. } = info.tracepoint()?;
                Self::Tracepoint { name: told.name(), cookie }
            }
            PerfEventType::EVENT => {
                let LinkInfoEvent { type_: source, config, cookie, .. } = info.event()?;
                Self::Event { source, config, cookie }
            }
            _ => return None,
        })
    }
}
