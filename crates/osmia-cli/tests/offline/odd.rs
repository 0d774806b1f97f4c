//! What compilers take and kernels do not, shown.

use osmia_testkit::fixture::Fixture;

use crate::osmia;

#[test]
fn addresses_letters_and_maps_that_are_none_are_shown() {
    let Some(path) = Fixture::new("odd").define("MAPS").path() else { return };
    let object = path.to_str().expect("paths of tests are UTF-8");
    let shown = osmia(&["obj", "show", object]).done();
    for (name, value) in [
        ("*px", "&x1"),
        ("px2", "&x2"),
        ("words[2]", "[\"one\", \"two\"]"),
        ("table[1]", "[&one]"),
        ("int ü", "7"),
        ("weg", "{ länge: 1, lönge: 2 }"),
    ] {
        let line = shown.lines().find(|line| line.contains(name) && line.ends_with(value));
        assert!(line.is_some(), "{name}: {shown}");
    }
    assert!(shown.contains("map conflicting: its `key`"), "{shown}");
    let dumped = osmia(&["obj", "dump", object, ".data"]).done();
    assert!(dumped.contains("int ü"), "{dumped}");
}
