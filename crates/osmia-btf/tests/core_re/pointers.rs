//! 32-bit kernels, and the bitfields of old compilers.

use osmia_btf::core_re::{CoreKind, Patch, Relocator, Slot, Target, Width};

use crate::blob::{Blob, STRUCT, record};

/// A pointer of such a kernel has the width of its `long`, and is read as an unsigned integer of it.
#[test]
fn pointers_of_32_bit_kernels() {
    let mut local = Blob::new();
    let int = local.int("int", 4, true);
    let pointer = local.ptr(int);
    let node = local.composite(
        STRUCT,
        "node",
        24,
        &[("value", int, 0), ("next", pointer, 64), ("last", pointer, 128)],
    );
    let second = local.string("0:1");
    let third = local.string("1:2");
    let local = local.btf();

    let mut kernel = Blob::new();
    let int = kernel.int("int", 4, true);
    kernel.int("long int", 4, true);
    let pointer = kernel.ptr(int);
    kernel.composite(
        STRUCT,
        "node",
        12,
        &[("value", int, 0), ("next", pointer, 32), ("last", pointer, 64)],
    );
    let mut relocator = Relocator::new(&local, Target::new("vmlinux", &kernel.btf()));

    let offset = CoreKind::FieldByteOffset;
    let resolution = relocator.resolve(&record(node, second, offset)).unwrap();
    assert_eq!((resolution.original, resolution.target), (8, Some(4)));
    assert_eq!(resolution.width, Width { original: 8, target: 4, adjustable: true });
    let load = Slot { code: 0x79, dst: 1, src: 2, off: 8, imm: 0 };
    assert_eq!(Patch::of(&resolution, load, None), Ok(Patch::Offset { off: 4, code: 0x61 }));
    let resolution = relocator.resolve(&record(node, third, offset)).unwrap();
    assert_eq!((resolution.original, resolution.target), (40, Some(20)));
}

/// Compilers before 2018 told a bitfield's width by an integer type of few bits.
#[test]
fn bitfields_of_old_compilers() {
    let mut local = Blob::new();
    let int = local.int("unsigned int", 4, false);
    let flags = local.composite(STRUCT, "flags", 4, &[("pad", int, 0), ("five", int, 0)]);
    let access = local.string("0:1");
    let local = local.btf();

    let mut kernel = Blob::new();
    let seven = kernel.int_of_bits("unsigned int", 4, 7, false);
    let five = kernel.int_of_bits("unsigned int", 4, 5, false);
    kernel.composite(STRUCT, "flags", 8, &[("pad", seven, 32), ("five", five, 39)]);
    let mut relocator = Relocator::new(&local, Target::new("vmlinux", &kernel.btf()));
    for (kind, target) in [
        (CoreKind::FieldByteOffset, 4),
        (CoreKind::FieldByteSize, 4),
        (CoreKind::FieldLshift, 52),
        (CoreKind::FieldRshift, 59),
        (CoreKind::FieldSigned, 0),
    ] {
        let resolution = relocator.resolve(&record(flags, access, kind)).unwrap();
        assert_eq!(resolution.target, Some(target), "{kind}");
        // A plain load of 4 bytes would get the other bits, too.
        assert_eq!(resolution.width.is_wrong(), kind == CoreKind::FieldByteOffset, "{kind}");
    }
}
