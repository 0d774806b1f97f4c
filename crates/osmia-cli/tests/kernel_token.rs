//! Commands and the rights that a bpf file system lends; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod command;

use osmia_testkit::gate::Gate;

use crate::command::{Said, command};

#[test]
fn commands_ask_for_the_token_that_the_environment_names() {
    let Some(_gate) = Gate::root() else { return };
    for words in [
        &["prog", "show"][..],
        &["prog", "dump", "xlated", "id", "1"],
        &["map", "show"],
        &["link", "show"],
        &["link", "detach", "id", "1"],
        &["net", "show"],
        &["cgroup", "tree"],
        &["perf", "show"],
        &["struct_ops", "show"],
        &["btf", "dump", "id", "1"],
        &["var", "list"],
    ] {
        // Nothing is lent there: who does not ask would not notice.
        let said = command(words).env("LIBBPF_BPF_TOKEN_PATH", "/proc").output().unwrap();
        let said = Said::of(said);
        assert_ne!(said.code, Some(0), "{words:?}: {}", said.out);
        let asked = said.err.contains("LIBBPF_BPF_TOKEN_PATH");
        assert!(asked, "{words:?}: {}{}", said.out, said.err);
    }
}
