//! `osmia obj link`, `osmia gen object` and `osmia link`.

use std::fs;
use std::path::{Path, PathBuf};

use osmia_testkit::fixture::Fixture;
use osmia_testkit::tree;
use serde_json::{Value, json};

use crate::osmia;

const STEMS: [&str; 3] = ["parts_entry", "parts_count", "parts_deep"];

/// The files to link, if there is a compiler.
fn parts() -> Option<Vec<String>> {
    STEMS.into_iter().map(|stem| Some(text(&Fixture::new(stem).path()?))).collect()
}

fn text(path: &Path) -> String {
    path.to_str().expect("paths of tests are UTF-8").to_owned()
}

fn words<'a>(verb: &[&'a str], files: &'a [String], rest: &[&'a str]) -> Vec<&'a str> {
    let files = files.iter().map(String::as_str);
    verb.iter().copied().chain(files).chain(rest.iter().copied()).collect()
}

#[test]
fn all_three_verbs_link_the_same() {
    let Some(parts) = parts() else { return };
    let dir = tempfile::tempdir().unwrap();
    let outs: Vec<PathBuf> = (0..3).map(|number| dir.path().join(format!("{number}.o"))).collect();
    let [one, two, three] = [&outs[0], &outs[1], &outs[2]].map(|out| text(out));
    let said = osmia(&words(&["obj", "link"], &parts, &["-o", &one])).done();
    let bytes = fs::read(&one).unwrap();
    let expected = format!(
        "{one}: {} bytes of 3 objects\n  programs: entry, counts_own, deeper\n  maps: own, counts\n",
        bytes.len()
    );
    assert_eq!(said, expected);
    osmia(&words(&["gen", "object", &two], &parts, &[])).done();
    let said = osmia(&words(&["link"], &parts, &["-o", &three, "--json"])).done();
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        said,
        json!({
            "object": three, "bytes": bytes.len(), "inputs": parts,
            "programs": ["entry", "counts_own", "deeper"], "maps": ["own", "counts"],
            "undefined": [],
        })
    );
    assert!(fs::read(&two).unwrap() == bytes && fs::read(&three).unwrap() == bytes);
    let shown = osmia(&["obj", "show", &one]).done();
    assert!(shown.contains("__u64 total"), "{shown}");
}

#[test]
fn c_files_are_compiled_and_what_is_missing_is_told() {
    if parts().is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let out = text(&dir.path().join("x.o"));
    let sources = tree::bpf_sources();
    let source = text(&sources.join("parts_entry.bpf.c"));
    let said = osmia(&["obj", "link", &source, "-o", &out, "-I", &text(&sources)]).done();
    assert!(said.contains("of 1 object\n"), "{said}");
    assert!(said.contains("  defined by none of them: counts, total, scale, deep\n"), "{said}");
}

#[test]
fn refusals_name_the_files_and_write_nothing() {
    let Some(parts) = parts() else { return };
    let dir = tempfile::tempdir().unwrap();
    let out = text(&dir.path().join("x.o"));
    let twice = [&parts[..], &parts[..1]].concat();
    let failed = osmia(&words(&["link"], &twice, &["-o", &out])).failed();
    assert!(failed.contains("entry is defined in "), "{failed}");
    assert!(!Path::new(&out).exists());
    let said = osmia(&words(&["link"], &["/nonexistent.o".to_owned()], &["-o", &out]));
    assert_eq!(said.code, Some(3), "{}", said.err);
    let source = text(&dir.path().join("x.bpf.c"));
    let said = osmia(&words(&["gen", "object", &source], &parts, &[]));
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("would be overwritten"), "{}", said.err);
    assert!(!Path::new(&source).exists());
}

#[test]
fn words_that_are_no_verbs_are_wrong_usage() {
    for (words, told) in [
        (&["link", "shwo"][..], "'shwo' is no verb of osmia link; did you mean show?"),
        (&["link", "a.o", "b.o"], "osmia link A.o B.o -o OUT.o"),
        (&["link", "-o", "x.o"], "x.o: the objects to link are missing"),
        (&["obj", "link", "a.o"], "--out <FILE>"),
        (&["gen", "object", "a.o"], "<FILE>..."),
    ] {
        let said = osmia(words);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.err);
        assert!(said.err.contains(told), "{words:?}: {}", said.err);
    }
}
