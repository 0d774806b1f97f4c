//! Lets nothing in from a network, for the second of three parts of the time, and counts what passes and what does not.
//!
//! `firewall INTERFACE NETWORK [SECONDS]`, as root; a network is written `192.0.2.0/24`.

use std::net::Ipv4Addr;
use std::time::Duration;

use osmia::{Error, Kernel, XdpMode, interface_index};

use crate::firewall::Network;

osmia::include_bpf!(firewall);

fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let (Some(interface), Some(written)) = (args.next(), args.next()) else { usage() };
    let Some(network) = parse(&written) else { usage() };
    let seconds: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(3);

    let bpf = firewall::open()?.load(&Kernel::running()?)?;
    let link = bpf.progs.filter.attach(interface_index(&interface)?, XdpMode::Any)?;
    let part = Duration::from_secs(seconds) / 3;
    println!("{written} may send to {interface}");
    watch(&bpf, part)?;
    // The list changes while packets come.
    bpf.maps.blocked.set(&network, &0)?;
    println!("{written} is blocked");
    watch(&bpf, part)?;
    let lost = bpf.maps.blocked.get(&network)?.unwrap_or(0);
    bpf.maps.blocked.remove(&network)?;
    println!("{written} has lost {lost} packets and may send again");
    watch(&bpf, part)?;
    link.detach()
}

/// Waits, and prints what came meanwhile.
fn watch(bpf: &firewall::Bpf, part: Duration) -> Result<(), Error> {
    let before = counts(bpf)?;
    std::thread::sleep(part);
    let after = counts(bpf)?;
    println!("   {} packets passed, {} were dropped", after.0 - before.0, after.1 - before.1);
    Ok(())
}

/// What passed and what was dropped on all CPUs.
fn counts(bpf: &firewall::Bpf) -> Result<(u64, u64), Error> {
    let of_cpus = bpf.maps.traffic.get(0)?;
    Ok(of_cpus.iter().fold((0, 0), |sum, one| (sum.0 + one.passed, sum.1 + one.dropped)))
}

fn parse(text: &str) -> Option<Network> {
    let (address, bits) = text.split_once('/').unwrap_or((text, "32"));
    let address: Ipv4Addr = address.parse().ok()?;
    let bits = bits.parse().ok().filter(|bits| *bits <= 32)?;
    Some(Network { bits, address: address.octets() })
}

fn usage() -> ! {
    eprintln!("usage: firewall INTERFACE NETWORK [SECONDS]");
    std::process::exit(2)
}
