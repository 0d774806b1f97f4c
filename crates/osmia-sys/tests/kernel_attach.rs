//! What each attach type wants to know beyond a program and a place, against the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod entry_point;

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd as _, AsRawFd as _};

use osmia_abi::flags::{BPF_F_ALLOW_MULTI, BPF_F_KPROBE_MULTI_RETURN};
use osmia_abi::{
    AttachType, LinkInfoKprobeMulti, LinkInfoNetfilter, LinkInfoTcx, LinkInfoUprobeMulti, LinkType,
    ProgType, TaskFdType,
};
use osmia_sys::{
    AttachTarget, Bpf, Errno, Functions, LinkCreate, LinkFd, LinkInfoBufs, LinkTail, Log,
    Neighbour, Netlink, Position, ProgAttach, ProgFd, ProgInfoBufs, ProgLoad, ProgQuery, Side,
    UprobeMulti,
};
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::cgroup::Cgroup;
use osmia_testkit::guard::netns::NetNs;

/// `r0 = 1; exit`.
const RETURN_1: [u8; 16] = [0xb7, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];

fn load(prog_type: ProgType, expected_attach_type: AttachType) -> Result<ProgFd, Errno> {
    let load = ProgLoad {
        prog_type,
        insns: &RETURN_1,
        license: c"GPL",
        expected_attach_type,
        ..ProgLoad::default()
    };
    Bpf::kernel().prog_load(&load, &mut Log::default())
}

fn id_of(prog: &ProgFd) -> u32 {
    Bpf::kernel().prog_info(prog, &mut ProgInfoBufs::default()).unwrap().id
}

/// What kernels say to attach types and fields that they do not know.
const INVALID: fn(&Errno) -> bool = |errno| *errno == Errno::INVAL;

#[test]
fn a_cgroup_program_without_a_link_stays_until_it_is_detached() {
    let Some(_gate) = Gate::root() else { return };
    let (bpf, cgroup) = (Bpf::kernel(), Cgroup::new());
    let dir = File::open(cgroup.path()).unwrap();
    let prog = load(ProgType::CGROUP_SKB, AttachType::CGROUP_INET_INGRESS).unwrap();
    let attach = ProgAttach {
        target: AttachTarget::Fd(dir.as_fd()),
        attach_type: AttachType::CGROUP_INET_INGRESS,
        flags: BPF_F_ALLOW_MULTI,
        replace: None,
        position: None,
        expected_revision: 0,
    };
    bpf.prog_attach(&prog, &attach).unwrap();
    let (mut ids, id) = ([0; 4], id_of(&prog));
    let mut query = ProgQuery {
        target: attach.target,
        attach_type: attach.attach_type,
        query_flags: 0,
        prog_ids: &mut ids,
        prog_attach_flags: &mut [],
        link_ids: &mut [],
    };
    let queried = bpf.prog_query(&mut query).unwrap();
    assert_eq!((queried.count, queried.attach_flags), (1, BPF_F_ALLOW_MULTI));
    let detach = ProgAttach { flags: 0, ..attach };
    bpf.prog_detach(Some(prog.as_fd()), &detach).unwrap();
    assert_eq!(bpf.prog_query(&mut query).unwrap().count, 0);
    assert_eq!(ids[0], id);
}

#[test]
fn tcx_programs_have_an_order() {
    let Some(gate) = Gate::root() else { return };
    NetNs::new().enter(|| {
        let bpf = Bpf::kernel();
        let lo = Netlink::open().unwrap().index_of("lo").unwrap();
        let [first, second] = [0, 1].map(|_| load(ProgType::SCHED_CLS, AttachType(0)).unwrap());
        let link = |prog: &ProgFd, position| {
            bpf.link_create(&LinkCreate {
                prog: prog.as_fd(),
                target: Some(AttachTarget::Ifindex(lo)),
                attach_type: AttachType::TCX_INGRESS,
                flags: 0,
                tail: LinkTail::Ordered { position, expected_revision: 0 },
            })
        };
        let Some(first_link) = gate.take("tcx", "6.6", link(&first, None), INVALID) else { return };
        let before = |neighbour| Some(Position { side: Side::Before, neighbour });
        let second_link = link(&second, before(Neighbour::Link(first_link.as_fd()))).unwrap();
        let (mut progs, mut links) = ([0; 4], [0; 4]);
        let queried = bpf
            .prog_query(&mut ProgQuery {
                target: AttachTarget::Ifindex(lo),
                attach_type: AttachType::TCX_INGRESS,
                query_flags: 0,
                prog_ids: &mut progs,
                prog_attach_flags: &mut [],
                link_ids: &mut links,
            })
            .unwrap();
        assert_eq!((queried.count, queried.revision), (2, 3));
        assert_eq!(progs[..2], [id_of(&second), id_of(&first)]);
        let info = bpf.link_info(&second_link).unwrap();
        assert_eq!((info.type_, links[0]), (LinkType::TCX, info.id));
        let tail = info.tail_as::<LinkInfoTcx>().unwrap();
        assert_eq!((tail.ifindex, tail.attach_type), (lo, AttachType::TCX_INGRESS));
    });
}

