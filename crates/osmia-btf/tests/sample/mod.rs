//! A BTF with a type of every kind.

use osmia_btf::{
    Bits, Btf, Builder, Endian, Enumerator, Int, Kind, Linkage, Member, Param, SectionVar, TypeId,
};

/// An integer of that many bytes.
pub fn int(size: u32, signed: bool) -> Int {
    Int { size, bits: size * 8, offset: 0, signed, is_char: false, is_bool: false }
}

/// A member that is no bitfield.
pub fn member(name: &str, ty: TypeId, byte: u32) -> Member<'_> {
    Member { name, ty, offset: Bits(byte * 8), bitfield: None }
}

/// A type of every kind, each used by another.
pub fn every_kind(endian: Endian) -> Btf {
    let mut b = Builder::new(endian);
    let int_ = b.int("int", int(4, true)).unwrap();
    let char_ = b.int("char", Int { is_char: true, ..int(1, false) }).unwrap();
    let next = b.pointer(TypeId::VOID).unwrap();
    let node =
        b.composite(Kind::Struct, "node", 16, &[member("next", next, 0), member("value", int_, 8)]);
    let node = node.unwrap();
    b.set_target(next, node).unwrap();
    b.decl_tag("tagged", node, Some(1)).unwrap();
    let bits = |name, at, width| Member { name, ty: int_, offset: Bits(at), bitfield: Some(width) };
    let flags = [bits("low", 0, 3), bits("high", 3, 13), member("whole", int_, 4)];
    b.composite(Kind::Struct, "flags", 8, &flags).unwrap();
    let words = b.array(int_, int_, 4).unwrap();
    b.composite(Kind::Union, "either", 16, &[member("node", node, 0), member("words", words, 0)])
        .unwrap();
    let value = |name, value: i64, signed| Enumerator { name, bits: value as u64, signed };
    let colors = [value("NONE", -1, true), value("BLUE", 7, true)];
    b.enumeration(Kind::Enum, "color", 4, true, &colors).unwrap();
    let large = [value("SMALL", 1, false), value("HUGE", -1, false)];
    b.enumeration(Kind::Enum64, "large", 8, false, &large).unwrap();
    b.float("double", 8).unwrap();
    let fwd = b.forward("elsewhere", false).unwrap();
    let user = b.modifier(Kind::TypeTag, "user", fwd).unwrap();
    b.pointer(user).unwrap();
    let constant = b.modifier(Kind::Const, "", char_).unwrap();
    let text = b.pointer(constant).unwrap();
    let restrict = b.modifier(Kind::Restrict, "", text).unwrap();
    let argv = b.pointer(restrict).unwrap();
    let counter = b.typedef("counter_t", int_).unwrap();
    let volatile = b.modifier(Kind::Volatile, "", counter).unwrap();
    let params = [Param { name: "argc", ty: int_ }, Param { name: "argv", ty: argv }];
    let prototype = b.prototype(int_, &params).unwrap();
    b.function("main", prototype, Linkage::Global).unwrap();
    let var = b.variable("count", volatile, Linkage::Global).unwrap();
    b.section(".data", 12, &[SectionVar { var, offset: 8, size: 4 }]).unwrap();
    b.build().unwrap()
}
