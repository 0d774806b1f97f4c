//! One record of a BTF, decoded on demand.

use crate::btf::Btf;
use crate::endian::Endian;
use crate::error::Error;
use crate::id::{Bits, StrOff, TypeId};
use crate::kind::Kind;
use crate::records::{HEAD, Info};

/// A type: the fixed part of its record decoded, its elements behind iterators.
#[derive(Clone, Copy)]
pub struct Type<'a> {
    btf: &'a Btf,
    id: TypeId,
    info: Info,
    name_at: StrOff,
    name: &'a str,
    /// A size in bytes or a type id, depending on the kind.
    word: u32,
    tail: &'a [u8],
}

impl<'a> Type<'a> {
    pub(crate) fn void(btf: &'a Btf) -> Self {
        let info = Info { kind: Kind::Void, vlen: 0, flag: false };
        Self { btf, id: TypeId::VOID, info, name_at: StrOff(0), name: "", word: 0, tail: &[] }
    }

    pub(crate) fn read(btf: &'a Btf, id: TypeId, record: &'a [u8]) -> Result<Self, Error> {
        let mut ty = Self::read_unnamed(btf, id, record)?;
        let offset = ty.name_at;
        ty.name =
            btf.name(offset).map_err(|problem| Error::Name { id, offset: offset.0, problem })?;
        Ok(ty)
    }

    /// The record of a type whose name is known to have `len` bytes.
    #[inline]
    pub(crate) fn read_named(
        btf: &'a Btf,
        id: TypeId,
        record: &'a [u8],
        len: usize,
    ) -> Result<Self, Error> {
        let mut ty = Self::read_unnamed(btf, id, record)?;
        let offset = ty.name_at;
        ty.name = btf.text(offset, len).map_err(|problem| Error::Name {
            id,
            offset: offset.0,
            problem,
        })?;
        Ok(ty)
    }

    /// The record without its name, for walks that need none.
    #[inline]
    pub(crate) fn read_unnamed(btf: &'a Btf, id: TypeId, record: &'a [u8]) -> Result<Self, Error> {
        let (head, tail) = Self::split(id, record)?;
        let word = |at| btf.endian().u32_at(head, at).unwrap_or(0);
        let name_at = StrOff(word(0));
        Ok(Self { btf, id, info: Info::of(word(4)), name_at, name: "", word: word(8), tail })
    }

    #[inline]
    fn split(id: TypeId, record: &'a [u8]) -> Result<(&'a [u8; HEAD], &'a [u8]), Error> {
        let invalid = Error::Invalid { id, kind: Kind::Void, problem: "the record is cut off" };
        record.split_first_chunk::<HEAD>().ok_or(invalid)
    }

