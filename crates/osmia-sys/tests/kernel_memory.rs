//! Mapped memory against the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use osmia_abi::flags::BPF_F_MMAPABLE;
use osmia_abi::{MapType, ProgType};
use osmia_sys::{
    Bpf, Errno, Log, MapCreate, MapFd, Poller, ProgFd, ProgLoad, RingMemory, SharedMemory, TestRun,
    lift_memlock, read_btf_file, wait_readable,
};
use osmia_testkit::gate::Gate;

/// Kernels before 5.11 count maps as locked memory. Without `CAP_SYS_RESOURCE` the limit stays as it is, and if it
/// is too low, making the map says so.
fn make_room() {
    let lifted = lift_memlock();
    assert!(matches!(lifted, Ok(()) | Err(Errno::PERM)), "{lifted:?}");
}

fn create(map_type: MapType, value_size: u32, max_entries: u32, map_flags: u32) -> MapFd {
    make_room();
    let key_size = if map_type == MapType::RINGBUF { 0 } else { 4 };
    let create = MapCreate {
        map_type,
        key_size,
        value_size,
        max_entries,
        map_flags,
        ..MapCreate::default()
    };
    Bpf::kernel().map_create(&create).unwrap()
}

/// An instruction.
fn insn(code: u8, dst: u8, src: u8, offset: i16, imm: i32) -> [u8; 8] {
    let [o0, o1] = offset.to_ne_bytes();
    let [i0, i1, i2, i3] = imm.to_ne_bytes();
    [code, dst | (src << 4), o0, o1, i0, i1, i2, i3]
}

/// A program that outputs the first four bytes of the packet, from which it knows whether to submit or to discard:
/// `r = bpf_ringbuf_reserve(ring, 4); *r = packet[0]; packet[0] odd ? discard(r) : submit(r)`.
fn producer(ring: &MapFd) -> ProgFd {
    use std::os::fd::{AsFd as _, AsRawFd as _};
    let fd = ring.as_fd().as_raw_fd();
    let insns = [
        insn(0xbf, 6, 1, 0, 0),  // r6 = r1
        insn(0xb7, 2, 0, 0, 0),  // r2 = 0
        insn(0xbf, 3, 10, 0, 0), // r3 = r10
        insn(0x07, 3, 0, 0, -8), // r3 += -8
        insn(0xb7, 4, 0, 0, 4),  // r4 = 4
        insn(0x85, 0, 0, 0, 26), // bpf_skb_load_bytes
        insn(0x18, 1, 1, 0, fd), // r1 = ring
        insn(0, 0, 0, 0, 0),
        insn(0xb7, 2, 0, 0, 4),   // r2 = 4
        insn(0xb7, 3, 0, 0, 0),   // r3 = 0
        insn(0x85, 0, 0, 0, 131), // bpf_ringbuf_reserve
        insn(0x15, 0, 0, 9, 0),   // if r0 == 0 goto exit
        insn(0x61, 7, 10, -8, 0), // r7 = *(u32 *)(r10 - 8)
        insn(0x63, 0, 7, 0, 0),   // *(u32 *)r0 = r7
        insn(0xbf, 1, 0, 0, 0),   // r1 = r0
        insn(0xb7, 2, 0, 0, 0),   // r2 = 0
        insn(0x45, 7, 0, 2, 1),   // if r7 & 1 goto discard
        insn(0x85, 0, 0, 0, 132), // bpf_ringbuf_submit
        insn(0x05, 0, 0, 1, 0),   // goto one
        insn(0x85, 0, 0, 0, 133), // bpf_ringbuf_discard
        insn(0xb7, 0, 0, 0, 1),   // r0 = 1
        insn(0xb7, 0, 0, 0, 0),   // exit: r0 = 0
        insn(0x95, 0, 0, 0, 0),
    ]
    .concat();
    let load = ProgLoad {
        prog_type: ProgType::SCHED_CLS,
        insns: &insns,
        license: c"GPL",
        ..ProgLoad::default()
    };
    let mut buf = vec![0; 1 << 16];
    let mut log = Log { level: 1, buf: &mut buf, true_size: 0 };
    let prog = Bpf::kernel().prog_load(&load, &mut log);
    prog.unwrap_or_else(|errno| panic!("{errno}: {}", String::from_utf8_lossy(log.text())))
}

