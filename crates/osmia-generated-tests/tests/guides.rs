//! The guides' programs: what is shown is what is compiled.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;

const GUIDES: [&str; 3] = ["bpf2go", "libbpf-cargo", "aya"];

fn guide(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join(format!("../../docs/from-{name}.md"))).unwrap()
}

/// What stands in fences with this head.
fn fenced<'t>(text: &'t str, head: &'t str) -> impl Iterator<Item = &'t str> {
    let parts = text.split("\n```").skip(1).step_by(2);
    parts.filter_map(move |part| part.strip_prefix(head)?.strip_prefix('\n'))
}

#[test]
fn the_c_that_is_shown_is_the_c_that_is_compiled() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for guide in GUIDES {
        let text = self::guide(guide);
        for name in ["globals", "connects", "counts", "flavours"] {
            let c = root.join(format!("testdata/guide/{name}.bpf.c"));
            let shown = format!("```c\n{}```\n", fs::read_to_string(c).unwrap());
            assert!(text.contains(&shown), "{guide} shows another {name}.bpf.c");
        }
    }
}

#[test]
fn what_others_write_is_rust() {
    for guide in &GUIDES[1..] {
        let text = self::guide(guide);
        let mut count = 0;
        for code in fenced(&text, "rust,ignore") {
            let body = format!("fn shown() -> Result<(), Error> {{\n{code}\nOk(()) }}");
            let parsed =
                syn::parse_file(code).map(|_| ()).or_else(|_| syn::parse_file(&body).map(|_| ()));
            assert!(parsed.is_ok(), "{guide}: {parsed:?}\n{code}");
            count += 1;
        }
        assert_eq!(count, 4, "{guide}");
    }
}
