//! BTF put together by hand, for what compilers do not make.

use osmia_btf::core_re::CoreKind;
use osmia_btf::{Bits, Btf, Builder, CoreRecord, Endian, InsnOffset, Int, Kind, Member, Param};
use osmia_btf::{StrOff, TypeId};

/// A builder without ceremony: ids are numbers, and nothing fails.
pub struct Blob(Builder);

pub const STRUCT: Kind = Kind::Struct;
pub const UNION: Kind = Kind::Union;

impl Blob {
    pub fn new() -> Self {
        Self(Builder::new(Endian::Little))
    }

    /// Types that continue those of a kernel.
    pub fn on(base: &Btf) -> Self {
        Self(Builder::split(base.clone()).unwrap())
    }

    pub fn string(&mut self, text: &str) -> u32 {
        self.0.string(text).unwrap().0
    }

    pub fn int(&mut self, name: &str, size: u32, signed: bool) -> u32 {
        self.int_of_bits(name, size, size * 8, signed)
    }

    pub fn int_of_bits(&mut self, name: &str, size: u32, bits: u32, signed: bool) -> u32 {
        let int = Int { size, bits, offset: 0, signed, is_char: false, is_bool: false };
        self.0.int(name, int).unwrap().0
    }

    pub fn ptr(&mut self, to: u32) -> u32 {
        self.0.pointer(TypeId(to)).unwrap().0
    }

    pub fn array(&mut self, of: u32, len: u32) -> u32 {
        self.0.array(TypeId(of), TypeId(of), len).unwrap().0
    }

    pub fn typedef(&mut self, name: &str, of: u32) -> u32 {
        self.0.typedef(name, TypeId(of)).unwrap().0
    }

    pub fn proto(&mut self, returns: u32, params: &[u32]) -> u32 {
        let params: Vec<Param<'_>> =
            params.iter().map(|&ty| Param { name: "", ty: TypeId(ty) }).collect();
        self.0.prototype(TypeId(returns), &params).unwrap().0
    }

    /// A struct or union; members are a name, a type and an offset in bits.
    pub fn composite(
        &mut self,
        kind: Kind,
        name: &str,
        size: u32,
        members: &[(&str, u32, u32)],
    ) -> u32 {
        let member =
            |&(name, ty, at)| Member { name, ty: TypeId(ty), offset: Bits(at), bitfield: None };
        let members: Vec<Member<'_>> = members.iter().map(member).collect();
        self.0.composite(kind, name, size, &members).unwrap().0
    }

    pub fn btf(self) -> Btf {
        self.0.build().unwrap()
    }
}

/// A relocation of a type, with an access string of the blob.
pub fn record(ty: u32, access: u32, kind: CoreKind) -> CoreRecord {
    let (ty, access) = (TypeId(ty), StrOff(access));
    CoreRecord { insn: InsnOffset(0), ty, access, kind: kind.raw() }
}
