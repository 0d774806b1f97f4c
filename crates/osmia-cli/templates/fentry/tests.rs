//! What a program for a kernel function does is seen when the function is called.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use osmia::{Error, ErrorKind, Kernel, Links};

use crate::@module@;

/// The attached programs; `None`, said aloud, without the rights to attach them.
fn attached() -> Result<Option<(@module@::Bpf, Links)>, Error> {
    let attach = |bpf: @module@::Bpf| bpf.attach().map(|links| (bpf, links));
    match @module@::open()?.load(&Kernel::running()?).and_then(attach) {
        Err(error) if error.kind() == ErrorKind::Permission => {
            let _ = writeln!(std::io::stderr(), "skipped: {error:#}");
            Ok(None)
        }
        done => done.map(Some),
    }
}

#[test]
fn a_connection_is_told() -> Result<(), Error> {
    let Some((bpf, _links)) = attached()? else {
        return Ok(());
    };
    let mut events = bpf.maps.events.reader()?;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) {
        if let Some(event) = events.next_timeout(Duration::from_millis(100))? {
            if event.pid == std::process::id() {
                assert_eq!(event.ret, 0);
                assert!(bpf.vars.begun.get()? > 0);
                return Ok(());
            }
        }
    }
    panic!("a connection was begun, and no event told of it");
}
