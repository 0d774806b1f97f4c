//! `osmia prog run` on the running kernel.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod beside;
mod command;

use std::fs;
use std::path::{Path, PathBuf};

use osmia::{Kernel, Object};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use serde_json::{Value, json};

use crate::beside::{osmia, osmia_json};
use crate::command::Said;

/// The test's programs, loaded.
fn load(gate: &Gate) -> Option<Object> {
    let bytes = Fixture::new("written").bytes()?;
    let spec = osmia::open("written", bytes).unwrap();
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    let refused = |error: &osmia::Error| format!("{error:#}").contains("PROG_TYPE_SYSCALL");
    gate.take("syscall programs, and contexts of XDP programs,", "5.14", loaded, refused)
}

/// Runs one of the programs with these words.
fn run(object: &Object, program: &str, words: &[&str]) -> Said {
    let id = object.program(program).unwrap().info().unwrap().id.to_string();
    osmia(&[&["-j", "prog", "run", "id", &id], words].concat())
}

#[track_caller]
fn ran(object: &Object, program: &str, words: &[&str]) -> Value {
    serde_json::from_str(&run(object, program, words).done()).unwrap()
}

/// The complaint of a run that ends with this code.
#[track_caller]
fn complaint(object: &Object, program: &str, words: &[&str], code: i32) -> String {
    let said = run(object, program, words);
    assert_eq!(said.code, Some(code), "{}{}", said.out, said.err);
    let told: Value = serde_json::from_str(&said.err).unwrap();
    told["error"].as_str().unwrap().to_owned()
}

#[test]
fn raw_tracepoints_and_syscalls_are_run() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&gate) else { return };
    let args = ["ctx_in", "hex:050000000000000007000000000000000200000000000000"];
    assert_eq!(ran(&object, "adds", &args)["retval"], 10);
    assert_eq!(ran(&object, "untyped", &[])["retval"], 4);
    assert_eq!(ran(&object, "untyped", &["repeat", "1"])["retval"], 4);
    let told = complaint(&object, "untyped", &["repeat", "2"], 1);
    assert!(told.contains("it runs once"), "{told}");
    let told = complaint(&object, "adds", &["ctx_in", "[1,2,3]", "repeat", "2"], 1);
    assert!(told.contains("`repeat` is not for it"), "{told}");
}

#[test]
fn contexts_are_json_of_the_programs_own_types() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&gate) else { return };
    assert_eq!(ran(&object, "adds", &["ctx_in", "[5, 7, -1]"])["retval"], 13);
    let args = ["ctx_in", "{\"args\":[6,0,0]}"];
    assert_eq!(ran(&object, "raw_args", &args)["retval"], 6);
    // 10 stays, and to 80 are added the variables' 5, 'm', 2 and 1.
    let words = ["ctx_in", "{\"ip\":\"1.0.0.0\",\"port\":80}", "ctx_out", "-"];
    let sums = ran(&object, "sums", &words);
    assert_eq!(sums["retval"], json!(u32::from(cfg!(target_endian = "little"))));
    assert_eq!(sums["ctx_out"][4], 80 + 5 + 2 + 1);
    for (program, context, told) in [
        ("sums", "{\"no\":1}", "struct peer has no no"),
        ("untyped", "{\"ip\":1}", "`void *`"),
        ("adds", "[18446744073709551616]", "[0]: 18446744073709551616 does not fit 8 bytes"),
        ("adds", "[\"a\"]", "[0]: a number is expected"),
        ("adds", "{\"ip\":1}", "give a list of its arguments"),
    ] {
        let failed = complaint(&object, program, &["ctx_in", context], 2);
        assert!(failed.contains(told), "{failed}");
    }
}

