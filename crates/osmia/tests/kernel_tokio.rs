//! Readers in Tokio's run-time against the running kernel; needs root, and the feature `tokio`.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::thread;
use std::time::Duration;

use osmia::{AsyncReader, Kernel, Map, Object, PerfEventArray, Reader, RingBuf, TestRun};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use tokio::time::timeout;

const BRIEF: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(20);

fn load(name: &str) -> Option<Object> {
    let spec = osmia::open(name, Fixture::new(name).bytes()?).unwrap();
    Some(Object::load(&spec, &Kernel::running().unwrap()).unwrap())
}

fn map(object: &Object, name: &str) -> Map {
    object.map(name).unwrap().clone()
}

/// Has events come now and then, and reads them by `drain`, which says how many there were.
fn await_events<R: Reader>(object: &Object, reader: R, drain: impl Fn(&mut R) -> u64) {
    let program = object.program("produce").unwrap().clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut reader = AsyncReader::new(reader).unwrap();
        assert!(timeout(BRIEF, reader.ready()).await.is_err(), "nothing has come");
        let sender = thread::spawn(move || {
            for _ in 0..20 {
                thread::sleep(BRIEF / 10);
                program.test_run(&TestRun::data(&[0; 14]).repeat(3)).unwrap();
            }
        });
        let mut count = 0;
        while count < 60 {
            let ready = timeout(LONG, reader.ready()).await.expect("events come").unwrap();
            let more = drain(ready);
            assert!(more > 0, "it was ready");
            count += more;
        }
        assert_eq!(count, 60);
        sender.join().unwrap();
        assert!(timeout(BRIEF, reader.ready()).await.is_err(), "nothing more came");
        drop(reader.into_inner());
    });
}

#[test]
fn ring_buffers_are_awaited() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load("rings") else { return };
    let ring: RingBuf = map(&object, "events").try_into().unwrap();
    await_events(&object, ring.reader().unwrap(), |reader| reader.drain_bytes(|_| Ok(())).unwrap());
}

#[test]
fn perf_event_arrays_are_awaited() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load("perf") else { return };
    let array: PerfEventArray = map(&object, "events").try_into().unwrap();
    let drain = |reader: &mut osmia::PerfReader<[u8]>| reader.drain_bytes(|_| Ok(())).unwrap();
    await_events(&object, array.reader().unwrap(), drain);
}
