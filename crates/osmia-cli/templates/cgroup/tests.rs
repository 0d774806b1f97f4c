//! Runs the program on packets that are made here; nothing is attached.

use std::io::Write as _;

use osmia::{Error, ErrorKind, Kernel, TestRun};

use crate::@module@;

const DROP: u32 = 0;
const PASS: u32 = 1;

/// The loaded programs; `None`, said aloud, without the rights to load them.
fn load(limit: u64) -> Result<Option<@module@::Bpf>, Error> {
    let mut spec = @module@::open()?;
    spec.vars.limit.set(limit);
    match spec.load(&Kernel::running()?) {
        Err(error) if error.kind() == ErrorKind::Permission => {
            let _ = writeln!(std::io::stderr(), "skipped: {error:#}");
            Ok(None)
        }
        loaded => loaded.map(Some),
    }
}

#[test]
fn nothing_is_sent_above_the_limit() -> Result<(), Error> {
    let Some(bpf) = load(150)? else { return Ok(()) };
    // An Ethernet header stands in front, which the program does not see.
    let mut packet = [0; 114];
    packet[12..15].copy_from_slice(&[0x08, 0x00, 0x45]);
    let verdict = || {
        let result = bpf.progs.on_send.test_run(&TestRun::data(&packet));
        result.map(|result| result.retval)
    };
    assert_eq!(verdict()?, PASS);
    assert_eq!(verdict()?, DROP);
    assert_eq!((bpf.vars.sent.get()?, bpf.vars.dropped.get()?), (100, 1));
    Ok(())
}
