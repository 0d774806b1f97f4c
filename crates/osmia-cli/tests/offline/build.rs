//! `osmia build` and `osmia gen rust`.

use std::fs;
use std::path::Path;

use osmia_testkit::clang::Clang;
use osmia_testkit::{skip, tree};

use crate::osmia;

/// A source of the tests', if there is a compiler.
fn source() -> Option<String> {
    if Clang::DEFAULT.path().is_none() {
        skip::tool("clang is not installed");
        return None;
    }
    let path = tree::bpf_sources().join("run.bpf.c");
    Some(path.into_os_string().into_string().expect("paths of tests are UTF-8"))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are UTF-8")
}

#[test]
fn an_object_is_built() {
    let Some(source) = source() else { return };
    let dir = tempfile::tempdir().unwrap();
    let object = dir.path().join("x.bpf.o");
    let built = osmia(&["build", &source, "-o", text(&object), "--json"]).done();
    let built: serde_json::Value = serde_json::from_str(&built).unwrap();
    assert_eq!(built["bytes"], fs::metadata(&object).unwrap().len());
    assert!(built["inputs"][0].as_str().unwrap().ends_with("run.bpf.c"), "{built}");
    let shown = osmia(&["obj", "show", text(&object)]).done();
    let of_source = osmia(&["obj", "show", &source]).done();
    assert_eq!(shown.split_once(':').unwrap().1, of_source.split_once(':').unwrap().1);
}

#[test]
fn the_other_byte_order_can_be_had() {
    let Some(source) = source() else { return };
    let dir = tempfile::tempdir().unwrap();
    let object = dir.path().join("x.bpf.o");
    let order = if cfg!(target_endian = "little") { "big" } else { "little" };
    osmia(&["build", &source, "-o", text(&object), "--endian", order]).done();
    let shown = osmia(&["obj", "show", text(&object)]).done();
    assert!(shown.contains(&format!("for {order}-endian machines")), "{shown}");
    assert!(shown.contains("{ least: 1, most: [2, 3] }"), "{shown}");
    let failed = osmia(&["run", text(&object)]).failed();
    assert!(failed.contains("it is for machines of the other byte order"), "{failed}");
}

#[test]
fn wrong_settings_list_the_right_ones() {
    for (setting, told) in [
        (["--cpu", "v9"], "v1, v2, v3, v4"),
        (["--arch", "pdp11"], "x86_64"),
        (["--endian", "middle"], "use little or big"),
    ] {
        let said = osmia(&[&["build", "x.bpf.c"][..], &setting].concat());
        assert_eq!(said.code, Some(2));
        assert!(said.err.contains(told), "{}", said.err);
    }
}

#[test]
fn a_module_is_the_same_from_c_and_from_an_object() {
    let Some(source) = source() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (of_c, of_object) = (dir.path().join("c"), dir.path().join("o"));
    let wanted = ["--event", "plain=struct other"];
    osmia(&[&["gen", "rust", &source, "-o", text(&of_c)][..], &wanted].concat()).done();
    let object = of_c.join("run.o");
    osmia(&[&["gen", "rust", text(&object), "-o", text(&of_object)][..], &wanted].concat()).done();
    let module = |folder: &Path| fs::read_to_string(folder.join("run.rs")).unwrap();
    // The first line names the source.
    let [from_c, from_object] = [module(&of_c), module(&of_object)];
    assert!(from_c.lines().next().unwrap().contains("run.bpf.c"), "{from_c}");
    // An object has no comments of C.
    let code = |module: &str| -> Vec<String> {
        let lines = module.lines().map(str::trim).filter(|line| !line.starts_with("//"));
        lines.map(str::to_owned).collect()
    };
    assert!(code(&from_c) == code(&from_object), "the modules differ");
    assert!(module(&of_c).contains("RingBuf<types::Other>"), "{}", module(&of_c));
    assert_eq!(fs::read(&object).unwrap(), fs::read(of_object.join("run.o")).unwrap());

    let check = [&["gen", "rust", &source, "-o", text(&of_c), "--check"][..], &wanted].concat();
    osmia(&check).done();
    fs::write(of_c.join("run.rs"), "// old").unwrap();
    let failed = osmia(&check).failed();
    assert!(failed.contains("run the same command without --check"), "{failed}");
}

#[test]
fn a_module_for_both_byte_orders_has_two_objects() {
    let Some(source) = source() else { return };
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["gen", "rust", &source, "-o", text(dir.path()), "--endian", "both"];
    let made = osmia(&arguments).done();
    assert_eq!(made.lines().count(), 3, "{made}");
    for (file, order) in [("run.le.o", "little"), ("run.be.o", "big")] {
        let shown = osmia(&["obj", "show", text(&dir.path().join(file))]).done();
        assert!(shown.contains(&format!("for {order}-endian machines")), "{shown}");
    }
    osmia(&[&arguments[..], &["--check"]].concat()).done();
    fs::write(dir.path().join("run.be.o"), "old").unwrap();
    let failed = osmia(&[&arguments[..], &["--check"]].concat()).failed();
    assert!(failed.contains("run.be.o is not what its C file makes today"), "{failed}");
}
