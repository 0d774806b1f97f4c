//! The kernel takes the table, and lists it while it is registered.

use std::io::Write as _;

use osmia::{Error, ErrorKind, Kernel, Links};

use crate::@module@;

/// The registered table; `None`, said aloud, without the rights to register it.
fn registered() -> Result<Option<(@module@::Bpf, Links)>, Error> {
    let attach = |bpf: @module@::Bpf| bpf.attach().map(|links| (bpf, links));
    let loaded = @module@::open()?.load(&Kernel::running()?);
    match loaded.and_then(attach) {
        Err(error) if error.kind() == ErrorKind::Permission => {
            let _ = writeln!(std::io::stderr(), "skipped: {error:#}");
            Ok(None)
        }
        done => done.map(Some),
    }
}

/// Whether sockets can choose it.
fn is_listed() -> bool {
    let file = "/proc/sys/net/ipv4/tcp_available_congestion_control";
    let names = std::fs::read_to_string(file).unwrap();
    names.split_whitespace().any(|name| name == "fixed_window")
}

#[test]
fn the_kernel_takes_the_table() -> Result<(), Error> {
    let Some((_bpf, links)) = registered()? else {
        return Ok(());
    };
    assert!(is_listed());
    links.detach()?;
    assert!(!is_listed());
    Ok(())
}
