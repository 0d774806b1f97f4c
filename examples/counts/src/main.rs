//! Counts system calls by process for a while, then the counts: from here, and by a callback inside the kernel.
//!
//! `counts [SECONDS]`, as root.

use std::time::Duration;

use osmia::{Kernel, TestRun};

osmia::include_bpf!(counts);

fn main() -> Result<(), osmia::Error> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2);
    let bpf = counts::open()?.load(&Kernel::running()?)?;

    let links = bpf.attach()?;
    std::thread::sleep(Duration::from_secs(seconds));
    // Nothing changes from here on.
    links.detach()?;

    let mut calls = Vec::new();
    for entry in &bpf.maps.counts {
        let (pid, count) = entry?;
        calls.push((count, pid));
    }
    calls.sort_unstable_by(|a, b| b.cmp(a));
    for (count, pid) in calls.iter().take(5) {
        println!("process {pid}: {count} system calls");
    }

    let inside = bpf.progs.count_elements.test_run(&TestRun::data(&[0; 14]))?.retval;
    println!("{} processes, counted by batches", bpf.maps.counts.count()?);
    println!("{inside} processes, counted by a callback");
    Ok(())
}
