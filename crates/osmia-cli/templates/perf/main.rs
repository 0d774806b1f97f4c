//! Prints which processes are at work, by looking 99 times a second on each CPU.

use std::time::Duration;

use osmia::{Error, Kernel, PerfEvent};

osmia::include_bpf!(@module@);
#[cfg(test)]
mod tests;

fn main() -> Result<(), Error> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let bpf = @module@::open()?.load(&Kernel::running()?)?;
    let clock = PerfEvent::cpu_clock().frequency(99);
    let links = bpf.progs.on_tick.attach_to_all_cpus(&clock)?;
    std::thread::sleep(Duration::from_secs(seconds.unwrap_or(5)));
    drop(links);

    let mut samples = Vec::new();
    for entry in &bpf.maps.samples {
        let (process, count) = entry?;
        samples.push((count, process));
    }
    samples.sort_unstable_by_key(|&(count, _)| std::cmp::Reverse(count));
    for (count, process) in samples.iter().take(10) {
        println!("{count:>6} {:>7} {}", process.pid, process.comm());
    }
    Ok(())
}
