//! Measures how long a function takes in all processes, or what is between two marks (USDT), and prints a histogram.
//!
//! `latency PLACE [SECONDS]`, as root, where PLACE is `FILE:FUNCTION`, such as `libc.so.6:clock_nanosleep`, or
//! `FILE:PROVIDER:START:END`, such as `python3:python:import__find__load__start:import__find__load__done`.

use std::time::Duration;

use osmia::{Error, Kernel, Link, Uprobe, Usdt};

osmia::include_bpf!(latency);

/// The longest bar.
const WIDTH: u64 = 40;

/// What is measured.
enum Place {
    Function(Uprobe),
    Marks { start: Usdt, end: Usdt },
}

fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let Some(text) = args.next() else {
        eprintln!("usage: latency FILE:FUNCTION|FILE:PROVIDER:START:END [SECONDS]");
        std::process::exit(2);
    };
    let seconds = args.next().and_then(|text| text.parse().ok()).unwrap_or(2);
    let place = Place::parse(&text)?;

    let bpf = latency::open()?.load(&Kernel::running()?)?;
    let links = place.attach(&bpf)?;
    std::thread::sleep(Duration::from_secs(seconds));
    links.into_iter().try_for_each(Link::detach)?;

    let of_cpus = bpf.maps.histogram.iter().collect::<Result<Vec<_>, Error>>()?;
    let counts: Vec<u64> = of_cpus.iter().map(|counts| counts.iter().sum()).collect();
    println!("{} calls of {text}, {} missed", counts.iter().sum::<u64>(), bpf.vars.lost.get()?);
    print(&counts);
    Ok(())
}

impl Place {
    /// Two marks if there are as many words as that; else a function.
    fn parse(text: &str) -> Result<Self, Error> {
        let mut words = text.rsplitn(4, ':');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some(end), Some(start), Some(provider), Some(file)) => {
                let [start, end] = [start, end].map(|name| Usdt::new(file, provider, name));
                Ok(Self::Marks { start, end })
            }
            _ => Ok(Self::Function(Uprobe::parse(text)?)),
        }
    }

    /// Attaches the programs, the end first: a call whose end is not seen would stay in the map.
    fn attach(&self, bpf: &latency::Bpf) -> Result<[Link; 2], Error> {
        let (enter, leave) = (&bpf.progs.enter, &bpf.progs.leave);
        let (end, start) = match self {
            Self::Function(function) => (
                leave.attach_uprobe(&function.clone().on_return())?,
                enter.attach_uprobe(function)?,
            ),
            Self::Marks { start, end } => (leave.attach_usdt(end)?, enter.attach_usdt(start)?),
        };
        Ok([start, end])
    }
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
