//! A program for perf events cannot be run by hand, so this one is attached.

use std::io::Write as _;
use std::time::{Duration, Instant};

use osmia::{Error, ErrorKind, Kernel, PerfEvent};

use crate::@module@;

/// The loaded programs; `None`, said aloud, without the rights to load them.
fn load() -> Result<Option<@module@::Bpf>, Error> {
    match @module@::open()?.load(&Kernel::running()?) {
        Err(error) if error.kind() == ErrorKind::Permission => {
            let _ = writeln!(std::io::stderr(), "skipped: {error:#}");
            Ok(None)
        }
        loaded => loaded.map(Some),
    }
}

#[test]
fn who_works_is_seen() -> Result<(), Error> {
    let Some(bpf) = load()? else { return Ok(()) };
    let clock = PerfEvent::cpu_clock().frequency(999);
    let _links = bpf.progs.on_tick.attach_to_all_cpus(&clock)?;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) {
        let work: u64 = (0..1_000_000_u64).map(std::hint::black_box).sum();
        assert!(work > 0);
        for entry in &bpf.maps.samples {
            if entry?.0.pid == std::process::id() {
                return Ok(());
            }
        }
    }
    panic!("this process was at work, and was not seen");
}
