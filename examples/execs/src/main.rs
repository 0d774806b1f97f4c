//! Prints each program that is executed, with its arguments, and each that ends: with what exit code, or by which
//! signal, and after what time.
//!
//! `execs [SECONDS]`, as root.

use std::borrow::Cow;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use osmia::Kernel;

osmia::include_bpf!(execs);

use execs::types::{Event, What};

fn main() -> Result<(), osmia::Error> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2);
    let bpf = execs::open()?.load(&Kernel::running()?)?;
    let _links = bpf.attach()?;
    let mut events = bpf.maps.events.reader()?;
    println!("{:>7} <- {:>7}  {:<15}", "process", "parent", "command");

    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match events.next_bytes_timeout(left)?.map(Event::with_args) {
            Some(Some((event, args))) => print(event, args),
            Some(None) => eprintln!("an event is shorter than its type"),
            None if left.is_zero() => break,
            None => {}
        }
    }
    println!("{} events were lost", bpf.vars.lost.get()?);
    Ok(())
}

fn print(event: &Event, args: &[u8]) {
    let what = match event.what {
        What::BEGINS => words(args),
        _ => end(event),
    };
    println!("{:>7} <- {:>7}  {:<15}  {what}", event.pid, event.parent, event.comm());
}

/// The arguments as a shell would be given them, nearly.
fn words(args: &[u8]) -> String {
    let args = args.strip_suffix(b"\0").unwrap_or(args);
    let word = |word| match String::from_utf8_lossy(word) {
        word if word.is_empty() || word.contains([' ', '"', '\n']) => format!("{word:?}").into(),
        word => word,
    };
    args.split(|byte| *byte == 0).map(word).collect::<Vec<Cow<'_, str>>>().join(" ")
}

fn end(event: &Event) -> String {
    let status = ExitStatus::from_raw(i32::from_ne_bytes(event.status.to_ne_bytes()));
    match event.took {
        0 => format!("{status}"),
        took => format!("{status}, after {:.1?}", Duration::from_nanos(took)),
    }
}
