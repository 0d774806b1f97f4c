//! Counts what a cgroup's processes send, and stops them at a limit.

use std::time::Duration;

use osmia::{Cgroup, Error, Kernel};

osmia::include_bpf!(@module@);
#[cfg(test)]
mod tests;

fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let Some(folder) = args.next() else {
        eprintln!("usage: @name@ /sys/fs/cgroup/NAME [SECONDS [LIMIT]]");
        std::process::exit(2);
    };
    let mut number = || args.next().and_then(|text| text.parse().ok());
    let (seconds, limit) = (number(), number());

    let mut spec = @module@::open()?;
    spec.vars.limit.set(limit.unwrap_or(0));
    let bpf = spec.load(&Kernel::running()?)?;
    let _link = bpf.progs.on_send.attach(&Cgroup::new(folder))?;
    for _ in 0..seconds.unwrap_or(10) {
        std::thread::sleep(Duration::from_secs(1));
        let (sent, dropped) = (bpf.vars.sent.get()?, bpf.vars.dropped.get()?);
        println!("{sent} bytes sent, {dropped} packets dropped");
    }
    Ok(())
}
