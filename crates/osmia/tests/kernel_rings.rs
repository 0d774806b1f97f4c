//! Ring buffers against the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use osmia::zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};
use osmia::{ErrorKind, Kernel, Map, Object, RingBuf, RingPoller, TestRun};
use osmia_testkit::cpu::on_cpu;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Event {
    number: u64,
    mark: u32,
    tail: [u8; 4],
}

const BRIEF: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(20);

fn load() -> Option<Object> {
    let spec = osmia::open("rings", Fixture::new("rings").bytes()?).unwrap();
    let kernel = Kernel::running().unwrap();
    Some(Object::load(&spec, &kernel).unwrap_or_else(|error| panic!("{error:?}")))
}

fn ring<T: ?Sized>(object: &Object, name: &str) -> RingBuf<T> {
    object.map(name).unwrap().clone().try_into().unwrap_or_else(|error| panic!("{error:?}"))
}

fn run(object: &Object, program: &str, times: u32) -> u32 {
    let run = TestRun::data(&[0; 14]).repeat(times);
    object.program(program).unwrap().test_run(&run).unwrap().retval
}

#[test]
fn events_come_whole_in_order_and_typed() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let mut reader = ring::<Event>(&object, "events").reader().unwrap();
    assert!(reader.next().unwrap().is_none());
    assert!(reader.next_timeout(BRIEF).unwrap().is_none());
    run(&object, "produce", 3);
    run(&object, "discard", 2);
    run(&object, "produce", 1);
    for number in [1, 2, 3, 6] {
        let event = *reader.next_timeout(LONG).unwrap().unwrap();
        assert_eq!((event.number, event.mark), (number, 0x600d));
    }
    assert!(reader.next().unwrap().is_none());
}

#[test]
fn a_ring_wraps_around_and_full_ones_drop() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let events = ring::<Event>(&object, "events");
    let mut reader = events.reader().unwrap();
    let dropped = object.variable("dropped").unwrap().typed::<u64>().unwrap();
    let mut expected = 1;
    for _ in 0..50 {
        run(&object, "produce", 100);
        reader
            .drain(|event| {
                assert_eq!(event.number, expected);
                expected += 1;
            })
            .unwrap();
    }
    assert_eq!((expected, dropped.get().unwrap()), (5001, 0));
    // 24 bytes each with the header.
    run(&object, "produce", 1000);
    assert_eq!(dropped.get().unwrap(), 1000 - 4096 / 24);
    assert_eq!(reader.drain(|_| ()).unwrap(), 4096 / 24);
    assert_eq!(events.capacity(), 4096);
}

#[test]
fn bytes_of_any_length_are_read_and_wrong_types_named() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let others = ring::<[u8]>(&object, "others");
    assert_eq!(others.capacity(), 8192, "rounded up");
    {
        let mut reader = others.reader().unwrap();
        run(&object, "produce_bytes", 1);
        run(&object, "produce_other", 1);
        assert_eq!(reader.next().unwrap().unwrap(), b"abc");
        assert_eq!(reader.next().unwrap().unwrap().len(), 16);
    }
    let mut reader = others.with_events::<Event>().reader().unwrap();
    run(&object, "produce_bytes", 1);
    run(&object, "produce_other", 1);
    let error = reader.next().unwrap_err();
    assert!(error.to_string().contains("3 bytes"), "{error}");
    assert_eq!(reader.next().unwrap().unwrap().mark, 0x600d);
}

#[test]
fn there_is_one_reader_whatever_the_handle() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let events = ring::<Event>(&object, "events");
    let reader = events.reader().unwrap();
    let id = object.map("events").unwrap().info().unwrap().id;
    let again = Map::by_id(&Kernel::running().unwrap(), id).unwrap();
    let again = RingBuf::<Event>::try_from(again).unwrap();
    for error in [events.reader().unwrap_err(), again.reader().unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Busy);
    }
    drop(reader);
    assert!(again.reader().is_ok());
}

