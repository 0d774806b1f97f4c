//! `osmia new`, up to what stands in the files.

use std::fs;

use crate::osmia;

#[test]
fn a_crate_is_made_and_never_made_over() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("deeper/my-probe");
    let folder = folder.to_str().unwrap();
    let made = osmia(&["new", folder, "--template", "xdp", "--json"]).done();
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert_eq!((&made["name"], &made["template"]), (&"my-probe".into(), &"xdp".into()));
    for file in made["files"].as_array().unwrap() {
        let text = fs::read_to_string(file.as_str().unwrap()).unwrap();
        assert!(!text.contains('@'), "{file} has a place that was not filled: {text}");
    }
    let read = |file: &str| fs::read_to_string(format!("{folder}/{file}")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        read("Cargo.toml").contains(&format!("osmia = \"{version}\"")),
        "{}",
        read("Cargo.toml")
    );
    assert!(read("build.rs").contains("src/bpf/my_probe.bpf.c"));
    assert!(read("src/main.rs").contains("include_bpf!(my_probe);"));
    assert!(read("src/bpf/my_probe.bpf.c").contains("SEC(\"xdp\")"));

    fs::write(format!("{folder}/README.md"), "mine").unwrap();
    let failed = osmia(&["new", folder]).failed();
    assert!(failed.contains("is there already, and nothing in it was touched"), "{failed}");
    assert_eq!(read("README.md"), "mine");
}

#[test]
fn what_cannot_be_is_said_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).into_os_string().into_string().unwrap();
    let failed = osmia(&["new", &path("1st")]).failed_as(2);
    assert!(failed.contains("with a letter first"), "{failed}");
    let failed = osmia(&["new", &path("match")]).failed_as(2);
    assert!(failed.contains("no crate can be called `match`"), "{failed}");
    let failed = osmia(&["new", &path("a"), "--osmia-path", &path("")]).failed();
    assert!(failed.contains("is no checkout of Osmia"), "{failed}");
    let said = osmia(&["new", &path("a"), "--template", "quic"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("tracepoint"), "{}", said.err);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_workspace_above_is_told_of() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("Cargo.toml"), "[workspace]\nmembers = []\n").unwrap();
    let made = osmia(&["new", dir.path().join("a").to_str().unwrap()]).done();
    assert!(made.contains("Add `a` to the `members` of "), "{made}");
}
