//! Programs and BTF against the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia_abi::ProgType;
use osmia_sys::{Bpf, Errno, FdKind, Log, ProgFd, ProgInfoBufs, ProgLoad};
use osmia_testkit::gate::Gate;

/// `r0 = 0; exit`.
const RETURN_0: [u8; 16] = [0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];
/// `exit` alone: r0 was never set.
const NO_VALUE: [u8; 8] = [0x95, 0, 0, 0, 0, 0, 0, 0];

fn socket_filter(insns: &[u8]) -> ProgLoad<'_> {
    ProgLoad {
        prog_type: ProgType::SOCKET_FILTER,
        insns,
        license: c"GPL",
        name: "osmia_test".into(),
        ..ProgLoad::default()
    }
}

#[test]
fn a_program_loads_and_tells_of_itself() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = Bpf::kernel();
    let prog = bpf.prog_load(&socket_filter(&RETURN_0), &mut Log::default()).unwrap();
    let mut xlated = [0; 64];
    let mut tags = [[0; 8]; 1];
    let mut bufs =
        ProgInfoBufs { xlated_insns: &mut xlated, tags: &mut tags, ..ProgInfoBufs::default() };
    let info = bpf.prog_info(&prog, &mut bufs).unwrap();
    assert_eq!(info.type_, ProgType::SOCKET_FILTER);
    assert_eq!(info.gpl_compatible & 1, 1);
    assert!(info.name.starts_with(b"osmia_test\0"));
    assert_eq!(info.xlated_prog_len, 16);
    assert_eq!(xlated[..16], RETURN_0);
    assert_eq!(tags[0], info.tag);

    let again = bpf.prog_by_id(info.id).unwrap();
    assert_eq!(FdKind::of(&again), Ok(Some(FdKind::Prog)));
    assert!(ProgFd::new(again.into_fd()).is_ok());
}

#[test]
fn a_refused_program_leaves_a_log() {
    let Some(_gate) = Gate::root() else { return };
    let mut buf = [0; 4096];
    let mut log = Log { level: 1, buf: &mut buf, true_size: 0 };
    let error = Bpf::kernel().prog_load(&socket_filter(&NO_VALUE), &mut log).unwrap_err();
    assert_eq!(error, Errno::ACCESS);
    let text = String::from_utf8_lossy(log.text()).into_owned();
    assert!(text.contains("R0 !read_ok"), "{text}");
}

#[test]
fn a_log_that_does_not_fit_tells_its_size() {
    let Some(gate) = Gate::root() else { return };
    // `r2 = 0` many times, each of which is a line of the log.
    let mut insns = [0xb7, 2, 0, 0, 0, 0, 0, 0].repeat(30);
    insns.extend(NO_VALUE);
    let mut short = [0; 128];
    let mut log = Log { level: 1, buf: &mut short, true_size: 0 };
    let error = Bpf::kernel().prog_load(&socket_filter(&insns), &mut log).unwrap_err();
    assert_eq!(error, Errno::NOSPC);
    if !gate.needs("the true size of a log", "6.4", log.true_size != 0) {
        return;
    }
    let mut enough = vec![0; log.true_size as usize];
    let mut log = Log { level: 1, buf: &mut enough, true_size: 0 };
    let error = Bpf::kernel().prog_load(&socket_filter(&insns), &mut log).unwrap_err();
    assert_eq!(error, Errno::ACCESS);
    assert_eq!(log.text().len() + 1, log.true_size as usize);
}

#[test]
fn another_kind_of_descriptor_is_refused() {
    let Some(_gate) = Gate::root() else { return };
    let file = std::fs::File::open("/dev/null").unwrap();
    assert_eq!(ProgFd::new(file.into()).unwrap_err(), Errno::INVAL);
}

#[test]
fn a_log_of_level_0_is_no_log() {
    let Some(_gate) = Gate::root() else { return };
    let mut buf = [0; 1024];
    let mut log = Log { level: 0, buf: &mut buf, true_size: 0 };
    Bpf::kernel().prog_load(&socket_filter(&RETURN_0), &mut log).unwrap();
    assert_eq!(log.text(), b"");
}

#[test]
fn half_an_instruction_is_refused() {
    let Some(_gate) = Gate::root() else { return };
    let result = Bpf::kernel().prog_load(&socket_filter(&RETURN_0[..12]), &mut Log::default());
    assert_eq!(result.unwrap_err(), Errno::INVAL);
}

#[test]
fn btf_loads_and_comes_back() {
    let Some(_gate) = Gate::root() else { return };
    // A header and one `int`.
    let mut btf = Vec::new();
    btf.extend(0xeb9f_u16.to_ne_bytes());
    btf.extend([1, 0]);
    for word in [24_u32, 0, 16, 16, 5] {
        btf.extend(word.to_ne_bytes());
    }
    for word in [1_u32, 1 << 24, 4, (1 << 24) | 32] {
        btf.extend(word.to_ne_bytes());
    }
    btf.extend(b"\0int\0");

    let bpf = Bpf::kernel();
    let fd = bpf.btf_load(&btf, &mut Log::default(), None).unwrap();
    let (mut data, mut name) = ([0; 128], [0; 16]);
    let info = bpf.btf_info(&fd, &mut data, &mut name).unwrap();
    assert_eq!(data[..info.btf_size as usize], btf);
    assert_eq!(info.kernel_btf, 0);
    bpf.btf_by_id(info.id, None).unwrap();

    btf[0] = 0;
    let mut buf = [0; 1024];
    let mut log = Log { level: 1, buf: &mut buf, true_size: 0 };
    bpf.btf_load(&btf, &mut log, None).unwrap_err();
    assert!(String::from_utf8_lossy(log.text()).contains("magic"));
}
