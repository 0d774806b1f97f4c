//! Measures how long a function takes in all processes, and prints a histogram.
//!
//! `latency FILE:FUNCTION [SECONDS]`, as root; for example `latency libc.so.6:clock_nanosleep 5`.

use std::time::Duration;

use osmia::{Error, Kernel, Uprobe};

osmia::include_bpf!(latency);

/// The longest bar.
const WIDTH: u64 = 40;

fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let Some(place) = args.next() else {
        eprintln!("usage: latency FILE:FUNCTION [SECONDS]");
        std::process::exit(2);
    };
    let seconds = args.next().and_then(|text| text.parse().ok()).unwrap_or(2);
    let function = Uprobe::parse(&place)?;

    let bpf = latency::open()?.load(&Kernel::running()?)?;
    // The end first: a call whose end is not seen would stay in the map.
    let leave = bpf.progs.leave.attach_uprobe(&function.clone().on_return())?;
    let enter = bpf.progs.enter.attach_uprobe(&function)?;
    std::thread::sleep(Duration::from_secs(seconds));
    enter.detach()?;
    leave.detach()?;

    let of_cpus = bpf.maps.histogram.iter().collect::<Result<Vec<_>, Error>>()?;
    let counts: Vec<u64> = of_cpus.iter().map(|counts| counts.iter().sum()).collect();
    println!("{} calls of {place}, {} missed", counts.iter().sum::<u64>(), bpf.vars.lost.get()?);
    print(&counts);
    Ok(())
}

/// Prints a bar for each power of two microseconds, from the first that occurred to the last.
fn print(counts: &[u64]) {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let first = counts.iter().position(|count| *count > 0).unwrap_or(0);
    let last = counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
    for (bits, count) in counts.iter().enumerate().take(last).skip(first) {
        let bar = "#".repeat((count * WIDTH).div_ceil(most) as usize);
        println!("below {:>12?} {count:>8} {bar}", Duration::from_micros(1 << bits));
    }
}
