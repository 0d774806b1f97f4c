//! What is filled for programs and read from them: user ring buffers, stacks, records, streams, statistics; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Read as _;
use std::thread;
use std::time::{Duration, Instant};

use osmia::zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};
use osmia::{
    Error, ErrorKind, Iteration, Kernel, KernelSymbols, Object, RingProducer, StackTraces, TestRun,
    TracingProgram, UserRingBuf,
};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::skip;

#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Order {
    number: u64,
    mark: u32,
    padding: u32,
}

impl Order {
    fn new(number: u64) -> Self {
        Self { number, mark: 0x600d, padding: 0 }
    }
}

const BRIEF: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(20);

fn good<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error:?}"))
}

fn unsupported(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported { .. })
}

fn load(gate: &Gate) -> Option<Object> {
    let spec = good(osmia::open("readers", Fixture::new("readers").bytes()?));
    let loaded = Object::load(&spec, &good(Kernel::running()));
    gate.take("user ring buffers", "6.1", loaded, unsupported)
}

fn producer(object: &Object) -> RingProducer<Order> {
    let orders: UserRingBuf<Order> = good(good(object.map("orders")).clone().try_into());
    good(orders.producer())
}

fn drain(object: &Object) -> u32 {
    good(good(object.program("drain")).test_run(&TestRun::data(&[0; 14]))).retval
}

fn value(object: &Object, name: &str) -> u64 {
    good(good(good(object.variable(name)).typed::<u64>()).get())
}

/// How long this thread has run.
fn cpu_time() -> Duration {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(times.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn what_is_sent_is_drained_in_order() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&gate) else { return };
    let mut orders = producer(&object);
    let again: UserRingBuf<Order> = good(good(object.map("orders")).clone().try_into());
    assert_eq!(again.producer().unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(drain(&object), 0);
    let (mut sent, mut sum) = (0, 0);
    // Around the ring many times: a record takes 24 of its 4096 bytes.
    for round in 0..50 {
        for _ in 0..100 {
            sent += 1;
            sum += sent;
            assert!(good(orders.send(&Order::new(sent))));
        }
        assert_eq!(orders.used(), 2400);
        assert_eq!(drain(&object), 100, "round {round}");
        assert_eq!(orders.used(), 0);
    }
    let seen = ["received", "sum", "bad"].map(|name| value(&object, name));
    assert_eq!(seen, [sent, sum, 0]);
    // Somebody else goes on where the first one stopped.
    drop(orders);
    let mut orders = good(again.producer());
    assert!(good(orders.send(&Order::new(1))));
    assert_eq!((drain(&object), value(&object, "received")), (1, sent + 1));
}

#[test]
fn what_is_discarded_or_dropped_is_not_seen() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&gate) else { return };
    let mut orders = producer(&object);
    let order = Order::new(7);
    good(orders.reserve(16)).unwrap().discard();
    drop(good(orders.reserve(16)).unwrap());
    let mut record = good(orders.reserve(16)).unwrap();
    record.copy_from_slice(order.as_bytes());
    record.submit();
    drain(&object);
    let seen = ["received", "sum", "bad"].map(|name| value(&object, name));
    assert_eq!(seen, [1, 7, 0]);
    let error = orders.reserve(4096).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("4096 bytes"), "{error}");
}

#[test]
fn a_full_ring_makes_its_producer_wait() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&gate) else { return };
    let mut orders = producer(&object);
    let mut sent = 0;
    while good(orders.send(&Order::new(1))) {
        sent += 1;
    }
    assert_eq!(sent, 4096 / 24);
    let began = Instant::now();
    assert!(!good(orders.send_timeout(&Order::new(1), BRIEF)));
    assert!(began.elapsed() >= BRIEF);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(BRIEF);
            drain(&object);
        });
        let began = Instant::now();
        assert!(good(orders.send_timeout(&Order::new(1), LONG)), "there is room again");
        assert!(began.elapsed() < LONG);
    });
    drain(&object);
    assert_eq!(value(&object, "received"), sent + 1);
    // Some room, but too little: waiting for it must not spin.
    for _ in 0..sent {
        assert!(good(orders.send(&Order::new(1))));
    }
    let before = cpu_time();
    assert!(good(orders.reserve_timeout(64, 5 * BRIEF)).is_none());
    let spent = cpu_time().saturating_sub(before);
    assert!(spent < BRIEF, "{spent:?} of CPU for a wait");
}

