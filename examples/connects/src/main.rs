//! Prints each TCP connection that is begun: by whom, where to, how that went and how long it took.
//!
//! `connects [SECONDS]`, as root.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use osmia::Kernel;

osmia::include_bpf!(connects);

use connects::types::Connect;

fn main() -> Result<(), osmia::Error> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2);
    let bpf = connects::open()?.load(&Kernel::running()?)?;
    let _links = bpf.attach()?;
    let mut connects = bpf.maps.connects.reader()?;
    println!("{:>7}  {:<15}  {:<28}  {:>6}  {:>9}", "process", "command", "to", "result", "ns");

    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match connects.next_timeout(left)? {
            Some(connect) => {
                println!(
                    "{:>7}  {:<15}  {:<28}  {:>6}  {:>9}",
                    connect.pid,
                    connect.comm(),
                    to(connect).to_string(),
                    connect.result,
                    connect.nanoseconds
                );
            }
            None if left.is_zero() => break,
            None => {}
        }
    }
    println!("{} connections were not told of", bpf.vars.lost.get()?);
    Ok(())
}

/// Where the connection goes.
fn to(connect: &Connect) -> SocketAddr {
    let ip = match connect.address {
        [a, b, c, d, ..] if connect.is_v6 == 0 => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
        address => IpAddr::V6(Ipv6Addr::from(address)),
    };
    SocketAddr::new(ip, connect.port)
}
