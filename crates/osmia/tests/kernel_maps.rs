//! Maps against the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use osmia::zerocopy::{FromBytes, Immutable, IntoBytes};
use osmia::{
    Array, ErrorKind, HashMap, Kernel, LpmTrie, LruHashMap, Map, Object, PerCpuArray,
    PerCpuHashMap, ProgramArray, TestRun, UpdateFlags, Updated,
};
use osmia_sys::abi::Cmd;
use osmia_sys::{Bpf, Call, CallCounter, ENOTSUPP, Errno, Returned, Syscalls};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Key {
    kind: u8,
    pad: [u8; 3],
    id: u32,
    port: u16,
    tail: [u8; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Value {
    bytes: u64,
    flags: u8,
    tail: [u8; 7],
}

fn load_with(bpf: Bpf) -> Option<Object> {
    let bytes = Fixture::new("elements").bytes()?;
    let spec = osmia::open("elements", bytes).unwrap();
    let kernel = Kernel::builder().bpf(bpf).build().unwrap();
    let object = Object::load(&spec, &kernel).unwrap_or_else(|error| panic!("{error:?}"));
    assert!(object.notes().is_empty(), "{:#}", object.notes()[0]);
    Some(object)
}

fn load() -> Option<Object> {
    load_with(Bpf::kernel())
}

fn map<M: TryFrom<Map, Error = osmia::Error>>(object: &Object, name: &str) -> M {
    object.map(name).unwrap().clone().try_into().unwrap_or_else(|error| panic!("{error:?}"))
}

fn run(object: &Object, program: &str) -> u32 {
    object.program(program).unwrap().test_run(&TestRun::data(&[0; 14])).unwrap().retval
}

fn fill(counts: &HashMap<u32, u64>, many: u32) -> BTreeMap<u32, u64> {
    let keys: Vec<u32> = (0..many).collect();
    let values: Vec<u64> = keys.iter().map(|key| u64::from(*key) * 3).collect();
    assert_eq!(counts.update_batch(&keys, &values, UpdateFlags::ANY).unwrap(), keys.len());
    keys.into_iter().zip(values).collect()
}

/// A kernel without batches, like those before 5.6.
struct NoBatches(Errno);

impl Syscalls for NoBatches {
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno> {
        match call.cmd() {
            Cmd::MAP_LOOKUP_BATCH
            | Cmd::MAP_LOOKUP_AND_DELETE_BATCH
            | Cmd::MAP_UPDATE_BATCH
            | Cmd::MAP_DELETE_BATCH => Err(self.0),
            _ => call.proceed(),
        }
    }
}

fn without_batches(errno: Errno) -> Bpf {
    Bpf::kernel().with(Arc::new(NoBatches(errno)))
}

#[test]
fn all_elements_are_walked_whole_and_once() {
    let Some(_gate) = Gate::root() else { return };
    for bpf in [Bpf::kernel(), without_batches(Errno::INVAL), without_batches(ENOTSUPP)] {
        let Some(object) = load_with(bpf) else { return };
        let counts: HashMap<u32, u64> = map(&object, "counts");
        assert_eq!(counts.iter().count(), 0);
        let filled = fill(&counts, 9999);
        let walked: Vec<(u32, u64)> = counts.iter().map(Result::unwrap).collect();
        assert_eq!(walked.len(), 9999);
        assert_eq!(walked.into_iter().collect::<BTreeMap<_, _>>(), filled);
        let keys: Vec<u32> = (0..9998).collect();
        assert_eq!(counts.remove_batch(&keys).unwrap(), 9998);
        assert_eq!(counts.iter().map(Result::unwrap).collect::<Vec<_>>(), [(9998, 9998 * 3)]);
    }
}

#[test]
fn elements_are_counted_without_types_and_by_batches() {
    let Some(_gate) = Gate::root() else { return };
    let counter = Arc::new(CallCounter::default());
    let Some(object) = load_with(Bpf::kernel().with(counter.clone())) else { return };
    let counts: HashMap<u32, u64> = map(&object, "counts");
    for many in [0, 1, 57, 10_000] {
        fill(&counts, many);
        counter.reset();
        assert_eq!(object.map("counts").unwrap().count().unwrap(), u64::from(many));
        assert!(counter.total() <= 6, "{:?}", counter.by_command());
    }
    assert_eq!(object.map("slots").unwrap().count().unwrap(), 4);
    assert_eq!(object.map("tails").unwrap().count().unwrap(), 1);
    assert_eq!(object.map("outer").unwrap().count().unwrap(), 2);
    let error = object.map("queue").unwrap().count().unwrap_err();
    assert!(error.to_string().contains("elements are pushed and taken"), "{error}");
}

#[test]
fn elements_are_counted_by_a_program_with_a_callback() {
    let Some(gate) = Gate::root() else { return };
    // Without a compiler to machine code, as on Debian's s390x, the kernel has no callbacks.
    if !gate.built_with("callbacks (CONFIG_BPF_JIT)", "bpf_prog_kallsyms_add") {
        return;
    }
    let Some(bytes) = Fixture::new("elements").bytes() else { return };
    let mut spec = osmia::open("elements", bytes).unwrap();
    spec.programs["count"].autoload = true;
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    let unsupported = |error: &osmia::Error| matches!(error.kind(), ErrorKind::Unsupported { .. });
    let Some(object) = gate.take("callbacks", "5.13", loaded, unsupported) else { return };
    let counts: HashMap<u32, u64> = map(&object, "counts");
    for many in [0, 57, 10_000] {
        fill(&counts, many);
        assert_eq!(run(&object, "count"), many);
    }
}

/// Sets a flag when it is dropped, also by a failing assertion: who waits for the flag would wait for ever.
struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_walk_ends_while_others_change_the_map() {
    let Some(_gate) = Gate::root() else { return };
    for bpf in [Bpf::kernel(), without_batches(Errno::INVAL)] {
        let Some(object) = load_with(bpf) else { return };
        let counts: HashMap<u32, u64> = map(&object, "counts");
        fill(&counts, 2000);
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let _end = SetAtEnd(&over);
            scope.spawn(|| {
                let mut next = 0;
                while !over.load(Ordering::Relaxed) {
                    counts.remove(&next).unwrap();
                    counts.set(&(next + 2000), &1).unwrap();
                    counts.remove(&(next + 2000)).unwrap();
                    counts.set(&next, &u64::from(next)).unwrap();
                    next = (next + 1) % 2000;
                }
            });
            for _ in 0..20 {
                let walked: Result<Vec<_>, _> = counts.iter().collect();
                match walked {
                    // A walk by keys may be thrown back to its start until it has taken that many steps.
                    Ok(walked) => assert!(walked.len() <= 20_002, "{}", walked.len()),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}"),
                }
            }
        });
    }
}

