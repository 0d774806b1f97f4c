//! What a generated module's maps and variables can do, against the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::mem::offset_of;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use osmia::{ArrayOfMaps, ErrorKind, HashMap, Kernel, Map, TestRun, UpdateFlags};
use osmia_generated_tests::handles::types::{Limit, Totals};
use osmia_generated_tests::handles::{self, Bpf};
use osmia_testkit::gate::Gate;

fn load() -> Bpf {
    let spec = handles::open().unwrap();
    spec.load(&Kernel::running().unwrap()).unwrap_or_else(|error| panic!("{error:#}"))
}

fn count(bpf: &Bpf, len: usize) -> u32 {
    // A socket filter does not see the Ethernet header.
    bpf.progs.count.test_run(&TestRun::data(&vec![0; len + 14])).unwrap().retval
}

fn limit(most: u32) -> Limit {
    Limit { most, seen: 0 }
}

#[test]
fn tables_in_an_array_are_replaced_at_once() {
    let Some(gate) = Gate::root() else { return };
    let bpf = load();
    let tables = &bpf.maps.tables;
    assert!(tables.get(0).unwrap().is_none());
    assert_eq!(count(&bpf, 20), 0);
    let one: HashMap<u32, Limit> = tables.inner().create().unwrap();
    one.set(&7, &limit(40)).unwrap();
    tables.set(0, &one).unwrap();
    assert_eq!(count(&bpf, 20), 40);
    assert_eq!(one.get(&7).unwrap().unwrap().seen, 1);
    let same = tables.get(0).unwrap().unwrap();
    assert_eq!(same.as_map().info().unwrap().id, one.as_map().info().unwrap().id);

    let two = tables.inner().name("second_table").max_entries(2).create().unwrap();
    let info = two.as_map().info().unwrap();
    assert_eq!((info.name.as_str(), info.max_entries), ("second_table", 2));
    two.set(&7, &limit(80)).unwrap();
    let put = tables.set(0, &two);
    if gate.part_needs("inner maps of other sizes", "5.10", put.is_ok()) {
        put.unwrap();
        assert_eq!(count(&bpf, 20), 80);
        let found: Vec<(u32, String)> = tables
            .iter()
            .map(|entry| entry.map(|(index, table)| (index, table.name().to_owned())).unwrap())
            .collect();
        assert_eq!(found, [(0, "second_table".to_owned())]);
    }
    assert!(tables.clear(0).unwrap() && !tables.clear(0).unwrap());
    assert_eq!(count(&bpf, 20), 0);
    for error in [tables.set(2, &one).unwrap_err(), tables.clear(2).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(format!("{error:#}").contains("beyond its 2 entries"), "{error:#}");
    }
}

#[test]
fn keys_have_maps_of_their_own() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = load();
    let tenants = &bpf.maps.tenants;
    let counters = tenants.inner().create().unwrap();
    counters.set(0, &10).unwrap();
    tenants.set(&1000, &counters).unwrap();
    count(&bpf, 20);
    assert_eq!(counters.get(0).unwrap(), 11);
    assert_eq!(tenants.get(&1000).unwrap().unwrap().get(0).unwrap(), 11);
    assert!(tenants.get(&1).unwrap().is_none());
    let error = tenants.update(&1000, &counters, UpdateFlags::NOEXIST).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists);
    let other = tenants.inner().max_entries(4).create().unwrap();
    let error = tenants.set(&1, &other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(format!("{error:#}").contains("arrays without BPF_F_INNER_MAP"), "{error:#}");
    let keys: Vec<u64> = tenants.iter().map(|entry| entry.unwrap().0).collect();
    assert_eq!((keys, tenants.count().unwrap()), (vec![1000], 1));
    assert!(tenants.remove(&1000).unwrap() && !tenants.remove(&1000).unwrap());
}

#[test]
fn a_map_of_maps_by_its_id_does_not_know_what_to_make() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = load();
    let id = bpf.maps.tables.as_map().info().unwrap().id;
    let map = Map::by_id(&Kernel::running().unwrap(), id).unwrap();
    let tables = ArrayOfMaps::<HashMap<u32, Limit>>::try_from(map).unwrap();
    let error = tables.inner().create().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(format!("{error:#}").contains("no object that was loaded"), "{error:#}");
    // One that was made elsewhere is put in, and told by its types.
    tables.set(1, &bpf.maps.tables.inner().create().unwrap()).unwrap();
    assert!(tables.get(1).unwrap().is_some());
    let map = bpf.maps.tables.as_map().clone();
    let wrong = ArrayOfMaps::<HashMap<u64, Limit>>::try_from(map).unwrap();
    let error = wrong.get(1).unwrap_err();
    assert!(format!("{error:#}").contains("keys of 4 bytes; u64 has 8"), "{error:#}");
}

#[test]
fn a_loader_makes_inner_maps_for_a_map_that_it_was_given() {
    let Some(_gate) = Gate::root() else { return };
    let first = load();
    let kernel = Kernel::running().unwrap();
    let loader = osmia::Loader::new(&kernel).reuse_map("tables", first.maps.tables.as_map());
    let second = handles::open().unwrap().load_with(&loader).unwrap();
    second.maps.tables.set(0, &second.maps.tables.inner().create().unwrap()).unwrap();
    assert!(first.maps.tables.get(0).unwrap().is_some());
}

