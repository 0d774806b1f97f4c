//! Perf events and iterators in the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use osmia::{
    Breakpoint, Cache, CacheOutcome, CacheUse, Error, ErrorKind, Iteration, Kernel, Link,
    LinkDetails, Object, PerfEvent, PerfEventProgram, TracingProgram,
};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;

fn load_with(also: &[&str]) -> Option<Result<Object, Error>> {
    let mut spec = osmia::open("link_events", Fixture::new("link_events").bytes()?).unwrap();
    for program in also {
        spec.programs[*program].autoload = true;
    }
    Some(Object::load(&spec, &Kernel::running().unwrap()))
}

fn good<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error:?}"))
}

fn count(object: &Object, variable: &str) -> u64 {
    object.variable(variable).unwrap().typed::<u64>().unwrap().get().unwrap()
}

/// Keeps this thread busy until the variable is not what it was.
fn counts(object: &Object, variable: &str) {
    let (before, began) = (count(object, variable), Instant::now());
    while count(object, variable) == before {
        std::hint::black_box((0..1000).sum::<u64>());
        assert!(began.elapsed().as_secs() < 20, "{variable}: it did not run");
    }
}

fn tracing(object: &Object, name: &str) -> TracingProgram {
    good(object.program(name).unwrap().clone().try_into())
}

#[test]
fn samples_are_taken_while_the_link_lives() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load_with(&[]).map(good) else { return };
    let program: PerfEventProgram = good(object.program("on_event").unwrap().clone().try_into());
    for event in [
        PerfEvent::cpu_clock().frequency(999),
        PerfEvent::task_clock().period(100_000),
        PerfEvent::cpu_clock().frequency(999).process(std::process::id()),
    ] {
        let link = good(program.attach(&event));
        if event.to_string().contains("process") {
            // It is of the main thread, which waits.
            continue;
        }
        counts(&object, "by_event");
        link.detach().unwrap();
        // Some kernels let a link go a moment after its last descriptor.
        std::thread::sleep(Duration::from_millis(100));
        let seen = count(&object, "by_event");
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(count(&object, "by_event"), seen, "{event}");
    }
    let links = good(program.attach_to_all_cpus(&PerfEvent::cpu_clock().frequency(99)));
    assert!(!links.is_empty());
    counts(&object, "by_event");
}

/// What the processor is to watch.
static WATCHED: AtomicU64 = AtomicU64::new(0);

#[test]
fn uses_of_a_place_in_memory_run_the_program() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load_with(&[]).map(good) else { return };
    let program: PerfEventProgram = good(object.program("on_event").unwrap().clone().try_into());
    let place = WATCHED.as_ptr() as u64;
    // Without a number of a process it is this thread that is watched.
    let link = good(program.attach(&PerfEvent::breakpoint(Breakpoint::on_write(place, 8))));
    for _ in 0..5 {
        WATCHED.store(7, Ordering::Relaxed);
    }
    assert_eq!((WATCHED.load(Ordering::Relaxed), count(&object, "by_event")), (7, 5));
    link.detach().unwrap();
    WATCHED.store(8, Ordering::Relaxed);
    assert_eq!(count(&object, "by_event"), 5);
    let odd = PerfEvent::breakpoint(Breakpoint::on_write(place + 1, 8));
    let error = program.attach(&odd).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
    assert!(format!("{error:#}").contains("a multiple of its length"), "{error:#}");
}

#[test]
fn caches_are_counted_or_it_is_told_that_the_machine_cannot() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load_with(&[]).map(good) else { return };
    let program: PerfEventProgram = good(object.program("on_event").unwrap().clone().try_into());
    let event = PerfEvent::cache(Cache::L1Data, CacheUse::Read, CacheOutcome::Any).period(10_000);
    match program.attach(&event) {
        Ok(_link) => counts(&object, "by_event"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
            assert!(format!("{error:#}").contains("virtual machines often do not"), "{error:#}");
            osmia_testkit::skip::whole("this machine's processor does not count uses of its cache");
        }
    }
}

