//! `osmia btf` on files.

use osmia_testkit::fixture::Fixture;
use serde_json::Value;

use crate::osmia;

fn object(stem: &str) -> Option<String> {
    let path = Fixture::new(stem).path()?;
    Some(path.into_os_string().into_string().expect("paths of tests are UTF-8"))
}

fn json(arguments: &[&str]) -> Value {
    let out = osmia(&[arguments, &["--json"]].concat()).done();
    serde_json::from_str(&out).expect("it prints JSON")
}

#[test]
fn a_struct_shows_its_layout() {
    let Some(object) = object("run") else { return };
    let shown = osmia(&["btf", "show", "struct event", &object]).done();
    let line = |part: &str| {
        shown.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {shown}"))
    };
    let words = |part: &str| line(part).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words("comm[16]")[..], ["char", "comm[16];", "/*", "8", "16", "*/"]);
    assert!(shown.contains("size: 24, align: 4"), "{shown}");
    let shown = json(&["btf", "show", "event", &object]);
    assert_eq!(shown["members"][1]["declaration"], "enum mode mode");
    assert_eq!(shown["members"][1]["bits_offset"], 32);
    let shown = osmia(&["btf", "show", "mode", &object]).done();
    assert_eq!(shown, "enum mode {\n\tQUIET = 0,\n\tLOUD = 7,\n};\n");
    let shown = osmia(&["btf", "show", "on_close", &object]).done();
    assert_eq!(shown, "int on_close(void *ctx);\n");
}

#[test]
fn records_are_in_the_usual_words() {
    let Some(object) = object("run") else { return };
    let raw = osmia(&["btf", "dump", &object, "--format", "raw"]).done();
    for part in [
        "STRUCT 'event' size=24 vlen=3\n\t'pid' type_id=",
        " ENUM 'mode' encoding=UNSIGNED size=4 vlen=2\n\t'QUIET' val=0\n\t'LOUD' val=7\n",
        " INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n",
        " FUNC 'on_close' type_id=",
        ", linkage=global\n",
        " (VAR 'closes')\n",
    ] {
        assert!(raw.contains(part), "{part:?} in {raw}");
    }
    let records = json(&["btf", "dump", &object, "--root", "limits"]);
    let records = records["types"].as_array().unwrap();
    let named = |name: &str| records.iter().any(|record| record["name"] == name);
    assert!(named("limits") && named("__u32") && !named("event"), "{records:?}");
}

#[test]
fn roots_bring_what_they_need() {
    let Some(object) = object("run") else { return };
    let header = osmia(&["btf", "dump", &object, "-r", "struct limits"]).done();
    assert!(header.contains("struct limits {\n\t__u32 least;\n\t__s16 most[2];\n};"), "{header}");
    assert!(header.contains("typedef unsigned int __u32;"), "{header}");
    assert!(!header.contains("struct event"), "{header}");
}

#[test]
fn types_are_found_by_patterns() {
    let Some(object) = object("run") else { return };
    let found = json(&["btf", "find", "*e?ent", &object]);
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found[0]["declaration"], "struct event");
    assert_eq!(found[0]["size"], 24);
    let found = json(&["btf", "find", "clos", &object, "--kind", "func"]);
    assert_eq!(found[0]["declaration"], "int on_close(void *ctx)");
    let failed = osmia(&["btf", "find", "zz*", &object]).failed();
    assert!(failed.contains("there is no type that fits zz*"), "{failed}");
}

#[test]
fn differences_are_told() {
    let (Some(run), Some(variables)) = (object("run"), object("variables")) else { return };
    assert_eq!(osmia(&["btf", "diff", &run, &run]).done(), "");
    let told = osmia(&["btf", "diff", &run, &variables, "struct limits", "struct point"]).done();
    assert_eq!(told, "struct limits: removed\nstruct point: added\n");
    let told = json(&["btf", "diff", &run, &variables]);
    let of = |name: &str| told.as_array().unwrap().iter().find(|row| row["name"] == name).cloned();
    assert_eq!(of("point").unwrap()["fate"], "added");
    assert_eq!(of("__u32"), None, "what is the same is left out");
    let failed = osmia(&["btf", "diff", &run, &variables, "struct nosuch"]).failed_as(3);
    assert!(failed.contains("there is no type struct nosuch"), "{failed}");
}