/// A kernel whose batches always end before their first element, because others remove it.
struct Interrupted;

impl Syscalls for Interrupted {
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno> {
        if call.cmd() == Cmd::MAP_LOOKUP_BATCH { Err(Errno::INTR) } else { call.proceed() }
    }
}

#[test]
fn a_walk_that_gets_nowhere_ends() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load_with(Bpf::kernel().with(Arc::new(Interrupted))) else { return };
    let counts: HashMap<u32, u64> = map(&object, "counts");
    counts.set(&7, &1).unwrap();
    let error = counts.iter().next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}");
}

#[test]
fn an_update_tells_what_it_did() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let counts: HashMap<u32, u64> = map(&object, "counts");
    assert_eq!(counts.insert(&7, &1).unwrap(), Updated::Inserted);
    assert_eq!(counts.insert(&7, &2).unwrap(), Updated::Replaced);
    assert_eq!(counts.get(&7).unwrap(), Some(2));
    assert_eq!(counts.update(&7, &3, UpdateFlags::EXIST).unwrap(), Updated::Replaced);
    assert_eq!(counts.update(&8, &3, UpdateFlags::NOEXIST).unwrap(), Updated::Inserted);
    assert_eq!(counts.update(&8, &4, UpdateFlags::ANY).unwrap(), Updated::Either);
    let error = counts.update(&8, &4, UpdateFlags::NOEXIST).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists);
    let error = counts.update(&9, &4, UpdateFlags::EXIST).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), "update map `counts`: the key is not there");
    assert!(counts.remove(&7).unwrap());
    assert!(!counts.remove(&7).unwrap());
    assert_eq!(counts.get(&7).unwrap(), None);
}

