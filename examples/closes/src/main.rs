//! Sets a constant, loads a tracepoint program that prints it at each close(2), and follows what it prints.
//!
//! `closes [SECONDS]`, as root.

use std::time::{Duration, Instant};

use osmia::{Kernel, TestRun, TracePipe};

osmia::include_bpf!(closes);

fn main() -> Result<(), osmia::Error> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2);
    let kernel = Kernel::running()?;

    let mut spec = closes::open()?;
    spec.vars.const_u32.set(12);
    spec.vars.only_pid.set(std::process::id());
    let bpf = spec.load(&kernel)?;

    let run = bpf.progs.const_example.test_run(&TestRun::data(&[0; 14]))?;
    println!("a test run returns {}", run.retval);

    let mut pipe = TracePipe::open(&kernel)?;
    let _links = bpf.attach()?;
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        // Opening and closing a file is what is traced.
        drop(std::fs::File::open("/proc/self/stat"));
        while let Some(line) = pipe.next_message()? {
            println!("{} ({}): {}", line.comm, line.pid, line.message);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    println!("{} calls were printed", bpf.vars.printed.get()?);
    Ok(())
}
