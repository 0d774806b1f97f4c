//! Perf events against the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod entry_point;

use std::ffi::CString;
use std::fs;
use std::os::fd::AsFd as _;
use std::process::Command;

use osmia_abi::{AttachType, LinkType, PerfEventAttr, ProgType, StatsType};
use osmia_sys::{
    AttachTarget, Bpf, Errno, KernelFs, LinkCreate, LinkInfoBufs, LinkTail, Log, PerfEvent, PerfFd,
    PerfSampling, PerfTarget, ProgFd, ProgInfoBufs, ProgLoad,
};
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::mounts::TRACEFS;

/// `r0 = 0; exit`.
const RETURN_0: [u8; 16] = [0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];

fn load(prog_type: ProgType) -> ProgFd {
    let load = ProgLoad { prog_type, insns: &RETURN_0, license: c"GPL", ..ProgLoad::default() };
    Bpf::kernel().prog_load(&load, &mut Log::default()).unwrap()
}

fn run_count(prog: &ProgFd) -> u64 {
    Bpf::kernel().prog_info(prog, &mut ProgInfoBufs::default()).unwrap().run_cnt
}

fn open(event: &PerfEvent<'_>) -> Result<PerfFd, Errno> {
    let disabled = PerfSampling { flags: PerfEventAttr::DISABLED, ..PerfSampling::default() };
    PerfFd::open(event, PerfTarget::Cpu(0), &disabled)
}

fn tracepoint(name: &str) -> PerfEvent<'static> {
    TRACEFS.ensure().unwrap();
    let tracefs = KernelFs::Trace.find().unwrap();
    assert_eq!(KernelFs::Trace.holds(&tracefs), Ok(true));
    let id = fs::read_to_string(tracefs.join("events").join(name).join("id")).unwrap();
    PerfEvent::Tracepoint { id: id.trim().parse().unwrap() }
}

#[test]
fn a_program_hangs_on_a_tracepoint() {
    let Some(_gate) = Gate::root() else { return };
    let prog = load(ProgType::TRACEPOINT);
    let stats = Bpf::kernel().enable_stats(StatsType::RUN_TIME).unwrap();
    let event = open(&tracepoint("sched/sched_process_exec")).unwrap();
    event.set_bpf(&prog).unwrap();
    event.enable().unwrap();
    assert!(Command::new("true").status().unwrap().success());
    let count = run_count(&prog);
    assert!(count > 0);

    let id = Bpf::kernel().prog_info(&prog, &mut ProgInfoBufs::default()).unwrap().id;
    let mut ids = [0; 16];
    let found = event.query_bpf(&mut ids).unwrap();
    assert!(ids[..found].contains(&id), "{ids:?}");
    assert!(event.query_bpf(&mut []).unwrap() >= 1);
    event.disable().unwrap();
    drop((event, stats));
}

#[test]
fn a_perf_link_tells_its_tracepoint() {
    let Some(gate) = Gate::root() else { return };
    let (bpf, prog) = (Bpf::kernel(), load(ProgType::TRACEPOINT));
    let event = open(&tracepoint("sched/sched_process_exec")).unwrap();
    let create = LinkCreate {
        prog: prog.as_fd(),
        target: Some(AttachTarget::Fd(event.as_fd())),
        attach_type: AttachType::PERF_EVENT,
        flags: 0,
        tail: LinkTail::PerfEvent { cookie: 77 },
    };
    let created = bpf.link_create(&create);
    let unsupported = |errno: &Errno| *errno == Errno::INVAL;
    let Some(link) = gate.take("perf event links", "5.15", created, unsupported) else { return };
    let mut name = [0; 64];
    let mut bufs = LinkInfoBufs { name: &mut name, ..LinkInfoBufs::default() };
    let info = bpf.link_info_with(&link, &mut bufs).unwrap();
    assert_eq!(info.type_, LinkType::PERF_EVENT);
    if !gate.needs("names in the info of perf event links", "6.6", name[0] != 0) {
        return;
    }
    let tail = info.tail_as::<osmia_abi::LinkInfoPerfEvent>().unwrap().tracepoint().unwrap();
    assert_eq!(tail.cookie, 77);
    assert!(name.starts_with(b"sched_process_exec\0"));
}

#[test]
fn a_program_hangs_on_a_place_in_a_file() {
    let Some(_gate) = Gate::root() else { return };
    let source = fs::read_to_string("/sys/bus/event_source/devices/uprobe/type").unwrap();
    let source = source.trim().parse().unwrap();
    let exe = std::env::current_exe().unwrap();
    let offset = entry_point::offset_in(&fs::read(&exe).unwrap());
    let path = CString::new(exe.to_str().unwrap()).unwrap();
    let prog = load(ProgType::KPROBE);
    let stats = Bpf::kernel().enable_stats(StatsType::RUN_TIME).unwrap();
    let event = open(&PerfEvent::Uprobe { source, config: 0, path: &path, offset }).unwrap();
    event.set_bpf(&prog).unwrap();
    event.enable().unwrap();
    for _ in 0..3 {
        let listed = Command::new(&exe).arg("--list").output().unwrap();
        assert!(listed.status.success());
    }
    assert!(run_count(&prog) >= 3, "{}", run_count(&prog));
    drop((event, stats));

    let none = PerfEvent::Uprobe { source, config: 0, path: c"/osmia/none", offset: 0 };
    assert_eq!(open(&none).unwrap_err(), Errno::NOENT);
}

#[test]
fn a_program_of_another_type_does_not_suit() {
    let Some(_gate) = Gate::root() else { return };
    let event = open(&tracepoint("sched/sched_process_exec")).unwrap();
    assert_eq!(event.set_bpf(&load(ProgType::SOCKET_FILTER)), Err(Errno::INVAL));
}
