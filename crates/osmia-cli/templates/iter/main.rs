//! Prints the processes; with `threads`, also their threads.

use std::io::Write as _;

use osmia::{Error, Kernel};

osmia::include_bpf!(@module@);
#[cfg(test)]
mod tests;

fn main() -> Result<(), Error> {
    let threads = std::env::args()
        .nth(1)
        .is_some_and(|text| text == "threads");
    let mut spec = @module@::open()?;
    spec.vars.threads.set(threads.into());
    let bpf = spec.load(&Kernel::running()?)?;
    let link = bpf.progs.each_task.attach()?;
    let lines = link.iterate()?.bytes()?;
    if let Err(error) = std::io::stdout().write_all(&lines) {
        eprintln!("cannot write: {error}");
        std::process::exit(1);
    }
    Ok(())
}
