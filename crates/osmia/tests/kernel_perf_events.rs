//! Perf event arrays against the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use osmia::zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};
use osmia::{
    ErrorKind, Kernel, Map, Object, PerfBuffer, PerfEventArray, PerfReader, PerfRecord, TestRun,
};
use osmia_testkit::cpu::on_cpu;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Event {
    number: u64,
    check: u64,
    cpu: u32,
    mark: u32,
}

impl Event {
    fn check(&self) {
        assert_eq!((self.check, self.mark), (!self.number, 0x600d), "{self:?}");
    }
}

const BRIEF: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(20);
/// An event's bytes in a ring.
const RECORD: usize = 40;

fn load() -> Option<Object> {
    let spec = osmia::open("perf", Fixture::new("perf").bytes()?).unwrap();
    let kernel = Kernel::running().unwrap();
    Some(Object::load(&spec, &kernel).unwrap_or_else(|error| panic!("{error:?}")))
}

fn array<T: ?Sized>(object: &Object) -> PerfEventArray<T> {
    object.map("events").unwrap().clone().try_into().unwrap_or_else(|error| panic!("{error:?}"))
}

fn count(object: &Object, name: &str) -> u64 {
    object.variable(name).unwrap().typed::<u64>().unwrap().get().unwrap()
}

fn run(object: &Object, program: &str, times: u32) -> u32 {
    let run = TestRun::data(&[0; 14]).repeat(times);
    object.program(program).unwrap().test_run(&run).unwrap().retval
}

/// Runs a program on a CPU.
fn run_on(object: &Object, cpu: usize, program: &str, times: u32) {
    on_cpu(cpu, || run(object, program, times));
}

#[test]
fn events_of_all_cpus_come_whole_in_order_and_typed() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let mut reader = array::<Event>(&object).reader().unwrap();
    assert!(reader.next().unwrap().is_none());
    assert!(reader.next_timeout(BRIEF).unwrap().is_none());
    let cpus = osmia_sys::online_cpus().unwrap();
    for &cpu in &cpus {
        run_on(&object, cpu, "produce", 5);
    }
    let mut seen = BTreeMap::<u32, Vec<u64>>::new();
    while let Some(record) = reader.next_record().unwrap() {
        let PerfRecord::Event { cpu, event } = record else { panic!("{record:?}") };
        event.check();
        assert_eq!(event.cpu, cpu);
        seen.entry(cpu).or_default().push(event.number);
    }
    assert_eq!(seen.len(), cpus.len());
    assert!(seen.values().all(|numbers| numbers == &[1, 2, 3, 4, 5]), "{seen:?}");
    assert_eq!(reader.cpus().map(|cpu| cpu as usize).collect::<Vec<_>>(), cpus);
    assert!(!reader.follow_cpus().unwrap(), "none came, none went");
}

#[test]
fn rings_wrap_around() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let buffer = PerfBuffer::new().pages(1);
    let mut reader = array::<Event>(&object).reader_of(&buffer).unwrap();
    let mut expected = 1;
    for _ in 0..50 {
        run_on(&object, 0, "produce", 90);
        let read = reader.drain(|event| {
            event.check();
            assert_eq!(event.number, expected);
            expected += 1;
        });
        assert_eq!(read.unwrap(), 90);
    }
    assert_eq!((count(&object, "dropped"), reader.lost().unwrap()), (0, 0));
}

/// Reads to the end of what the threads of `flood` send; how many events came, and how many records told to be lost.
fn read_flood(reader: &mut PerfReader<Event>, over: &AtomicBool) -> (u64, u64) {
    let mut last = BTreeMap::<u32, u64>::new();
    let (mut received, mut lost) = (0, 0);
    loop {
        let was_over = over.load(Ordering::Acquire);
        while let Some(record) = reader.next_record().unwrap() {
            match record {
                PerfRecord::Event { cpu, event } => {
                    event.check();
                    let last = last.entry(cpu).or_default();
                    assert!(event.number > *last, "{event:?} after {last}");
                    *last = event.number;
                    received += 1;
                }
                PerfRecord::Lost { count, .. } => lost += count,
            }
        }
        if was_over {
            return (received, lost);
        }
        reader.wait(Some(BRIEF)).unwrap();
    }
}