    /// The BTF that this type is of.
    pub fn btf(&self) -> &'a Btf {
        self.btf
    }

    /// The type's number.
    pub fn id(&self) -> TypeId {
        self.id
    }

    /// What the record describes.
    pub fn kind(&self) -> Kind {
        self.info.kind
    }

    /// The name; empty for anonymous types and for kinds that have none.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Whether it has a name, which is known without reading that.
    pub(crate) fn is_named(&self) -> bool {
        self.btf.has_name_at(self.name_at)
    }

    /// The count of elements (members, enumerators, parameters, variables). For
    /// functions it is their linkage.
    pub fn vlen(&self) -> u32 {
        self.info.vlen
    }

    /// The record's kind flag; its meaning depends on the kind.
    pub fn flag(&self) -> bool {
        self.info.flag
    }

    /// The size in bytes that the record itself tells: of integers, floats, structs,
    /// unions, enums and data sections. See [`Btf::size_of`] for all others.
    pub fn own_size(&self) -> Option<u32> {
        self.info.kind.is_sized().then_some(self.word)
    }

    /// The type that a pointer points to, a modifier or typedef modifies, a variable
    /// or function has, a prototype returns, a tag is for.
    pub fn target(&self) -> Option<TypeId> {
        self.info.kind.refers().then_some(TypeId(self.word))
    }

    /// How an integer's bits are read; `None` for other kinds.
    pub fn int(&self) -> Option<Int> {
        let word = (self.kind() == Kind::Int).then(|| self.tail_word(0))?;
        Some(Int {
            size: self.word,
            bits: word & 0xff,
            offset: (word >> 16) & 0xff,
            signed: word & (1 << 24) != 0,
            is_char: word & (2 << 24) != 0,
            is_bool: word & (4 << 24) != 0,
        })
    }

    /// An array's element, index type and length; `None` for other kinds.
    pub fn array(&self) -> Option<Array> {
        (self.kind() == Kind::Array).then(|| Array {
            element: TypeId(self.tail_word(0)),
            index: TypeId(self.tail_word(4)),
            len: self.tail_word(8),
        })
    }

    /// Whether a forward declaration is that of a union rather than a struct.
    pub fn is_union_fwd(&self) -> bool {
        self.kind() == Kind::Fwd && self.flag()
    }

    /// Whether this is a struct or a union.
    pub fn is_composite(&self) -> bool {
        matches!(self.kind(), Kind::Struct | Kind::Union)
    }

    /// Whether this is an enum of either width.
    pub fn is_enum(&self) -> bool {
        matches!(self.kind(), Kind::Enum | Kind::Enum64)
    }

    /// Whether an enum's values are signed.
    pub fn is_signed_enum(&self) -> bool {
        self.is_enum() && self.flag()
    }

    /// The linkage of a function or a variable; `None` for other kinds and unknown values.
    pub fn linkage(&self) -> Option<Linkage> {
        match (self.kind(), self.info.vlen) {
            (Kind::Func, raw) => Linkage::from_raw(raw),
            (Kind::Var, _) => Linkage::from_raw(self.tail_word(0)),
            _ => None,
        }
    }

    /// The element that a declaration tag is for: `None` if it is for the whole
    /// type, or if this is no declaration tag.
    pub fn tag_component(&self) -> Option<u32> {
        let index = (self.kind() == Kind::DeclTag).then(|| self.tail_word(0))?;
        (index != u32::MAX).then_some(index)
    }

    /// The members of a struct or union; none for other kinds.
    pub fn members(&self) -> impl ExactSizeIterator<Item = Result<Member<'a>, Error>> + use<'a> {
        let ty = *self;
        ty.elements(ty.is_composite(), 12).map(move |e| ty.member(e))
    }

    /// The members without their names, for walks that need none.
    #[inline]
    pub(crate) fn members_unnamed(&self) -> impl Iterator<Item = Member<'static>> + use<'a> {
        let ty = *self;
        ty.elements(ty.is_composite(), 12).map(move |e| ty.place(e, ""))
    }

    /// The types of the members, and whether each has a name.
    #[inline]
    pub(crate) fn member_types(&self) -> impl Iterator<Item = (TypeId, bool)> + use<'a> {
        let ty = *self;
        let named = move |e| ty.btf.has_name_at(StrOff(ty.word_in(e, 0)));
        ty.elements(ty.is_composite(), 12).map(move |e| (TypeId(ty.word_in(e, 4)), named(e)))
    }

    /// The types of a prototype's parameters.
    #[inline]
    pub(crate) fn param_types(&self) -> impl Iterator<Item = TypeId> + use<'a> {
        let ty = *self;
        let elements = ty.elements(ty.kind() == Kind::FuncProto, 8);
        elements.map(move |e| TypeId(ty.word_in(e, 4)))
    }

    /// The member at a place.
    pub fn member_at(&self, index: u32) -> Option<Result<Member<'a>, Error>> {
        self.elements(self.is_composite(), 12).nth(index as usize).map(|e| self.member(e))
    }

    /// The enumerator at a place.
    pub fn enumerator_at(&self, index: u32) -> Option<Result<Enumerator<'a>, Error>> {
        let mut elements = self.elements(self.is_enum(), self.enumerator_width());
        elements.nth(index as usize).map(|e| self.enumerator(e))
    }

    /// Where the names of members or enumerators are.
    pub(crate) fn element_names(&self) -> impl ExactSizeIterator<Item = StrOff> + use<'a> {
        let ty = *self;
        let width = if ty.is_composite() { 12 } else { ty.enumerator_width() };
        ty.elements(ty.is_composite() || ty.is_enum(), width).map(move |e| StrOff(ty.word_in(e, 0)))
    }

    /// The values of an enum of either width; none for other kinds.
    pub fn enumerators(
        &self,
    ) -> impl ExactSizeIterator<Item = Result<Enumerator<'a>, Error>> + use<'a> {
        let ty = *self;
        ty.elements(ty.is_enum(), ty.enumerator_width()).map(move |e| ty.enumerator(e))
    }

    /// The parameters of a prototype; none for other kinds.
    pub fn params(&self) -> impl ExactSizeIterator<Item = Result<Param<'a>, Error>> + use<'a> {
        let ty = *self;
        ty.elements(ty.kind() == Kind::FuncProto, 8)
            .map(move |e| Ok(Param { name: ty.name_in(e)?, ty: TypeId(ty.word_in(e, 4)) }))
    }

    /// The variables of a data section; none for other kinds.
    pub fn section_vars(&self) -> impl ExactSizeIterator<Item = SectionVar> + use<'a> {
        let ty = *self;
        ty.elements(ty.kind() == Kind::DataSec, 12).map(move |e| SectionVar {
            var: TypeId(ty.word_in(e, 0)),
            offset: ty.word_in(e, 4),
            size: ty.word_in(e, 8),
        })
    }

    /// The size or the target, whichever the kind has.
    pub(crate) fn raw_word(&self) -> u32 {
        self.word
    }

    /// The record behind its head, undecoded.
    pub fn tail(&self) -> &'a [u8] {
        self.tail
    }

    fn elements(&self, has: bool, width: usize) -> std::slice::ChunksExact<'a, u8> {
        if has { self.tail.chunks_exact(width) } else { [].chunks_exact(width) }
    }

    fn enumerator_width(&self) -> usize {
        if self.kind() == Kind::Enum64 { 12 } else { 8 }
    }

    fn member(&self, element: &[u8]) -> Result<Member<'a>, Error> {
        Ok(self.place(element, self.name_in(element)?))
    }

    #[inline]
    fn place<'n>(&self, element: &[u8], name: &'n str) -> Member<'n> {
        let place = self.word_in(element, 8);
        // With the kind flag the upper byte is the width of a bitfield.
        let (bits, width) =
            if self.info.flag { (place & 0x00ff_ffff, place >> 24) } else { (place, 0) };
        Member {
            name,
            ty: TypeId(self.word_in(element, 4)),
            offset: Bits(bits),
            bitfield: (width != 0).then_some(width),
        }
    }

    fn enumerator(&self, element: &[u8]) -> Result<Enumerator<'a>, Error> {
        let low = self.word_in(element, 4);
        let bits = match (self.kind(), self.info.flag) {
            (Kind::Enum64, _) => u64::from(self.word_in(element, 8)) << 32 | u64::from(low),
            (_, true) => i64::from(low as i32) as u64,
            (_, false) => u64::from(low),
        };
        Ok(Enumerator { name: self.name_in(element)?, bits, signed: self.info.flag })
    }

    fn name_in(&self, element: &[u8]) -> Result<&'a str, Error> {
        let offset = self.word_in(element, 0);
        self.btf.name(StrOff(offset)).map_err(|problem| Error::Name {
            id: self.id,
            offset,
            problem,
        })
    }

    fn word_in(&self, element: &[u8], at: usize) -> u32 {
        self.endian().u32_at(element, at).unwrap_or(0)
    }

    fn tail_word(&self, at: usize) -> u32 {
        self.word_in(self.tail, at)
    }

    fn endian(&self) -> Endian {
        self.btf.endian()
    }
}

