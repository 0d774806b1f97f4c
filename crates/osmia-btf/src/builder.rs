//! BTF from scratch, from parts of another, or changed.

use bytes::Bytes;

use crate::btf::Btf;
use crate::endian::Endian;
use crate::error::Error;
use crate::id::{StrOff, TypeId};
use crate::kind::Kind;
use crate::strings::Strings;
use crate::ty::{Enumerator, Int, Linkage, Member, Param, SectionVar, Type};
use crate::words::Word;

/// The most elements that a record counts. Kernels before 7.1 take 65535.
const MAX_VLEN: usize = 0x00ff_ffff;

/// Makes a BTF: type by type, by copying out of others, or by changing one.
///
/// Types are numbered in the order in which they are added, from 1 or from where the base
/// ends. They may refer to types that are added later: [`Builder::next_id`] tells the
/// number that the next one gets, and [`Builder::set_target`] mends what was not known.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), osmia_btf::Error> {
/// use osmia_btf::{Bits, Btf, Builder, Endian, Kind, Member, TypeId};
///
/// let mut builder = Builder::new(Endian::host());
/// let next = builder.pointer(TypeId::VOID)?;
/// let member = Member { name: "next", ty: next, offset: Bits(0), bitfield: None };
/// let node = builder.composite(Kind::Struct, "node", 8, &[member])?;
/// builder.set_target(next, node)?;
/// let btf: Btf = builder.build()?;
/// assert_eq!(btf.find(Kind::Struct, "node")?.map(|node| node.id()), Some(node));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    base: Option<Btf>,
    pub(crate) endian: Endian,
    first_id: u32,
    pub(crate) types: Vec<u8>,
    /// Where in `types` each record begins.
    offsets: Vec<u32>,
    strings: Strings,
    /// The layout section of the BTF that this one was, which tells the sizes of records
    /// that this version does not know.
    pub(crate) layout: Vec<u8>,
}

impl Builder {
    /// Begins an empty BTF.
    pub fn new(endian: Endian) -> Self {
        Self {
            base: None,
            endian,
            first_id: 1,
            types: Vec::new(),
            offsets: Vec::new(),
            strings: Strings::new(0),
            layout: Vec::new(),
        }
    }

    /// Begins a split BTF that continues `base`.
    ///
    /// # Errors
    /// A record of the base is broken.
    pub fn split(base: Btf) -> Result<Self, Error> {
        Ok(Self {
            endian: base.endian(),
            first_id: base.type_count()?,
            types: Vec::new(),
            offsets: Vec::new(),
            strings: Strings::new(base.strings_end()),
            layout: Vec::new(),
            base: Some(base),
        })
    }

    /// Takes up a BTF to change it or add to it. Ids and the offsets of strings stay.
    ///
    /// # Errors
    /// A record is broken.
    pub fn from_btf(btf: &Btf) -> Result<Self, Error> {
        let first = btf.base().map_or(0, Btf::strings_end);
        let mut offsets = Vec::new();
        btf.walk(|offset, _| offsets.push(offset))?;
        Ok(Self {
            base: btf.base().cloned(),
            endian: btf.endian(),
            first_id: btf.first_own_id().0,
            types: btf.own_type_section().to_vec(),
            offsets,
            strings: Strings::of(btf.own_strings().to_vec(), first),
            layout: btf.layout_section().to_vec(),
        })
    }

    /// The id that the next type will get.
    pub fn next_id(&self) -> TypeId {
        TypeId(self.first_id + self.offsets.len() as u32)
    }

