//! Prints each program that is executed.
//!
//! `events [SECONDS]`, as root.

use std::time::{Duration, Instant};

use osmia::Kernel;

osmia::include_bpf!(events);

fn main() -> Result<(), osmia::Error> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2);
    let bpf = events::open()?.load(&Kernel::running()?)?;
    let _links = bpf.attach()?;
    let mut events = bpf.maps.events.reader()?;

    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match events.next_timeout(left)? {
            Some(event) => {
                println!(
                    "{:>7} <- {:>7}  {:<15}  {}",
                    event.pid,
                    event.parent,
                    event.comm(),
                    event.file()
                );
            }
            None if left.is_zero() => break,
            None => {}
        }
    }
    println!("{} events were lost", bpf.vars.lost.get()?);
    Ok(())
}