impl std::fmt::Debug for Type<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} '{}'", self.id, self.kind(), self.name)
    }
}

/// How the bits of an integer type are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Int {
    /// Bytes that it takes in memory.
    pub size: u32,
    /// Bits that count; fewer than the size's in old-style bitfields.
    pub bits: u32,
    /// Where these bits begin in the bytes; not 0 in old-style bitfields only.
    pub offset: u32,
    /// Whether it is signed.
    pub signed: bool,
    /// Whether it is a character.
    pub is_char: bool,
    /// Whether it is a boolean.
    pub is_bool: bool,
}

/// The parts of an array type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array {
    /// The type of its elements.
    pub element: TypeId,
    /// The type of its index.
    pub index: TypeId,
    /// How many elements it has; 0 for a flexible array.
    pub len: u32,
}

/// A member of a struct or union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its name; empty for an anonymous struct or union.
    pub name: &'a str,
    /// Its type.
    pub ty: TypeId,
    /// Where it begins.
    pub offset: Bits,
    /// A bitfield's width in bits.
    ///
    /// Old-style bitfields (of compilers before 2018) tell it by their integer type
    /// instead, and have `None` here.
    pub bitfield: Option<u32>,
}

/// A value of an enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enumerator<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value, sign-extended to 64 bits.
    pub bits: u64,
    /// Whether these are to be read as signed.
    pub signed: bool,
}

impl Enumerator<'_> {
    /// The value, whichever its sign.
    pub fn value(&self) -> i128 {
        if self.signed { i128::from(self.bits as i64) } else { i128::from(self.bits) }
    }
}

/// A parameter of a prototype.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// Its name; empty if it has none, and for `...`.
    pub name: &'a str,
    /// Its type; `void` as the last parameter stands for `...`.
    pub ty: TypeId,
}

/// A variable's place in a data section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionVar {
    /// The variable ([`Kind::Var`], or a function in `.ksyms`).
    pub var: TypeId,
    /// Its offset in the section; compilers leave 0 until the object is linked.
    pub offset: u32,
    /// Its size in bytes.
    pub size: u32,
}

/// Who sees a function or a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Linkage {
    /// This object only.
    Static,
    /// All objects.
    Global,
    /// Defined elsewhere.
    Extern,
}

impl Linkage {
    /// The linkage for its number in a record.
    pub const fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Static),
            1 => Some(Self::Global),
            2 => Some(Self::Extern),
            _ => None,
        }
    }

    /// Its number in a record.
    pub const fn raw(self) -> u32 {
        match self {
            Self::Static => 0,
            Self::Global => 1,
            Self::Extern => 2,
        }
    }
}