    /// The BTF as bytes.
    ///
    /// # Errors
    /// It would be larger than the format allows.
    pub fn to_bytes(&self) -> Result<Bytes, Error> {
        let too_large = |_| Error::Strings("would be larger than 4 GiB");
        let strings = self.strings.bytes();
        let types_len = u32::try_from(self.types.len()).map_err(too_large)?;
        let strings_len = u32::try_from(strings.len()).map_err(too_large)?;
        let layout_len = self.layout.len() as u32;
        let header: &[u32] = match types_len.checked_add(layout_len) {
            None => return Err(Error::Strings("would be further than 4 GiB from the start")),
            Some(_) if self.layout.is_empty() => &[24, 0, types_len, types_len, strings_len],
            Some(end) => &[32, 0, types_len, end, strings_len, types_len, layout_len],
        };
        let mut bytes = Vec::with_capacity(32 + self.types.len() + strings.len());
        bytes.extend(self.endian.u16_bytes(0xeb9f));
        bytes.extend([1, 0]);
        bytes.extend(header.iter().flat_map(|&word| self.endian.u32_bytes(word)));
        bytes.extend_from_slice(&self.types);
        bytes.extend_from_slice(&self.layout);
        bytes.extend_from_slice(strings);
        Ok(bytes.into())
    }

    /// The BTF, opened.
    ///
    /// # Errors
    /// As for [`Builder::to_bytes`].
    pub fn build(&self) -> Result<Btf, Error> {
        Btf::parse(self.to_bytes()?, self.base.clone())
    }

    /// The offset of a string, which is put in if it is not there.
    ///
    /// # Errors
    /// It has a NUL in it, or the section would be too large.
    pub fn string(&mut self, text: &str) -> Result<StrOff, Error> {
        self.strings.add(text.as_bytes())
    }
}

/// Adding types.
impl Builder {
    /// Adds an integer.
    ///
    /// # Errors
    /// As for all types: it has a NUL in a name, too many elements, or the BTF would be
    /// too large.
    pub fn int(&mut self, name: &str, int: Int) -> Result<TypeId, Error> {
        let encoding =
            u32::from(int.signed) | u32::from(int.is_char) << 1 | u32::from(int.is_bool) << 2;
        let word = encoding << 24 | (int.offset & 0xff) << 16 | int.bits & 0xff;
        self.begin(Kind::Int, name, false, 0, int.size)?;
        self.push(word);
        Ok(self.last())
    }

    /// Adds a floating-point number.
    ///
    /// # Errors
    /// As for [`Builder::int`].
    pub fn float(&mut self, name: &str, size: u32) -> Result<TypeId, Error> {
        self.begin(Kind::Float, name, false, 0, size)
    }

    /// Adds a pointer.
    ///
    /// # Errors
    /// As for [`Builder::int`].
    pub fn pointer(&mut self, target: TypeId) -> Result<TypeId, Error> {
        self.modifier(Kind::Ptr, "", target)
    }

    /// Adds a typedef.
    ///
    /// # Errors
    /// As for [`Builder::int`].
    pub fn typedef(&mut self, name: &str, target: TypeId) -> Result<TypeId, Error> {
        self.modifier(Kind::Typedef, name, target)
    }

    /// Adds a type that another follows from: a pointer, a typedef, a qualifier or a type
    /// tag; only typedefs and tags have a name.
    ///
    /// # Errors
    /// As for [`Builder::int`], and for other kinds.
    pub fn modifier(&mut self, kind: Kind, name: &str, target: TypeId) -> Result<TypeId, Error> {
        if !kind.is_modifier() && kind != Kind::Ptr {
            return Err(self.refused(kind, "is no pointer, typedef, qualifier or type tag"));
        }
        self.begin(kind, name, false, 0, target.0)
    }

    /// Adds an array.
    ///
    /// # Errors
    /// As for [`Builder::int`].
    pub fn array(&mut self, element: TypeId, index: TypeId, len: u32) -> Result<TypeId, Error> {
        let id = self.begin(Kind::Array, "", false, 0, 0)?;
        self.extend([element.0, index.0, len]);
        Ok(id)
    }

