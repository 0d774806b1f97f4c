//! What a probe does is seen when its function is called.

use std::io::Write as _;
use std::path::PathBuf;

use osmia::{Error, ErrorKind, Kernel, Uprobe};

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

/// Where this process has `readlink`: in the C library, or in itself.
fn file() -> PathBuf {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    if maps.contains("/libc.so.6") {
        return "libc.so.6".into();
    }
    std::env::current_exe().unwrap()
}

#[test]
fn calls_are_counted() -> Result<(), Error> {
    let Some(bpf) = load()? else { return Ok(()) };
    let place = Uprobe::function(file(), "readlink").process(std::process::id());
    let link = bpf.progs.on_call.attach_uprobe(&place)?;
    for _ in 0..3 {
        assert!(std::fs::read_link("/no/such/link").is_err());
    }
    link.detach()?;
    let mut calls = 0;
    for entry in &bpf.maps.calls {
        calls += entry?.1;
    }
    assert_eq!(calls, 3);
    Ok(())
}
