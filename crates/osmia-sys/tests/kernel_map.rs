//! Maps against the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use osmia_abi::flags::{BPF_ANY, BPF_EXIST, BPF_NOEXIST};
use osmia_abi::{Cmd, MapCreateAttr, MapType};
use osmia_sys::{
    BatchCursor, Bpf, Call, CallCounter, ENOTSUPP, Errno, MapCreate, MapFd, Returned, Syscalls,
    lift_memlock,
};
use osmia_testkit::gate::Gate;

/// Kernels before 5.11 count maps as locked memory. Without `CAP_SYS_RESOURCE` the limit stays as it is, and if it
/// is too low, making the map says so.
fn make_room() {
    let lifted = lift_memlock();
    assert!(matches!(lifted, Ok(()) | Err(Errno::PERM)), "{lifted:?}");
}

fn create(map_type: MapType, max_entries: u32) -> MapFd {
    make_room();
    let create = MapCreate {
        map_type,
        key_size: 4,
        value_size: 8,
        max_entries,
        name: "osmia_test".into(),
        ..MapCreate::default()
    };
    Bpf::kernel().map_create(&create).unwrap()
}

/// A kernel whose attributes of `BPF_MAP_CREATE` end before the name.
struct SmallAttributes;

impl Syscalls for SmallAttributes {
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno> {
        if call.cmd() == Cmd::MAP_CREATE && call.size() > 28 {
            assert_ne!(call.attr::<MapCreateAttr>().map_name, [0; 16]);
            return Err(Errno::TOOBIG);
        }
        call.proceed()
    }
}

#[test]
fn elements_come_and_go() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = Bpf::kernel();
    let map = create(MapType::HASH, 4);
    let (key, value) = (7_u32.to_ne_bytes(), 99_u64.to_ne_bytes());
    assert_eq!(bpf.map_update(&map, &key, &value, BPF_EXIST), Err(Errno::NOENT));
    assert_eq!(bpf.map_update(&map, &key, &value, BPF_NOEXIST), Ok(()));
    assert_eq!(bpf.map_update(&map, &key, &value, BPF_NOEXIST), Err(Errno::EXIST));

    let mut out = [0; 8];
    assert_eq!(bpf.map_lookup(&map, &key, &mut out, BPF_ANY), Ok(()));
    assert_eq!(out, value);
    let mut first = [0; 4];
    assert_eq!(bpf.map_next_key(&map, None, &mut first), Ok(()));
    assert_eq!(first, key);
    assert_eq!(bpf.map_next_key(&map, Some(&key), &mut first), Err(Errno::NOENT));

    assert_eq!(bpf.map_delete(&map, &key), Ok(()));
    assert_eq!(bpf.map_delete(&map, &key), Err(Errno::NOENT));
    assert_eq!(bpf.map_lookup(&map, &key, &mut out, 0), Err(Errno::NOENT));
}

#[test]
fn an_element_is_taken_out_of_a_hash() {
    let Some(gate) = Gate::root() else { return };
    let bpf = Bpf::kernel();
    let map = create(MapType::HASH, 4);
    let mut out = [0; 8];
    bpf.map_update(&map, &[7; 4], &[9; 8], BPF_ANY).unwrap();
    let taken = bpf.map_lookup_and_delete(&map, &[7; 4], &mut out, 0);
    let unsupported = |errno: &Errno| *errno == ENOTSUPP;
    if gate.take("taking an element out of a hash", "5.14", taken, unsupported).is_none() {
        return;
    }
    assert_eq!(out, [9; 8]);
    assert_eq!(bpf.map_lookup(&map, &[7; 4], &mut out, 0), Err(Errno::NOENT));
}

#[test]
fn slices_of_another_length_never_reach_the_kernel() {
    let Some(_gate) = Gate::root() else { return };
    let counter = Arc::new(CallCounter::default());
    let bpf = Bpf::kernel().with(counter.clone());
    let map = create(MapType::PERCPU_ARRAY, 1);
    let all = map.shape().element_size(0);
    assert_eq!(all, 8 * osmia_sys::possible_cpus().unwrap());
    assert_eq!(bpf.map_lookup(&map, &[0; 4], &mut vec![0; all - 1], 0), Err(Errno::INVAL));
    assert_eq!(bpf.map_lookup(&map, &[0; 3], &mut vec![0; all], 0), Err(Errno::INVAL));
    assert_eq!(bpf.map_update(&map, &[0; 4], &vec![0; all + 8], 0), Err(Errno::INVAL));
    assert_eq!(bpf.map_next_key(&map, None, &mut [0; 5]), Err(Errno::INVAL));
    assert_eq!(bpf.map_delete(&map, &[]), Err(Errno::INVAL));
    let mut cursor = BatchCursor::new(&map);
    let batch = bpf.map_lookup_batch(&map, &mut cursor, &mut [0; 8], &mut [0; 8], 0);
    assert_eq!((batch.count, batch.end), (0, Err(Errno::INVAL)));
    assert_eq!(counter.total(), 0);
    assert_eq!(bpf.map_lookup(&map, &[0; 4], &mut vec![0; all], 0), Ok(()));
    assert_eq!(counter.of(Cmd::MAP_LOOKUP_ELEM), 1);
}