#[test]
fn each_cpu_has_values_of_its_own() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = load();
    for _ in 0..3 {
        count(&bpf, 20);
    }
    let seen = bpf.maps.by_cpu.get(0).unwrap();
    assert_eq!(seen.len(), Kernel::running().unwrap().possible_cpus().unwrap());
    assert_eq!(seen.iter().map(|limit| limit.seen).sum::<u32>(), 3);
    let runs = bpf.maps.runs.get(&7).unwrap().unwrap();
    // Where it is put in on one CPU, the others begin with 0.
    assert_eq!(runs.iter().sum::<u64>(), 3);
    bpf.maps.by_cpu.set(0, &vec![limit(9); seen.len()]).unwrap();
    assert!(bpf.maps.by_cpu.get(0).unwrap().iter().all(|limit| (limit.most, limit.seen) == (9, 0)));
}

#[test]
fn programs_jump_through_an_array() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = load();
    let first = || bpf.progs.first.test_run(&TestRun::data(&[0; 14])).unwrap().retval;
    let jumps = &bpf.maps.jumps;
    assert_eq!((first(), jumps.id(1).unwrap()), (1, None));
    jumps.set(1, &bpf.progs.second).unwrap();
    assert_eq!(first(), 2);
    assert_eq!(jumps.id(1).unwrap(), Some(bpf.progs.second.info().unwrap().id));
    assert!(jumps.clear(1).unwrap());
    assert_eq!(first(), 1);
}

#[test]
fn what_both_sides_add_is_not_lost() {
    const RUNS: u32 = 20_000;
    let Some(_gate) = Gate::root() else { return };
    let bpf = load();
    let (hits, below) = (bpf.vars.hits.atomic().unwrap(), bpf.vars.below.atomic().unwrap());
    thread::scope(|scope| {
        scope.spawn(|| {
            bpf.progs.count.test_run(&TestRun::data(&[0; 34]).repeat(RUNS)).unwrap();
        });
        for _ in 0..RUNS {
            hits.fetch_add(1, Relaxed);
            below.fetch_sub(1, Relaxed);
        }
    });
    assert_eq!(hits.load(Relaxed), u64::from(2 * RUNS));
    assert_eq!(bpf.vars.hits.get().unwrap(), u64::from(2 * RUNS));
    assert_eq!(below.load(Relaxed), -5);
    assert_eq!(hits.swap(3, Relaxed), u64::from(2 * RUNS));
    count(&bpf, 20);
    assert_eq!(bpf.vars.hits.get().unwrap(), 4);
}

#[test]
fn where_there_is_no_atomic_it_is_said() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = load();
    count(&bpf, 20);
    // Behind 8-byte ones, one byte and then four.
    let odd = bpf.vars.odd.part::<u32>(1).unwrap();
    assert_eq!(odd.get().unwrap(), 1);
    let error = odd.atomic().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("no multiple of its 4 bytes"), "{error}");
    let slot = bpf.object().variable("slot").unwrap().typed::<u32>().unwrap();
    let error = slot.atomic().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(error.to_string().contains("set before loading"), "{error}");
}

#[test]
fn arrays_and_structs_have_parts() {
    let Some(_gate) = Gate::root() else { return };
    let bpf = load();
    let sizes = &bpf.vars.by_size;
    assert_eq!((sizes.len(), sizes.is_empty()), (4, false));
    sizes.set_slice(1, &[5, 6]).unwrap();
    count(&bpf, 20);
    count(&bpf, 100);
    sizes.at(3).unwrap().atomic().unwrap().fetch_add(10, Relaxed);
    let all: Result<Vec<u64>, _> = sizes.iter().collect();
    assert_eq!(all.unwrap(), [1, 5, 6, 11]);
    let mut middle = [0; 2];
    sizes.get_slice(2, &mut middle).unwrap();
    assert_eq!(middle, [6, 11]);
    assert_eq!(sizes.at(2).unwrap().name(), "by_size[2]");
    for error in [
        sizes.at(4).unwrap_err(),
        sizes.get_slice(3, &mut middle).unwrap_err(),
        sizes.set_slice(usize::MAX, &[1]).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("`by_size` has 4 elements"), "{error}");
    }

    assert_eq!(bpf.vars.totals.get().unwrap(), Totals { packets: 2, bytes: 120 });
    let bytes = bpf.vars.totals.part::<u64>(offset_of!(Totals, bytes)).unwrap();
    assert_eq!(bytes.atomic().unwrap().swap(0, Relaxed), 120);
    assert_eq!(bpf.vars.totals.get().unwrap(), Totals { packets: 2, bytes: 0 });
    assert!(bpf.vars.totals.part::<u64>(9).is_err());
    assert!(bpf.vars.totals.part::<u64>(usize::MAX).is_err());
}

#[cfg(has_arena)]
#[test]
fn variables_in_an_arena() {
    let Some(gate) = Gate::root() else { return };
    let mut spec = osmia_generated_tests::arena::open().unwrap();
    assert_eq!(*spec.vars.counter.get(), 40);
    spec.vars.numbers.set([1, 5, 3]);
    let loaded = spec.load(&Kernel::running().unwrap());
    let refused = |error: &osmia::Error| format!("{error:#}").contains("map `arena`");
    let Some(bpf) = gate.take("arenas", "6.9", loaded, refused) else { return };
    let run = || bpf.progs.counts.test_run(&TestRun::new()).unwrap();
    run();
    assert_eq!(bpf.vars.counter.get().unwrap(), 45);
    bpf.vars.numbers.at(1).unwrap().set(&20).unwrap();
    bpf.vars.counter.atomic().unwrap().fetch_add(100, Relaxed);
    run();
    assert_eq!(bpf.vars.counter.get().unwrap(), 165);
    assert_eq!(bpf.vars.numbers.get().unwrap(), [1, 20, 3]);
}

#[cfg(not(has_arena))]
#[test]
fn variables_in_an_arena() {
    osmia_testkit::skip::whole("no clang here knows arenas (clang 19 does)");
}