#[test]
fn elements_are_taken_out() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let counts: HashMap<u32, u64> = map(&object, "counts");
    counts.set(&8, &4).unwrap();
    let unsupported = |error: &osmia::Error| matches!(error.kind(), ErrorKind::Unsupported { .. });
    let taken = gate.take("taking from hash maps", "5.14", counts.take(&8), unsupported);
    let Some(taken) = taken else { return };
    assert_eq!(taken, Some(4));
    assert_eq!(counts.take(&8).unwrap(), None);
}

#[test]
fn a_full_map_says_so() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let counts: HashMap<u32, u64> = map(&object, "counts");
    fill(&counts, 10_000);
    let error = counts.set(&99_999, &1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    assert!(error.to_string().contains("it has room for 10000 entries"), "{error}");
    let (keys, values): (Vec<u32>, Vec<u64>) = (9_998..10_003).map(|key| (key, 0)).unzip();
    let error = counts.update_batch(&keys, &values, UpdateFlags::ANY).unwrap_err();
    assert!(error.to_string().contains("2 of 5 elements are done"), "{error}");
    let recent: LruHashMap<u32, u64> = map(&object, "recent");
    for key in 0..1000 {
        recent.set(&key, &1).unwrap();
    }
    assert!(recent.count().unwrap() <= 1000);
    assert_eq!(recent.get(&999).unwrap(), Some(1));
}

#[test]
fn structs_with_padding_are_keys_and_values() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let flows: HashMap<Key, Value> = map(&object, "flows");
    let key = Key { kind: 6, pad: [0; 3], id: 1, port: 443, tail: [0; 2] };
    let value = Value { bytes: 1500, flags: 3, tail: [0; 7] };
    flows.set(&key, &value).unwrap();
    assert_eq!(flows.get(&key).unwrap(), Some(value));
    assert_eq!(flows.iter().map(Result::unwrap).collect::<Vec<_>>(), [(key, value)]);
    assert_eq!(flows.get(&Key { port: 80, ..key }).unwrap(), None);
}

#[test]
fn sizes_and_types_are_checked_once_with_both_sides_told() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let counts = || object.map("counts").unwrap().clone();
    let error = HashMap::<u64, u64>::try_from(counts()).unwrap_err();
    assert_eq!(error.to_string(), "map `counts` has keys of 4 bytes; u64 has 8");
    let error = HashMap::<u32, u8>::try_from(counts()).unwrap_err();
    assert_eq!(error.to_string(), "map `counts` has values of 8 bytes; u8 has 1");
    let error = Array::<u64>::try_from(counts()).unwrap_err();
    assert!(error.to_string().contains("BPF_MAP_TYPE_HASH; Array is for"), "{error}");
    let error = counts().lookup(&[0; 3]).unwrap_err();
    assert_eq!(error.to_string(), "map `counts` has keys of 4 bytes, the one given has 3");
    let error = counts().update(&[0; 4], &[0; 9], UpdateFlags::ANY).unwrap_err();
    assert_eq!(error.to_string(), "map `counts` has values of 8 bytes, the one given has 9");
    let error = counts().update_batch(&[0; 8], &[0; 8], UpdateFlags::ANY).unwrap_err();
    assert!(error.to_string().contains("2 keys go with 2 values of 8 bytes"), "{error}");
    let error = object.map("count").unwrap_err();
    assert!(error.to_string().contains("did you mean `counts`?"), "{error}");
}

