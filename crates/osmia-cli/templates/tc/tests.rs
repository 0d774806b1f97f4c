//! Runs the programs on packets that are made here; nothing is attached.

use std::io::Write as _;

use osmia::{Error, ErrorKind, Kernel, TestRun};

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
fn both_directions_are_counted() -> Result<(), Error> {
    let Some(bpf) = load()? else { return Ok(()) };
    let twice = TestRun::data(&[0; 100]).repeat(2);
    // TC_ACT_UNSPEC is -1.
    let verdict = bpf.progs.on_receive.test_run(&twice)?.retval;
    assert_eq!(verdict, u32::MAX);
    bpf.progs.on_send.test_run(&TestRun::data(&[0; 60]))?;
    let (received, sent) = (bpf.vars.received.get()?, bpf.vars.sent.get()?);
    assert_eq!((received.packets, received.bytes), (2, 200));
    assert_eq!((sent.packets, sent.bytes), (1, 60));
    Ok(())
}
