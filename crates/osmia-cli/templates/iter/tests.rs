//! An iterator is run by reading what it writes.

use std::io::Write as _;

use osmia::{Error, ErrorKind, Iteration, Kernel};

use crate::@module@;

/// The loaded programs; `None`, said aloud, without the rights to load them.
fn load() -> Result<Option<@module@::Bpf>, Error> {
    match @module@::open()?.load(&Kernel::running()?) {
        Err(error) if error.kind() == ErrorKind::Permission => {
            let _ = writeln!(std::io::stderr(), "skipped: {error:#}");
            Ok(None)
        }
        loaded => loaded.map(Some),
    }
}

#[test]
fn this_process_has_a_line() -> Result<(), Error> {
    let Some(bpf) = load()? else { return Ok(()) };
    let output = bpf.progs.each_task.iterate(&Iteration::new())?.bytes()?;
    let text = String::from_utf8_lossy(&output);
    let id = std::process::id();
    let of_us = format!("{id:>7} {id:>7} ");
    assert!(text.lines().any(|line| line.starts_with(&of_us)), "{text}");
    Ok(())
}