#[test]
fn arrays_are_read_and_written_by_calls_and_in_memory() {
    let Some(_gate) = Gate::root() else { return };
    let counter = Arc::new(CallCounter::default());
    let Some(object) = load_with(Bpf::kernel().with(counter.clone())) else { return };
    let slots: Array<u32> = map(&object, "slots");
    slots.set(3, &9).unwrap();
    assert_eq!(slots.iter().map(Result::unwrap).collect::<Vec<_>>(), [0, 0, 0, 9]);
    let error = slots.get(4).unwrap_err();
    assert_eq!(error.to_string(), "map `slots` has 4 elements, there is none at 4");
    let raw = object.map("slots").unwrap();
    let error = raw.delete(&[0; 4]).unwrap_err();
    assert!(error.to_string().contains("elements of an array cannot be deleted"), "{error}");
    let updated = raw.insert(&0_u32.to_ne_bytes(), &1_u32.to_ne_bytes()).unwrap();
    assert_eq!(updated, Updated::Replaced);

    let mapped: Array<u32> = map(&object, "mapped");
    counter.reset();
    for index in 0..mapped.len() {
        mapped.set(index, &(index + 1)).unwrap();
    }
    assert_eq!(mapped.iter().map(Result::unwrap).map(u64::from).sum::<u64>(), 500_500);
    assert_eq!(counter.total(), 0);
    assert_eq!(run(&object, "increment"), 2);
    assert_eq!(mapped.get(0).unwrap(), 2);
    assert_eq!(
        object.map("mapped").unwrap().lookup(&[0; 4]).unwrap().unwrap(),
        2_u32.to_ne_bytes()
    );
}

#[test]
fn each_cpu_has_its_value() {
    let Some(_gate) = Gate::root() else { return };
    for bpf in [Bpf::kernel(), without_batches(Errno::INVAL)] {
        let Some(object) = load_with(bpf) else { return };
        let cpus = Kernel::running().unwrap().possible_cpus().unwrap();
        let slots: PerCpuArray<u64> = map(&object, "cpu_slots");
        run(&object, "increment");
        run(&object, "increment");
        let values = slots.get(0).unwrap();
        assert_eq!((values.len(), values.iter().sum::<u64>()), (cpus, 2));
        let numbered: Vec<u64> = (1..=cpus as u64).collect();
        slots.set(1, &numbered).unwrap();
        let all: Vec<Vec<u64>> = slots.iter().map(Result::unwrap).collect();
        assert_eq!(all, [values, numbered]);
        assert!(slots.get(2).is_err());

        let counts: PerCpuHashMap<u32, u32> = map(&object, "cpu_counts");
        let numbered: Vec<u32> = (1..=cpus as u32).collect();
        assert_eq!(counts.insert(&5, &numbered).unwrap(), Updated::Inserted);
        assert_eq!(counts.get(&5).unwrap(), Some(numbered.clone()));
        assert_eq!(counts.iter().map(Result::unwrap).collect::<Vec<_>>(), [(5, numbered)]);
        assert_eq!((counts.count().unwrap(), counts.get(&6).unwrap()), (1, None));
        let error = counts.set(&5, &[1; 1000]).unwrap_err();
        assert!(error.to_string().contains("1000 are given"), "{error}");
        assert!(counts.remove(&5).unwrap());
    }
}

/// A value for each CPU that no other key and no other CPU has.
fn of_each_cpu(key: u32, cpus: usize) -> Vec<u32> {
    (1..=cpus as u32).map(|cpu| (key << 8) + cpu).collect()
}