#[test]
fn stacks_have_symbols() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&gate) else { return };
    let kernel = good(Kernel::running());
    good(good(object.program("take_stacks")).test_run(&TestRun::new()));
    let stacks: StackTraces = good(good(object.map("stacks")).clone().try_into());
    assert_eq!(stacks.depth(), 64);
    let id = u32::try_from(value(&object, "kernel_stack")).unwrap();
    let addresses = good(stacks.get(id)).unwrap();
    let symbols = good(kernel.symbols());
    assert!(symbols.len() > 10_000);
    let names: Vec<_> = addresses
        .iter()
        .filter_map(|address| symbols.find(*address))
        .map(|symbol| symbol.name)
        .collect();
    assert!(names.iter().any(|name| name.contains("bpf_prog_test_run_raw_tp")), "{names:?}");
    assert!(names.iter().any(|name| name.contains("sys_bpf")), "{names:?}");
    // What was loaded since the kernel's list was read is in a new one.
    let fresh = good(KernelSymbols::read(&kernel));
    assert!(fresh.len() >= symbols.len());

    let id = u32::try_from(value(&object, "user_stack")).unwrap();
    let addresses = good(stacks.get(id)).unwrap();
    assert!(!addresses.is_empty());
    assert!(addresses.iter().all(|address| symbols.find(*address).is_none()), "{addresses:x?}");
    assert!(good(stacks.remove(id)));
    assert_eq!(good(stacks.get(id)), None);
    assert!(!good(stacks.remove(id)));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct MapRecord {
    id: u32,
    max_entries: u32,
    mark: u64,
}

fn map_records(also_text: u32) -> Option<(u32, osmia::IterationRecords<MapRecord>)> {
    let mut spec = good(osmia::open("map_records", Fixture::new("map_records").bytes()?));
    spec.set("also_text", also_text).unwrap();
    let object = good(Object::load(&spec, &good(Kernel::running())));
    let program: TracingProgram = good(good(object.program("each_map")).clone().try_into());
    let output = good(program.iterate(&Iteration::new()));
    let id = good(good(object.map("known")).info()).id;
    Some((id, output.records::<MapRecord>()))
}

#[test]
fn an_iterator_writes_records() {
    let Some(_gate) = Gate::root() else { return };
    let Some((_, records)) = map_records(0) else { return };
    let records: Vec<MapRecord> = records.map(good).collect();
    assert!(records.iter().all(|record| record.mark == 0x600d), "{records:?}");
    assert!(records.windows(2).all(|pair| pair[0].id < pair[1].id), "{records:?}");

    let Some((_, mut records)) = map_records(1) else { return };
    let error = records.find_map(Result::err).unwrap();
    assert!(error.to_string().contains("ends in 3 bytes"), "{error}");
    assert!(records.next().is_none());
}

#[test]
fn programs_print() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("streams").bytes() else { return };
    let spec = good(osmia::open("streams", bytes));
    let loaded = Object::load(&spec, &good(Kernel::running()));
    // The type of program, or the function that prints.
    let lacking = |error: &Error| {
        unsupported(error) || matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Verifier)
    };
    let Some(object) = gate.take("streams of programs", "6.17", loaded, lacking) else { return };
    let program = |name: &str| good(object.program(name)).clone();
    let Some(mut stdout) =
        gate.take("streams of programs", "6.17", program("to_stdout").stdout(), unsupported)
    else {
        return;
    };
    let mut stderr = good(program("to_stderr").stderr());
    let read = |stream: &mut osmia::ProgramStream| {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    assert_eq!(read(&mut stdout), "");
    for name in ["to_stdout", "to_stderr", "to_stdout"] {
        let printed = good(program(name).test_run(&TestRun::new())).retval as i32;
        if printed == -rustix::io::Errno::NOMEM.raw_os_error() {
            // It takes memory without a lock, which not every machine can give.
            skip::part("what programs print: the kernel has no memory for it (ENOMEM)");
            return;
        }
        assert_eq!(printed, 0);
    }
    assert_eq!(read(&mut stdout), "number 1\nnumber 3\n");
    assert_eq!(read(&mut stderr), "number 2\n");
    assert_eq!(read(&mut stdout), "", "it was taken out");
    assert_eq!(read(&mut good(program("to_stdout").stderr())), "");
}

#[test]
fn runs_are_counted_while_somebody_wants_it() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&gate) else { return };
    let kernel = good(Kernel::running());
    let program = good(object.program("drain"));
    let runs = || good(program.info()).run_count;
    let before = runs();
    let counting = good(kernel.enable_stats());
    let run = TestRun::data(&[0; 14]).repeat(100);
    good(program.test_run(&run));
    let info = good(program.info());
    assert_eq!((info.run_count - before, info.recursion_misses), (100, 0), "{info:?}");
    assert!(info.run_time > Duration::ZERO, "{info:?}");
    drop(counting);
    let after = runs();
    good(program.test_run(&run));
    assert_eq!(runs(), after);
}
