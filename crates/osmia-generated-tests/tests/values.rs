//! Values that C initialises, read and written by the generated types.

use std::mem::offset_of;

use osmia::generated::{Bool, Chars, Ptr};
use osmia_generated_tests::types::types::{
    EndpointT, Event, Flexible, Held, Inner, Keywords, Kind, Nested, NestedAnon0, Packed, Small,
    TaskStruct,
};
use osmia_generated_tests::{types, types_newest};

#[test]
fn scalars() {
    let spec = types::open().unwrap();
    let scalars = *spec.vars.scalars.get();
    assert_eq!((scalars.letter, scalars.tiny, scalars.byte), (b'x', -1, 255));
    assert_eq!(scalars.yes, true);
    assert_eq!((scalars.s, scalars.us, scalars.i, scalars.u), (-2, 3, -4, 5));
    assert_eq!((scalars.l, scalars.ul), (-6, 7));
    assert!((scalars.f - 1.5).abs() < f32::EPSILON && (scalars.d + 2.5).abs() < f64::EPSILON);
    assert_eq!((scalars.big, scalars.ubig, scalars.pid), (-8, 9, 10));
    assert_eq!(scalars.kind, Kind::KIND_EXIT);
    assert_eq!(scalars.small, Small::SMALL_B);
    assert_eq!(scalars.wide.0, 0x12_3456_7890);
    assert_eq!(format!("{:?} {:?}", scalars.kind, Kind(77)), "KIND_EXIT Kind(77)");
}

#[test]
fn enums_of_a_clang_that_tells_signs_and_widths() {
    use types_newest::types::{SignedKind, Wide};
    if env!("NEWEST_CLANG").parse::<u32>().unwrap() < 15 {
        eprintln!("skipped: there is no clang that tells the signs of enums");
        return;
    }
    let spec = types_newest::open().unwrap();
    let scalars = spec.vars.scalars.get();
    assert_eq!(scalars.signed_kind, SignedKind::BEHIND);
    assert_eq!(SignedKind::BEHIND.0, -1_i32);
    assert_eq!(Wide::WIDE_HIGH.0, 0x12_3456_7890_u64);
    assert_eq!(scalars.wide, Wide::WIDE_HIGH);
}

#[test]
fn arrays() {
    let spec = types::open().unwrap();
    let arrays = spec.vars.arrays.get();
    assert_eq!(arrays.comm(), "cargo");
    assert_eq!(arrays.names.map(|name| name.to_str().into_owned()), ["one", "two", "seven11"]);
    assert_eq!(arrays.grid[1][2][3], 123);
    assert_eq!(arrays.inners[1].stamp, 9);
    assert_eq!(arrays.flags.map(Bool::get), [false, true, false, false, false]);
    assert_eq!(arrays.kinds, [Kind::KIND_EXEC, Kind::KIND_EXIT]);
    assert_eq!(arrays.long_one[99], 7);
}

#[test]
fn bitfields() {
    let mut spec = types::open().unwrap();
    let bits = spec.vars.bits.get_mut();
    assert_eq!((bits.a(), bits.b(), bits.c(), bits.d()), (5, 17, -3, true));
    assert_eq!(
        (bits.e(), bits.plain, bits.wide(), bits.last()),
        (Kind::KIND_EXIT, 6, 0x12_3456_789a, 0xbeef)
    );
    bits.set_a(2).set_c(-64).set_d(false).set_e(Kind::KIND_EXEC).set_wide(u64::MAX);
    assert_eq!((bits.a(), bits.b(), bits.c(), bits.d()), (2, 17, -64, false));
    assert_eq!(
        (bits.e(), bits.plain, bits.wide(), bits.last()),
        (Kind::KIND_EXEC, 6, (1 << 40) - 1, 0xbeef)
    );
    bits.set_a(9);
    assert_eq!(bits.a(), 1, "what does not fit is cut off, as in C");
    assert_eq!((spec.vars.bits_short.get().a(), spec.vars.bits_short.get().b), (6, 7));
}

#[test]
fn unions_and_anonymous_members() {
    let mut spec = types::open().unwrap();
    let nested: &mut Nested = spec.vars.nested.get_mut();
    assert_eq!((nested.point.x, nested.point.y), (1, 2));
    assert_eq!((nested.high(), nested.low(), nested.v4()), (3, 4, 3));
    assert_eq!((nested.first(), nested.second(), nested.flag()), (5, 0x4241, 1));
    assert_eq!(nested.third().bytes(), b"AB");
    assert!((nested.number.real() - 0.5).abs() < f32::EPSILON);
    assert_eq!(nested.endpoint, EndpointT { port: 443, address: [10, 0, 0, 1] });
    nested.set_v4(0x0102_0304).set_low(9).set_second(0x4443).set_flag(0).set_first(8);
    assert_eq!(nested.v6()[..4], 0x0102_0304_u32.to_ne_bytes());
    assert_eq!((nested.low(), nested.first(), nested.flag()), (9, 8, 0));
    assert_eq!(nested.third(), "CD");
    nested.number.set_bits(0x1ff);
    assert_eq!(nested.number.bits(), 0x1ff);
    let mut fresh = NestedAnon0::default();
    fresh.set_v6([1; 16]);
    assert_eq!(fresh.high(), 0x0101_0101_0101_0101);
}

