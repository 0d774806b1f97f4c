//! A tracepoint's program cannot be run by hand, so this one is attached.

use std::io::Write as _;
use std::time::{Duration, Instant};

use osmia::{Error, ErrorKind, Kernel};

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
fn an_opened_file_is_told() -> Result<(), Error> {
    let Some(bpf) = load()? else { return Ok(()) };
    let _links = bpf.attach()?;
    let mut events = bpf.maps.events.reader()?;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) {
        let _ = std::fs::File::open("/no/such/file");
        while let Some(event) = events.next_timeout(Duration::from_millis(10))? {
            if event.pid == std::process::id() && event.file() == "/no/such/file" {
                return Ok(());
            }
        }
    }
    panic!("the file was opened, and no event told of it");
}
