//! Schedules all tasks of the machine for a while, first come, first served, and prints who ran how often and how long.
//!
//! `minisched [SECONDS [SLICE_MILLISECONDS]]`, as root. If it ends, by whatever, the kernel's own scheduler takes over.

use std::cmp::Reverse;
use std::error::Error;
use std::fs;
use std::time::Duration;

use osmia::Kernel;

osmia::include_bpf!(minisched);

/// What the kernel tells about schedulers of this kind.
const STATE: &str = "/sys/kernel/sched_ext/state";
const NAME: &str = "/sys/kernel/sched_ext/root/ops";

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let seconds = args.next().and_then(|text| text.parse().ok()).unwrap_or(2);
    let mut spec = minisched::open()?;
    if let Some(slice) = args.next().and_then(|text| text.parse::<u64>().ok()) {
        spec.vars.slice_ns.set(slice.saturating_mul(1_000_000));
    }
    let bpf = spec.load(&Kernel::running()?)?;
    let links = bpf.attach()?;
    println!("{}: {}", fs::read_to_string(STATE)?.trim(), fs::read_to_string(NAME)?.trim());
    std::thread::sleep(Duration::from_secs(seconds));
    // Nobody else has taken it out meanwhile: a task that had to wait too long, for example.
    let ended = bpf.vars.exit_kind.get()?;
    drop(links);

    let mut shares = bpf.maps.shares.iter().collect::<Result<Vec<_>, _>>()?;
    shares.sort_by_key(|(_, share)| Reverse(share.nanoseconds));
    println!("{:>7}  {:<15}  {:>7}  {:>12}", "process", "command", "turns", "time");
    for (pid, share) in shares.iter().take(10) {
        let time = Duration::from_nanos(share.nanoseconds);
        println!("{pid:>7}  {:<15}  {:>7}  {time:>12.1?}", share.comm(), share.turns);
    }
    if ended != 0 {
        return Err(format!("the kernel ended it before its time: reason {ended}").into());
    }
    println!("{}", fs::read_to_string(STATE)?.trim());
    Ok(())
}