#[test]
fn positions_are_those_that_programs_see() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let events = ring::<Event>(&object, "events");
    run(&object, "produce", 5);
    let mut reader = events.reader().unwrap();
    reader.next().unwrap();
    reader.release();
    run(&object, "query", 1);
    let queried = object.variable("queried").unwrap().typed::<[u64; 4]>().unwrap().get().unwrap();
    let seen = events.positions().unwrap();
    assert_eq!(seen, reader.positions());
    let seen = [seen.available, seen.size, seen.consumer, seen.producer].map(|n| n as u64);
    assert_eq!(seen, queried);
    assert_eq!(queried, [4 * 24, 4096, 24, 5 * 24]);
}

#[test]
fn a_reader_is_woken_by_an_event() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let mut reader = ring::<Event>(&object, "events").reader().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(BRIEF);
            run(&object, "produce", 1);
        });
        let began = Instant::now();
        assert!(reader.next_timeout(LONG).unwrap().is_some());
        assert!(began.elapsed() >= BRIEF && began.elapsed() < LONG);
    });
    run(&object, "produce", 1);
    assert!(osmia_sys::wait_readable(reader.as_fd(), Some(LONG)).unwrap());
}

#[test]
fn several_rings_are_read_together() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let (events, others) = (AtomicU32::new(0), AtomicU32::new(0));
    let count = |counter: &AtomicU32| _ = counter.fetch_add(1, Ordering::Relaxed);
    let counts = || [&events, &others].map(|counter| counter.load(Ordering::Relaxed));
    let mut rings = RingPoller::new().unwrap();
    rings.add(ring::<Event>(&object, "events").reader().unwrap(), |_| count(&events)).unwrap();
    rings.add(ring::<[u8]>(&object, "others").reader().unwrap(), |_| count(&others)).unwrap();
    assert_eq!(rings.poll(Some(BRIEF)).unwrap(), 0);
    run(&object, "produce", 2);
    run(&object, "produce_bytes", 3);
    assert_eq!(rings.poll(Some(LONG)).unwrap(), 5);
    assert_eq!(counts(), [2, 3]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(BRIEF);
            run(&object, "produce_other", 1);
        });
        // It may be made here and polled there.
        let poll = scope.spawn(move || rings.poll(Some(LONG)).unwrap());
        assert_eq!(poll.join().unwrap(), 1);
    });
    assert_eq!(counts(), [2, 4]);
}

/// Has all CPUs fill the ring at once; how many events came, how many were sent, and how many had no room.
fn flood(object: &Object, each: u32, mut read: impl FnMut(&AtomicBool) -> u64) -> [u64; 3] {
    let count = |name: &str| object.variable(name).unwrap().typed::<u64>().unwrap().get().unwrap();
    let before = ["flood_sent", "flood_dropped"].map(count);
    let over = AtomicBool::new(false);
    let received = std::thread::scope(|scope| {
        let cpus = osmia_sys::online_cpus().unwrap();
        let senders = cpus
            .into_iter()
            .map(|cpu| scope.spawn(move || on_cpu(cpu, || run(object, "produce_flood", each))));
        let senders: Vec<_> = senders.collect();
        let over = &over;
        scope.spawn(move || {
            for sender in senders {
                sender.join().unwrap();
            }
            over.store(true, Ordering::Release);
        });
        read(over)
    });
    [received, count("flood_sent") - before[0], count("flood_dropped") - before[1]]
}

#[test]
fn a_flood_from_all_cpus_is_received_or_counted() {
    const EACH: u32 = 300_000;
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let mut reader = ring::<Event>(&object, "flood").reader().unwrap();
    let mut last = [0; 64];
    let mut check = |event: &Event| {
        let last = &mut last[event.mark as usize % 64];
        assert!(event.number > *last, "{event:?} after {last}");
        *last = event.number;
    };
    let cpus = osmia_sys::online_cpus().unwrap().len() as u64;
    for busy in [false, true] {
        let began = Instant::now();
        let [received, sent, dropped] = flood(&object, EACH, |over| {
            let mut received = 0;
            loop {
                let was_over = over.load(Ordering::Acquire);
                received += reader.drain(&mut check).unwrap();
                if was_over {
                    return received;
                }
                if !busy {
                    reader.wait(Some(BRIEF)).unwrap();
                }
            }
        });
        println!(
            "busy {busy}: sent {sent}, received {received}, dropped {dropped}, {:?}",
            began.elapsed()
        );
        assert_eq!(sent, u64::from(EACH) * cpus);
        assert_eq!(received + dropped, sent);
        assert!(received > 0);
    }
}
