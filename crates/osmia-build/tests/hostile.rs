//! Objects that were made to do harm, or that were damaged.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../../fuzz/bodies/generate.rs"]
mod body;

use std::path::Path;

use osmia_build::Builder;
use osmia_testkit::mutate;

fn object() -> Vec<u8> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../osmia-generated-tests/testdata/bpf/types.bpf.c");
    Builder::new(source).generate().unwrap().object
}

/// The module of an object, if it can be read.
fn module(object: &[u8]) -> Option<String> {
    body::module(object, Vec::new())
}

#[test]
fn damaged_objects_give_rust_or_an_error() {
    let object = object();
    let mut modules = 0;
    mutate::each(&object, 6, 400, |mutant| modules += u32::from(module(&mutant.bytes).is_some()));
    assert!(modules > 20, "only {modules} of the damaged objects had a module");
}

/// The object with other names of the same lengths.
fn renamed(names: &[(&str, &str)]) -> Vec<u8> {
    let mut object = object();
    for (from, to) in names {
        assert_eq!(from.len(), to.len());
        let from = format!("\0{from}\0");
        let mut found = false;
        for at in 0..object.len() - from.len() {
            let place = &mut object[at..at + from.len()];
            if place == from.as_bytes() {
                place[1..=to.len()].copy_from_slice(to.as_bytes());
                found = true;
            }
        }
        assert!(found, "{from:?} is in the object");
    }
    object
}

/// The text of all documentation in a module, and how many lines of it there are.
fn documentation(module: &str) -> Vec<String> {
    module
        .lines()
        .map(str::trim_start)
        .filter_map(|line| line.strip_prefix("///").or_else(|| line.strip_prefix("#[doc = ")))
        .map(str::to_owned)
        .collect()
}

#[test]
fn comments_cannot_become_code() {
    let object = object();
    let plain = module(&object).unwrap();
    let comment = "*/ fn injected() {} /* \"#] #![feature(x)] \r\u{202e} `]( */";
    let source = format!(
        "struct scalars {{ // {}\n char letter; /* {} \n#![no_std]\n ```\nfn injected() {{}}\n */ }};\n",
        comment.replace('\n', " "),
        comment.replace("*/", "* /"),
    );
    let said = body::module(&object, vec![source]).unwrap();
    assert!(documentation(&said).iter().any(|line| line.contains("injected")), "{said}");
    syn::parse_file(&said).unwrap();
    assert!(!said.contains('\r') && !said.contains('\u{202e}'));
    // Without its documentation the module is what it is without the comments.
    let code = |module: &str| -> Vec<String> {
        let is_code = |line: &&str| !line.starts_with("///") && !line.starts_with("#[doc = ");
        module.lines().map(str::trim_start).filter(is_code).map(str::to_owned).collect()
    };
    assert_eq!(code(&said), code(&plain));
    assert!(!code(&said).iter().any(|line| line.contains("injected")));
}

#[test]
fn damaged_sources_give_rust() {
    let object = object();
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = path.join("../osmia-generated-tests/testdata/bpf/module.bpf.c");
    let source = std::fs::read(path).unwrap();
    mutate::each(&source, 3, 60, |mutant| {
        let text = String::from_utf8_lossy(&mutant.bytes).into_owned();
        let made = body::module(&object, vec![text]).unwrap();
        syn::parse_file(&made).unwrap();
    });
}

#[test]
fn names_of_any_bytes_give_rust() {
    const CHARS: &[u8] = b"a_9 \"'\\/*{}()#!;:,.<>[]|&-+=?~`$@^%\n\r\t\x01\x7f";
    let object = object();
    let names: [&[u8]; 6] =
        [b"scalars", b"letter", b"keywords", b"KIND_EXIT", b"signed_kind", b"loop"];
    let mut number = 0x9e37_79b9_u32;
    let mut random = || {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        CHARS[(number >> 16) as usize % CHARS.len()]
    };
    let mut modules = 0;
    for _ in 0..60 {
        let mut hostile = object.clone();
        for name in names {
            let wanted = [b"\0", name, b"\0"].concat();
            // The same everywhere: symbols and types have to agree.
            let other: Vec<u8> = name.iter().map(|_| random()).collect();
            for at in 0..hostile.len() - wanted.len() {
                if hostile[at..at + wanted.len()] == wanted[..] {
                    hostile[at + 1..=at + name.len()].copy_from_slice(&other);
                }
            }
        }
        if let Some(made) = module(&hostile) {
            syn::parse_file(&made).unwrap();
            modules += 1;
        }
    }
    assert!(modules > 30, "only {modules} of the objects could be read");
}

#[test]
fn names_cannot_become_code() {
    let hostile = renamed(&[
        ("keywords", "a{\n*/\"]}"),
        ("layout_packed", "f(){}}fn g(){"),
        ("signed_kind", "}pub mod x{"),
        ("KIND_EXIT", "r#\"*/\\\"#}"),
        ("third", "self\n"),
        ("match", "crate"),
        ("events", "super\""),
    ]);
    let module = module(&hostile).expect("names alone break nothing");
    let file = syn::parse_file(&module).unwrap();
    let words = [
        "open",
        "OBJECT",
        "Spec",
        "ProgSpecs",
        "MapSpecs",
        "VarSpecs",
        "Bpf",
        "Progs",
        "Maps",
        "Vars",
        "types",
    ];
    for item in &file.items {
        let name = match item {
            syn::Item::Fn(item) => item.sig.ident.to_string(),
            syn::Item::Static(item) => item.ident.to_string(),
            syn::Item::Struct(item) => item.ident.to_string(),
            syn::Item::Mod(item) => item.ident.to_string(),
            syn::Item::Impl(_) | syn::Item::Use(_) => continue,
            _ => panic!("an item is none of the generator's kinds"),
        };
        assert!(words.contains(&name.as_str()), "{name} is none of the generator's items");
    }
}
