//! Test runs, links and iterators against the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia_abi::{LinkInfoRawTracepoint, LinkType, ProgType};
use osmia_sys::{
    Bpf, ENOTSUPP, Errno, FdKind, IdKind, LinkFd, LinkInfoBufs, Log, ProgFd, ProgLoad, TestRun,
};
use osmia_testkit::gate::Gate;

/// `r0 = 7; exit`.
const RETURN_7: [u8; 16] = [0xb7, 0, 0, 0, 7, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];

fn load(prog_type: ProgType) -> ProgFd {
    let load = ProgLoad { prog_type, insns: &RETURN_7, license: c"GPL", ..ProgLoad::default() };
    Bpf::kernel().prog_load(&load, &mut Log::default()).unwrap()
}

#[test]
fn a_program_runs_with_a_packet() {
    let Some(_gate) = Gate::root() else { return };
    let prog = load(ProgType::SCHED_CLS);
    let mut out = [0xff; 64];
    let mut run =
        TestRun { data_in: &[1; 20], data_out: &mut out, repeat: 3, ..TestRun::default() };
    let ran = Bpf::kernel().prog_test_run(&prog, &mut run).unwrap();
    assert_eq!(ran.retval, 7);
    assert_eq!(ran.data_size, 20);
    assert_eq!(out[..20], [1; 20]);
    assert_eq!(out[20..], [0xff; 44]);
}

#[test]
fn a_packet_needs_an_ethernet_header_and_room() {
    let Some(_gate) = Gate::root() else { return };
    let prog = load(ProgType::SOCKET_FILTER);
    let bpf = Bpf::kernel();
    let mut short = TestRun { data_in: &[0; 13], ..TestRun::default() };
    assert_eq!(bpf.prog_test_run(&prog, &mut short).unwrap_err(), Errno::INVAL);
    let mut out = [0; 8];
    let mut run = TestRun { data_in: &[0; 14], data_out: &mut out, ..TestRun::default() };
    assert_eq!(bpf.prog_test_run(&prog, &mut run).unwrap_err(), Errno::NOSPC);
}

#[test]
fn a_tracepoint_program_cannot_be_run_by_hand() {
    let Some(_gate) = Gate::root() else { return };
    let prog = load(ProgType::TRACEPOINT);
    let result = Bpf::kernel().prog_test_run(&prog, &mut TestRun::default());
    assert_eq!(result.unwrap_err(), ENOTSUPP);
}

#[test]
fn a_raw_tracepoint_link_tells_its_name() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = Bpf::kernel();
    let prog = load(ProgType::RAW_TRACEPOINT);
    assert_eq!(
        bpf.raw_tracepoint_open(&prog, Some(c"osmia_no_such_thing"), 0).unwrap_err(),
        Errno::NOENT
    );
    let link = bpf.raw_tracepoint_open(&prog, Some(c"sched_process_fork"), 0).unwrap();
    assert_eq!(FdKind::of(&link), Ok(Some(FdKind::Link)));

    let plain = bpf.link_info(&link).unwrap();
    assert_eq!(plain.type_, LinkType::RAW_TRACEPOINT);
    let mut name = [0xff; 64];
    let mut bufs = LinkInfoBufs { name: &mut name, ..LinkInfoBufs::default() };
    let info = bpf.link_info_with(&link, &mut bufs).unwrap();
    assert!(name.starts_with(b"sched_process_fork\0"));
    let tail = info.tail_as::<LinkInfoRawTracepoint>().unwrap();
    assert_eq!(tail.tp_name_len, 19);

    assert!(bpf.link_by_id(info.id).is_ok());
    assert_eq!(bpf.next_id(IdKind::Link, info.id - 1), Ok(Some(info.id)));
    // Links of this type go only when they are closed.
    assert_eq!(bpf.link_detach(&link), Err(Errno::OPNOTSUPP));
    assert!(LinkFd::new(link.into_fd()).is_ok());
}

#[test]
fn a_raw_tracepoint_link_has_a_cookie() {
    let Some(gate) = Gate::root() else { return };
    let (bpf, prog) = (Bpf::kernel(), load(ProgType::RAW_TRACEPOINT));
    let opened = bpf.raw_tracepoint_open(&prog, Some(c"sched_process_fork"), 5);
    let unsupported = |errno: &Errno| *errno == Errno::INVAL;
    let Some(link) = gate.take("raw tracepoint cookies", "6.10", opened, unsupported) else {
        return;
    };
    let tail = bpf.link_info(&link).unwrap().tail_as::<LinkInfoRawTracepoint>().unwrap();
    let told = tail.cookie != 0;
    if gate.needs("cookies in the info of raw tracepoints", "6.17", told) {
        assert_eq!(tail.cookie, 5);
    }
}

#[test]
fn statistics_are_counted_while_they_are_asked_for() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = Bpf::kernel();
    let prog = load(ProgType::SOCKET_FILTER);
    let stats = bpf.enable_stats(osmia_abi::StatsType::RUN_TIME).unwrap();
    let mut run = TestRun { data_in: &[0; 14], repeat: 10, ..TestRun::default() };
    bpf.prog_test_run(&prog, &mut run).unwrap();
    let info = bpf.prog_info(&prog, &mut osmia_sys::ProgInfoBufs::default()).unwrap();
    assert!(info.run_cnt >= 10, "{}", info.run_cnt);
    drop(stats);
}

#[test]
fn only_an_iterator_can_be_iterated() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = Bpf::kernel();
    let prog = load(ProgType::RAW_TRACEPOINT);
    let link = bpf.raw_tracepoint_open(&prog, Some(c"sched_process_fork"), 0).unwrap();
    assert_eq!(bpf.iter_create(&link).unwrap_err(), Errno::INVAL);
}