#[test]
fn contexts_of_packets_are_of_the_kernels_types() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&gate) else { return };
    if !Path::new("/sys/kernel/btf/vmlinux").exists() {
        return osmia_testkit::skip::whole("the kernel has no BTF");
    }
    let marked = ["data_in", "zeros:64", "ctx_in", "{\"mark\":7}", "ctx_out", "-"];
    let marks = ran(&object, "marks", &marked);
    assert_eq!(marks["retval"], 9);
    assert_eq!(marks["ctx_out"][8], 9, "mark is the third member");
    // Each time, or the mark would be the first run's.
    let thrice = [&marked[..], &["repeat", "3"]].concat();
    assert_eq!(ran(&object, "marks", &thrice)["retval"], 13);
    let words = ["data_in", "zeros:64", "ctx_in", "{\"ingress_ifindex\":1}"];
    assert_eq!(ran(&object, "by_length", &words)["verdict"], "XDP_DROP");
}

/// A capture of this link type.
fn pcap(folder: &Path, link: u8, packets: &[&[u8]]) -> PathBuf {
    let mut bytes = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
    bytes.extend([0; 8]);
    bytes.extend([0, 0, 1, 0, link, 0, 0, 0]);
    for packet in packets {
        let len = (packet.len() as u32).to_le_bytes();
        bytes.extend([&[0; 8][..], &len, &len, packet].concat());
    }
    let path = folder.join(format!("{link}.pcap"));
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn packets_that_are_refused_are_counted() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&gate) else { return };
    let folder = tempfile::tempdir().unwrap();
    let capture = pcap(folder.path(), 1, &[&[0; 64], &[1; 5], &[0; 64], &[2; 3], &[0; 20]]);
    let said = run(&object, "by_length", &["data_in", capture.to_str().unwrap()]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["packets"], 5);
    assert_eq!(report["verdicts"]["XDP_DROP"]["count"], 2);
    assert_eq!(report["verdicts"]["XDP_ABORTED"]["count"], 1);
    assert_eq!(report["refused"]["count"], 2);
    assert_eq!(report["refused"]["bytes"], 8);
    let why = report["refused"]["why"].as_str().unwrap();
    assert!(why.starts_with("packet 2: ") && why.contains("at least 14 bytes"), "{why}");
    assert!(said.err.contains("the kernel refused 2 of 5 packets"), "{}", said.err);
    let whole = pcap(folder.path(), 1, &[&[0; 64], &[0; 64]]);
    let whole = whole.to_str().unwrap();
    let report = ran(&object, "by_length", &["data_in", whole, "--expect", "drop"]);
    assert_eq!(report, json!({ "packets": 2, "verdicts": report["verdicts"] }));
    for output in ["data_out", "ctx_out"] {
        let told = complaint(&object, "by_length", &["data_in", whole, output, "-"], 2);
        assert!(told.contains(&format!("{output} is for one packet")), "{told}");
    }
}

#[test]
fn packets_without_an_ethernet_header_get_one() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&gate) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (mut v4, mut v6) = ([0; 40], [0; 60]);
    (v4[0], v6[0]) = (0x45, 0x60);
    let capture = pcap(folder.path(), 101, &[&v4, &v6]);
    let report = ran(&object, "by_length", &["data_in", capture.to_str().unwrap()]);
    assert_eq!(report["verdicts"]["XDP_PASS"]["count"], 1, "{report}");
    assert_eq!(report["verdicts"]["XDP_DROP"]["count"], 1, "{report}");
    assert_eq!(report["headers_added"], 2);
    let wireless = pcap(folder.path(), 105, &[&v4]);
    let said = run(&object, "by_length", &["data_in", wireless.to_str().unwrap()]);
    assert!(said.err.contains("link type is 105"), "{}", said.err);
}

#[test]
fn what_comes_out_is_written() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load(&gate) else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");
    let words = ["data_in", "zeros:64", "data_out", file.to_str().unwrap()];
    assert!(ran(&object, "by_length", &words).get("data_out").is_none());
    assert_eq!(fs::read(&file).unwrap(), [0; 64]);
    let shown = ran(&object, "by_length", &["data_in", "zeros:64", "data_out", "-"]);
    assert_eq!(shown["data_out"].as_array().unwrap().len(), 64);
    let id = object.program("by_length").unwrap().info().unwrap().id;
    let listed = osmia_json(&["prog", "run", "id", &id.to_string(), "data_in", "zeros:64"]);
    assert_eq!(listed["verdict"], "XDP_DROP");
}
