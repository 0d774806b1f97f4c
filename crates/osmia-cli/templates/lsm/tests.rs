//! What a program for a security hook decides is seen when somebody asks.

use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};

use osmia::{Error, ErrorKind, Kernel, Links};

use crate::@module@;

/// The attached programs; `None`, said aloud, without the rights to attach them or in a
/// kernel that asks no BPF programs.
fn attached(port: u16) -> Result<Option<(@module@::Bpf, Links)>, Error> {
    let mut spec = @module@::open()?;
    spec.vars.forbidden_port.set(port);
    let attach = |bpf: @module@::Bpf| bpf.attach().map(|links| (bpf, links));
    match spec.load(&Kernel::running()?).and_then(attach) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::Permission | ErrorKind::Unsupported { .. }
            ) =>
        {
            let _ = writeln!(io::stderr(), "skipped: {error:#}");
            Ok(None)
        }
        done => done.map(Some),
    }
}

#[test]
fn the_port_is_closed_while_the_program_is_attached() -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let Some((bpf, links)) = attached(address.port())? else {
        return Ok(());
    };
    let refusal = TcpStream::connect(address).map_err(|error| error.kind());
    assert_eq!(refusal.err(), Some(io::ErrorKind::PermissionDenied));
    assert_eq!(bpf.vars.refused.get()?, 1);
    links.detach()?;
    assert!(TcpStream::connect(address).is_ok());
    Ok(())
}
