//! Looks 99 times a second what each CPU does, and prints the stacks with their counts, one a line, as the tools that
//! draw flame graphs take them; or draws one itself.
//!
//! `profile [--top STACKS] [--svg FILE] [SECONDS]`, as root.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use osmia::{Error, Kernel, KernelSymbols, PerfEvent, UserSymbols};

use crate::mapped::Mapped;

osmia::include_bpf!(profile);

mod flames;
mod mapped;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1).peekable();
    let top = args.next_if_eq("--top").and_then(|_| args.next()?.parse().ok());
    let picture = args.next_if_eq("--svg").and_then(|_| args.next());
    let seconds = args.next().and_then(|text| text.parse().ok()).unwrap_or(2);
    let kernel = Kernel::running()?;
    let bpf = profile::open()?.load(&kernel)?;
    let links = bpf.progs.sample.attach_to_all_cpus(&PerfEvent::cpu_clock().frequency(99))?;
    std::thread::sleep(Duration::from_secs(seconds));
    drop(links);

    let symbols = KernelSymbols::read(&kernel)?;
    let (functions, mut mapped) = (UserSymbols::new(), Mapped::default());
    let mut folded = BTreeMap::new();
    for entry in &bpf.maps.counts {
        let (place, count) = entry?;
        let mut frames = vec![place.comm().to_string()];
        let user = stack(&bpf, place.user)?;
        frames.extend(names(&functions, &mut mapped, place.pid, &user).into_iter().rev());
        let inner = stack(&bpf, place.kernel)?.into_iter().rev();
        frames.extend(inner.map(|address| name(&symbols, address)));
        *folded.entry(frames.join(";")).or_insert(0) += count;
    }
    if let Some(file) = picture {
        std::fs::write(file, flames::draw(&folded))?;
    }
    print(folded, top);
    eprintln!("{} samples were lost", bpf.vars.lost.get()?);
    Ok(())
}

/// Prints all stacks, or those that were found most often.
fn print(folded: BTreeMap<String, u64>, top: Option<usize>) {
    let mut stacks: Vec<(String, u64)> = folded.into_iter().collect();
    if let Some(top) = top {
        stacks.sort_by_key(|(_, count)| Reverse(*count));
        stacks.truncate(top);
    }
    for (frames, count) in stacks {
        println!("{frames} {count}");
    }
}

/// The addresses of a stack, if there is one.
fn stack(bpf: &profile::Bpf, id: i32) -> Result<Vec<u64>, Error> {
    let Ok(id) = u32::try_from(id) else { return Ok(Vec::new()) };
    Ok(bpf.maps.stacks.get(id)?.unwrap_or_default())
}

/// The functions of a process, or the places in its files where there are no names.
fn names(functions: &UserSymbols, mapped: &mut Mapped, pid: u32, stack: &[u64]) -> Vec<String> {
    // A process that is gone has no functions any more.
    let found = functions.find(pid, stack).unwrap_or_else(|_| vec![None; stack.len()]);
    let name = |(address, symbol): (&u64, Option<osmia::UserSymbol>)| match symbol {
        // Types have semicolons, which separate frames here.
        Some(symbol) => symbol.name.replace(';', ","),
        None => mapped.name(pid, *address),
    };
    stack.iter().zip(found).map(name).collect()
}

fn name(symbols: &KernelSymbols, address: u64) -> String {
    symbols
        .find(address)
        .map_or_else(|| format!("{address:#x}"), |symbol| format!("{}_[k]", symbol.name))
}
