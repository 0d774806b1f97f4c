//! Where fields are, how large, and whether at all.

use osmia_btf::core_re::{CoreKind, Relocator, Target};
use osmia_testkit::clang::Clang;
use osmia_testkit::fixture::{Endian, Fixture};

use crate::object::{Program, kernel};
use crate::{check, programs, relocator};

#[test]
fn offsets() {
    check(
        &[
            ("off_first", 0, Some(8)),
            ("off_in_b", 16, Some(48)),
            ("off_deep", 20, Some(56)),
            ("off_deeper", 24, Some(68)),
            ("off_arr_3", 52, Some(92)),
            ("off_arr_6", 64, None),
            ("off_elems_2_a", 88, Some(128)),
            ("off_grid_1_2", 124, Some(220)),
            ("off_grid_2", 128, Some(228)),
            ("off_second", 312, Some(552)),
            ("off_tail_5_b", 196, Some(324)),
            ("off_gone", 136, None),
            ("off_renamed", 140, None),
            ("off_retyped", 144, None),
            ("off_flavour", 0, Some(240)),
            ("off_no_flavour", 0, None),
            ("off_absent", 0, None),
            ("off_other_kind", 0, None),
            ("off_typedef", 0, Some(8)),
            ("off_union", 0, Some(0)),
        ],
        true,
    );
}

#[test]
fn sizes_signs_and_existence() {
    check(
        &[
            ("size_first", 4, Some(4)),
            ("size_count", 4, Some(8)),
            ("size_arr", 32, Some(16)),
            ("size_grid_1", 8, Some(12)),
            ("size_gone", 4, None),
            ("exists_first", 1, Some(1)),
            ("exists_gone", 1, Some(0)),
            ("exists_retyped", 1, Some(0)),
            ("exists_absent", 1, Some(0)),
            ("signed_level", 1, Some(1)),
            ("signed_count", 0, Some(0)),
        ],
        true,
    );
}

#[test]
fn bitfields() {
    check(
        &[
            ("bits_off", 104, Some(196)),
            ("bits_size", 4, Some(4)),
            ("bits_left", 59, Some(55)),
            ("bits_right", 59, Some(55)),
            ("bits_signed", 0, Some(0)),
            ("sbits_left", 52, Some(52)),
            ("sbits_right", 57, Some(61)),
            ("sbits_signed", 1, Some(0)),
            ("level_left", 32, Some(0)),
            ("level_right", 32, Some(0)),
        ],
        true,
    );
}

/// Big-endian machines fill bitfields from the other end.
#[test]
fn bitfields_of_the_other_byte_order() {
    let program = Fixture::new("core_program").endian(Endian::Big);
    let types = Fixture::new("core_kernel").endian(Endian::Big).define("CHANGED");
    let (Some(program), Some(kernel)) = (Program::of(&program), kernel(&types)) else { return };
    let mut relocator = Relocator::new(&program.btf, Target::new("vmlinux", &kernel));
    for (name, original, target) in [
        ("bits_off", 104, 196),
        ("bits_left", 32, 32),
        ("bits_right", 59, 55),
        ("sbits_left", 37, 41),
        ("sbits_right", 57, 61),
        ("off_deeper", 24, 68),
    ] {
        let resolution = relocator.resolve(&program.site(name).record).unwrap();
        assert_eq!((resolution.original, resolution.target), (original, Some(target)), "{name}");
    }
    clang_agrees(&program, &mut relocator);
}

/// A kernel whose types the program knows gives every instruction what it has.
#[test]
fn nothing_changes_on_the_same_kernel() {
    for clang in Clang::present() {
        let Some(program) = programs(clang) else { continue };
        let Some(mut relocator) = relocator(&program, false) else { continue };
        let mut same = 0;
        for site in &program.sites {
            let name = site.name();
            let apart = ["absent", "no_flavour", "misspelt", "other_kind", "gone_enum", "twin"];
            // The kernel's clang 14 cuts 64-bit enumerators off.
            let differs = ["off_flavour", "off_typedef", "value_high"].contains(&name)
                || name.starts_with("matches_");
            if differs || apart.iter().any(|word| name.contains(word)) || name.starts_with("id_") {
                continue;
            }
            let resolution = relocator.resolve(&site.record).unwrap();
            assert_eq!(resolution.target, Some(resolution.original), "{clang}: {name}");
            same += 1;
        }
        assert!(same > 50, "{clang}: only {same}");
        clang_agrees(&program, &mut relocator);
    }
}

/// What the object's own types say is what clang put into the instructions.
fn clang_agrees(program: &Program, relocator: &mut Relocator) {
    for site in &program.sites {
        let Ok(resolution) = relocator.resolve(&site.record) else { continue };
        if !resolution.validate {
            continue;
        }
        let [first, second] = site.slots;
        let held = match first.code & 7 {
            0 => u64::from(first.imm as u32) | u64::from(second.imm as u32) << 32,
            4 | 7 => first.imm as u64,
            _ => first.off as u64,
        };
        // BTF of clang 14 cuts 64-bit enumerators off.
        let cut = resolution.kind == CoreKind::EnumvalValue && held >> 32 != 0;
        assert!(cut || held == resolution.original, "{}: {held}", site.name());
    }
}

/// Programs may ask of elements of arrays only where they are and how large.
#[test]
fn all_kinds_are_tried() {
    let Some(program) = programs(Clang::V16) else { return };
    let mut kinds: Vec<u32> = program.sites.iter().map(|site| site.record.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, (0..13).collect::<Vec<u32>>());
}
