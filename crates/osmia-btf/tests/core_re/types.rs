//! Types and enumerators as such.

use osmia_btf::core_re::{Relocator, Target};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{Endian, Fixture};

use crate::object::kernel;
use crate::{check, programs, relocator};

#[test]
fn existence_and_size() {
    check(
        &[
            ("type_exists", 1, Some(1)),
            ("type_exists_flavour", 1, Some(1)),
            ("type_exists_absent", 1, Some(0)),
            ("type_exists_other_kind", 1, Some(0)),
            ("type_exists_enum", 1, Some(1)),
            ("type_exists_callback", 1, Some(1)),
            ("type_exists_number", 1, Some(1)),
            ("type_exists_list", 1, Some(1)),
            ("type_size", 8, Some(12)),
            ("type_size_absent", 4, Some(0)),
        ],
        true,
    );
}

#[test]
fn ids() {
    for clang in Clang::present() {
        let Some(program) = programs(clang) else { continue };
        let Some(mut relocator) = relocator(&program, true) else { continue };
        for name in ["id_local", "id_local_anonymous"] {
            let record = program.site(name).record;
            let resolution = relocator.resolve(&record).unwrap();
            assert_eq!(resolution.target, Some(u64::from(record.ty.0)), "{clang}: {name}");
            assert!(!resolution.validate && resolution.found.is_none());
            assert_eq!(relocator.explain(&record).unwrap(), None);
        }
        let resolution = relocator.resolve(&program.site("id_target").record).unwrap();
        let found = resolution.found.unwrap();
        assert_eq!(resolution.target, Some(u64::from(found.ty.0)));
        let target = relocator.target(found.place).unwrap();
        assert_eq!(target.btf().ty(found.ty).unwrap().name(), "thing");
        let absent = relocator.resolve(&program.site("id_target_absent").record).unwrap();
        assert_eq!(absent.target, Some(0));
    }
}

#[test]
fn enumerators() {
    check(
        &[
            ("value_off", 1, Some(11)),
            ("value_on", 7, None),
            ("value_minus", -5i64 as u64, Some(-9i64 as u64)),
            ("value_flavour", 3, Some(8)),
            ("value_gone_enum", 1, None),
            ("value_exists", 1, Some(1)),
            ("value_exists_gone", 1, Some(0)),
        ],
        true,
    );
}

/// Clang has 64-bit enums in BTF since version 15.
#[test]
fn wide_enumerators() {
    for clang in [Clang::V16, Clang::V19] {
        let Some(program) = programs(clang) else { continue };
        let fixture = Fixture::new("core_kernel").clang(clang).endian(Endian::Little);
        let Some(kernel) = kernel(&fixture.define("CHANGED")) else { continue };
        let mut relocator = Relocator::new(&program.btf, Target::new("vmlinux", &kernel));
        for (name, original, target) in
            [("value_high", 7 << 32, 21 << 32), ("value_one", 1, u64::MAX)]
        {
            let resolution = relocator.resolve(&program.site(name).record).unwrap();
            assert_eq!((resolution.original, resolution.target), (original, Some(target)));
        }
    }
}

/// Clang has `BPF_TYPE_MATCHES` since version 15.
#[test]
fn matches() {
    for clang in [Clang::V16, Clang::V19] {
        let Some(program) = programs(clang) else { continue };
        for (changed, enums) in [(false, 1), (true, 0)] {
            let Some(mut relocator) = relocator(&program, changed) else { continue };
            for (name, target) in [
                ("matches", enums),
                ("matches_more", 0),
                ("matches_wider", 0),
                ("matches_unsigned", 0),
                ("matches_enum", enums),
                ("matches_callback", 1),
                ("matches_absent", 0),
            ] {
                let resolution = relocator.resolve(&program.site(name).record).unwrap();
                assert_eq!(resolution.target, Some(target), "{clang} {changed}: {name}");
            }
        }
    }
}
