//! Commands with the rights that a bpf file system lends; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod command;

use osmia::{Kernel, Object, ObjectSpec};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::lender::{self, Loan};
use osmia_testkit::skip;

use crate::command::{Said, command};

const VARIABLE: &str = "LIBBPF_BPF_TOKEN_PATH";
const LENT: &str = "commands_use_the_rights_that_are_lent";

#[test]
fn commands_use_the_rights_that_are_lent() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("variables").bytes() else { return };
    // Opening by id is not lent before.
    if !gate.needs(
        "BPF tokens for opening by id",
        "6.17",
        gate.release() >= "6.17".parse().unwrap(),
    ) {
        return;
    }
    let spec = osmia::open("variables", bytes).unwrap();
    if lender::is_borrower() {
        if lender::borrow() {
            borrowed(&spec);
        }
        return;
    }
    match lender::lend(LENT, &[]) {
        Loan::Made => {}
        Loan::NotKnown(error) => panic!("{error}"),
        Loan::NoNamespace(why) => skip::whole(why),
    }
}

/// What the process in the user namespace sees.
fn borrowed(spec: &ObjectSpec) {
    let object = Object::load(spec, &Kernel::running().unwrap()).unwrap();
    let map = object.map(".bss").unwrap().info().unwrap().id.to_string();
    let program = object.program("const_example").unwrap().info().unwrap().id.to_string();
    let place = format!("{}/osmia_token", lender::PLACE);
    for words in [
        &["map", "show", "id", &map][..],
        &["map", "dump", "id", &map],
        &["prog", "show", "id", &program],
        &["prog", "pin", "id", &program, &place],
    ] {
        let refused = Said::of(command(words).env(VARIABLE, "").output().unwrap());
        assert_ne!(refused.code, Some(0), "{words:?}: {}", refused.out);
        Said::of(command(words).env_remove(VARIABLE).output().unwrap()).done();
    }
    let named = command(&["map", "show", "id", &map]).env(VARIABLE, lender::PLACE).output();
    Said::of(named.unwrap()).done();
    assert!(std::path::Path::new(&place).exists());
    // What the environment says is done, or the command says why not.
    let said = Said::of(command(&["prog", "show"]).env(VARIABLE, "/proc").output().unwrap());
    assert!(said.err.contains("LIBBPF_BPF_TOKEN_PATH"), "{}{}", said.out, said.err);
}