#[test]
fn batches_have_the_values_of_all_cpus() {
    const MANY: u32 = 9000;
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("elements").bytes() else { return };
    let mut spec = osmia::open("elements", bytes).unwrap();
    // More than a batch of the walk holds.
    spec.maps["cpu_counts"].max_entries = MANY;
    spec.maps["cpu_slots"].max_entries = MANY;
    for bpf in [Bpf::kernel(), without_batches(Errno::INVAL), without_batches(ENOTSUPP)] {
        let kernel = Kernel::builder().bpf(bpf).build().unwrap();
        let object = Object::load(&spec, &kernel).unwrap_or_else(|error| panic!("{error:?}"));
        let cpus = kernel.possible_cpus().unwrap();
        let keys: Vec<u32> = (0..MANY).collect();
        let elements: Vec<Vec<u32>> = keys.iter().map(|key| of_each_cpu(*key, cpus)).collect();
        let counts: PerCpuHashMap<u32, u32> = map(&object, "cpu_counts");
        let done = counts.update_batch(&keys, &elements, UpdateFlags::ANY).unwrap();
        assert_eq!(done, keys.len());
        // Call by call, as it stands in the map.
        for key in [0, 1, 4095, 4096, MANY - 1] {
            assert_eq!(counts.get(&key).unwrap().unwrap(), of_each_cpu(key, cpus));
        }
        let walked: BTreeMap<u32, Vec<u32>> = counts.iter().map(Result::unwrap).collect();
        assert!(walked.into_iter().eq(keys.iter().copied().zip(elements.clone())));

        let slots: PerCpuArray<u64> = map(&object, "cpu_slots");
        let wide: Vec<Vec<u64>> = elements
            .iter()
            .map(|one| one.iter().map(|value| u64::from(*value) << 32).collect())
            .collect();
        assert_eq!(slots.update_batch(&keys, &wide).unwrap(), keys.len());
        assert_eq!(slots.get(MANY - 1).unwrap(), wide[wide.len() - 1]);
        assert!(slots.iter().map(Result::unwrap).eq(wide));

        let error = counts.update_batch(&[1], &[vec![7; cpus + 1]], UpdateFlags::ANY).unwrap_err();
        assert!(error.to_string().contains(&format!("{} are given", cpus + 1)), "{error}");
        let error = counts.update_batch(&[1, 2], &elements[..1], UpdateFlags::ANY).unwrap_err();
        assert!(error.to_string().contains("2 keys go with 2 values"), "{error}");
        // Three of these keys are there.
        let error = counts.remove_batch(&[0, 1, 2, MANY, 3]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("3 of 5 elements are done"), "{error}");
        assert_eq!(counts.count().unwrap(), u64::from(MANY) - 3);
        // There is room for three of these.
        let new: Vec<u32> = (MANY..MANY + 5).collect();
        let error = counts.update_batch(&new, &elements[..5], UpdateFlags::ANY).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Full);
        assert!(error.to_string().contains("3 of 5 elements are done"), "{error}");
        assert_eq!(counts.get(&(MANY + 2)).unwrap().as_ref(), Some(&elements[2]));
    }
}

#[test]
fn elements_of_all_cpus_are_taken_whole_and_once() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("elements").bytes() else { return };
    let mut spec = osmia::open("elements", bytes).unwrap();
    spec.maps["cpu_counts"].max_entries = 9000;
    for bpf in [Bpf::kernel(), without_batches(ENOTSUPP)] {
        let kernel = Kernel::builder().bpf(bpf).build().unwrap();
        let object = Object::load(&spec, &kernel).unwrap_or_else(|error| panic!("{error:?}"));
        let cpus = kernel.possible_cpus().unwrap();
        let counts: PerCpuHashMap<u32, u32> = map(&object, "cpu_counts");
        let keys: Vec<u32> = (0..9000).collect();
        let elements: Vec<Vec<u32>> = keys.iter().map(|key| of_each_cpu(*key, cpus)).collect();
        counts.update_batch(&keys, &elements, UpdateFlags::ANY).unwrap();
        let taken: Result<BTreeMap<u32, Vec<u32>>, _> = counts.drain().collect();
        let unsupported =
            |error: &osmia::Error| matches!(error.kind(), ErrorKind::Unsupported { .. });
        let Some(taken) = gate.take("taking from hash maps", "5.14", taken, unsupported) else {
            return;
        };
        assert!(taken.into_iter().eq(keys.iter().copied().zip(elements)));
        assert_eq!(counts.count().unwrap(), 0);
        assert!(counts.drain().next().is_none());
    }
    let Some(object) = load() else { return };
    let counts: HashMap<u32, u64> = map(&object, "counts");
    let filled = fill(&counts, 9999);
    assert_eq!(counts.drain().map(Result::unwrap).collect::<BTreeMap<_, _>>(), filled);
    assert_eq!(counts.count().unwrap(), 0);
    // Arrays keep their elements.
    let error = object.map("slots").unwrap().drain().next_entry().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
}

#[test]
fn tries_find_the_longest_prefix() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let key = |length: u32, address: [u8; 4]| {
        (u64::from(u32::from_ne_bytes(address)) << 32) | u64::from(length)
    };
    let prefixes: LpmTrie<[u32; 2], u32> = map(&object, "prefixes");
    let key = |length, address| {
        let key: u64 = key(length, address);
        [key as u32, (key >> 32) as u32]
    };
    prefixes.set(&key(8, [10, 0, 0, 0]), &8).unwrap();
    prefixes.set(&key(24, [10, 1, 2, 0]), &24).unwrap();
    assert_eq!(prefixes.get(&key(32, [10, 1, 2, 3])).unwrap(), Some(24));
    assert_eq!(prefixes.get(&key(32, [10, 9, 9, 9])).unwrap(), Some(8));
    assert_eq!(prefixes.get(&key(32, [11, 0, 0, 1])).unwrap(), None);
    assert_eq!(prefixes.iter().count(), 2);
}