fn produce(prog: &ProgFd, number: u32, repeat: u32) {
    let mut packet = [0; 64];
    packet[..4].copy_from_slice(&number.to_ne_bytes());
    let mut run = TestRun { data_in: &packet, repeat, ..TestRun::default() };
    Bpf::kernel().prog_test_run(prog, &mut run).unwrap();
}

fn consume(ring: &mut RingMemory) -> Option<u32> {
    let record = ring.next_record().unwrap()?;
    Some(u32::from_ne_bytes(record.try_into().unwrap()))
}

#[test]
fn records_come_in_order_and_discarded_ones_not_at_all() {
    let Some(_gate) = Gate::root() else { return };
    let map = create(MapType::RINGBUF, 0, 4096, 0);
    let prog = producer(&map);
    let mut ring = RingMemory::new(&Bpf::kernel(), &map).unwrap();
    assert_eq!(consume(&mut ring), None);
    for number in 0..10 {
        produce(&prog, number, 1);
    }
    assert_eq!(ring.positions().available, 160);
    for number in [0, 2, 4, 6, 8] {
        assert_eq!(consume(&mut ring), Some(number));
    }
    assert_eq!(consume(&mut ring), None);
    let positions = ring.positions();
    assert_eq!((positions.available, positions.size), (0, 4096));
    assert_eq!((positions.consumer, positions.producer), (160, 160));
}

#[test]
fn a_ring_goes_round_without_a_loss() {
    let Some(_gate) = Gate::root() else { return };
    let map = create(MapType::RINGBUF, 0, 4096, 0);
    let prog = producer(&map);
    let mut ring = RingMemory::new(&Bpf::kernel(), &map).unwrap();
    let mut expected = VecDeque::new();
    for number in (0..10_000).step_by(2) {
        produce(&prog, number, 1);
        expected.push_back(number);
        // Lag behind by a number of records that does not divide the ring.
        while expected.len() > 100 {
            assert_eq!(consume(&mut ring), expected.pop_front());
        }
    }
    while let Some(number) = consume(&mut ring) {
        assert_eq!(Some(number), expected.pop_front());
    }
    assert!(expected.is_empty());
}

#[test]
fn another_consumer_goes_on_where_the_first_left_off() {
    let Some(_gate) = Gate::root() else { return };
    let map = create(MapType::RINGBUF, 0, 4096, 0);
    let prog = producer(&map);
    produce(&prog, 2, 1);
    produce(&prog, 4, 1);
    let mut ring = RingMemory::new(&Bpf::kernel(), &map).unwrap();
    assert_eq!(consume(&mut ring), Some(2));
    drop(ring);
    let mut ring = RingMemory::new(&Bpf::kernel(), &map).unwrap();
    assert_eq!(consume(&mut ring), Some(4));
    assert_eq!(consume(&mut ring), None);
}

#[test]
fn a_waiting_consumer_is_woken() {
    let Some(_gate) = Gate::root() else { return };
    let map = create(MapType::RINGBUF, 0, 4096, 0);
    let prog = producer(&map);
    let mut ring = RingMemory::new(&Bpf::kernel(), &map).unwrap();
    let mut poller = Poller::new().unwrap();
    poller.add(&ring, 3).unwrap();
    assert_eq!(wait_readable(&ring, Some(Duration::ZERO)), Ok(false));
    assert_eq!(poller.wait(Some(Duration::from_millis(1))).unwrap().count(), 0);
    for round in 0..100 {
        let thread = std::thread::scope(|scope| {
            let prog = &prog;
            scope.spawn(move || produce(prog, round * 2, 1));
            poller.wait(Some(Duration::from_secs(10))).unwrap().collect::<Vec<_>>()
        });
        assert_eq!(thread, [3]);
        assert_eq!(consume(&mut ring), Some(round * 2));
        assert_eq!(consume(&mut ring), None);
    }
}

