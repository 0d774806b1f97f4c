//! Keeps every file below a directory from being removed for a while, and prints who tries.
//!
//! `guard DIRECTORY [SECONDS]`, as root.

use std::error::Error;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use osmia::Kernel;
use rustix::fs::{major, minor};

osmia::include_bpf!(guard);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("which directory?")?;
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(10);
    let found = std::fs::metadata(&directory)?;

    let mut spec = guard::open()?;
    spec.vars.inode_number.set(found.ino());
    spec.vars.device_major.set(major(found.dev()));
    spec.vars.device_minor.set(minor(found.dev()));
    let bpf = spec.load(&Kernel::running()?)?;
    let _links = bpf.attach()?;
    let mut attempts = bpf.maps.attempts.reader()?;
    println!("nothing below {directory} can be removed for {seconds} s");

    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match attempts.next_timeout(left)? {
            Some(attempt) => {
                let (pid, command, name) = (attempt.pid, attempt.comm(), attempt.name());
                println!("process {pid} ({command}) may not remove {name}");
            }
            None if left.is_zero() => break,
            None => {}
        }
    }
    println!("{} attempts were not told of", bpf.vars.lost.get()?);
    Ok(())
}
