//! Looks 99 times a second what each CPU does, and prints the stacks with their counts, one a line, as the tools that
//! draw flame graphs take them: `profile 10 > folded && inferno-flamegraph folded > flames.svg`.
//!
//! `profile [SECONDS]`, as root.

use std::collections::BTreeMap;
use std::time::Duration;

use osmia::{Error, Kernel, KernelSymbols, PerfEvent};

use crate::mapped::Mapped;

osmia::include_bpf!(profile);

mod mapped;

fn main() -> Result<(), Error> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2);
    let kernel = Kernel::running()?;
    let bpf = profile::open()?.load(&kernel)?;
    let links = bpf.progs.sample.attach_to_all_cpus(&PerfEvent::cpu_clock().frequency(99))?;
    std::thread::sleep(Duration::from_secs(seconds));
    drop(links);

    let symbols = KernelSymbols::read(&kernel)?;
    let (mut mapped, mut folded) = (Mapped::default(), BTreeMap::new());
    for entry in &bpf.maps.counts {
        let (place, count) = entry?;
        let mut frames = vec![place.comm().to_string()];
        let user = stack(&bpf, place.user)?.into_iter().rev();
        frames.extend(user.map(|address| mapped.name(place.pid, address)));
        let inner = stack(&bpf, place.kernel)?.into_iter().rev();
        frames.extend(inner.map(|address| name(&symbols, address)));
        *folded.entry(frames.join(";")).or_insert(0) += count;
    }
    for (frames, count) in folded {
        println!("{frames} {count}");
    }
    eprintln!("{} samples were lost", bpf.vars.lost.get()?);
    Ok(())
}

/// The addresses of a stack, if there is one.
fn stack(bpf: &profile::Bpf, id: i32) -> Result<Vec<u64>, Error> {
    let Ok(id) = u32::try_from(id) else { return Ok(Vec::new()) };
    Ok(bpf.maps.stacks.get(id)?.unwrap_or_default())
}

fn name(symbols: &KernelSymbols, address: u64) -> String {
    symbols
        .find(address)
        .map_or_else(|| format!("{address:#x}"), |symbol| format!("{}_[k]", symbol.name))
}
