//! Rights that a bpf file system lends; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::{ErrorKind, Kernel, Map, MapType, Object, ObjectSpec, ProgType, TestRun};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::lender::{self, Loan};
use osmia_testkit::skip;
use rustix::io::Errno;

const VARIABLE: &str = "LIBBPF_BPF_TOKEN_PATH";
const LENT: &str = "a_process_without_rights_borrows_those_of_a_file_system";

#[test]
fn a_process_without_rights_borrows_those_of_a_file_system() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("variables").bytes() else { return };
    let spec = osmia::open("variables", bytes).unwrap();
    if lender::is_borrower() {
        if lender::borrow() {
            borrowed(&spec, &gate);
        }
        return;
    }
    // By itself, as the environment says, and not as the environment says.
    for variables in [&[][..], &[(VARIABLE, lender::PLACE)], &[(VARIABLE, "")]] {
        match lender::lend(LENT, variables) {
            Loan::Made => {}
            Loan::NotKnown(error) => {
                assert!(!gate.needs("BPF tokens", "6.9", false), "{error}");
                return;
            }
            Loan::NoNamespace(why) => return skip::whole(why),
        }
    }
}

/// What the process in the user namespace sees.
fn borrowed(spec: &ObjectSpec, gate: &Gate) {
    let without = Kernel::builder().without_token().build().unwrap();
    let error = Object::load(spec, &without).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission, "{error:#}");
    assert!(format!("{error:#}").contains("with a BPF token"), "{error:#}");
    assert!(!without.has_map_type(MapType::HASH).unwrap_or(false));

    let usual = Kernel::running().unwrap();
    if std::env::var(VARIABLE).is_ok_and(|place| place.is_empty()) {
        let error = Object::load(spec, &usual).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission, "{error:#}");
    } else {
        works(spec, &usual, gate);
    }
    works(spec, &Kernel::builder().token(lender::PLACE).build().unwrap(), gate);
}

fn works(spec: &ObjectSpec, kernel: &Kernel, gate: &Gate) {
    let object = Object::load(spec, kernel).unwrap_or_else(|error| panic!("{error:#}"));
    let program = object.program("const_example").unwrap();
    assert_eq!(program.test_run(&TestRun::data(&[0; 14])).unwrap().retval, 50);
    // Its types are in the kernel as well.
    let types = program.info().unwrap().btf_id;
    assert_ne!(types, 0);
    let opened = kernel.bpf().btf_by_id(types, None).map(drop);
    if !gate.needs("BPF tokens for types", "6.15", opened.is_ok()) {
        assert_eq!(opened, Err(Errno::PERM));
    }
    assert!(object.notes().is_empty(), "{:#}", object.notes()[0]);
    assert!(kernel.has_map_type(MapType::HASH).unwrap());
    assert!(kernel.has_program_type(ProgType::XDP).unwrap());
    // Nothing lends the right to open maps by id.
    let id = object.map(".bss").unwrap().info().unwrap().id;
    if let Err(error) = Map::by_id(kernel, id) {
        assert_eq!(error.kind(), ErrorKind::Permission, "{error:#}");
    }
}

#[test]
fn a_file_system_that_lends_nothing_is_told() {
    let Some(gate) = Gate::root() else { return };
    let bpffs = osmia_testkit::guard::bpffs::Bpffs::new();
    let error = Kernel::builder().token(bpffs.path()).build().unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains(&format!("take a BPF token from {}", bpffs.path().display())), "{text}");
    // Kernels with tokens have none for the first user namespace, or nothing was lent here.
    let unsupported = matches!(error.kind(), ErrorKind::Unsupported { .. });
    if !gate.needs("BPF tokens", "6.9", !unsupported) {}
}
