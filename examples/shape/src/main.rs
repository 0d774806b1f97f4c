//! Holds what an interface sends below a rate, and counts what passes and what does not.
//!
//! `shape INTERFACE PACKETS_PER_SECOND [SECONDS]`, as root.

use std::time::Duration;

use osmia::{Error, Kernel, Tc, interface_index};

osmia::include_bpf!(shape);

fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let interface = args.next();
    let rate = args.next().and_then(|text| text.parse::<u64>().ok()).filter(|rate| *rate > 0);
    let (Some(interface), Some(rate)) = (interface, rate) else {
        eprintln!("usage: shape INTERFACE PACKETS_PER_SECOND [SECONDS]");
        std::process::exit(2);
    };
    let seconds: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(2);

    let mut spec = shape::open()?;
    spec.vars.interval.set(1_000_000_000 / rate);
    let bpf = spec.load(&Kernel::running()?)?;
    let link = bpf.progs.shape.attach(&Tc::egress(interface_index(&interface)?))?;
    println!("attached to {}, {rate} packets a second", link.place());
    for _ in 0..seconds {
        std::thread::sleep(Duration::from_secs(1));
        let (passed, dropped) = (bpf.vars.passed.get()?, bpf.vars.dropped.get()?);
        println!("{passed} packets passed, {dropped} were dropped");
    }
    link.detach()
}
