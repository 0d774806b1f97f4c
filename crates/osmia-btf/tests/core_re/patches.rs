//! What becomes of the instructions.

use osmia_btf::core_re::{CoreError, Patch, Poison, Slot};
use osmia_testkit::clang::Clang;

use crate::{programs, relocator};

#[test]
fn loads_and_stores() {
    for clang in Clang::present() {
        let Some(program) = programs(clang) else { continue };
        let Some(mut relocator) = relocator(&program, true) else { continue };
        let mut patched = |name: &str| {
            let site = program.site(name);
            let resolution = relocator.resolve(&site.record).unwrap();
            let patch = Patch::of(&resolution, site.slots[0], Some(site.slots[1])).unwrap();
            (patch, site.patched(patch))
        };
        assert_eq!(patched("load_first").1.off, 8);
        // Unsigned integers and pointers become as wide as they are there.
        let (_, load) = patched("load_count");
        assert_eq!((load.code, load.off), (0x79, 16), "{clang}");
        let (_, store) = patched("store_count");
        assert!(matches!((store.code, store.off), (0x7b | 0x7a, 16)), "{clang}: {store:x?}");
        let (_, load) = patched("load_ptr");
        assert_eq!((load.code, load.off), (0x79, 72), "{clang}");
        // Signed ones cannot.
        let (poison, load) = patched("load_level");
        assert!(matches!(poison, Patch::Poison { slots: 1, why: Poison::Width(_) }));
        assert_eq!(load, Slot::POISONED);
        let (poison, load) = patched("load_nested");
        assert_eq!(poison, Patch::Poison { slots: 1, why: Poison::Missing });
        assert_eq!(load, Slot::POISONED);
    }
}

#[test]
fn immediates() {
    for clang in Clang::present() {
        let Some(program) = programs(clang) else { continue };
        let Some(mut relocator) = relocator(&program, true) else { continue };
        let mut patched = |name: &str| {
            let site = program.site(name);
            let resolution = relocator.resolve(&site.record).unwrap();
            Patch::of(&resolution, site.slots[0], Some(site.slots[1]))
        };
        assert_eq!(patched("off_deeper"), Ok(Patch::Imm(68)));
        assert_eq!(patched("exists_gone"), Ok(Patch::Imm(0)));
        assert_eq!(patched("off_gone"), Ok(Patch::Poison { slots: 1, why: Poison::Missing }));
        assert_eq!(patched("value_minus"), Ok(Patch::Imm64(-9i64 as u64)));
        assert_eq!(patched("value_on"), Ok(Patch::Poison { slots: 2, why: Poison::Missing }));
        // An offset of a wider signed field is an offset like any other.
        assert_eq!(patched("off_second"), Ok(Patch::Imm(552)));
    }
}

/// An instruction that is not the one which was compiled is left alone.
#[test]
fn stale_instructions() {
    let Some(program) = programs(Clang::DEFAULT) else { return };
    let Some(mut relocator) = relocator(&program, true) else { return };
    let site = program.site("load_first");
    let resolution = relocator.resolve(&site.record).unwrap();
    let moved = Slot { off: 4, ..site.slots[0] };
    let stale = CoreError::Stale { place: "offset", found: 4, expected: 0 };
    assert_eq!(Patch::of(&resolution, moved, None), Err(stale));
    // Of bitfields, compilers choose the load.
    let site = program.site("bits_off");
    let resolution = relocator.resolve(&site.record).unwrap();
    let other = Slot { imm: 4711, ..site.slots[0] };
    assert_eq!(Patch::of(&resolution, other, None), Ok(Patch::Imm(196)));
}
