//! Types with what compilers leave open filled in.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod compilers;

use osmia_btf::{Btf, Kind, Linkage, SectionVar, Type};
use osmia_object::{ExternKind, ObjectSpec};

fn settled(spec: &ObjectSpec) -> Btf {
    Btf::parse(spec.settled_btf().unwrap().unwrap(), None).unwrap()
}

fn section<'a>(btf: &'a Btf, name: &str) -> Type<'a> {
    btf.find(Kind::DataSec, name).unwrap().unwrap_or_else(|| panic!("no section {name}"))
}

/// What the kernel checks: a size, and variables one behind the other within it.
fn check(btf: &Btf, label: &str) {
    for ty in btf.own_types().unwrap() {
        let ty = ty.unwrap();
        if ty.kind() != Kind::DataSec {
            continue;
        }
        let mut end = 0;
        for SectionVar { var, offset, size } in ty.section_vars() {
            assert!(offset >= end && size > 0, "{label}: {}", ty.name());
            end = offset + size;
            let var = btf.ty(var).unwrap();
            assert_eq!(var.kind(), Kind::Var, "{label}: {}", ty.name());
            assert_ne!(var.linkage(), Some(Linkage::Extern), "{label}: {}", var.name());
        }
        assert!(ty.own_size().unwrap() >= end && end > 0, "{label}: {}", ty.name());
    }
}

#[test]
fn all_sections_are_as_kernels_want_them() {
    for stem in ["calls", "maps", "variables", "externs"] {
        compilers::each(stem, |label, spec| {
            let btf = settled(spec);
            check(&btf, label);
            let before = spec.btf.as_ref().unwrap();
            let same = |id| before.ty(id).unwrap().name() == btf.ty(id).unwrap().name();
            let count = before.type_count().unwrap();
            assert!((1..count).all(|id| same(osmia_btf::TypeId(id))), "{label}");
        });
    }
}

#[test]
fn variables_are_where_the_spec_has_them() {
    compilers::each("variables", |label, spec| {
        let btf = settled(spec);
        let mut checked = 0;
        for variable in spec.variables.values() {
            let section = section(&btf, &variable.map);
            assert_eq!(section.own_size(), Some(spec.maps[&variable.map].value_size), "{label}");
            let found =
                section.section_vars().find(|var| btf.ty(var.var).unwrap().name() == variable.name);
            let found = found.unwrap_or_else(|| panic!("{label}: {}", variable.name));
            assert_eq!((found.offset, found.size), (variable.offset, variable.size), "{label}");
            checked += 1;
        }
        assert!(checked > 20, "{label}: {checked}");
    });
}

#[test]
fn the_configuration_has_its_places() {
    compilers::each("externs", |label, spec| {
        let btf = settled(spec);
        let section = section(&btf, ".kconfig");
        assert_eq!(section.own_size(), Some(27), "{label}");
        for var in section.section_vars() {
            let name = btf.ty(var.var).unwrap().name();
            let place = ExternKind::Kconfig { offset: var.offset, size: var.size };
            assert_eq!(spec.externs[name].kind, place, "{label}: {name}");
        }
    });
}

#[test]
fn hidden_functions_become_static() {
    compilers::each("calls", |label, spec| {
        let btf = settled(spec);
        let linkage = |name| btf.find(Kind::Func, name).unwrap().unwrap().linkage();
        assert_eq!(linkage("hidden_two"), Some(Linkage::Static), "{label}");
        assert_eq!(linkage("weak_one"), Some(Linkage::Global), "{label}");
        assert_eq!(linkage("add"), Some(Linkage::Static), "{label}");
    });
}

#[test]
fn objects_without_types_stay_without() {
    compilers::each("calls", |label, spec| {
        spec.btf = None;
        assert_eq!(spec.settled_btf().unwrap(), None, "{label}");
    });
}
