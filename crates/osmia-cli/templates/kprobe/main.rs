//! Prints which processes open the most files.

use std::time::Duration;

use osmia::Kernel;

osmia::include_bpf!(@module@);
#[cfg(test)]
mod tests;

fn main() -> Result<(), osmia::Error> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let bpf = @module@::open()?.load(&Kernel::running()?)?;
    let links = bpf.attach()?;
    std::thread::sleep(Duration::from_secs(seconds.unwrap_or(10)));
    links.detach()?;

    let mut counts = Vec::new();
    for entry in &bpf.maps.opens {
        let (pid, count) = entry?;
        counts.push((count, pid));
    }
    counts.sort_unstable_by(|a, b| b.cmp(a));
    for (count, pid) in counts.iter().take(10) {
        println!("process {pid}: {count} files");
    }
    println!("{} could not be opened", bpf.vars.failed.get()?);
    Ok(())
}
