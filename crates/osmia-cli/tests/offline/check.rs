//! `osmia check` on objects and BTF made for the test.
#![allow(clippy::unwrap_used)]

use osmia_btf::{Bits, Btf, Builder, Endian, Enumerator, Kind, Linkage, Member, TypeId};
use osmia_testkit::fixture::Fixture;
use serde_json::Value;

use crate::command::Said;
use crate::osmia;

/// A kernel whose `struct iov_iter` has this member, as a file.
fn kernel(folder: &tempfile::TempDir, name: &str, member: &str) -> String {
    let mut builder = Builder::new(Endian::host());
    let pointer = builder.pointer(TypeId::VOID).unwrap();
    let iov = Member { name: member, ty: pointer, offset: Bits(64), bitfield: None };
    builder.composite(Kind::Struct, "iov_iter", 16, &[iov]).unwrap();
    let int = osmia_btf::Int {
        size: 4,
        bits: 32,
        offset: 0,
        signed: true,
        is_char: false,
        is_bool: false,
    };
    let int = builder.int("int", int).unwrap();
    let pid = Member { name: "pid", ty: int, offset: Bits(0), bitfield: None };
    builder.composite(Kind::Struct, "task_struct", 4, &[pid]).unwrap();
    // What tells a kernel's types from others.
    let names: Vec<String> = (0..40).map(|number| format!("BPF_PROG_TYPE_{number}")).collect();
    let values: Vec<Enumerator<'_>> =
        (0..).zip(&names).map(|(bits, name)| Enumerator { name, bits, signed: false }).collect();
    builder.enumeration(Kind::Enum, "bpf_prog_type", 4, false, &values).unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, builder.to_bytes().unwrap()).unwrap();
    path.into_os_string().into_string().unwrap()
}

fn checked(arguments: &[&str]) -> Option<Said> {
    let object = Fixture::new("core_iter").path()?.into_os_string().into_string().unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let (old, new) = (kernel(&folder, "6.1", "iov"), kernel(&folder, "6.12", "__iov"));
    let check = ["check", &object, "--btf", &old, &new];
    Some(osmia(&[&check[..], arguments].concat()))
}

#[test]
fn a_table_of_kernels_and_programs() {
    let Some(said) = checked(&[]) else { return };
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert_eq!(said.err, "");
    let words = |name: &str| {
        let line = said.out.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        said.out.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(),
        ["6.1", "6.12"]
    );
    assert_eq!(words("unguarded"), ["unguarded", "raw_tp/unguarded", "loads", "no"]);
    assert_eq!(words("guarded"), ["guarded", "raw_tp/guarded", "loads", "loads"]);
    let reason = "program unguarded does not load on 6.12\n  \
                  `struct iov_iter` of vmlinux has no member `iov`; near it there is `__iov`\n";
    assert!(said.out.contains(reason), "{}", said.out);
    assert!(said.out.contains("core_iter.bpf.c:30 return (long)iter->iov;"), "{}", said.out);
}

#[test]
fn types_that_are_no_kernels_are_told() {
    let Some(object) = Fixture::new("small").path() else { return };
    let object = object.into_os_string().into_string().unwrap();
    let said = osmia(&["check", &object, "--btf", &object]);
    assert!(said.out.contains("unsure"), "{}", said.out);
    assert!(said.out.contains("these are not a kernel's types"), "{}", said.out);
}

#[test]
fn options_of_the_configuration_are_looked_up() {
    let Some(object) = Fixture::new("check").path() else { return };
    let object = object.into_os_string().into_string().unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let kernel = kernel(&folder, "types", "__iov");
    let config = folder.path().join("config");
    let verdict = |option: &str| {
        std::fs::write(&config, format!("{option}\n")).unwrap();
        let config = config.to_str().unwrap();
        let check = ["check", "--json", &object, "--btf", &kernel, "--kernel-config", config];
        let said = osmia(&check);
        let json: Value = serde_json::from_str(&said.out).unwrap();
        let programs = json["kernels"][0]["programs"].as_array().unwrap();
        let program = programs.iter().find(|one| one["name"] == "option").unwrap();
        program["verdict"].as_str().unwrap().to_owned()
    };
    // It reads a member that this kernel lacks if the option is set.
    assert_eq!(verdict("CONFIG_OSMIA_TEST=y"), "no");
    assert_eq!(verdict("# CONFIG_OSMIA_TEST is not set"), "loads");
}

#[test]
fn the_same_as_json() {
    let Some(said) = checked(&["--json"]) else { return };
    assert_eq!(said.code, Some(1), "{}", said.err);
    let json: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["loads"], false);
    let new = &json["kernels"][1];
    assert_eq!((&new["kernel"], &new["verdict"]), (&Value::from("6.12"), &Value::from("no")));
    let programs = new["programs"].as_array().unwrap();
    let program = programs.iter().find(|one| one["name"] == "unguarded").unwrap();
    let reason = &program["reasons"][0];
    assert_eq!(
        (&reason["weight"], &reason["about"]),
        (&Value::from("refused"), &Value::from("core"))
    );
    assert_eq!(reason["place"]["line"], 30);
    assert_eq!(reason["place"]["text"], "return (long)iter->iov;");
}

#[test]
fn what_loads_everywhere_is_no_failure() {
    let Some(object) = Fixture::new("small").path() else { return };
    let folder = tempfile::TempDir::new().unwrap();
    let kernel = kernel(&folder, "some.btf", "iov");
    let object = object.into_os_string().into_string().unwrap();
    let out = osmia(&["check", &object, "--btf", &kernel]).done();
    assert!(out.starts_with(' ') && out.contains("some.btf") && out.contains("loads"), "{out}");
}

