//! The guides' programs: they load; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::{Kernel, TestRun};
use osmia_generated_tests::{counts, flavours, globals};
use osmia_testkit::gate::Gate;

#[test]
fn variables_are_set_and_read() {
    let Some(_gate) = Gate::root() else { return };
    let mut spec = globals::open().unwrap();
    spec.vars.limit.set(60);
    let bpf = spec.load(&Kernel::running().unwrap()).unwrap();
    // A socket filter does not see the Ethernet header.
    for len in [74, 80] {
        bpf.progs.count_longer.test_run(&TestRun::data(&vec![0; len])).unwrap();
    }
    assert_eq!(bpf.vars.longer.get().unwrap(), 1);
}

#[test]
fn calls_are_counted() {
    let Some(_gate) = Gate::root() else { return };
    let mut spec = counts::open().unwrap();
    spec.maps.counts.max_entries = 1024;
    let bpf = spec.load(&Kernel::running().unwrap()).unwrap();
    let links = bpf.attach().unwrap();
    let _ = std::fs::metadata("/");
    links.detach().unwrap();
    let entries: Result<Vec<(u32, u64)>, _> = bpf.maps.counts.iter().collect();
    assert!(entries.unwrap().iter().any(|&(pid, calls)| pid == std::process::id() && calls > 0));
}

#[test]
fn one_of_the_names_is_there() {
    let Some(_gate) = Gate::root() else { return };
    let kernel = Kernel::running().unwrap();
    let bpf = flavours::open().unwrap().load(&kernel).unwrap();
    let which = bpf.progs.which.test_run(&TestRun::data(&[0; 14])).unwrap().retval;
    assert!(which == 1 || which == 2, "{which}");
}
