//! Objects that were made to do harm, or that were damaged.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use osmia_build::{Builder, Error, Options, generate};
use osmia_object::ObjectSpec;
use osmia_testkit::mutate;

fn object() -> Vec<u8> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../osmia-generated-tests/testdata/bpf/types.bpf.c");
    Builder::new(source).generate().unwrap().object
}

/// The module of an object, if it can be read.
fn module(object: &[u8]) -> Option<String> {
    let spec = ObjectSpec::parse("damaged", object.to_vec().into()).ok()?;
    match generate(&spec, &Options::default()) {
        Ok(module) => Some(module),
        Err(error @ Error::Syntax(_)) => panic!("{error}"),
        Err(_) => None,
    }
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