#[test]
fn a_netfilter_link_tells_its_hook() {
    let Some(gate) = Gate::root() else { return };
    NetNs::new().enter(|| {
        let loaded = load(ProgType::NETFILTER, AttachType::NETFILTER);
        let Some(prog) = gate.take("netfilter programs", "6.4", loaded, INVALID) else { return };
        let create = LinkCreate {
            prog: prog.as_fd(),
            target: None,
            attach_type: AttachType::NETFILTER,
            flags: 0,
            tail: LinkTail::Netfilter { family: 2, hook: 1, priority: -128, flags: 0 },
        };
        let link = Bpf::kernel().link_create(&create).unwrap();
        let info = Bpf::kernel().link_info(&link).unwrap();
        let tail = info.tail_as::<LinkInfoNetfilter>().unwrap();
        assert_eq!((tail.pf, tail.hooknum, tail.priority), (2, 1, -128));
    });
}

fn kprobe_multi(prog: &ProgFd, functions: Functions<'_>, cookies: &[u64]) -> Result<LinkFd, Errno> {
    Bpf::kernel().link_create(&LinkCreate {
        prog: prog.as_fd(),
        target: None,
        attach_type: AttachType::TRACE_KPROBE_MULTI,
        flags: 0,
        tail: LinkTail::KprobeMulti { flags: BPF_F_KPROBE_MULTI_RETURN, functions, cookies },
    })
}

#[test]
fn one_link_probes_many_functions() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobe.multi", "register_fprobe_ips") {
        return;
    }
    let prog = load(ProgType::KPROBE, AttachType::TRACE_KPROBE_MULTI).unwrap();
    let names = Functions::Names(&[c"ksys_read", c"ksys_write"]);
    assert_eq!(kprobe_multi(&prog, names, &[1]).unwrap_err(), Errno::INVAL);
    let link = gate.take("kprobe.multi", "5.18", kprobe_multi(&prog, names, &[8, 9]), INVALID);
    let Some(link) = link else { return };

    let (mut addrs, mut cookies) = ([0; 2], [0; 2]);
    let mut bufs =
        LinkInfoBufs { addrs: &mut addrs, cookies: &mut cookies, ..LinkInfoBufs::default() };
    let info = Bpf::kernel().link_info_with(&link, &mut bufs).unwrap();
    let tail = info.tail_as::<LinkInfoKprobeMulti>().unwrap();
    if !gate.needs("the info of kprobe.multi", "6.6", tail.count != 0) {
        return;
    }
    assert_eq!((tail.count, tail.flags), (2, BPF_F_KPROBE_MULTI_RETURN));
    if gate.needs("cookies in the info of kprobe.multi", "6.9", cookies != [0; 2]) {
        cookies.sort_unstable();
        assert_eq!(cookies, [8, 9]);
    }
    drop(link);
    kprobe_multi(&prog, Functions::Addresses(&addrs), &[]).unwrap();
}

#[test]
fn a_link_probes_places_in_a_file() {
    let Some(gate) = Gate::root() else { return };
    let prog = load(ProgType::KPROBE, AttachType::TRACE_UPROBE_MULTI).unwrap();
    let exe = std::env::current_exe().unwrap();
    let place = entry_point::offset_in(&std::fs::read(&exe).unwrap());
    let exe = CString::new(exe.to_str().unwrap()).unwrap();
    let uprobes = UprobeMulti {
        path: &exe,
        offsets: &[place],
        ref_ctr_offsets: &[],
        cookies: &[3],
        flags: 0,
        pid: 0,
    };
    let created = Bpf::kernel().link_create(&LinkCreate {
        prog: prog.as_fd(),
        target: None,
        attach_type: AttachType::TRACE_UPROBE_MULTI,
        flags: 0,
        tail: LinkTail::UprobeMulti(uprobes),
    });
    let Some(link) = gate.take("uprobe.multi", "6.6", created, INVALID) else { return };
    let (mut name, mut offsets, mut cookies) = ([0; 4096], [0; 1], [0; 1]);
    let mut bufs = LinkInfoBufs {
        name: &mut name,
        offsets: &mut offsets,
        cookies: &mut cookies,
        ..LinkInfoBufs::default()
    };
    let info = Bpf::kernel().link_info_with(&link, &mut bufs).unwrap();
    let tail = info.tail_as::<LinkInfoUprobeMulti>().unwrap();
    if gate.needs("the info of uprobe.multi", "6.8", tail.count != 0) {
        assert_eq!((tail.count, offsets, cookies), (1, [place], [3]));
        assert!(name.starts_with(exe.as_bytes_with_nul()));
    }
}

#[test]
fn a_descriptor_tells_its_program() {
    let Some(_gate) = Gate::root() else { return };
    let (bpf, prog) = (Bpf::kernel(), load(ProgType::RAW_TRACEPOINT, AttachType(0)).unwrap());
    let link = bpf.raw_tracepoint_open(&prog, Some(c"sched_process_fork"), 0).unwrap();
    let (own, fd) = (std::process::id(), link.as_fd().as_raw_fd().try_into().unwrap());
    let mut name = [0; 64];
    let told = bpf.task_fd_query(own, fd, &mut name).unwrap();
    assert_eq!((told.prog_id, told.name_len), (id_of(&prog), 18));
    assert_eq!(told.fd_type, TaskFdType::RAW_TRACEPOINT);
    assert!(name.starts_with(b"sched_process_fork\0"));
    assert_eq!(bpf.task_fd_query(own, fd, &mut [0; 4]), Err(Errno::NOSPC));
    let null = File::open("/dev/null").unwrap();
    let other = null.as_raw_fd().try_into().unwrap();
    assert_eq!(bpf.task_fd_query(own, other, &mut name), Err(osmia_sys::ENOTSUPP));
}
