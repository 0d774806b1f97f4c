//! `osmia feature`, `osmia doctor` and `osmia probe` on the running kernel, beside bpftool.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod beside;
mod command;

use osmia::{Kernel, Object};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use serde_json::Value;

use crate::beside::{bpftool, osmia, osmia_json};
use crate::command::Said;

/// bpftool 7.1 loads tracing programs without a target, which no kernel takes; ours have one.
const OTHER_TYPES: [&str; 1] = ["have_tracing_prog_type"];

#[test]
fn features_are_those_that_bpftool_finds() {
    let Some(_gate) = Gate::root() else { return };
    let Some(theirs) = bpftool(&["feature", "probe", "kernel"]) else { return };
    let ours = osmia_json(&["feature", "probe", "kernel"]);
    for section in ["system_config", "syscall_config", "program_types", "map_types", "misc"] {
        for (key, value) in theirs[section].as_object().unwrap() {
            if !OTHER_TYPES.contains(&key.as_str()) {
                assert_eq!(ours[section].get(key), Some(value), "{section} {key}");
            }
        }
    }
    // bpftool 7.1 looks for words that kernels since 6.14 do not use any more, and then takes all helpers for
    // allowed: ours are among theirs.
    for (list, names) in theirs["helpers"].as_object().unwrap() {
        let ours = ours["helpers"][list].as_array().unwrap();
        let known: Vec<&Value> = names.as_array().unwrap().iter().collect();
        if !known.is_empty() {
            assert!(!ours.is_empty(), "{list}");
            let newest = known.last().unwrap().as_str().unwrap();
            assert_eq!(newest, "bpf_user_ringbuf_drain", "they know no more");
        }
    }
    let xdp = ours["helpers"]["xdp_available_helpers"].as_array().unwrap();
    assert!(
        xdp.contains(&"bpf_xdp_adjust_head".into()) && !xdp.contains(&"bpf_skb_load_bytes".into())
    );
    let macros = osmia(&["feature", "probe", "macros", "prefix", "MY_"]).done();
    assert!(macros.contains("#define MY_HAVE_XDP_PROG_TYPE\n"));
    assert!(macros.contains("#define MY_BPF__PROG_TYPE_xdp__HELPER_bpf_skb_load_bytes 0\n"));
    let device = osmia_json(&["feature", "probe", "dev", "lo"]);
    let Some(theirs) = bpftool(&["feature", "probe", "dev", "lo"]) else { return };
    assert_eq!(device["program_types"], theirs["program_types"]);
    assert_eq!(device["map_types"], theirs["map_types"]);
}

#[test]
fn fewer_rights_mean_fewer_features() {
    let Some(_gate) = Gate::root() else { return };
    let types = |words: &[&str]| osmia_json(words)["program_types"].clone();
    let (all, few) = (types(&["feature", "probe"]), types(&["feature", "probe", "unprivileged"]));
    assert_eq!(all["have_xdp_prog_type"], true);
    assert_eq!(few["have_xdp_prog_type"], false);
    assert_eq!(all.as_object().unwrap().len(), few.as_object().unwrap().len());
    let Some(theirs) = bpftool(&["feature", "probe", "kernel", "unprivileged"]) else { return };
    // One that was built without the library for it refuses.
    for (key, value) in theirs["program_types"].as_object().into_iter().flatten() {
        assert_eq!(few.get(key), Some(value), "{key}");
    }
}

#[test]
fn builtins_are_at_least_those_of_bpftool() {
    let Some(_gate) = Gate::root() else { return };
    for group in ["prog_types", "map_types", "attach_types", "link_types", "helpers"] {
        let Some(theirs) = bpftool(&["feature", "list_builtins", group]) else { return };
        let ours = osmia_json(&["feature", "list_builtins", group]);
        let ours = ours.as_array().unwrap();
        for name in theirs.as_array().unwrap() {
            assert!(name == "bpf_unspec" || ours.contains(name), "{group} {name}");
        }
    }
}