/// The types of a kernel of the matrix, if it is kept here.
fn kernel(series: &str) -> Option<String> {
    let kernels = osmia_testkit::tree::target().join("osmia/kernels");
    let release = std::fs::read_to_string(kernels.join(format!("{series}.release"))).ok()?;
    let path = kernels.join(release.trim()).join("vmlinux");
    path.is_file().then(|| path.into_os_string().into_string().expect("paths of tests are UTF-8"))
}

#[test]
fn two_kernels_are_compared() {
    let (Some(old), Some(new)) = (kernel("6.1"), kernel("6.12")) else {
        let missing = "no kernels are kept here to compare (`cargo xtask vm` keeps them)";
        return osmia_testkit::skip::whole(missing);
    };
    let diff = ["btf", "diff", &old, &new, "struct iov_iter"];
    let told = osmia(&diff).done();
    assert!(told.starts_with("struct iov_iter\n") && told.contains("iov -> __iov"), "{told}");
    let told = json(&diff);
    assert_eq!((&told[0]["name"], &told[0]["fate"]), (&"iov_iter".into(), &"changed".into()));
    let shown = |kernel: &str| osmia(&["btf", "show", "struct iov_iter", kernel]).done();
    assert!(shown(&old).contains("struct iovec *iov;") && shown(&new).contains("iovec *__iov;"));
}

#[test]
fn what_is_no_source_is_told() {
    let failed = osmia(&["btf", "dump", "./nosuch.btf"]).failed_as(3);
    assert!(failed.contains("open ./nosuch.btf: No such file"), "{failed}");
    let failed = osmia(&["btf", "show", "int", env!("CARGO_BIN_EXE_osmia")]).failed_as(3);
    assert!(failed.contains("has no section .BTF"), "{failed}");
    let failed =
        osmia(&["btf", "show", "int", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]).failed();
    assert!(failed.contains("Cargo.toml is not BTF"), "{failed}");
    let Some(object) = object("run") else { return };
    let failed = osmia(&["btf", "show", "evnt", &object]).failed_as(3);
    assert!(failed.contains("there is no type evnt; did you mean event?"), "{failed}");
    let failed = osmia(&["btf", "show", "99999", &object]).failed();
    assert!(failed.contains("there is no type [99999]"), "{failed}");
}

#[test]
fn a_modules_file_continues_what_base_says() {
    use osmia_btf::{Builder, Endian};

    let folder = tempfile::TempDir::new().expect("a directory");
    let at = |name: &str| folder.path().join(name).into_os_string().into_string().expect("UTF-8");
    let mut kernel = Builder::new(Endian::host());
    let packet = kernel.forward("sk_buff", false).expect("it is added");
    let kernel = kernel.build().expect("it is BTF");
    std::fs::write(at("vmlinux"), kernel.as_bytes()).expect("written");
    let mut module = Builder::split(kernel).expect("it is split");
    module.typedef("packet_t", packet).expect("it is added");
    std::fs::write(at("module.btf"), module.to_bytes().expect("bytes")).expect("written");
    let (module, vmlinux) = (at("module.btf"), at("vmlinux"));
    let show = ["btf", "show", "packet_t", module.as_str()];
    let shown = osmia(&[&show[..], &["--base", &vmlinux]].concat()).done();
    assert_eq!(shown, "typedef struct sk_buff packet_t;\n");
    let failed = osmia(&[&show[..], &["--base", &at("nosuch")]].concat()).failed_as(3);
    assert!(failed.contains("nosuch"), "{failed}");
    std::fs::copy(&module, at("module.ko")).expect("copied");
    let failed = osmia(&["btf", "dump", &at("module.ko")]).failed();
    assert!(failed.contains("name those with --base"), "{failed}");
}

#[test]
fn patterns_that_are_none_are_wrong_usage() {
    let complaint = osmia(&["btf", "find", "["]).failed_as(2);
    assert!(complaint.contains("the pattern ["), "{complaint}");
}
