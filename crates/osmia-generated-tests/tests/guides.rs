//! The guides' programs: what is shown is what is compiled.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

#[test]
fn the_c_that_is_shown_is_the_c_that_is_compiled() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for guide in ["bpf2go", "libbpf-cargo", "aya"] {
        let text = fs::read_to_string(root.join(format!("../../docs/from-{guide}.md"))).unwrap();
        for name in ["globals", "connects", "counts", "flavours"] {
            let c = root.join(format!("testdata/guide/{name}.bpf.c"));
            let shown = format!("```c\n{}```\n", fs::read_to_string(c).unwrap());
            assert!(text.contains(&shown), "{guide} shows another {name}.bpf.c");
        }
    }
}
