//! Prints which files are opened, and by whom.

use std::time::{Duration, Instant};

use osmia::Kernel;

osmia::include_bpf!(@module@);
#[cfg(test)]
mod tests;

fn main() -> Result<(), osmia::Error> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let bpf = @module@::open()?.load(&Kernel::running()?)?;
    let _links = bpf.attach()?;
    let mut events = bpf.maps.events.reader()?;

    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(10));
    while Instant::now() < end {
        if let Some(event) = events.next_timeout(Duration::from_millis(100))? {
            println!("{:>7} {:<15} {}", event.pid, event.comm(), event.file());
        }
    }
    println!("{} events were lost", bpf.vars.lost.get()?);
    Ok(())
}
