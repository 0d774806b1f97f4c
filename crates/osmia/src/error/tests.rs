use std::error::Error as _;

use osmia_sys::Errno;

use super::{Attempt as _, Error};
use crate::error::kind::ErrorKind;

fn chain() -> Error {
    let cause = Error::new(ErrorKind::Permission, "CAP_BPF is missing").caused_by(Errno::PERM);
    Err::<(), _>(cause).attempt(|| "create map `counts`").attempt(|| "load `a`").unwrap_err()
}

#[test]
fn it_is_one_word() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
}

#[test]
fn plain_display_is_one_layer_and_alternate_is_all() {
    let error = chain();
    assert_eq!(error.to_string(), "load `a`");
    let all = format!("{error:#}");
    assert!(all.starts_with("load `a`: create map `counts`: CAP_BPF is missing: "), "{all}");
}

#[test]
fn debug_lists_the_causes() {
    let debug = format!("{:?}", chain());
    let lines: Vec<_> = debug.lines().take(5).collect();
    let expected =
        ["load `a`", "", "Caused by:", "    create map `counts`", "    CAP_BPF is missing"];
    assert_eq!(lines, expected);
}

#[test]
fn kind_and_errno_are_those_of_the_cause() {
    let error = chain();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert_eq!(error.errno(), Some(Errno::PERM.raw_os_error()));
    assert!(error.verifier().is_none());
    assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("create map `counts`"));
    assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::PermissionDenied);
}
