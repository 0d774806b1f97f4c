//! Counts the packets that an interface receives, and drops UDP packets to a port.

use std::time::Duration;

use osmia::{Error, Kernel, XdpMode, interface_index};

osmia::include_bpf!(@module@);
#[cfg(test)]
mod tests;

fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let Some(interface) = args.next() else {
        eprintln!("usage: @name@ INTERFACE [SECONDS [PORT]]");
        std::process::exit(2);
    };
    let mut number = || args.next().and_then(|text| text.parse().ok());
    let (seconds, port) = (number(), number());

    let mut spec = @module@::open()?;
    spec.vars.closed_port.set(port.unwrap_or(0));
    let bpf = spec.load(&Kernel::running()?)?;
    let index = interface_index(&interface)?;
    let link = bpf.progs.on_packet.attach(index, XdpMode::Any)?;
    std::thread::sleep(Duration::from_secs(seconds.unwrap_or(10).into()));
    link.detach()?;
    for protocol in 0..=255 {
        let packets: u64 = bpf.maps.packets.get(protocol)?.iter().sum();
        if packets > 0 {
            println!("protocol {protocol}: {packets} packets");
        }
    }
    println!("{} packets were dropped", bpf.vars.dropped.get()?);
    Ok(())
}
