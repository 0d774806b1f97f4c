//! Registers a congestion control of TCP for a while; sockets choose it by `TCP_CONGESTION`.

use std::time::Duration;

use osmia::Kernel;

osmia::include_bpf!(@module@);
#[cfg(test)]
mod tests;

fn main() -> Result<(), osmia::Error> {
    let mut args = std::env::args().skip(1);
    let seconds = args.next().and_then(|text| text.parse().ok());
    let window = args.next().and_then(|text| text.parse().ok());

    let mut spec = @module@::open()?;
    spec.vars.window.set(window.unwrap_or(10));
    let bpf = spec.load(&Kernel::running()?)?;
    let _links = bpf.attach()?;
    println!("`fixed_window` can be chosen");
    std::thread::sleep(Duration::from_secs(seconds.unwrap_or(10)));
    let packets = bpf.vars.acknowledged.get()?;
    println!("{packets} packets were acknowledged");
    Ok(())
}