#[test]
fn the_doctor_names_remedies() {
    let Some(_gate) = Gate::root() else { return };
    let checks = osmia_json(&["doctor"]);
    let checks = checks.as_array().unwrap();
    assert!(checks.len() > 60, "{}", checks.len());
    for check in checks {
        assert!(check["state"] == "ok" || check["remedy"].is_string(), "{check}");
    }
    let of = |name: &str| checks.iter().find(|check| check["name"] == name).unwrap();
    assert_eq!(of("kernel's BTF")["state"], "ok");
    assert_eq!(of("CAP_BPF")["state"], "ok");
    assert_eq!(of("CONFIG_BPF_SYSCALL")["found"], "y");
    let text = osmia(&["doctor", "--missing"]).done();
    assert!(!text.contains("  ok "), "{text}");
}

#[test]
fn probes_are_listed_with_prototypes() {
    let Some(_gate) = Gate::root() else { return };
    let text = osmia(&["probe", "list", "fentry:tcp_conn*"]).done();
    assert!(text.contains("int tcp_connect(struct sock *sk)"), "{text}");
    let kprobes = osmia(&["probe", "list", "kprobe:*tcp_connect"]).done();
    assert!(kprobes.lines().any(|line| line.starts_with("kprobe:tcp_connect ")), "{kprobes}");
    let close = osmia_json(&["probe", "list", "tracepoint:syscalls:sys_enter_close"]);
    assert_eq!(close[0]["name"], "syscalls/sys_enter_close");
    assert!(
        close[0]["fields"].as_array().unwrap().iter().any(|field| field == "unsigned int fd"),
        "{close}"
    );
    assert_eq!(osmia(&["probe", "list", "kprobe:no_such_function"]).code, Some(3));
    let wrong = osmia(&["probe", "list", "kprob:x"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("did you mean `kprobe`?"), "{}", wrong.err);
}

#[test]
fn manuals_and_completions_come_from_the_definition() {
    let dir = tempfile::tempdir().unwrap();
    osmia(&["man", dir.path().to_str().unwrap()]).done();
    let page = std::fs::read_to_string(dir.path().join("osmia-map-dump.1")).unwrap();
    assert!(page.contains(".TH osmia-map-dump 1") && page.contains("per_cpu"), "{page}");
    for (page, see) in [
        ("osmia-map-dump", "osmia\\-map\\-count\\fR(1)"),
        ("osmia-map", "osmia\\-map\\-dump\\fR(1)"),
        ("osmia", "osmia\\-prog\\fR(1)"),
    ] {
        let text = std::fs::read_to_string(dir.path().join(format!("{page}.1"))).unwrap();
        let (_, seen) = text.split_once(".SH \"SEE ALSO\"").unwrap();
        assert!(seen.contains(see), "{seen}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = osmia(&["completions", shell]).done();
        assert!(script.contains("getnext") && script.contains("completions --of"), "{shell}");
    }
}

#[test]
fn bash_completes_verbs_and_objects() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("day").bytes() else { return };
    if std::process::Command::new("bash").arg("--version").output().is_err() {
        return osmia_testkit::skip::tool("bash is not installed");
    }
    let spec = osmia::open("day", bytes).unwrap();
    let object = Object::load(&spec, &Kernel::running().unwrap()).unwrap();
    let id = object.map("flows").unwrap().info().unwrap().id;
    let script = osmia(&["completions", "bash"]).done();
    let exe = env!("CARGO_BIN_EXE_osmia");
    let complete = |words: &[&str]| {
        let [.., before, last] = words else { panic!("{words:?}") };
        let run = format!(
            "{script}\nCOMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _osmia_objects '{exe}' '{last}' '{before}'; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let mut bash = std::process::Command::new("bash");
        Said::of(bash.args(["--norc", "-c", &run, "bash"]).args(words).output().unwrap())
    };
    assert_eq!(complete(&[exe, "map", "getn"]).done(), "getnext\n");
    assert_eq!(complete(&[exe, "map", "dump", "name", "flow"]).done(), "flows\n");
    let ids = complete(&[exe, "map", "dump", "id", &id.to_string()]).done();
    assert!(ids.lines().any(|line| line == id.to_string()), "{ids}");
}