#[test]
fn batches_walk_the_whole_map() {
    const COUNT: u32 = 1000;
    let Some(_gate) = Gate::root() else { return };
    let bpf = Bpf::kernel();
    let map = create(MapType::HASH, COUNT);
    let keys: Vec<u8> = (0..COUNT).flat_map(u32::to_ne_bytes).collect();
    let values: Vec<u8> = (0..COUNT).flat_map(|n| u64::from(n * 3).to_ne_bytes()).collect();
    let update = bpf.map_update_batch(&map, &keys, &values, 0);
    assert_eq!((update.count, update.end), (COUNT as usize, Ok(())));

    let mut cursor = BatchCursor::new(&map);
    let (mut out_keys, mut out_values) = ([0; 4 * 64], [0; 8 * 64]);
    let mut seen = Vec::new();
    loop {
        let batch = bpf.map_lookup_batch(&map, &mut cursor, &mut out_keys, &mut out_values, 0);
        let pairs = out_keys.chunks(4).zip(out_values.chunks(8)).take(batch.count);
        for (key, value) in pairs {
            let key = u32::from_ne_bytes(key.try_into().unwrap());
            assert_eq!(u64::from_ne_bytes(value.try_into().unwrap()), u64::from(key * 3));
            seen.push(key);
        }
        match batch.end {
            Ok(()) => {}
            Err(Errno::NOENT) => break,
            Err(errno) => panic!("{errno}"),
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..COUNT).collect::<Vec<_>>());
}

#[test]
fn a_batch_that_fails_midway_tells_how_far_it_came() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = Bpf::kernel();
    let map = create(MapType::HASH, 2);
    let keys: Vec<u8> = (0..4_u32).flat_map(u32::to_ne_bytes).collect();
    let update = bpf.map_update_batch(&map, &keys, &[0; 32], 0);
    assert_eq!((update.count, update.end), (2, Err(Errno::TOOBIG)));
    let delete = bpf.map_delete_batch(&map, &keys, 0);
    assert_eq!((delete.count, delete.end), (2, Err(Errno::NOENT)));
}

#[test]
fn a_queue_has_values_and_no_keys() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = Bpf::kernel();
    make_room();
    let queue = MapCreate {
        map_type: MapType::QUEUE,
        value_size: 8,
        max_entries: 4,
        ..MapCreate::default()
    };
    let queue = bpf.map_create(&queue).unwrap();
    assert_eq!(bpf.map_update(&queue, &[], &[1; 8], 0), Ok(()));
    let mut out = [0; 8];
    assert_eq!(bpf.map_lookup_and_delete(&queue, &[], &mut out, 0), Ok(()));
    assert_eq!(out, [1; 8]);
}

#[test]
fn a_bucket_that_does_not_fit_is_no_loss() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = Bpf::kernel();
    let map = create(MapType::HASH, 4096);
    let keys: Vec<u8> = (0..4096_u32).flat_map(u32::to_ne_bytes).collect();
    assert_eq!(bpf.map_update_batch(&map, &keys, &vec![0; 8 * 4096], 0).count, 4096);
    let (mut cursor, mut room, mut seen) = (BatchCursor::new(&map), 1, 0);
    loop {
        let (mut keys, mut values) = (vec![0; 4 * room], vec![0; 8 * room]);
        let batch = bpf.map_lookup_batch(&map, &mut cursor, &mut keys, &mut values, 0);
        seen += batch.count;
        match batch.end {
            Ok(()) => {}
            Err(Errno::NOSPC) => room += 1,
            Err(Errno::NOENT) => break,
            Err(errno) => panic!("{errno}"),
        }
    }
    assert_eq!(seen, 4096);
}

#[test]
fn frozen_maps_refuse_updates() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = Bpf::kernel();
    let map = create(MapType::ARRAY, 1);
    assert_eq!(bpf.map_freeze(&map), Ok(()));
    assert_eq!(bpf.map_update(&map, &[0; 4], &[0; 8], 0), Err(Errno::PERM));
}

#[test]
fn info_agrees_with_what_was_asked_for() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = Bpf::kernel();
    let map = create(MapType::HASH, 12);
    let info = bpf.map_info(&map).unwrap();
    assert_eq!(info.type_, MapType::HASH);
    assert_eq!((info.key_size, info.value_size, info.max_entries), (4, 8, 12));
    assert!(info.name.starts_with(b"osmia_test\0"));
    let again = bpf.map_by_id(info.id, 0).unwrap();
    assert_eq!(again.shape(), map.shape());
    let mut ids = std::iter::successors(Some(0), |after| {
        bpf.next_id(osmia_sys::IdKind::Map, *after).unwrap()
    });
    assert!(ids.any(|id| id == info.id));
}

#[test]
fn a_layer_can_play_an_older_kernel() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = Bpf::kernel().with(Arc::new(SmallAttributes));
    let mut create = MapCreate {
        map_type: MapType::ARRAY,
        key_size: 4,
        value_size: 4,
        max_entries: 1,
        name: "x".into(),
        ..MapCreate::default()
    };
    assert_eq!(bpf.map_create(&create).unwrap_err(), Errno::TOOBIG);
    create.name = osmia_sys::ObjName::NONE;
    bpf.map_create(&create).unwrap();
}