#[test]
fn what_cannot_be_counted_is_told() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load_with(&[]).map(good) else { return };
    let program: PerfEventProgram = good(object.program("on_event").unwrap().clone().try_into());
    for (event, kind) in [
        (PerfEvent::cpu_clock().cpu(8191), ErrorKind::NotFound),
        (PerfEvent::cpu_clock().process(u32::MAX >> 1), ErrorKind::NotFound),
        (PerfEvent::cpu_clock().period(0), ErrorKind::Invalid),
    ] {
        let error = program.attach(&event).unwrap_err();
        // A CPU beyond those that the kernel was built for is no argument at all.
        let near = event == PerfEvent::cpu_clock().cpu(8191) && error.kind() == ErrorKind::Invalid;
        assert!(error.kind() == kind || near, "{event}: {error:?}");
    }
}

#[test]
fn a_sample_has_the_cookie_of_its_link() {
    let Some(gate) = Gate::root() else { return };
    let Some(loaded) = load_with(&["on_event_with_cookie"]) else { return };
    let unknown = |error: &Error| error.kind() == ErrorKind::Verifier;
    let Some(object) = gate.take("attach cookies", "5.15", loaded, unknown) else { return };
    let program = object.program("on_event_with_cookie").unwrap().clone();
    let program: PerfEventProgram = good(program.try_into());
    let link = good(program.attach(&PerfEvent::cpu_clock().frequency(999).cookie(77)));
    // It may have run already.
    if count(&object, "cookie") == 0 {
        counts(&object, "cookie");
    }
    assert_eq!(count(&object, "cookie"), 77);
    let LinkDetails::Event { config, cookie, .. } = good(link.details()) else {
        assert!(!gate.part_needs("the events of links", "6.6", false));
        return;
    };
    // Clocks are sources of their own to the kernel.
    assert_eq!(config, 0);
    if gate.part_needs("the cookies of links", "6.9", cookie != 0) {
        assert_eq!(cookie, 77);
    }
}

#[test]
fn an_iterator_finds_this_thread() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load_with(&[]).map(good) else { return };
    let program = tracing(&object, "on_task");
    let own = std::process::id();
    let processes = |bytes: &[u8]| -> Vec<u32> {
        bytes.chunks(8).map(|ids| u32::from_ne_bytes(ids[..4].try_into().unwrap())).collect()
    };
    let all = processes(&good(good(program.iterate(&Iteration::new())).bytes()));
    assert!(all.contains(&own), "{all:?}");

    let bpffs = Bpffs::new();
    let link = good(program.attach());
    let place = LinkDetails::Iterator { target: "task".to_owned(), map: 0 };
    assert_eq!(good(link.details()), place);
    link.pin(bpffs.join("tasks")).unwrap();
    assert!(processes(&std::fs::read(bpffs.join("tasks")).unwrap()).contains(&own));
    let pinned = good(Link::from_pin(&Kernel::running().unwrap(), bpffs.join("tasks")));
    assert!(processes(&good(good(pinned.iterate()).bytes())).contains(&own));
}

#[test]
fn an_iterator_keeps_to_one_process() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load_with(&[]).map(good) else { return };
    let program = tracing(&object, "on_task");
    let own = std::process::id();
    let output = program.iterate(&Iteration::new().process(own));
    let unsupported = |error: &Error| matches!(error.kind(), ErrorKind::Unsupported { .. });
    let output = gate.take("iteration over single tasks", "6.1", output, unsupported);
    let Some(output) = output else { return };
    let bytes = good(output.bytes());
    assert!(!bytes.is_empty());
    assert!(bytes.chunks(8).all(|ids| ids[..4] == own.to_ne_bytes()), "{bytes:?}");
}

#[test]
fn an_iterator_walks_a_map() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load_with(&[]).map(good) else { return };
    let (program, map) = (tracing(&object, "on_element"), object.map("numbers").unwrap());
    for key in 0..3_u32 {
        map.insert(&key.to_ne_bytes(), &(u64::from(key) + 7).to_ne_bytes()).unwrap();
    }
    let bytes = good(good(program.iterate(&Iteration::new().map(map))).bytes());
    let numbers: Vec<u8> = (7..10_u64).flat_map(u64::to_ne_bytes).collect();
    assert_eq!(bytes, numbers);
    let error = program.iterate(&Iteration::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
    let error = program.attach().unwrap_err();
    assert!(error.to_string().contains("which map"), "{error:?}");
}
