//! What a probe does is seen when its function is called.

use std::io::Write as _;

use osmia::{Error, ErrorKind, Kernel, Links};

use crate::@module@;

/// The attached programs; `None`, said aloud, without the rights to attach them or in a
/// kernel without kprobes.
fn attached() -> Result<Option<(@module@::Bpf, Links)>, Error> {
    let attach = |bpf: @module@::Bpf| bpf.attach().map(|links| (bpf, links));
    match @module@::open()?.load(&Kernel::running()?).and_then(attach) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::Permission | ErrorKind::Unsupported { .. }
            ) =>
        {
            let _ = writeln!(std::io::stderr(), "skipped: {error:#}");
            Ok(None)
        }
        done => done.map(Some),
    }
}

#[test]
fn opened_files_are_counted() -> Result<(), Error> {
    let Some((bpf, _links)) = attached()? else {
        return Ok(());
    };
    for _ in 0..3 {
        assert!(std::fs::File::open("/no/such/file").is_err());
    }
    let count = bpf.maps.opens.get(&std::process::id())?;
    assert!(count >= Some(3), "{count:?}");
    assert!(bpf.vars.failed.get()? >= 3);
    Ok(())
}