#[test]
fn initialisers_fill_arrays_of_maps_and_programs() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    assert_eq!(run(&object, "jump"), 77);
    assert_eq!(run(&object, "through_maps"), 0);
    let inner: Array<u64> = map(&object, "inner_two");
    inner.set(0, &41).unwrap();
    assert_eq!(run(&object, "through_maps"), 41);

    let tails: ProgramArray = map(&object, "tails");
    let id = object.program("tail").unwrap().info().unwrap().id;
    assert_eq!((tails.id(0).unwrap(), tails.id(1).unwrap()), (None, Some(id)));
    assert!(tails.clear(1).unwrap());
    assert_eq!(run(&object, "jump"), 1);
    tails.set(1, object.program("increment").unwrap()).unwrap();
    run(&object, "jump");
    assert_eq!(run(&object, "jump"), 2);
    assert!(tails.set(9, object.program("tail").unwrap()).is_err());
}

#[test]
fn queues_are_taken_from() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let queue = object.map("queue").unwrap();
    queue.update(&[], &1_u64.to_ne_bytes(), UpdateFlags::ANY).unwrap();
    queue.update(&[], &2_u64.to_ne_bytes(), UpdateFlags::ANY).unwrap();
    let mut value = [0; 8];
    assert!(queue.take_into(&[], &mut value).unwrap());
    assert_eq!(u64::from_ne_bytes(value), 1);
    assert!(queue.take_into(&[], &mut value).unwrap());
    assert!(!queue.take_into(&[], &mut value).unwrap());
}

#[test]
fn maps_are_found_by_id_and_pin_and_listed() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let kernel = Kernel::running().unwrap();
    let info = object.map("counts").unwrap().info().unwrap();
    assert_eq!((info.key_size, info.value_size, info.max_entries), (4, 8, 10_000));
    assert_ne!((info.btf_id, info.btf_key_type_id), (0, 0));
    let again = Map::by_id(&kernel, info.id).unwrap();
    assert_eq!((again.name(), again.map_type()), ("counts", info.map_type));
    assert!(Map::all(&kernel).any(|map| map.unwrap().info().unwrap().id == info.id));
    let error = Map::by_id(&kernel, u32::MAX).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let bpffs = Bpffs::new();
    object.map("counts").unwrap().pin(bpffs.join("counts")).unwrap();
    let pinned = Map::from_pin(&kernel, bpffs.join("counts")).unwrap();
    assert_eq!(pinned.info().unwrap(), info);
    let error = Map::from_pin(&kernel, bpffs.join("count")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = Map::from_pin(&kernel, "/proc/self/status").unwrap_err();
    assert!(error.to_string().contains("not in a bpf file system"), "{error}");
}

#[test]
fn a_frozen_map_stays_as_it_is() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let counts: HashMap<u32, u64> = map(&object, "counts");
    counts.set(&1, &1).unwrap();
    counts.as_map().freeze().unwrap();
    let error = counts.as_map().freeze().unwrap_err();
    assert!(error.to_string().contains("it is frozen already"), "{error}");
    for error in [counts.set(&1, &2).unwrap_err(), counts.remove(&1).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Permission);
        assert!(error.to_string().contains("it is frozen"), "{error}");
    }
    assert_eq!(counts.get(&1).unwrap(), Some(1));
}

#[test]
fn places_that_take_no_pins_are_explained() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let (bpffs, other) = (Bpffs::new(), tempfile::tempdir().unwrap());
    let map = object.map("counts").unwrap();
    for (path, kind, says) in [
        (
            other.path().join("pin"),
            ErrorKind::Invalid,
            "it is not in a bpf file system; one is mounted at /",
        ),
        (bpffs.join("nosuch/pin"), ErrorKind::NotFound, "nosuch does not exist"),
        (bpffs.join("with.dots"), ErrorKind::Invalid, "names in a bpf file system have no dots"),
    ] {
        let error = map.pin(&path).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}
