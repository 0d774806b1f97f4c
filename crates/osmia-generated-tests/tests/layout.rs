//! C's sizes, alignments and offsets, as clang itself tells them, against Rust's.

use std::mem::offset_of;

use osmia::zerocopy::IntoBytes as _;

/// The first numbers of a layout are the size and the alignment, the others are offsets.
fn check(name: &str, c: &[u32], rust: &[usize], rust_align: usize) {
    let c: Vec<usize> = c.iter().map(|&number| number as usize).collect();
    let (&[size, align], offsets) = c.split_first_chunk().expect("a size and an alignment");
    let (&rust_size, rust_offsets) = rust.split_first().expect("a size");
    assert_eq!(rust_size, size, "size of {name}");
    assert_eq!(rust_offsets, offsets, "offsets in {name}");
    assert!(rust_align <= align, "{name} is aligned to {rust_align} in Rust and to {align} in C");
}

macro_rules! layout {
    ($spec:ident, $name:ident, $layout:ident, $ty:ty, [$($field:ident),*]) => {
        check(
            stringify!($name),
            $spec.vars.$layout.get(),
            &[size_of::<$ty>(), $(offset_of!($ty, $field)),*],
            align_of::<$ty>(),
        );
    };
}

#[test]
fn every_sort_of_type() {
    use osmia_generated_tests::types::{self, types as t};
    let spec = types::open().unwrap();
    layout!(spec, scalars, layout_scalars, t::Scalars, [letter, s, d, big, wide]);
    layout!(spec, arrays, layout_arrays, t::Arrays, [comm, names, grid, inners, long_one]);
    layout!(spec, pointers, layout_pointers, t::Pointers, [deep]);
    layout!(spec, bits, layout_bits, t::Bits, [plain]);
    layout!(spec, bits_short, layout_bits_short, t::BitsShort, [b]);
    layout!(spec, nested, layout_nested, t::Nested, [point, number, endpoint]);
    layout!(spec, packed, layout_packed, t::Packed, [a, b, c, name]);
    layout!(spec, aligned, layout_aligned, t::Aligned, [a, b]);
    layout!(spec, flexible, layout_flexible, t::Flexible, [stamp, len, data]);
    layout!(spec, keywords, layout_keywords, t::Keywords, [r#type, r#mod]);
    layout!(spec, opaque, layout_opaque, t::Opaque, []);
}

#[test]
fn where_c_says_nothing_rust_aligns_as_c_does() {
    use osmia_generated_tests::types::types as t;
    assert_eq!(align_of::<t::Scalars>(), 16);
    assert_eq!(align_of::<t::Nested>(), 8);
    assert_eq!(align_of::<t::NestedNumber>(), 4);
    assert_eq!(align_of::<t::Bits>(), 8);
    assert_eq!(align_of::<t::BitsShort>(), 4);
    assert_eq!(align_of::<t::Packed>(), 1);
    assert_eq!(align_of::<t::Opaque>(), 8);
}

#[test]
#[allow(clippy::too_many_lines, clippy::unreadable_literal, clippy::wildcard_imports)]
fn random_structs() {
    use osmia_generated_tests::random::{self, types::*};
    let spec = random::open().unwrap();
    include!(concat!(env!("OUT_DIR"), "/random_checks.rs"));
}