/// A module's types on a kernel's, as a file: a function.
fn module(kernel: &str, path: &std::path::Path, function: &str) {
    let base = Btf::parse(std::fs::read(kernel).unwrap().into(), None).unwrap();
    let mut builder = Builder::split(base).unwrap();
    let prototype = builder.prototype(TypeId::VOID, &[]).unwrap();
    builder.function(function, prototype, Linkage::Static).unwrap();
    std::fs::write(path, builder.to_bytes().unwrap()).unwrap();
}

#[test]
fn functions_of_modules_are_found_in_files_and_beside_the_kernel() {
    let Some(object) = Fixture::new("modules").path() else { return };
    let object = object.into_os_string().into_string().unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).into_os_string().into_string().unwrap();
    std::fs::create_dir(at("types")).unwrap();
    let vmlinux = kernel(&folder, "types/vmlinux", "iov");
    let verdict = |arguments: &[&str]| {
        let said = osmia(&[&["check", "--json", &object][..], arguments].concat());
        let json: Value =
            serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}", said.err));
        let programs = json["kernels"][0]["programs"].as_array().unwrap();
        let mut all = programs.iter().filter(|one| one["section"] == "?fentry/veth_xmit");
        all.next().unwrap()["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict(&["--btf", &vmlinux]), "no");
    let types = folder.path().join("veth.btf");
    module(&vmlinux, &types, "veth_xmit");
    let types = types.to_str().unwrap();
    assert_eq!(verdict(&["--btf", &vmlinux, "--module-btf", types]), "loads");
    std::fs::copy(types, at("types/veth")).unwrap();
    std::fs::write(at("types/README"), "not a module").unwrap();
    assert_eq!(verdict(&["--btf", &at("types")]), "loads");
    assert_eq!(verdict(&["--btf", &vmlinux, "--module-btf", &at("types")]), "loads");

    let failed = |arguments: &[&str], code| {
        osmia(&[&["check", &object][..], arguments].concat()).failed_as(code)
    };
    let both = failed(&["--btf", &vmlinux, &vmlinux, "--module-btf", types], 2);
    assert!(both.contains("--module-btf is for one kernel"), "{both}");
    let other = failed(&["--btf", &vmlinux, "--module-btf", &at("types/README")], 1);
    assert!(other.contains("neither a module (.ko) nor BTF"), "{other}");
    let empty = failed(&["--btf", folder.path().to_str().unwrap()], 3);
    assert!(empty.contains("there is no `vmlinux` in"), "{empty}");
}

#[test]
fn what_cannot_be_booted_is_explained() {
    let Some(object) = Fixture::new("small").path() else { return };
    let object = object.into_os_string().into_string().unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let types = kernel(&folder, "types", "iov");
    let types_alone = osmia(&["check", &object, "--boot", "--btf", &types]).failed_as(2);
    assert!(types_alone.contains("boot types: its types alone cannot be booted"), "{types_alone}");
    let text = folder.path().join("vmlinuz");
    std::fs::write(&text, "no kernel").unwrap();
    let no_kernel = osmia(&["check", &object, "--kernel-image", text.to_str().unwrap()]).failed();
    assert!(
        no_kernel.contains("it is no kernel's ELF file, and there is none in it"),
        "{no_kernel}"
    );
}

#[test]
fn kernels_that_are_not_there_are_named() {
    let Some(object) = Fixture::new("small").path() else { return };
    let object = object.into_os_string().into_string().unwrap();
    // Not the code of an object that would not load.
    let not_found = |arguments: &[&str]| {
        let said = osmia(&[&["check", object.as_str()], arguments].concat());
        assert_eq!((said.code, said.out.as_str()), (Some(3), ""), "{}", said.err);
        said.err
    };
    let failed = not_found(&["--btf", "./nosuch"]);
    assert!(failed.contains("open ./nosuch"), "{failed}");
    let failed = not_found(&["--kernel", "9.99.0-none"]);
    assert!(failed.contains("the types of a kernel 9.99.0-none are in none of /boot/"), "{failed}");
}

/// A kernel that the matrix left here, or why there is none.
fn kept_kernel() -> Result<String, &'static str> {
    let kernels = osmia_testkit::tree::target().join("osmia/kernels");
    let kept = std::fs::read_to_string(kernels.join("5.10.release"));
    let release =
        kept.map_err(|_| "no kernel to boot is kept here (`cargo xtask vm` keeps them)")?;
    let path = kernels.join(release).join("vmlinux");
    if std::process::Command::new("qemu-system-x86_64").arg("-version").output().is_err() {
        return Err("qemu-system-x86_64 is not installed");
    }
    Ok(path.into_os_string().into_string().unwrap())
}

#[test]
fn a_booted_kernel_has_the_last_word() {
    let kernel = match kept_kernel() {
        Ok(kernel) => kernel,
        Err(reason) => return osmia_testkit::skip::whole(reason),
    };
    let Some(object) = Fixture::new("core_iter").path() else { return };
    let object = object.to_str().unwrap();
    // Where much else runs an emulated machine takes its time.
    let check = ["check", object, "--boot", "--boot-limit", "900", "--kernel-image", &kernel];
    let said = osmia(&check);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let verdicts = |name: &str| {
        let line = said.out.lines().find(|line| line.starts_with(name));
        line.unwrap().split_whitespace().skip(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(verdicts("guarded"), ["loads", "loads"], "{}", said.out);
    assert_eq!(verdicts("two_underscores"), ["no", "no"], "{}", said.out);
    // Types cannot tell that the program reads past what it is given.
    assert_eq!(verdicts("pid"), ["loads", "no"], "{}", said.out);
    let refused = "the verifier refused it: invalid bpf_context access";
    assert!(said.out.contains(refused), "{}", said.out);
}
