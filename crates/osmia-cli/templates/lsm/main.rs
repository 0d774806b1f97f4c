//! Forbids connections to a port for a while.

use std::time::Duration;

use osmia::Kernel;

osmia::include_bpf!(@module@);
#[cfg(test)]
mod tests;

fn main() -> Result<(), osmia::Error> {
    let mut args = std::env::args().skip(1);
    let Some(port) = args.next().and_then(|text| text.parse().ok()) else {
        eprintln!("usage: @name@ PORT [SECONDS]");
        std::process::exit(2);
    };
    let seconds = args.next().and_then(|text| text.parse().ok());

    let mut spec = @module@::open()?;
    spec.vars.forbidden_port.set(port);
    let bpf = spec.load(&Kernel::running()?)?;
    let _links = bpf.attach()?;
    std::thread::sleep(Duration::from_secs(seconds.unwrap_or(10)));
    println!("{} connections were refused", bpf.vars.refused.get()?);
    Ok(())
}
