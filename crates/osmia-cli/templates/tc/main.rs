//! Counts an interface's packets and bytes in both directions.

use std::time::Duration;

use osmia::{Error, Kernel, Tc, interface_index};

osmia::include_bpf!(@module@);
#[cfg(test)]
mod tests;

fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let Some(interface) = args.next() else {
        eprintln!("usage: @name@ INTERFACE [SECONDS [MARK]]");
        std::process::exit(2);
    };
    let mut number = || args.next().and_then(|text| text.parse().ok());
    let (seconds, mark) = (number(), number());

    let mut spec = @module@::open()?;
    spec.vars.mark.set(mark.unwrap_or(0));
    let bpf = spec.load(&Kernel::running()?)?;
    let index = interface_index(&interface)?;
    let _incoming = bpf.progs.on_receive.attach(&Tc::ingress(index))?;
    let _outgoing = bpf.progs.on_send.attach(&Tc::egress(index))?;
    for _ in 0..seconds.unwrap_or(10) {
        std::thread::sleep(Duration::from_secs(1));
        let (received, sent) = (bpf.vars.received.get()?, bpf.vars.sent.get()?);
        println!("in: {} bytes, out: {} bytes", received.bytes, sent.bytes);
    }
    Ok(())
}