#[test]
fn a_flood_from_all_cpus_is_received_or_counted() {
    const EACH: u32 = 200_000;
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    for pages in [1, 64] {
        let before = count(&object, "sent");
        let dropped_before = count(&object, "dropped");
        let buffer = PerfBuffer::new().pages(pages);
        let mut reader = array::<Event>(&object).reader_of(&buffer).unwrap();
        let over = AtomicBool::new(false);
        let began = Instant::now();
        let (received, told) = thread::scope(|scope| {
            let reader = scope.spawn(|| read_flood(&mut reader, &over));
            let cpus = osmia_sys::online_cpus().unwrap();
            let senders: Vec<_> = cpus
                .iter()
                .map(|&cpu| {
                    let object = &object;
                    scope.spawn(move || run_on(object, cpu, "produce", EACH))
                })
                .collect();
            for sender in senders {
                sender.join().unwrap();
            }
            over.store(true, Ordering::Release);
            reader.join().unwrap()
        });
        let sent = count(&object, "sent") - before;
        let dropped = count(&object, "dropped") - dropped_before;
        let lost = reader.lost().unwrap();
        println!(
            "{pages} pages: sent {sent}, received {received}, lost {lost}, {:?}",
            began.elapsed()
        );
        assert_eq!(received + dropped, sent, "by what the program saw");
        assert!(told <= dropped);
        if gate.part_needs("exact counts of lost samples", "6.0", lost == dropped) {
            assert_eq!(received + lost, sent, "by what the kernel counted");
        }
        assert!(received > 0);
    }
}

#[test]
fn losses_are_told_before_the_next_event() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let buffer = PerfBuffer::new().pages(1);
    let mut reader = array::<Event>(&object).reader_of(&buffer).unwrap();
    run_on(&object, 0, "produce", 200);
    let dropped = count(&object, "dropped");
    assert!(dropped > 0);
    if gate.part_needs("counts of lost samples at once", "6.0", reader.lost().unwrap() == dropped) {
        assert_eq!(reader.lost().unwrap(), dropped);
    }
    assert_eq!(reader.drain(Event::check).unwrap(), 200 - dropped);
    run_on(&object, 0, "produce", 1);
    assert_eq!(reader.next_record().unwrap(), Some(PerfRecord::Lost { cpu: 0, count: dropped }));
    let Some(PerfRecord::Event { event, .. }) = reader.next_record().unwrap() else {
        panic!("no event")
    };
    assert_eq!(event.number, 201);
    assert_eq!(reader.next_record().unwrap(), None);
    assert_eq!(reader.lost().unwrap(), dropped);
}

#[test]
fn bytes_come_padded_and_wrong_types_are_named() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    {
        let mut reader = array::<[u8]>(&object).reader().unwrap();
        run_on(&object, 0, "produce_bytes", 1);
        let bytes = reader.next_bytes_timeout(LONG).unwrap().unwrap();
        assert_eq!((bytes.len(), &bytes[..3]), (4, &b"abc"[..]));
    }
    let mut reader = array::<Event>(&object).reader().unwrap();
    run_on(&object, 0, "produce_bytes", 1);
    run_on(&object, 0, "produce", 1);
    let error = reader.next().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(
        error.to_string().contains("4 bytes") && error.to_string().contains("24 bytes"),
        "{error}"
    );
    assert_eq!(reader.next().unwrap().unwrap().mark, 0x600d);
}

