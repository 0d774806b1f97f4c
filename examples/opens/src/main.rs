//! Prints each file that is opened, by whom, and its descriptor or the error.
//!
//! `opens [SECONDS]`, as root.

use std::time::{Duration, Instant};

use osmia::Kernel;

osmia::include_bpf!(opens);

fn main() -> Result<(), osmia::Error> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2);
    let bpf = opens::open()?.load(&Kernel::running()?)?;
    let _links = bpf.attach()?;
    let mut opened = bpf.maps.opened.reader()?;
    println!("{:>7}  {:<15}  {:>6}  file", "process", "command", "result");

    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match opened.next_timeout(left)? {
            Some(file) => {
                println!(
                    "{:>7}  {:<15}  {:>6}  {}",
                    file.pid,
                    file.comm(),
                    file.result,
                    file.file()
                );
            }
            None if left.is_zero() => break,
            None => {}
        }
    }
    println!("{} files were not told of", bpf.vars.lost.get()?);
    Ok(())
}