#[test]
fn a_flood_is_consumed_while_it_comes() {
    const COUNT: u32 = 200_000;
    let Some(_gate) = Gate::root() else { return };
    let map = create(MapType::RINGBUF, 0, 1 << 22, 0);
    let prog = producer(&map);
    let mut ring = RingMemory::new(&Bpf::kernel(), &map).unwrap();
    let mut seen = 0;
    std::thread::scope(|scope| {
        let flood = scope.spawn(|| produce(&prog, 6, COUNT));
        while !flood.is_finished() || wait_readable(&ring, Some(Duration::ZERO)).unwrap() {
            while let Some(number) = consume(&mut ring) {
                assert_eq!(number, 6);
                seen += 1;
            }
        }
    });
    assert_eq!(seen, COUNT);
}

#[test]
fn what_is_no_ring_buffer_is_refused() {
    let Some(_gate) = Gate::root() else { return };
    let map = create(MapType::ARRAY, 8, 1, 0);
    assert_eq!(RingMemory::new(&Bpf::kernel(), &map).unwrap_err(), Errno::INVAL);
    assert_eq!(SharedMemory::map(&map, 8, true).unwrap_err(), Errno::INVAL);
}

#[test]
fn global_data_is_shared_with_the_kernel() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = Bpf::kernel();
    let map = create(MapType::ARRAY, 40, 1, BPF_F_MMAPABLE);
    let memory = SharedMemory::map(&map, 40, true).unwrap();
    assert_eq!(memory.store_u16(2, 9000), Ok(()));
    assert_eq!(memory.store_u64(8, u64::MAX), Ok(()));
    assert_eq!(memory.write(19, b"abcdefghijklmnopqrstu"), Ok(()));
    let mut value = [0; 40];
    bpf.map_lookup(&map, &[0; 4], &mut value, 0).unwrap();
    assert_eq!(value[2..4], 9000_u16.to_ne_bytes());
    assert_eq!(value[8..16], [0xff; 8]);
    assert_eq!(&value[19..], b"abcdefghijklmnopqrstu");

    value[0] = 7;
    bpf.map_update(&map, &[0; 4], &value, 0).unwrap();
    assert_eq!(memory.load_u8(0), Ok(7));
    let mut out = [0; 40];
    assert_eq!(memory.read(0, &mut out), Ok(()));
    assert_eq!(out, value);
    assert_eq!(memory.read(17, &mut out[..2]), Ok(()));
    assert_eq!(memory.read(5, &mut []), Ok(()));
}

#[test]
fn shared_memory_has_bounds() {
    let Some(_gate) = Gate::root() else { return };
    let map = create(MapType::ARRAY, 8, 1, BPF_F_MMAPABLE);
    let memory = SharedMemory::map(&map, 8, false).unwrap();
    let end = memory.len();
    assert_eq!(memory.load_u64(1), Err(Errno::INVAL));
    assert_eq!(memory.load_u64(end), Err(Errno::FAULT));
    assert_eq!(memory.load_u8(usize::MAX), Err(Errno::FAULT));
    assert_eq!(memory.load_u64(end - 8), Ok(0));
    assert_eq!(memory.read(end - 1, &mut [0; 2]), Err(Errno::FAULT));
    assert_eq!(memory.store_u8(0, 1), Err(Errno::ACCESS));
    assert_eq!(memory.write(0, &[1]), Err(Errno::ACCESS));
    assert_eq!(SharedMemory::map(&map, end + 1, false).unwrap_err(), Errno::INVAL);
    let writable = SharedMemory::map(&map, 8, true).unwrap();
    assert_eq!(Bpf::kernel().map_freeze(&map), Err(Errno::BUSY));
    drop(writable);
    assert_eq!(Bpf::kernel().map_freeze(&map), Ok(()));
    assert_eq!(SharedMemory::map(&map, 8, true).unwrap_err(), Errno::PERM);
}

#[test]
fn the_kernels_btf_is_there() {
    let Some(_gate) = Gate::root() else { return };
    let btf = read_btf_file(Path::new("/sys/kernel/btf/vmlinux")).unwrap();
    assert!(btf.len() > 1 << 20);
    assert_eq!(btf[..2], 0xeb9f_u16.to_ne_bytes());
    let other = read_btf_file(Path::new("/proc/self/comm")).unwrap();
    assert!(!other.is_empty());
    assert_eq!(read_btf_file(Path::new("/osmia/none")).unwrap_err(), Errno::NOENT);
}