#[test]
fn a_reader_is_woken_by_any_cpu() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let mut reader = array::<Event>(&object).reader().unwrap();
    for cpu in osmia_sys::online_cpus().unwrap() {
        // Long enough for the reader to fall asleep.
        thread::sleep(BRIEF);
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(BRIEF);
                run_on(&object, cpu, "produce", 1);
            });
            let began = Instant::now();
            assert_eq!(reader.next_timeout(LONG).unwrap().unwrap().cpu as usize, cpu);
            assert!(began.elapsed() >= BRIEF && began.elapsed() < LONG);
        });
    }
    run_on(&object, 0, "produce", 1);
    assert!(osmia_sys::wait_readable(reader.as_fd(), Some(LONG)).unwrap());
}

#[test]
fn who_is_woken_late_finds_what_is_there() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    for buffer in [PerfBuffer::new().wakeup_events(1000), PerfBuffer::new().wakeup_bytes(1 << 16)] {
        let mut reader =
            array::<Event>(&object).reader_of(&buffer).unwrap().latency(Duration::ZERO);
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(BRIEF);
                run_on(&object, 0, "produce", 10);
            });
            assert!(reader.wait(Some(10 * BRIEF)).unwrap());
        });
        assert_eq!(reader.drain(Event::check).unwrap(), 10);
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(BRIEF);
                run_on(&object, 0, "produce", 1640);
            });
            let began = Instant::now();
            assert!(reader.wait(Some(LONG)).unwrap());
            assert!(began.elapsed() < LONG, "woken by as many as that");
        });
    }
}

#[test]
fn a_history_has_the_newest() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let buffer = PerfBuffer::new().pages(1);
    let mut history = array::<Event>(&object).history(&buffer).unwrap();
    assert_eq!(history.newest(|_, _| panic!("there is none")).unwrap(), 0);
    let page = osmia_sys::page_size();
    for (more, all) in [(3, 3), (1000, 1003), (1, 1004), (50_000, 51_004)] {
        run_on(&object, 0, "produce", more);
        let mut numbers = Vec::new();
        let count = history.newest(|cpu, event| {
            event.check();
            assert_eq!(cpu, event.cpu);
            numbers.push(event.number);
        });
        let expected: Vec<u64> = (1..=all).rev().take(page / RECORD).collect();
        assert_eq!(numbers, expected);
        assert_eq!(count.unwrap(), numbers.len() as u64);
    }
    assert_eq!(count(&object, "dropped"), 0);
    assert!(matches!(history.lost().unwrap(), Some(0) | None));
}

#[test]
fn there_is_one_reader_and_its_slots_are_emptied() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let events = array::<Event>(&object);
    let reader = events.reader().unwrap();
    let id = object.map("events").unwrap().info().unwrap().id;
    let again = Map::by_id(&Kernel::running().unwrap(), id).unwrap();
    let again = PerfEventArray::<Event>::try_from(again).unwrap();
    for error in [events.reader().unwrap_err(), again.history(&PerfBuffer::new()).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Busy);
    }
    drop(reader);
    run_on(&object, 0, "produce", 1);
    assert_eq!(count(&object, "answer"), -2i64 as u64, "ENOENT");
    // A reader keeps its slots filled, whatever becomes of the handle that it was made of.
    let mut reader = again.reader().unwrap();
    drop(again);
    run_on(&object, 0, "produce", 1);
    assert_eq!(reader.next().unwrap().unwrap().number, 2);
}

#[test]
fn an_array_has_a_slot_for_each_cpu_or_says_so() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let possible = osmia_sys::possible_cpus().unwrap();
    assert_eq!(object.map("events").unwrap().max_entries() as usize, possible);
    let narrow: PerfEventArray = object.map("narrow").unwrap().clone().try_into().unwrap();
    match osmia_sys::online_cpus().unwrap().last() {
        Some(0) => assert!(narrow.reader().is_ok()),
        _ => {
            let error = narrow.reader().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.to_string().contains("leave max_entries out"), "{error}");
        }
    }
}