#[test]
fn packed_members() {
    let spec = types::open().unwrap();
    let packed: Packed = *spec.vars.packed.get();
    assert_eq!(({ packed.a }, { packed.b }, { packed.c.stamp }), (1, 2, 4));
    assert_eq!((packed.name(), packed.big(), packed.small()), ("five".into(), 6, 6));
    assert!(format!("{packed:?}").contains("b: 2"), "{packed:?}");
}

#[test]
fn names_that_rust_cannot_have() {
    let spec = types::open().unwrap();
    let keywords: &Keywords = spec.vars.keywords.get();
    assert_eq!((keywords.r#type, keywords.self_, keywords.super_), (1, 2, 3));
    assert_eq!((keywords.r#fn, keywords.r#match, keywords.r#gen), (4, 5, 6));
    assert_eq!((keywords.r#mod(), keywords.r#move()), ("abc".into(), -1));
    assert_eq!(*spec.vars.r#type.get(), 12);
    assert_eq!(spec.progs.r#match.name, "match");
    assert_eq!(spec.maps.r#loop.max_entries, 16);
}

/// Names of Rust's prelude keep their meaning where all of a module is imported.
#[test]
fn names_that_everybody_uses() {
    use osmia_generated_tests::types::types::*;

    let spec = types::open().unwrap();
    let option: &Option2 = spec.vars.option.get();
    assert_eq!((option.some, option.ok), (Some2::SOME_YES, Ok2::OK_NO));
    assert_eq!(option.vec, Vec2 { at: 1, by: 0.5, ..Default::default() });
    let bytes = osmia::zerocopy::IntoBytes::as_bytes(option);
    let split: Option<(&Option2, &[u8])> = Option2::with_tail(bytes);
    assert_eq!(split.map(|(head, tail)| (head.len, tail.len())), Some((2, 4)));
}

#[test]
fn what_the_kernel_looks_after_has_its_place() {
    let held = Held { task: Ptr::new(0x1234), größe: 5, ..Held::default() };
    assert_eq!((offset_of!(Held, lock), size_of_val(&held.lock)), (0, 4));
    assert_eq!((offset_of!(Held, timer), size_of_val(&held.timer)), (8, 16));
    assert_eq!((offset_of!(Held, task), offset_of!(Held, größe), size_of::<Held>()), (24, 32, 40));
    let _: Ptr<TaskStruct> = held.task;
    assert_eq!((held.task.address(), held.größe), (0x1234, 5));
}

#[test]
fn variables_of_every_sort() {
    let spec = types::open().unwrap();
    let vars = &spec.vars;
    assert_eq!(*vars.text_pointer.get(), Ptr::NULL);
    assert_eq!((vars.unnamed.get().x, *vars.counter.get()), (7, 3));
    assert_eq!(*vars.title.get(), "title");
    assert!((*vars.ratio.get() - 0.25).abs() < f32::EPSILON);
    assert_eq!(*vars.chosen.get(), Kind::KIND_EXEC);
    assert_eq!(*vars.armed.get(), true);
}

#[test]
fn variables_may_be_larger_than_stacks() {
    let mut spec = types::open().unwrap();
    assert_eq!(spec.vars.huge.get().bytes().len(), 16 << 20);
    spec.vars.huge.get_mut().bytes_mut()[64 << 10] = 1;
    let object = spec.into_object().unwrap();
    assert!(object.maps[".bss"].contents.len() > 64 << 10);
}

#[test]
fn what_is_set_reaches_the_object() {
    let mut spec = types::open().unwrap();
    let untouched = spec.clone().into_object().unwrap();
    assert!(untouched.maps[".bss"].contents.is_empty());
    spec.vars.r#type.set(99);
    spec.vars.title.set(Chars::new("other").unwrap());
    spec.maps.r#loop.max_entries = 32;
    spec.progs.r#match.autoload = false;
    let object = spec.into_object().unwrap();
    assert_eq!(object.maps["loop"].max_entries, 32);
    assert!(!object.programs["match"].autoload);
    let data = &object.maps[".data"].contents;
    assert!(data.windows(6).any(|bytes| bytes == b"other\0"));
}

#[test]
fn structs_are_made_without_a_word_about_padding() {
    let inner = Inner { tag: 1, stamp: 2, ..Inner::default() };
    assert_eq!(format!("{inner:?}"), "Inner { tag: 1, stamp: 2 }");
    let event = Event { pid: 7, comm: Chars::new("cat").unwrap() };
    assert_eq!(event.comm(), "cat");
}

#[test]
fn flexible_arrays() {
    let words = [1_u64, u64::from_ne_bytes([3, 0, 0, 0, 10, 0, 20, 0]), 30];
    let bytes = osmia::zerocopy::IntoBytes::as_bytes(&words);
    let (head, data) = Flexible::with_data(&bytes[..18]).unwrap();
    assert_eq!((head.stamp, head.len), (1, 3));
    assert_eq!(data.len(), 3);
    assert!(Flexible::with_data(&bytes[..8]).is_none());
}

#[test]
fn the_object_for_this_machine_is_embedded() {
    use osmia_generated_tests::{module, module_both};
    let spec = module_both::open().unwrap();
    assert_eq!(*spec.vars.const_u32.get(), 50);
    assert_eq!(module_both::OBJECT, module::OBJECT);
}
