//! What compilers take and kernels do not: it opens, and says what is wrong.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashSet;

use osmia_btf::{Btf, Kind};
use osmia_object::ObjectSpec;
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::Fixture;

fn each(define: Option<&str>, check: impl Fn(&str, ObjectSpec, Vec<u8>)) {
    for clang in [Clang::DEFAULT, Clang::V19] {
        let mut fixture = Fixture::new("odd").clang(clang);
        if let Some(define) = define {
            fixture = fixture.define(define);
        }
        let Some(bytes) = fixture.bytes() else { continue };
        let spec = ObjectSpec::parse("odd", bytes.clone().into());
        check(&clang.to_string(), spec.unwrap_or_else(|error| panic!("{clang}: {error}")), bytes);
    }
}

#[test]
fn a_map_that_is_none_is_kept_with_what_is_wrong() {
    each(Some("MAPS"), |label, spec, _| {
        let problem = |name: &str| spec.maps[name].problem.clone().unwrap_or_default();
        assert_eq!(problem("good"), "", "{label}");
        for (name, words) in [
            ("conflicting", "says 4 bytes, and another field says 8"),
            ("typeless", "its `type` is missing"),
            ("opaque", "its `value` "),
            ("number", "it is no struct of __uint(type, "),
        ] {
            assert!(problem(name).contains(words), "{label}: {name}: {}", problem(name));
        }
        let inner = spec.maps["outer"].inner.as_ref().unwrap();
        assert_eq!(
            inner.problem.as_deref().unwrap().split(';').next(),
            Some("its `type` is missing")
        );
        let linked = spec.link("uses").unwrap();
        assert_eq!(linked.relocations.len(), 1, "{label}");
    });
}

/// The file with another name for each section of this one, as if it were not there.
fn without(mut bytes: Vec<u8>, names: &[&[u8]]) -> Vec<u8> {
    for name in names {
        let at = bytes.windows(name.len()).position(|window| window == *name).unwrap();
        bytes[at + 1] = b'x';
    }
    bytes
}

#[test]
fn an_object_whose_types_were_removed_opens() {
    each(None, |label, _, bytes| {
        let bytes = without(bytes, &[b".BTF\0", b".BTF.ext\0"]);
        let spec = ObjectSpec::parse("odd", bytes.into()).unwrap();
        assert!(spec.btf.is_none(), "{label}");
        let problem = spec.maps["good"].problem.as_deref().unwrap();
        assert!(problem.ends_with("compile with -g"), "{label}: {problem}");
        assert!(spec.link("odd").unwrap().insns.len() > 10, "{label}");
    });
}

#[test]
fn addresses_in_data_have_the_names_of_what_they_are_of() {
    each(None, |label, spec, _| {
        let of = |name: &str| -> Vec<String> {
            let variable = spec.variable(name).unwrap();
            variable.pointers().map(|one| format!("{}: {one}", one.offset)).collect()
        };
        assert_eq!(of("px"), ["0: &x1"], "{label}");
        assert_eq!(of("px2"), ["0: &x2"], "{label}");
        assert_eq!(of("table"), ["0: &one"], "{label}");
        assert_eq!(of("words"), ["0: &.rodata.str1.1[0]", "8: &.rodata.str1.1[4]"], "{label}");
        assert!(of("x1").is_empty(), "{label}");

        let mut spec = spec.clone();
        spec.set("px", 0_u64).unwrap();
        assert_eq!(spec.variable("px").unwrap().pointers().count(), 0, "{label}");
        assert_eq!(spec.variable("px2").unwrap().pointers().count(), 1, "{label}");
    });
}

#[test]
fn kernels_see_no_empty_variables_and_no_letters_that_they_refuse() {
    each(None, |label, spec, _| {
        let before = spec.btf.as_ref().unwrap();
        assert!(before.find(Kind::Var, "ü").unwrap().is_some(), "{label}");
        let btf = Btf::parse(spec.settled_btf().unwrap().unwrap(), None).unwrap();
        assert_eq!(btf.type_count(), before.type_count(), "{label}");
        let data = btf.find(Kind::DataSec, ".data").unwrap().unwrap();
        assert!(data.section_vars().all(|var| var.size > 0), "{label}");
        let mut names = Vec::new();
        for ty in btf.own_types().unwrap() {
            let ty = ty.unwrap();
            names.push(ty.name());
            names.extend(ty.members().map(|member| member.unwrap().name));
        }
        assert!(names.iter().all(|name| name.is_ascii()), "{label}: {names:?}");
        // What is called otherwise in C is called otherwise here.
        let vars = data.section_vars().map(|var| btf.ty(var.var).unwrap().name());
        let (count, distinct) = (data.vlen(), vars.collect::<HashSet<_>>());
        assert_eq!(distinct.len(), count as usize, "{label}: {distinct:?}");
        let weg = btf.find(Kind::Struct, "stra_e").unwrap().unwrap();
        let members: Vec<_> = weg.members().map(|member| member.unwrap().name).collect();
        assert_eq!(members, ["l_nge", "l_nge_2"], "{label}");
    });
}