    /// Adds a struct or a union.
    ///
    /// # Errors
    /// As for [`Builder::int`], for other kinds, and if a bitfield's place does not fit the
    /// format.
    pub fn composite(
        &mut self,
        kind: Kind,
        name: &str,
        size: u32,
        members: &[Member<'_>],
    ) -> Result<TypeId, Error> {
        if !matches!(kind, Kind::Struct | Kind::Union) {
            return Err(self.refused(kind, "is no struct or union"));
        }
        let has_bitfields = members.iter().any(|member| member.bitfield.is_some());
        let fits = |member: &Member<'_>| {
            member.offset.0 < 1 << 24 && member.bitfield.unwrap_or_default() < 1 << 8
        };
        if has_bitfields && !members.iter().all(fits) {
            let id = self.next_id();
            return Err(Error::TooLarge { id, what: "a member's place beside bitfields" });
        }
        let names = self.names(members.iter().map(|member| member.name))?;
        let id = self.begin(kind, name, has_bitfields, members.len(), size)?;
        for (member, name) in members.iter().zip(names) {
            let width = member.bitfield.unwrap_or_default();
            self.extend([name.0, member.ty.0, width << 24 | member.offset.0]);
        }
        Ok(id)
    }

    /// Adds an enum of either width.
    ///
    /// # Errors
    /// As for [`Builder::int`], and for other kinds.
    pub fn enumeration(
        &mut self,
        kind: Kind,
        name: &str,
        size: u32,
        signed: bool,
        values: &[Enumerator<'_>],
    ) -> Result<TypeId, Error> {
        if !matches!(kind, Kind::Enum | Kind::Enum64) {
            return Err(self.refused(kind, "is no enum"));
        }
        let names = self.names(values.iter().map(|value| value.name))?;
        let id = self.begin(kind, name, signed, values.len(), size)?;
        for (value, name) in values.iter().zip(names) {
            self.extend([name.0, value.bits as u32]);
            if kind == Kind::Enum64 {
                self.push((value.bits >> 32) as u32);
            }
        }
        Ok(id)
    }

    /// Adds a forward declaration.
    ///
    /// # Errors
    /// As for [`Builder::int`].
    pub fn forward(&mut self, name: &str, is_union: bool) -> Result<TypeId, Error> {
        self.begin(Kind::Fwd, name, is_union, 0, 0)
    }

    /// Adds a prototype.
    ///
    /// # Errors
    /// As for [`Builder::int`].
    pub fn prototype(&mut self, returns: TypeId, params: &[Param<'_>]) -> Result<TypeId, Error> {
        let names = self.names(params.iter().map(|param| param.name))?;
        let id = self.begin(Kind::FuncProto, "", false, params.len(), returns.0)?;
        for (param, name) in params.iter().zip(names) {
            self.extend([name.0, param.ty.0]);
        }
        Ok(id)
    }

    /// Adds a function.
    ///
    /// # Errors
    /// As for [`Builder::int`].
    pub fn function(
        &mut self,
        name: &str,
        prototype: TypeId,
        linkage: Linkage,
    ) -> Result<TypeId, Error> {
        self.begin(Kind::Func, name, false, linkage.raw() as usize, prototype.0)
    }

    /// Adds a variable.
    ///
    /// # Errors
    /// As for [`Builder::int`].
    pub fn variable(&mut self, name: &str, ty: TypeId, linkage: Linkage) -> Result<TypeId, Error> {
        let id = self.begin(Kind::Var, name, false, 0, ty.0)?;
        self.push(linkage.raw());
        Ok(id)
    }

    /// Adds a data section.
    ///
    /// # Errors
    /// As for [`Builder::int`].
    pub fn section(&mut self, name: &str, size: u32, vars: &[SectionVar]) -> Result<TypeId, Error> {
        let id = self.begin(Kind::DataSec, name, false, vars.len(), size)?;
        for var in vars {
            self.extend([var.var.0, var.offset, var.size]);
        }
        Ok(id)
    }

    /// Adds a declaration tag for a type, or for one of its elements.
    ///
    /// # Errors
    /// As for [`Builder::int`].
    pub fn decl_tag(
        &mut self,
        text: &str,
        target: TypeId,
        element: Option<u32>,
    ) -> Result<TypeId, Error> {
        let id = self.begin(Kind::DeclTag, text, false, 0, target.0)?;
        self.push(element.unwrap_or(u32::MAX));
        Ok(id)
    }

    /// Adds a copy of a type of any BTF, of either byte order. `id_of` tells what the types
    /// that it refers to are called here.
    ///
    /// # Errors
    /// As for [`Builder::int`]; the type has a broken name or is of a kind that this
    /// version does not know; `id_of` fails.
    pub fn copy(
        &mut self,
        ty: &Type<'_>,
        mut id_of: impl FnMut(TypeId) -> Result<TypeId, Error>,
    ) -> Result<TypeId, Error> {
        let (id, kind) = (ty.id(), ty.kind());
        let unknown = Error::Invalid { id, kind, problem: "is not known, so it cannot be copied" };
        let words = kind.words().ok_or(unknown)?;
        let raw = ty.raw_word();
        let word = if kind.refers() { id_of(TypeId(raw))?.0 } else { raw };
        // All that can fail comes before anything is added.
        let mut tail = Vec::with_capacity(ty.tail().len());
        for (at, bytes) in ty.tail().chunks_exact(4).enumerate() {
            let word = ty.btf().endian().u32_at(bytes, 0).unwrap_or_default();
            let meaning = words.get(at % words.len().max(1)).copied();
            let word = match meaning.unwrap_or(Word::Number) {
                Word::Number => word,
                Word::Id => id_of(TypeId(word))?.0,
                Word::Name => self.string_of(ty, StrOff(word))?.0,
            };
            tail.extend(self.endian.u32_bytes(word));
        }
        let id = self.begin(kind, ty.name(), ty.flag(), ty.vlen() as usize, word)?;
        self.types.extend_from_slice(&tail);
        Ok(id)
    }

    fn string_of(&mut self, ty: &Type<'_>, at: StrOff) -> Result<StrOff, Error> {
        let broken = |problem| Error::Name { id: ty.id(), offset: at.0, problem };
        let text = ty.btf().name(at).map_err(broken)?;
        self.string(text)
    }

    fn names<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> Result<Vec<StrOff>, Error> {
        names.map(|name| self.string(name)).collect()
    }

    /// Adds a record's head.
    fn begin(
        &mut self,
        kind: Kind,
        name: &str,
        flag: bool,
        vlen: usize,
        word: u32,
    ) -> Result<TypeId, Error> {
        let id = self.next_id();
        if vlen > MAX_VLEN {
            return Err(Error::TooLarge { id, what: "its count of elements" });
        }
        let name = self.string(name)?;
        let offset = u32::try_from(self.types.len());
        let offset = offset.map_err(|_| Error::TooLarge { id, what: "the type section" })?;
        self.offsets.push(offset);
        let info = u32::from(flag) << 31 | u32::from(kind.raw()) << 24 | vlen as u32;
        self.extend([name.0, info, word]);
        Ok(id)
    }

    fn last(&self) -> TypeId {
        TypeId(self.next_id().0 - 1)
    }

    fn push(&mut self, word: u32) {
        self.types.extend(self.endian.u32_bytes(word));
    }

    fn extend<const N: usize>(&mut self, words: [u32; N]) {
        for word in words {
            self.push(word);
        }
    }

    /// The record of an own type.
    pub(crate) fn record(&mut self, id: TypeId) -> Result<&mut [u8], Error> {
        let count = self.next_id().0;
        let index = id.0.checked_sub(self.first_id).map(|index| index as usize);
        let start = index.and_then(|index| self.offsets.get(index).copied());
        let start = start.ok_or(Error::NoSuchType { id, count })? as usize;
        let end = index.and_then(|index| self.offsets.get(index + 1).copied());
        let end = end.map_or(self.types.len(), |end| end as usize);
        Ok(self.types.get_mut(start..end).unwrap_or_default())
    }

    /// Takes bytes off the end of an own type's record.
    pub(crate) fn shorten(&mut self, id: TypeId, bytes: usize) -> Result<(), Error> {
        let have = self.record(id)?.len();
        let index = (id.0 - self.first_id) as usize;
        let start = self.offsets.get(index).copied().unwrap_or_default() as usize;
        let end = start + have;
        self.types.drain(end - bytes.min(have)..end);
        for offset in self.offsets.iter_mut().skip(index + 1) {
            *offset -= bytes.min(have) as u32;
        }
        Ok(())
    }

    fn refused(&self, kind: Kind, problem: &'static str) -> Error {
        Error::Invalid { id: self.next_id(), kind, problem }
    }
}
